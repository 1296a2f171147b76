package storagedriver

import (
	"context"
	"errors"
	"time"

	"storagedriver.example/go/internal/channel"
	"storagedriver.example/go/internal/content"
	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
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
	source  *content.Source // of what is sent, if anything is; released when the call has ended

	// queue is the content that has come; it tells of credit too.
	queue *content.Queue
}

func newCall(ctx context.Context, channel *channel.Channel, request *wire.Message) *call {
	c := &call{Message: request, channel: channel, began: time.Now(), queue: content.NewQueue()}
	c.ctx, c.stop = context.WithCancelCause(ctx)
	c.queue.Add(request.Content, request.Params["end"] == true)
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
		c.queue.Add(m.Content, m.Kind == wire.End)
	}
	c.queue.Tell()
}

// wait returns when something may have come, or why the call is to end.
func (c *call) wait() error {
	select {
	case <-c.queue.News():
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
