package storagedriver

import (
	"context"
	"errors"
	"sync"
	"time"

	"storagedriver.example/go/storagedriver/internal/channel"
	"storagedriver.example/go/storagedriver/internal/session"
	"storagedriver.example/go/storagedriver/internal/wire"
)

// errHungUp is why a call ends whose host has closed the channel or is lost: nothing is answered.
var errHungUp = errors.New("the host has hung up")

// call is one REQUEST that is being answered. Its context is cancelled, with cancelledError or
// errHungUp as the cause, by the goroutine that receives; everything else happens in the one that
// answers.
type call struct {
	*wire.Message
	channel *channel.Channel
	ctx     context.Context
	stop    context.CancelCauseFunc
	began   time.Time
	lent    []byte // goes back when the call has ended

	// news is filled when something has come: credit, or a piece.
	news chan struct{}

	mutex    sync.Mutex
	pieces   [][]byte
	complete bool
}

func newCall(ctx context.Context, channel *channel.Channel, request *wire.Message) *call {
	c := &call{Message: request, channel: channel, began: time.Now(), news: make(chan struct{}, 1)}
	c.ctx, c.stop = context.WithCancelCause(ctx)
	if request.Content != nil {
		c.pieces = append(c.pieces, request.Content)
	}
	c.complete = request.Params["end"] == true
	return c
}

// take acts on a message to a call. It is called by the goroutine that receives, and never waits.
func (c *call) take(m *wire.Message) {
	switch m.Kind {
	case wire.Cancel:
		c.stop(cancelledError())
	case wire.Close:
		c.stop(errHungUp)
	case wire.Chunk, wire.End:
		c.add(m)
	}
	select {
	case c.news <- struct{}{}:
	default: // what came before has not been looked at either
	}
}

// joinedBytes is up to where pieces become one, so that a host that sends single bytes costs no more
// memory than its credit.
const joinedBytes = 4 << 10

func (c *call) add(m *wire.Message) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	last := len(c.pieces) - 1
	switch {
	case len(m.Content) == 0:
	case last >= 0 && len(c.pieces[last])+len(m.Content) <= joinedBytes:
		c.pieces[last] = append(c.pieces[last], m.Content...)
	default:
		c.pieces = append(c.pieces, m.Content)
	}
	c.complete = c.complete || m.Kind == wire.End
}

// wait returns when something may have come, or why the call is to end.
func (c *call) wait() error {
	select {
	case <-c.news:
	case <-c.ctx.Done():
	}
	return c.stopped()
}

// stopped returns why the call is to end, nil if it is not.
func (c *call) stopped() error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	return nil
}

// send sends a message of the call.
func (c *call) send(m wire.Message) error {
	m.ID = c.ID
	return c.channel.Send(&m)
}

// sendable returns how much content may be sent now.
func (c *call) sendable() (limit int64) {
	c.channel.Do(func(s *session.Session) { limit = s.Sendable() })
	return limit
}

// moved returns how much content has passed.
func (c *call) moved() (bytes int64) {
	c.channel.Do(func(s *session.Session) { bytes = s.Moved() })
	return bytes
}

func (c *call) text(name string) string {
	text, _ := c.Params[name].(string)
	return text
}

func (c *call) count(name string) int64 {
	count, _ := c.Params[name].(int64)
	return count
}
