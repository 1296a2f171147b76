package host

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"storagedriver.example/go/internal/channel"
	"storagedriver.example/go/internal/content"
	"storagedriver.example/go/internal/wire"
)

var (
	// errNoProgress is why a call ends that has waited for the driver for too long.
	errNoProgress = errors.New("no progress")
	// errExited is why a call ends that has waited for a process to do what it cannot any more.
	errExited = errors.New("the process has ended")
)

// unwanted is why a call ends that nobody waits for any more.
type unwanted struct{ cause error }

func (u *unwanted) Error() string { return u.cause.Error() }
func (u *unwanted) Unwrap() error { return u.cause }

// endOf returns why a context has ended.
func endOf(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == errNoProgress || cause == errExited {
		return cause
	}
	return &unwanted{cause}
}

// link is the host's end of one channel. A goroutine of its own receives: so the end of the driver,
// credit and early answers are seen while a call sends, or does nothing.
type link struct {
	channel *channel.Channel
	timeout time.Duration
	// patience is for sends of calls that are not wanted any more.
	patience time.Duration
	// lost is closed when nothing more will come, and reason says why then.
	lost   chan struct{}
	reason error

	mutex   sync.Mutex
	current *call
	last    uint32
}

func newLink(channel *channel.Channel, options *Options) *link {
	return &link{
		channel: channel, timeout: options.CallTimeout, patience: options.CancelTimeout,
		lost: make(chan struct{}),
	}
}

// receive takes what comes until the channel ends.
func (l *link) receive() {
	defer close(l.lost)
	for {
		m, err := l.channel.Receive()
		if err != nil {
			l.reason = err
			l.channel.Close()
			return
		}
		l.mutex.Lock()
		c := l.current
		l.mutex.Unlock()
		c.take(m) // the session takes nothing that is of no call
	}
}

func (l *link) isLost() bool {
	select {
	case <-l.lost:
		return true
	default:
		return false
	}
}

// begin sends a REQUEST, and fails as send does. The link is for its call alone until that has ended.
func (l *link) begin(ctx context.Context, method, path string, params map[string]any, first []byte) (*call, error) {
	c := &call{link: l, method: method, path: path, queue: content.NewQueue()}
	l.mutex.Lock()
	l.last++
	c.id, l.current = l.last, c
	l.mutex.Unlock()
	return c, c.send(ctx, wire.Message{Kind: wire.Request, Method: method, Params: params, Content: first})
}

// hangUp gives up the channel: what is under way on it ends, and the driver is told.
func (l *link) hangUp() { l.channel.CloseWith(&wire.Message{Kind: wire.Close}) }

// call is one call on a link, seen from the one goroutine that makes it.
type call struct {
	link   *link
	method string
	path   string // for errors
	id     uint32
	// complete says that all content was sent: from here on the driver may do what was asked for.
	complete bool

	// queue is the content that has come; it tells of everything else too.
	queue *content.Queue

	mutex    sync.Mutex
	start    map[string]any
	response *wire.Message
}

// take acts on a message. It is called by the goroutine that receives, and never waits.
func (c *call) take(m *wire.Message) {
	c.mutex.Lock()
	switch m.Kind {
	case wire.Start:
		c.start = m.Info
	case wire.Response:
		c.response = m
	}
	c.mutex.Unlock()
	// After the RESPONSE was put where it is looked for, as it makes the content complete.
	c.queue.Add(m.Content, m.Kind == wire.Response)
	c.queue.Tell()
}

// came returns the info of START and the RESPONSE, nil while they have not come.
func (c *call) came() (start map[string]any, response *wire.Message) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.start, c.response
}

// send sends a message of the call. It fails as wait does; a driver that does not read is given up, as
// it has no whole message then.
func (c *call) send(ctx context.Context, m wire.Message) error {
	m.ID = c.id
	c.link.channel.EndSendsBy(time.Now().Add(c.link.timeout))
	if len(m.Content) > wire.InlineContentBytes {
		hurried := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(hurried)
			c.link.channel.EndSendsBy(time.Now().Add(c.link.patience))
		})
		defer func() {
			if !stop() {
				<-hurried // or it would hurry the next call
			}
		}()
	}
	err := c.link.channel.Send(&m)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if ctx.Err() != nil {
		return endOf(ctx)
	}
	return errNoProgress
}

// wait returns when something may have come. It fails with the end of the context, errNoProgress, or
// why the link was lost. What has come before is to be looked at all the same.
func (c *call) wait(ctx context.Context) error {
	timer := time.NewTimer(c.link.timeout)
	defer timer.Stop()
	select {
	case <-c.queue.News():
		return nil
	case <-c.link.lost:
		return c.link.reason
	case <-ctx.Done():
		return endOf(ctx)
	case <-timer.C:
		return errNoProgress
	}
}

// await returns the RESPONSE. It fails as wait does.
func (c *call) await(ctx context.Context) (*wire.Message, error) {
	for {
		if _, response := c.came(); response != nil {
			return response, nil
		}
		if err := c.wait(ctx); err != nil {
			if _, response := c.came(); response != nil {
				return response, nil // what has come counts, whatever else has happened
			}
			return nil, err
		}
	}
}
