package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"storagedriver.example/go/storagedriver"
)

func crashOf(t *testing.T, err error) *storagedriver.Error {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		var failure *storagedriver.Error
		if errors.As(err, &failure) && failure.Code == storagedriver.DriverCrashed {
			return failure
		}
	}
	t.Fatal("no crash")
	return nil
}

func wasKilled(t *testing.T, err error) {
	t.Helper()
	crash := crashOf(t, err)
	if crash.Signal == nil || *crash.Signal != int64(syscall.SIGKILL) || crash.ExitStatus != nil {
		t.Errorf("%+v", crash)
	}
}

func TestKillInTheMiddleOfARead(t *testing.T) {
	forSubjects(t, func(t *testing.T, d *Driver) {
		put(t, d, "/a", make([]byte, 32<<20))
		stream, err := d.ReadStream(t.Context(), "/a", 0)
		must(t, err)
		_, err = io.ReadFull(stream.Reader, make([]byte, 100))
		must(t, err)
		must(t, syscall.Kill(d.PID(), syscall.SIGKILL))
		_, err = io.Copy(io.Discard, stream.Reader)
		wasKilled(t, err)
		if _, again := stream.Reader.Read(make([]byte, 1)); again != err && !errors.Is(again, storagedriver.DriverCrashed) {
			t.Error(again)
		}
		<-d.Done()
		wasKilled(t, d.Err())
		_, err = d.Stat(t.Context(), "/a")
		wasKilled(t, err)
		wasKilled(t, d.PutContent(t.Context(), "/a", nil))
	})
}

func TestKillInTheMiddleOfAWrite(t *testing.T) {
	forSubjects(t, func(t *testing.T, d *Driver) {
		kill := func() error { return syscall.Kill(d.PID(), syscall.SIGKILL) }
		killed := false
		_, err := d.WriteStream(t.Context(), "/a", 0, &endless{6 << 20, func() error {
			if killed {
				return nil
			}
			killed = true
			return kill()
		}})
		wasKilled(t, err)
		if errors.Is(err, storagedriver.OutcomeUnknown) {
			t.Errorf("it was not complete: %v", err)
		}
	})
}

// hurry gives calls less time from now on.
func hurry(d *Driver, timeout time.Duration) {
	d.options.CallTimeout = timeout
	for _, l := range d.pool.all() {
		l.timeout = timeout
	}
}

// stopProcess returns when no thread of the driver runs any more, which takes a moment.
func stopProcess(t *testing.T, d *Driver) {
	t.Helper()
	must(t, syscall.Kill(d.PID(), syscall.SIGSTOP))
	eventually(t, "the process stands still", func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", d.PID()))
		must(t, err)
		return len(threads) > 0 && !slices.ContainsFunc(threads, func(path string) bool {
			status, err := os.ReadFile(path)
			return err == nil && !strings.Contains(string(status), ") T ")
		})
	})
}

func TestAStoppedDriverIsFoundOutAndEnded(t *testing.T) {
	d := begin(t, "go-inmemory", nil, Options{})
	put(t, d, "/a", nil)
	hurry(d, 300*time.Millisecond)
	stopProcess(t, d)
	_, err := d.Stat(t.Context(), "/a")
	var failure *storagedriver.Error
	if !errors.As(err, &failure) || failure.Code != storagedriver.DriverTimeout || failure.Method != "Stat" ||
		failure.Seconds != 0.3 {
		t.Fatalf("%+v", err)
	}
	<-d.Done() // as it answers no Ping either
	wasKilled(t, d.Err())
}

func TestACallGivesUpAStoppedDriverWhenItIsCancelled(t *testing.T) {
	d := begin(t, "go-inmemory", nil, Options{CancelTimeout: 100 * time.Millisecond, CloseTimeout: time.Second})
	stopProcess(t, d)
	for name, err := range map[string]error{
		"read": func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := d.GetContent(ctx, "/a")
			return err
		}(),
		"write": func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := d.WriteStream(ctx, "/a", 0, newPattern(bigBytes))
			return err
		}(),
	} {
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, storagedriver.Cancelled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// misbehaving starts the driver in Python that does so by a script of rules.
func misbehaving(t *testing.T, options Options, rules ...map[string]any) (*Driver, error) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script.json")
	data, err := json.Marshal(map[string]any{"rules": rules})
	must(t, err)
	must(t, os.WriteFile(script, data, 0o600))
	d, err := Start(t.Context(), "misbehaving", map[string]any{"script": script}, optionsFor(t, "misbehaving", options))
	if err == nil {
		t.Cleanup(func() { mustClose(t, d) })
	}
	return d, err
}

func misbehave(t *testing.T, options Options, rules ...map[string]any) *Driver {
	t.Helper()
	d, err := misbehaving(t, options, rules...)
	must(t, err)
	return d
}

func TestALostAnswerToAChangeIsAnUnknownOutcome(t *testing.T) {
	d := misbehave(t, Options{},
		map[string]any{"do": "disconnect", "method": "Delete", "point": "after"},
		map[string]any{"do": "disconnect", "method": "Stat"},
		map[string]any{"do": "crash", "method": "PutContent", "nth": 2, "point": "after"},
	)
	put(t, d, "/a", nil)
	patient := d.options.CancelTimeout
	d.options.CancelTimeout = 100 * time.Millisecond
	if err := d.Delete(t.Context(), "/a"); !errors.Is(err, storagedriver.OutcomeUnknown) {
		t.Error(err)
	}
	if _, err := d.Stat(t.Context(), "/a"); !errors.Is(err, storagedriver.ProtocolError) {
		t.Error(err)
	}
	if _, err := d.Stat(t.Context(), "/a"); !errors.Is(err, storagedriver.PathNotFound) {
		t.Error(err) // on another channel
	}
	d.options.CancelTimeout = patient
	err := d.PutContent(t.Context(), "/a", nil)
	if !errors.Is(err, storagedriver.OutcomeUnknown) {
		t.Error(err)
	}
	wasKilled(t, err)
}

func TestABusyDriverKeepsItsOtherCalls(t *testing.T) {
	d := misbehave(t, Options{}, map[string]any{"do": "hang", "method": "GetContent"})
	put(t, d, "/a", []byte("a"))
	hurry(d, 300*time.Millisecond)
	if _, err := d.GetContent(t.Context(), "/a"); !errors.Is(err, storagedriver.DriverTimeout) {
		t.Error(err)
	}
	hurry(d, time.Minute)
	if content, err := d.GetContent(t.Context(), "/a"); err != nil || string(content) != "a" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestLiesAreRefused(t *testing.T) {
	d := misbehave(t, Options{},
		map[string]any{"do": "wrong-count", "method": "PutContent", "nth": 2, "point": "after"},
		map[string]any{"do": "end-early", "method": "GetContent", "point": "content", "after_bytes": 1 << 20},
		map[string]any{"do": "exceed-credit", "method": "ReadStream", "point": "content", "after_bytes": 1 << 20},
		map[string]any{"do": "error", "method": "Stat", "code": "FromTheFuture", "message": "unheard of"},
	)
	put(t, d, "/a", make([]byte, 8<<20))
	if err := d.PutContent(t.Context(), "/b", []byte("b")); !errors.Is(err, storagedriver.ProtocolError) {
		t.Error(err)
	}
	if _, err := d.GetContent(t.Context(), "/a"); !errors.Is(err, storagedriver.ProtocolError) {
		t.Error(err)
	}
	stream, err := d.ReadStream(t.Context(), "/a", 0)
	if err == nil {
		_, err = io.Copy(io.Discard, stream.Reader)
		must(t, stream.Reader.Close())
	}
	if !errors.Is(err, storagedriver.ProtocolError) {
		t.Error(err)
	}
	if _, err := d.Stat(t.Context(), "/a"); !errors.Is(err, storagedriver.Code("FromTheFuture")) {
		t.Error(err)
	}
	if info, err := d.Stat(t.Context(), "/a"); err != nil || info.Size != 8<<20 {
		t.Errorf("%+v, %v", info, err)
	}
}

// hasStray tells whether a process of the driver's is left, beside its own.
func hasStray(d *Driver) bool {
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	return slices.ContainsFunc(paths, func(path string) bool {
		environment, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(environment), d.process.mark) &&
			path != fmt.Sprintf("/proc/%d/environ", d.PID())
	})
}

func TestADriverThatDoesNotEndIsEnded(t *testing.T) {
	d := misbehave(t, Options{CloseTimeout: 200 * time.Millisecond, TerminateTimeout: 200 * time.Millisecond},
		map[string]any{"do": "keep-running", "point": "start"},
		map[string]any{"do": "ignore-sigterm", "point": "start"},
		map[string]any{"do": "leave-child", "point": "start"})
	if !hasStray(d) {
		t.Error("there is no child to end")
	}
	mustClose(t, d)
	if hasStray(d) {
		t.Error("a child is left")
	}
	if err := d.PutContent(t.Context(), "/a", nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
