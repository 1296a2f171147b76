package host

import (
	"context"
	"os"
	"time"
)

// watch closes the channels of a driver whose process has ended, when all that came by them was taken.
// Mostly they are lost by themselves, but what the driver has started may hold them open.
func (d *Driver) watch() {
	<-d.process.exited
	timer := time.NewTimer(lastOutputTime)
	defer timer.Stop()
	for _, l := range append(d.pool.all(), d.control.link) {
		select {
		case <-l.lost:
		case <-timer.C:
			d.closeChannels()
			return
		}
	}
}

// end ends everything that Start has made, in order.
func (d *Driver) end(ctx context.Context) {
	drained := d.pool.close(ctx)
	crashed := d.process.hasExited()
	d.closing.Store(true)
	deadline := time.Now().Add(d.options.CloseTimeout)
	if !crashed {
		for _, l := range d.pool.takeIdle() {
			if l != d.control.link {
				d.work.start(l.hangUp) // the driver waits for its workers
			}
		}
		// With one channel for all, a call that goes on has it.
		if drained || !d.single {
			// A driver that does not answer is ended in the next step.
			_, _ = d.control.ask(context.Background(), d, "Shutdown", nil, time.Until(deadline))
		}
		d.process.end(time.Until(deadline), d.options.TerminateTimeout)
	}
	d.closeChannels()
	d.work.wait()
	if d.directory != "" {
		_ = os.RemoveAll(d.directory)
	}
}

// closeChannels lets every call fail that is still under way.
func (d *Driver) closeChannels() {
	if d.pool != nil {
		for _, l := range d.pool.all() {
			l.channel.Close()
		}
	}
	if d.control != nil {
		d.control.link.channel.Close()
	}
}
