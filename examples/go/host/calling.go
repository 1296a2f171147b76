package host

import (
	"context"
	"errors"
	"time"

	"storagedriver.example/go/internal/channel"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

// begin takes a channel for a call and sends its REQUEST. Whoever began it ends it by finish, stop or
// release.
func (d *Driver) begin(ctx context.Context, method, path string, params map[string]any, first []byte) (*call, error) {
	unsent := &call{method: method, path: path}
	if ctx.Err() != nil {
		return nil, d.failure(unsent, endOf(ctx))
	}
	for {
		l, err := d.pool.acquire(ctx, d.options.CallTimeout)
		if err != nil {
			return nil, d.failure(unsent, err)
		}
		c, err := l.begin(ctx, method, path, params, first)
		if err == nil {
			return c, nil
		}
		d.drop(l)
		if err == channel.ErrLost && !d.control.link.isLost() {
			continue // it was lost while it was idle, and nothing was sent
		}
		return nil, d.failure(c, err)
	}
}

// call makes a call without content, and returns its result.
func (d *Driver) call(ctx context.Context, method, path string, params map[string]any) (map[string]any, error) {
	c, err := d.begin(ctx, method, path, params, nil)
	if err != nil {
		return nil, err
	}
	c.complete = true
	return d.finish(ctx, c)
}

// finish waits for the RESPONSE of a call, and returns its result.
func (d *Driver) finish(ctx context.Context, c *call) (map[string]any, error) {
	response, err := c.await(ctx)
	if err != nil {
		return d.stop(ctx, c, err)
	}
	d.release(c)
	if response.Error != nil {
		return nil, d.decode(response)
	}
	return response.Result, nil
}

// stop ends a call that has failed by err. If its context has ended, or its caller, the driver is
// told. A change may have been made all the same: then its result counts, and is waited for.
func (d *Driver) stop(ctx context.Context, c *call, err error) (map[string]any, error) {
	if errors.Is(err, errNoProgress) || c.link.isLost() {
		failure := d.failure(c, err)
		d.drop(c.link)
		return nil, failure
	}
	if !changes[c.method] {
		d.work.start(func() { d.cancel(c) })
		return nil, d.failure(c, err)
	}
	response := d.cancel(c)
	switch {
	case response == nil:
		return nil, d.failure(c, err)
	case response.Error == nil:
		return response.Result, nil
	}
	failure := d.decode(response)
	if failure.Code == storagedriver.Cancelled {
		stopped := d.named(cancelled(err))
		stopped.Stored = failure.Stored
		return nil, stopped
	}
	return nil, failure
}

// cancel sends CANCEL and returns the RESPONSE, nil if it does not come in time.
func (d *Driver) cancel(c *call) *wire.Message {
	ctx, cancel := withTimeout(context.Background(), d.options.CancelTimeout)
	defer cancel()
	c.link.channel.EndSendsBy(time.Now().Add(d.options.CancelTimeout))
	_ = c.link.channel.Send(&wire.Message{Kind: wire.Cancel, ID: c.id}) // if it is lost, so is the answer
	response, err := c.await(ctx)
	if err != nil {
		d.drop(c.link)
		return nil
	}
	d.release(c)
	return response
}

// release gives back the channel of a call whose RESPONSE has come.
func (d *Driver) release(c *call) { d.pool.release(c.link) }

// drop gives up a channel. If it is the only one the driver ends by that.
func (d *Driver) drop(l *link) {
	d.pool.discard(l)
	d.work.start(func() {
		l.hangUp()
		if l == d.control.link {
			d.process.kill()
		}
	})
}
