package host

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"storagedriver.example/go/drivers/filesystem"
	"storagedriver.example/go/drivers/inmemory"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

// Where the programs of the Python drivers are, if not on PATH.
const pythonVariable = "STORAGEDRIVER_PYTHON_DRIVERS"

// programs is a folder of drivers in Go, each of which is this test program by another name.
var programs string

func TestMain(m *testing.M) {
	drivers := map[string]storagedriver.Program{
		"go-inmemory":   {Features: inmemory.Features(), New: inmemory.New},
		"go-filesystem": {Features: filesystem.Features(), New: filesystem.New},
		"go-plain":      {New: newPlain},
	}
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), wire.ProgramPrefix)
	if driver, ok := drivers[name]; ok {
		storagedriver.Main(driver)
	}
	switch name {
	case "go-minimal":
		beMinimal(0)
	case "go-mute":
		beMinimal(3)
	case "host":
		beHost()
	default:
		os.Exit(test(m, append(slices.Collect(maps.Keys(drivers)), "go-minimal", "go-mute", "host")))
	}
}

func test(m *testing.M, names []string) int {
	var err error
	if programs, err = os.MkdirTemp("", "drivers-"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(programs) }()
	self, err := os.Executable()
	for _, name := range names {
		err = errors.Join(err, os.Symlink(self, filepath.Join(programs, wire.ProgramPrefix+name)))
	}
	if err = errors.Join(err, os.Setenv("PATH", programs+":"+os.Getenv("PATH"))); err != nil {
		panic(err)
	}
	return m.Run()
}

// A subject is a real driver that tests run against.
type subject struct {
	name       string
	parameters func(t *testing.T) map[string]any
}

func none(*testing.T) map[string]any { return nil }

func root(t *testing.T) map[string]any {
	return map[string]any{"rootdirectory": filepath.Join(t.TempDir(), "root")}
}

var subjects = []subject{
	{"go-inmemory", none}, {"go-filesystem", root}, {"inmemory", none}, {"filesystem", root},
}

// forSubjects runs a test against each of the drivers, in Go and in Python.
func forSubjects(t *testing.T, test func(t *testing.T, d *Driver)) {
	for _, one := range subjects {
		t.Run(one.name, func(t *testing.T) {
			test(t, begin(t, one.name, one.parameters(t), Options{}))
		})
	}
}

// optionsFor fills in where a driver is. One in Python that is not there skips the test; in continuous
// integration it fails, as what is skipped there is tested nowhere.
func optionsFor(t *testing.T, name string, options Options) Options {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if strings.HasPrefix(name, "go-") {
		options.DriversDirectory = programs
		return options
	}
	options.DriversDirectory = os.Getenv(pythonVariable)
	if _, err := findProgram(name, &options); err != nil {
		reason := "NOT TESTED: " + err.Error() + "; " + pythonVariable + " says where the drivers in Python are"
		if os.Getenv("CI") != "" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	return options
}

// begin starts a driver that ends with the test, and leaves nothing then.
func begin(t *testing.T, name string, parameters map[string]any, options Options) *Driver {
	t.Helper()
	d, err := Start(t.Context(), name, parameters, optionsFor(t, name, options))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, d) })
	return d
}

func mustClose(t *testing.T, d *Driver) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(d.directory); d.directory != "" && !os.IsNotExist(err) {
		t.Errorf("sockets are left in %s", d.directory)
	}
	if err := exec.Command("kill", "-0", "--", "-"+strconv.Itoa(d.PID())).Run(); err == nil {
		t.Errorf("the process group %d is left", d.PID())
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("not so: %s\n%s", what, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, d *Driver, path string, content []byte) {
	t.Helper()
	must(t, d.PutContent(context.Background(), path, content))
}
