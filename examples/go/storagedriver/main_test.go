package storagedriver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
)

// With this in its environment the test program is a driver, whose Stat never returns.
const asDriverVariable = "STORAGEDRIVER_TEST_AS_DRIVER"

func TestMain(m *testing.M) {
	if os.Getenv(asDriverVariable) == "" {
		os.Exit(m.Run())
	}
	Main(Program{
		Name:     "demo",
		Features: []Feature{Volatile},
		New: func(parameters Parameters) (Driver, error) {
			stuck := func(context.Context) error { select {} }
			return &fake{stat: stuck}, parameters.CheckKnown("known")
		},
	})
}

// program returns the test program as a driver with these arguments.
func program(t *testing.T, endpoint string, arguments ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, os.Args[0], arguments...)
	command.Env = append(os.Environ(), asDriverVariable+"=1")
	if endpoint != "" {
		command.Env = append(command.Env, wire.EndpointVariable+"="+endpoint)
	}
	return command
}

func TestVersionIsOneLine(t *testing.T) {
	output, err := program(t, "", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	var about map[string]any
	if err := json.Unmarshal(output, &about); err != nil || bytes.Count(output, []byte("\n")) != 1 {
		t.Fatalf("%s: %v", output, err)
	}
	if about["name"] != "demo" || about["version"] != "0.1" || len(about["features"].([]any)) != 2 {
		t.Errorf("%v", about)
	}
}

func TestProgramsThatEndWithUsage(t *testing.T) {
	for name, one := range map[string]struct{ endpoint, argument, input, says string }{
		"by hand":         {"", "", "", "storagedriver check demo"},
		"no first line":   {"ipc:///none", "{}", "", "ended within the first line"},
		"no JSON":         {"ipc:///none", "{}", "x\n", "no JSON object"},
		"no token":        {"ipc:///none", "{}", "{}\n", `no "token"`},
		"no parameters":   {"ipc:///none", "-", `{"token": "k"}` + "\n", "the parameters are no JSON"},
		"null parameters": {"ipc:///none", "null", `{"token": "k"}` + "\n", "the parameters are no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			command := program(t, one.endpoint)
			if one.argument != "" {
				command.Args = append(command.Args, one.argument)
			}
			command.Stdin = strings.NewReader(one.input)
			var says bytes.Buffer
			command.Stderr = &says
			err := command.Run()
			if command.ProcessState.ExitCode() != exitUsage || !strings.Contains(says.String(), one.says) {
				t.Errorf("%v: %s", err, says.String())
			}
		})
	}
}

func TestParametersAreFound(t *testing.T) {
	for _, one := range [][2]string{
		{`{"token": "k"}`, `{"known": 1}`},
		{`{"token": "k", "parameters": {"known": 1}, "later": true}`, `-`},
	} {
		first, err := readFirstLine(strings.NewReader(one[0]+"\n"), one[1])
		if err != nil || first.Token != "k" || first.Parameters["known"] != json.Number("1") {
			t.Errorf("%v: %+v, %v", one, first, err)
		}
	}
}

// startProcess starts a driver as a process, and returns its standard input and a worker channel.
func startProcess(t *testing.T) (command *exec.Cmd, lifeline io.WriteCloser, h *testHost, worker *hostChannel) {
	t.Helper()
	h = &testHost{t: t, directory: t.TempDir()}
	listener := h.listen("0")
	command = program(t, "ipc://"+listener.Addr().String(), "{}")
	lifeline, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(lifeline, `{"token": "`+testToken+`"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	h.control = h.accept(listener, session.New)
	h.hello()
	return command, lifeline, h, h.worker()
}

func TestTheEndOfTheLifelineEndsTheProcessInACall(t *testing.T) {
	command, lifeline, h, worker := startProcess(t)
	worker.request("Stat", onPath, nil)
	began := time.Now()
	_ = lifeline.Close()
	_ = command.Wait()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, err := os.Stat(h.directory); !os.IsNotExist(err) {
		t.Errorf("the sockets are left: %v", err)
	}
}

func TestTheEndOfTheControlChannelEndsTheProcess(t *testing.T) {
	command, _, h, worker := startProcess(t)
	worker.request("Stat", onPath, nil)
	h.control.Close()
	_ = command.Wait()
}

func TestShutdownEndsTheProcessWhenTheLifelineEnds(t *testing.T) {
	command, lifeline, h, _ := startProcess(t)
	h.control.succeed("Shutdown", nil, nil)
	_ = lifeline.Close()
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}
