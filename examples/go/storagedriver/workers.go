package storagedriver

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
)

// openChannel starts to connect a worker channel.
func (s *serving) openChannel(c *call) error {
	number, endpoint := c.count("channel"), c.text("endpoint")
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.links) >= maxChannels {
		return &Error{
			Code: TooManyChannels, Temporary: true,
			Message: fmt.Sprintf("Too many channels: the driver takes %d", maxChannels),
			Fields:  Fields{Limit: maxChannels},
		}
	}
	if _, used := s.links[number]; used {
		return ParameterError("channel", fmt.Sprintf("%d is in use", number))
	}
	if machine(endpoint) != machine(s.endpoint) {
		// Whoever listens there would be shown the token.
		return ParameterError("endpoint", "it is not on the machine of the control channel")
	}
	var maxChunk, writeCredit int64
	c.channel.Do(func(s *session.Session) { maxChunk, writeCredit = s.Limits() })
	s.links[number] = nil
	s.workers.Go(func() {
		defer s.free(number)
		s.work(number, endpoint, session.NewSession(session.Driver, session.Worker, maxChunk, writeCredit))
	})
	return nil
}

// machine is the transport of an endpoint, and of tcp the host.
func machine(endpoint string) string {
	if strings.HasPrefix(endpoint, "ipc://") {
		return "ipc"
	}
	return endpoint[:max(0, strings.LastIndexByte(endpoint, ':'))]
}

// work serves one worker channel. It returns when the channel has ended, whether or not the driver
// still works at its last call.
func (s *serving) work(number int64, endpoint string, agreed *session.Session) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTime)
	defer cancel()
	opened, err := attach(ctx, endpoint, s.token, os.Getpid(), agreed)
	if err != nil {
		slog.Warn("a channel cannot be opened", "channel", number, "error", err.Error())
		return
	}
	l := newLink(number, opened, s.call)
	s.mutex.Lock()
	s.links[number] = l
	s.mutex.Unlock()
	s.workers.Go(func() { l.run(s.program.Name, func(*call) bool { return false }) })
	if err := l.receive(context.Background()); err != nil {
		slog.Debug("a channel has ended", "channel", number, "error", err.Error())
	}
}

func (s *serving) free(number int64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.links, number)
}

// call answers one call of a worker channel.
func (s *serving) call(c *call) (*wire.Message, error) {
	method, known := methods[c.Method]
	if !known {
		return nil, UnsupportedError(c.Method)
	}
	return method(s.served, c)
}

func (s *serving) reports() []any {
	s.mutex.Lock()
	links := make([]*link, 0, len(s.links))
	for _, l := range s.links {
		if l != nil {
			links = append(links, l)
		}
	}
	s.mutex.Unlock()
	reports := []any{}
	for _, l := range links {
		if report := l.report(); report != nil {
			reports = append(reports, report)
		}
	}
	return reports
}
