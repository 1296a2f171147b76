package host

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"storagedriver.example/go/storagedriver"
)

func TestStartsThatFail(t *testing.T) {
	shell := func(script string) Options { return Options{Program: []string{"sh", "-c", script}} }
	slow := shell("sleep 60")
	slow.StartTimeout = 100 * time.Millisecond
	ended := shell("echo the last words >&2; exit 3")
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "registry-storage-text"), []byte("text"), 0o600))
	for name, one := range map[string]struct {
		driver     string
		parameters map[string]any
		options    Options
		code       storagedriver.Code
		says       string
	}{
		"no program":       {"none", nil, Options{}, storagedriver.InvalidStorageDriver, "not on PATH"},
		"no such file":     {"none", nil, Options{DriversDirectory: folder}, storagedriver.InvalidStorageDriver, "registry-storage-none"},
		"no executable":    {"text", nil, Options{DriversDirectory: folder}, storagedriver.InvalidStorageDriver, "registry-storage-text"},
		"a path as a name": {"../a", nil, Options{}, storagedriver.InvalidStorageDriver, "a name is"},
		"an exit":          {"a", nil, ended, storagedriver.DriverCrashed, "exit status 3: the last words"},
		"silence":          {"a", nil, slow, storagedriver.DriverTimeout, "ATTACH"},
		"a deaf one":       {"a", map[string]any{"long": strings.Repeat("x", 1<<20)}, slow, storagedriver.DriverTimeout, "ATTACH"},
		"wrong parameters": {"go-inmemory", map[string]any{"unheard": 1}, Options{}, storagedriver.InvalidParameters, "unheard"},
		"no JSON":          {"go-inmemory", map[string]any{"a": func() {}}, Options{}, storagedriver.InvalidParameters, "JSON"},
		"a secret missing": {"go-inmemory", nil, Options{Secrets: []string{"key"}}, storagedriver.InvalidParameters, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			one.options.Logger = slog.New(slog.DiscardHandler)
			d, err := Start(t.Context(), one.driver, one.parameters, one.options)
			if err == nil {
				mustClose(t, d)
			}
			var failure *storagedriver.Error
			if !errors.As(err, &failure) || failure.Code != one.code || failure.Driver != one.driver ||
				!strings.Contains(failure.Message, one.says) {
				t.Fatalf("%+v", err)
			}
			if one.code == storagedriver.DriverCrashed && (*failure.ExitStatus != 3 || failure.Stderr != "the last words\n") {
				t.Errorf("%+v", failure)
			}
		})
	}
}

func TestVersionsThatDoNotFit(t *testing.T) {
	for version, code := range map[string]storagedriver.Code{
		"1.0": storagedriver.IncompatibleVersion, "x": storagedriver.ProtocolError,
	} {
		_, err := misbehaving(t, Options{}, map[string]any{"do": "wrong-version", "point": "start", "version": version})
		if !errors.Is(err, code) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

func TestAWrongTokenIsNotTaken(t *testing.T) {
	_, err := misbehaving(t, Options{}, map[string]any{"do": "wrong-token", "point": "start", "token": "mine"})
	if err == nil || !strings.Contains(err.Error(), "wrong token") {
		t.Error(err)
	}
}

func TestAWrongParameterOfAPythonDriver(t *testing.T) {
	_, err := Start(t.Context(), "filesystem", map[string]any{"unheard": 1}, optionsFor(t, "filesystem", Options{}))
	var failure *storagedriver.Error
	if !errors.As(err, &failure) || failure.Code != storagedriver.InvalidParameters || failure.Parameter == "" {
		t.Errorf("%+v", err)
	}
}

func TestAStartThatIsCancelledLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, "a", nil, Options{Program: []string{"sh", "-c", "sleep 60"}})
	if !errors.Is(err, storagedriver.Cancelled) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestTCP(t *testing.T) {
	for _, name := range []string{"go-inmemory", "inmemory"} {
		t.Run(name, func(t *testing.T) {
			d := begin(t, name, nil, Options{Transport: TCP})
			contents(t, d)
			if d.directory != "" {
				t.Error("a directory was made")
			}
		})
	}
}

// Where all goes that is logged.
func logTo(buffer *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(buffer, nil)) }

func TestSecretsAreNotShown(t *testing.T) {
	var logged bytes.Buffer
	secret := "hunter2\"<&\n and more"
	options := Options{
		Logger: logTo(&logged), Secrets: []string{"secretkey"},
		// As a driver might that writes down all that it is told.
		Program: []string{"sh", "-c", `echo "$0"; head -n1 >&2; tr '\0' '\n' </proc/$$/cmdline; env; exit 3`},
	}
	_, err := Start(t.Context(), "a", map[string]any{"secretkey": secret, "shown": "yes"}, options)
	var failure *storagedriver.Error
	if !errors.As(err, &failure) || failure.Code != storagedriver.DriverCrashed {
		t.Fatal(err)
	}
	for _, text := range []string{logged.String(), failure.Message, failure.Stderr} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "and more") {
			t.Errorf("shown: %s", text)
		}
	}
	if !strings.Contains(failure.Stderr, `"token":"***"`) || !strings.Contains(failure.Stderr, `"shown":"yes"`) {
		t.Errorf("not logged: %s", failure.Stderr)
	}
	if !strings.Contains(logged.String(), "msg=- driver=a stream=stdout") {
		t.Errorf("the argument is not - : %s", &logged)
	}
}

func TestALongParameterIsNoArgument(t *testing.T) {
	_, err := Start(t.Context(), "go-inmemory", map[string]any{"long": strings.Repeat("x", 1<<20)}, Options{})
	if !errors.Is(err, storagedriver.InvalidParameters) { // it came, and is not known
		t.Error(err)
	}
}

func TestAllGoroutinesEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, name := range []string{"go-inmemory", "go-minimal"} {
		d, err := Start(t.Context(), name, nil, optionsFor(t, name, Options{}))
		must(t, err)
		put(t, d, "/a", make([]byte, 8<<20))
		stream, err := d.ReadStream(t.Context(), "/a", 0)
		must(t, err)
		must(t, stream.Reader.Close())
		mustClose(t, d)
		mustClose(t, d)
	}
	_, err := Start(t.Context(), "a", nil, Options{Program: []string{"false"}})
	if !errors.Is(err, storagedriver.DriverCrashed) {
		t.Error(err)
	}
	eventually(t, "there are as many goroutines as before", func() bool { return runtime.NumGoroutine() <= before })
}

func TestCloseEndsCallsThatGoOn(t *testing.T) {
	d := begin(t, "go-inmemory", nil, Options{})
	put(t, d, "/a", make([]byte, 16<<20))
	stream, err := d.ReadStream(t.Context(), "/a", 0)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, d.Shutdown(ctx))
	for err == nil {
		_, err = stream.Reader.Read(make([]byte, 1<<20))
	}
	if !errors.Is(err, ErrClosed) || !errors.Is(err, storagedriver.Cancelled) {
		t.Error(err)
	}
}
