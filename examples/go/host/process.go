package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"storagedriver.example/go/storagedriver"
)

// What a driver has started may hold its outputs open after its end; it is not waited for.
const lastOutputTime = time.Second

// markVariable tells which start of a driver a process belongs to.
const markVariable = "STORAGEDRIVER_PROCESS"

// process is the process of a driver, in a session of its own. Standard input is its lifeline.
type process struct {
	name     string
	pid      int
	mark     string // in the environment of all that it starts
	lifeline *os.File
	stderr   *output
	command  *exec.Cmd
	// exited is closed when the process was reaped, what it has started has ended, and its last output
	// is in.
	exited chan struct{}

	mutex sync.Mutex
	ended bool
}

// startProcess starts a command. It fails with InvalidStorageDriver if that cannot be run.
func startProcess(name string, command, environment []string, logger *slog.Logger, secrets *secrets) (*process, error) {
	theirs, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	p := &process{name: name, mark: markVariable + "=" + rand.Text(), lifeline: lifeline, exited: make(chan struct{})}
	p.command = exec.Command(command[0], command[1:]...)
	logger = logger.With("driver", name)
	stdout := &output{logger: logger.With("stream", "stdout"), secrets: secrets}
	p.stderr = &output{logger: logger.With("stream", "stderr"), secrets: secrets}
	p.command.Stdin, p.command.Stdout, p.command.Stderr = theirs, stdout, p.stderr
	p.command.Env = append(environment, p.mark)
	p.command.WaitDelay = lastOutputTime
	// Ctrl-C in a terminal reaches this process alone, and the whole group can be signalled.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := p.command.Start(); err != nil {
		_ = lifeline.Close()
		return nil, noDriver(name, "its program cannot be started: "+err.Error(), err)
	}
	p.pid = p.command.Process.Pid
	go p.watch(stdout)
	return p, nil
}

func (p *process) watch(stdout *output) {
	defer close(p.exited)
	// Before it is reaped, if that can be known, as the number is still that of its group.
	known := awaitEnd(p.pid)
	if known {
		p.endGroup()
	}
	_ = p.command.Wait() // how it has ended is in the state
	if !known {
		p.endGroup()
	}
	stdout.endLine()
	p.stderr.endLine()
	_ = p.lifeline.Close()
	killMarked(p.mark)
}

func (p *process) endGroup() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	p.ended = true
}

// tell writes the first line. It fails with errNoProgress or the end of the context if nobody reads it;
// that the process has ended is for others to find out.
func (p *process) tell(ctx context.Context, line []byte) error {
	stop := context.AfterFunc(ctx, func() { _ = p.lifeline.SetWriteDeadline(time.Now()) })
	defer stop()
	if _, err := p.lifeline.Write(line); errors.Is(err, os.ErrDeadlineExceeded) {
		return endOf(ctx)
	}
	return nil
}

// signal signals the process and its group.
func (p *process) signal(number syscall.Signal) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !p.ended {
		_ = syscall.Kill(-p.pid, number)
	}
}

func (p *process) hasExited() bool { return p.wait(0) }

// wait waits for the end, and returns whether it has come.
func (p *process) wait(patience time.Duration) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.exited:
		return true
	default:
	}
	select {
	case <-p.exited:
		return true
	case <-timer.C:
		return false
	}
}

// end ends the lifeline, and then the process: by itself, by SIGTERM, by SIGKILL.
func (p *process) end(exit, terminate time.Duration) {
	_ = p.lifeline.Close()
	if p.wait(exit) {
		return
	}
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGCONT) // one that is stopped takes no other signal
	if !p.wait(terminate) {
		p.kill()
	}
}

func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	p.wait(certainTimeout)
}

// crash returns the error of a process that has exited.
func (p *process) crash() *storagedriver.Error {
	failure := &storagedriver.Error{Code: storagedriver.DriverCrashed, Driver: p.name}
	failure.Stderr = p.stderr.last()
	how := "its process has ended"
	if status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		number := int64(status.Signal())
		failure.Signal = &number
		how = fmt.Sprintf("signal %d, %s", number, status.Signal())
	} else if ok {
		code := int64(status.ExitStatus())
		failure.ExitStatus = &code
		how = fmt.Sprintf("exit status %d", code)
	}
	failure.Message = "The driver has crashed: " + how
	if line := lastLine(failure.Stderr); line != "" {
		failure.Message += ": " + line
	}
	return failure
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
