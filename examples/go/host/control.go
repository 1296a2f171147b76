package host

import (
	"context"
	"time"

	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

// An OpenChannel is answered at once, and connecting takes no time.
const openTimeout = 5 * time.Second

// control is the control channel: one request at a time.
type control struct {
	link *link
	turn chan struct{}
}

func newControl(l *link) *control { return &control{l, make(chan struct{}, 1)} }

// ask makes a request of the driver. It fails as call.wait does, or with the driver's error. An answer
// that is late is waited for before the next request.
func (c *control) ask(
	ctx context.Context, d *Driver, method string, params map[string]any, patience time.Duration,
) (map[string]any, error) {
	ctx, cancel := withTimeout(ctx, patience)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, endOf(ctx)
	}
	if params == nil {
		params = map[string]any{}
	}
	asked, err := c.link.begin(ctx, method, "", params, nil)
	if err != nil {
		<-c.turn
		return nil, err
	}
	response, err := asked.await(ctx)
	if err != nil {
		d.work.start(func() {
			_, response := asked.came()
			for response == nil && !c.link.isLost() {
				_ = asked.wait(context.Background())
				_, response = asked.came()
			}
			<-c.turn
		})
		return nil, err
	}
	<-c.turn
	if response.Error != nil {
		return nil, d.decode(response)
	}
	return response.Result, nil
}

// openChannel opens a worker channel.
func (d *Driver) openChannel(ctx context.Context) (*link, error) {
	number := d.numbers.Add(1)
	listener, err := listen(d.options.Transport, d.directory, number, d.token)
	if err != nil {
		return nil, err
	}
	params := map[string]any{"channel": number, "endpoint": listener.endpoint}
	if _, err := d.control.ask(ctx, d, "OpenChannel", params, openTimeout); err != nil {
		_ = listener.Close()
		return nil, err
	}
	ctx, cancel := withTimeout(ctx, openTimeout)
	defer cancel()
	ctx, stop := d.whileRunning(ctx)
	defer stop()
	opened, err := listener.attach(ctx, func() *session.Session {
		var maxChunk, writeCredit int64
		d.control.link.channel.Do(func(s *session.Session) { maxChunk, writeCredit = s.Limits() })
		return session.NewSession(session.Host, session.Worker, maxChunk, writeCredit)
	})
	if err != nil {
		return nil, err
	}
	l := newLink(opened.channel, &d.options)
	d.work.start(l.receive)
	return l, nil
}

// whileRunning returns a context that ends with the process too, by errExited.
func (d *Driver) whileRunning(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	d.work.start(func() {
		select {
		case <-d.process.exited:
			cancel(errExited)
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(nil) }
}

// Ping returns when the driver has answered something, and what its channels are busy with. It fails
// with UnsupportedMethod if the driver does not answer while calls run (feature Ping).
func (d *Driver) Ping(ctx context.Context) ([]Worker, error) {
	if !d.features[storagedriver.Ping] || d.single {
		return nil, d.named(storagedriver.UnsupportedError("Ping"))
	}
	result, err := d.control.ask(ctx, d, "Ping", nil, d.options.CallTimeout)
	if err != nil {
		return nil, d.failure(&call{method: "Ping"}, err)
	}
	var workers []Worker
	for _, item := range result["workers"].([]any) {
		told := item.(map[string]any)
		workers = append(workers, Worker{
			Channel: told["channel"].(int64),
			Method:  told["method"].(string),
			Busy:    time.Duration(told["busy_ms"].(int64)) * time.Millisecond,
			Moved:   told["moved_bytes"].(int64),
		})
	}
	return workers, nil
}

// Worker is what a driver tells of one channel that is busy.
type Worker struct {
	Channel int64
	Method  string
	Busy    time.Duration // since the call began
	Moved   int64         // bytes of content
}

func (d *Driver) maxChunk() (limit int64) {
	d.control.link.channel.Do(func(s *session.Session) { limit, _ = s.Limits() })
	return limit
}

// decode returns the driver's error.
func (d *Driver) decode(response *wire.Message) *storagedriver.Error {
	failure, ok := storagedriver.DecodeError(response.Error)
	if !ok {
		// The session takes no error without a code.
		failure = &storagedriver.Error{Code: storagedriver.Internal, Message: "An error without a code"}
	}
	return d.named(failure)
}
