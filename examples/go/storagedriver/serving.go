package storagedriver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
)

const (
	maxChannels = 64
	// The host is in the same machine and waits: if it does not answer in this time it is not there.
	connectTime = 5 * time.Second
	// For calls that still run at Shutdown: the host has waited for them already.
	lastCallsTime = 500 * time.Millisecond
)

// serving is a driver served to one host.
type serving struct {
	program    *Program
	parameters Parameters
	token      string
	endpoint   string

	// served is made by Hello, before there are workers.
	served *served
	// ending is closed when the end is orderly and under way.
	ending chan struct{}

	mutex sync.Mutex
	// links are the worker channels by number; nil while one is being connected.
	links   map[int64]*link
	workers sync.WaitGroup
}

func newServing(program *Program, parameters Parameters, token, endpoint string) *serving {
	return &serving{
		program: program, parameters: parameters, token: token, endpoint: endpoint,
		ending: make(chan struct{}), links: make(map[int64]*link),
	}
}

// run attaches, and answers the control channel until it ends. It returns whether that was orderly:
// after Shutdown, a failed Hello, or a breach of the protocol.
func (s *serving) run() bool {
	ctx, cancel := context.WithTimeout(context.Background(), connectTime)
	defer cancel()
	control := session.NewSession(session.Driver, session.New, wire.MaxChunkBytes, s.writeCredit(wire.MaxChunkBytes))
	opened, err := attach(ctx, s.endpoint, s.token, os.Getpid(), control)
	if err != nil {
		return false
	}
	l := newLink(0, opened, s.answer)
	answered, received := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(answered)
		l.run(s.program.Name, s.isLast)
	}()
	go func() { received <- l.receive(context.Background()) }()
	select {
	case <-s.ending:
		<-answered
		return true
	case err = <-received:
	}
	var breach *wire.ProtocolError
	return err == nil || errors.As(err, &breach) || s.isEnding()
}

// isEnding tells whether the end is orderly and under way.
func (s *serving) isEnding() bool {
	select {
	case <-s.ending:
		return true
	default:
		return false
	}
}

func (s *serving) writeCredit(maxChunk int64) int64 { return maxChunk * wire.WindowChunks }

// isLast tells whether a request of the control channel was the last one, before it is answered: the
// host ends the lifeline as soon as it has the answer.
func (s *serving) isLast(c *call) bool {
	last := c.Method == "Shutdown" || s.served == nil
	if last {
		close(s.ending)
	}
	return last
}

func (s *serving) answer(c *call) (*wire.Message, error) {
	switch c.Method {
	case "Hello":
		return s.hello(c)
	case "OpenChannel":
		return success(nil), s.openChannel(c)
	case "Ping":
		return success(map[string]any{"workers": s.reports()}), nil
	case "Shutdown":
		s.endDriver()
		return success(nil), nil
	}
	return nil, UnsupportedError(c.Method)
}

func (s *serving) hello(c *call) (*wire.Message, error) {
	host, err := ParseVersion(c.text("version"))
	if err != nil || host.Major != CurrentVersion.Major {
		return nil, incompatible(c.text("version"))
	}
	driver, err := s.program.make(s.parameters)
	if err != nil {
		return nil, err
	}
	uploads := &openUploads{driver: driver, byID: make(map[string]*openedUpload)}
	s.served = &served{name: s.program.Name, driver: driver, uploads: uploads}
	maxChunk := min(wire.MaxChunkBytes, c.count("max_chunk"))
	return success(map[string]any{
		"version":      CurrentVersion.String(),
		"name":         s.program.Name,
		"features":     s.program.told(),
		"max_channels": maxChannels,
		"write_credit": s.writeCredit(maxChunk),
		"max_chunk":    maxChunk,
	}), nil
}

func incompatible(host string) *Error {
	driver := CurrentVersion.String()
	return &Error{
		Code: IncompatibleVersion,
		Message: fmt.Sprintf("Incompatible version: the host speaks %.40s, the driver %s",
			host, driver),
		Fields: Fields{HostVersion: host, DriverVersion: driver},
	}
}

// endDriver closes the driver when the calls have ended, or too long has passed.
func (s *serving) endDriver() {
	ended := make(chan struct{})
	go func() {
		s.workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(lastCallsTime):
	}
	s.served.uploads.closeAll()
	closeDriver(s.served.driver)
}
