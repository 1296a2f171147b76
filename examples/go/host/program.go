package host

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

// Linux takes 128 KiB for one argument; longer parameters go the way of secret ones.
const maxArgumentBytes = 100_000

// No separator of folders, so that a name leads nowhere else.
var namePattern = regexp.MustCompile(`\A[A-Za-z0-9][A-Za-z0-9._-]*\z`)

// passedVariables are what a driver sees of this process's environment. Credentials and proxies are
// not among them: a driver has its parameters for these.
var passedVariables = []string{"PATH", "HOME", "LANG", "TZ", "TMPDIR"}

// findProgram returns the command of a driver. It fails with InvalidStorageDriver.
func findProgram(name string, options *Options) ([]string, error) {
	if !namePattern.MatchString(name) {
		return nil, noDriver(name, "a name is letters, digits and ._-", nil)
	}
	if len(options.Program) > 0 {
		return options.Program, nil
	}
	program := wire.ProgramPrefix + name
	if options.DriversDirectory == "" {
		path, err := exec.LookPath(program)
		if err != nil {
			return nil, noDriver(name, program+" is not on PATH", err)
		}
		return []string{path}, nil
	}
	path, err := filepath.Abs(filepath.Join(options.DriversDirectory, program))
	if err == nil {
		path, err = exec.LookPath(path)
	}
	if err != nil {
		return nil, noDriver(name, "there is no program "+program+" in "+options.DriversDirectory+" that can be run", err)
	}
	return []string{path}, nil
}

// said is what a driver is told on its first line of standard input.
type said struct {
	Token      string          `json:"token"`
	Parameters json.RawMessage `json:"parameters,omitempty"`
}

// prepare returns the argument and the first line of input for one start: what is secret, or very
// long, is never in the argument. It fails with InvalidParameters.
func prepare(name, token string, parameters map[string]any, secrets []string) (
	argument string, line []byte, err error,
) {
	if parameters == nil {
		parameters = map[string]any{}
	}
	encoded, err := json.Marshal(parameters)
	if err != nil {
		return "", nil, invalidParameter(name, "", "they cannot be written as JSON", err)
	}
	for _, secret := range secrets {
		if _, ok := parameters[secret]; !ok {
			// A mistake in the name must not show the parameter that was meant.
			return "", nil, invalidParameter(name, secret, "it is named as secret, and not given", nil)
		}
	}
	first := said{Token: token}
	argument = string(encoded)
	if len(secrets) > 0 || len(encoded) > maxArgumentBytes {
		argument, first.Parameters = "-", encoded
	}
	line, err = json.Marshal(first)
	return argument, append(line, '\n'), err
}

func newToken() string { return rand.Text() + rand.Text() }

func environment(endpoint string, added []string) []string {
	var variables []string
	for _, name := range passedVariables {
		if value, ok := os.LookupEnv(name); ok {
			variables = append(variables, name+"="+value)
		}
	}
	variables = append(variables, added...)
	return append(variables, wire.EndpointVariable+"="+endpoint)
}

func noDriver(name, reason string, cause error) error {
	return (&storagedriver.Error{
		Code:    storagedriver.InvalidStorageDriver,
		Message: fmt.Sprintf("Invalid storage driver '%.100s'", name),
		Driver:  name,
		Fields:  storagedriver.Fields{Name: name},
	}).Because(reason, cause)
}

func invalidParameter(name, parameter, reason string, cause error) error {
	failure := storagedriver.ParameterError(parameter, reason)
	if cause != nil {
		failure.Because(cause.Error(), cause)
	}
	failure.Driver, failure.Name = name, name
	return failure
}
