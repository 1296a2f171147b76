package storagedriver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"storagedriver.example/go/internal/channel"
	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
)

// link is the driver's end of one channel. One goroutine receives, and another one answers the
// calls, one after another: so credit, CANCEL and the end of the connection are seen while the
// driver works, and while the host does not read.
type link struct {
	channel *channel.Channel
	number  int64
	answer  func(*call) (*wire.Message, error)
	calls   chan *call

	mutex   sync.Mutex
	current *call
}

// attach connects a channel and sends ATTACH.
func attach(ctx context.Context, endpoint, token string, pid int, s *session.Session) (*channel.Channel, error) {
	opened, err := channel.Connect(ctx, endpoint, s)
	if err != nil {
		return nil, err
	}
	hello := &wire.Message{
		Kind: wire.Attach, Token: token, Version: CurrentVersion.String(), PID: uint32(pid),
	}
	if err := opened.Send(hello); err != nil {
		opened.Close()
		return nil, err
	}
	return opened, nil
}

func newLink(number int64, channel *channel.Channel, answer func(*call) (*wire.Message, error)) *link {
	return &link{channel: channel, number: number, answer: answer, calls: make(chan *call, 1)}
}

// receive takes what comes until the channel ends, and then returns why: nil if the host has closed
// it. Calls are answered by run, at the same time.
func (l *link) receive(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(errHungUp)
	defer close(l.calls)
	defer l.channel.Close()
	var last *call
	for {
		m, err := l.channel.Receive()
		if breach := (*wire.ProtocolError)(nil); errors.As(err, &breach) {
			cancel(errHungUp)
			l.channel.CloseWith(l.refusal(breach))
		}
		if err != nil {
			return err
		}
		switch {
		case m.Kind == wire.Request:
			last = newCall(ctx, l.channel, m)
			l.calls <- last
		case last != nil:
			last.take(m)
		}
		if m.Kind == wire.Close {
			return nil
		}
	}
}

// refusal is the last message to a host that broke the protocol.
func (l *link) refusal(breach *wire.ProtocolError) *wire.Message {
	failure := &Error{
		Code: ProtocolError, Message: "Protocol error: " + breach.Detail,
		Fields: Fields{Detail: breach.Detail},
	}
	m := &wire.Message{Kind: wire.Response, Error: errorToWire(failure)}
	l.channel.Do(func(s *session.Session) { m.ID = s.ID() })
	return m
}

// run answers calls until the channel ends, or last says of a request that it was the last one. Then
// the channel stays open: closed at once, its last message might be lost.
func (l *link) run(name string, last func(*call) bool) {
	for c := range l.calls {
		l.setCurrent(c)
		response := l.respond(c, name)
		l.setCurrent(nil)
		isLast := last(c)
		if response != nil {
			l.send(response)
		}
		if c.source != nil {
			c.source.Release() // the response may have had its last piece
		}
		c.stop(nil)
		if isLast || response == nil {
			return
		}
	}
}

func (l *link) send(response *wire.Message) {
	err := l.channel.Send(response)
	if breach := (*wire.ProtocolError)(nil); errors.As(err, &breach) {
		// A mistake of this end. The host is told, rather than left to wait.
		slog.Error("a response cannot be sent", "reason", breach.Detail)
		l.channel.CloseWith(l.refusal(breach))
	}
}

// respond answers one call. It returns nil if there is nobody to answer.
func (l *link) respond(c *call, name string) (response *wire.Message) {
	response, err := l.guarded(c)
	if errors.Is(err, errHungUp) || errors.Is(context.Cause(c.ctx), errHungUp) {
		return nil
	}
	if err != nil {
		failure := asError(err)
		if failure.Code == Internal {
			logFailure(c.Method, err)
		}
		if failure.Driver == "" {
			failure.Driver = name
		}
		if failure.Code == InvalidParameters && failure.Name == "" {
			failure.Name = name
		}
		response = &wire.Message{Error: errorToWire(failure)}
	}
	response.Kind, response.ID = wire.Response, c.ID
	return response
}

// guarded lets a call that panics fail alone: the others go on, and its caller hears of it.
func (l *link) guarded(c *call) (response *wire.Message, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			slog.Error("panic", "method", c.Method, "panic", panicked, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in %s: %v", c.Method, panicked)
		}
	}()
	return l.answer(c)
}

func (l *link) setCurrent(c *call) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.current = c
}

// report returns what Ping tells of the link, nil while it is idle.
func (l *link) report() map[string]any {
	l.mutex.Lock()
	c := l.current
	l.mutex.Unlock()
	if c == nil {
		return nil
	}
	return map[string]any{
		"channel": l.number, "id": int64(c.ID), "method": c.Method,
		"busy_ms": time.Since(c.began).Milliseconds(), "moved_bytes": c.moved(),
	}
}

func logFailure(what string, err error) {
	slog.Error("failure", "in", what, "error", err.Error())
}
