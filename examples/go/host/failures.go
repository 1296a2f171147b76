package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"storagedriver.example/go/internal/channel"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

// changes are the calls that change what is stored. Once all of such a call was sent, its outcome is
// unknown if the answer does not come.
var changes = map[string]bool{
	"PutContent": true, "WriteStream": true, "Move": true, "Delete": true,
	"WriteUpload": true, "CommitUpload": true, "CancelUpload": true,
}

// failure returns what a call has failed with, for its caller: what waiting failed with is given its
// meaning. It may wait for the end of the process, which a lost channel is mostly due to.
func (d *Driver) failure(c *call, err error) error {
	var known *storagedriver.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, ErrClosed):
		return ErrClosed
	case errors.Is(err, errAllHeld):
		reason := fmt.Sprintf("all channels were held for %s", d.options.CallTimeout)
		known = storagedriver.PathError(storagedriver.Throttled, c.path).Because(reason, nil)
	case errors.Is(err, errNoProgress):
		known = d.timedOut(c.method, d.options.CallTimeout, d.examine())
	default:
		known = d.ended(err)
	}
	if changes[c.method] && c.complete {
		return d.named(storagedriver.UnknownOutcome(c.method, c.path).Because(known.Message, known))
	}
	return d.named(known)
}

// ended returns what it means that a channel was lost, or a context has ended.
func (d *Driver) ended(err error) *storagedriver.Error {
	var breach *wire.ProtocolError
	var unwanted *unwanted
	switch {
	case errors.As(err, &breach):
		return protocolError(breach.Detail)
	case errors.As(err, &unwanted):
		return cancelled(unwanted.cause)
	case !errors.Is(err, channel.ErrLost) && !errors.Is(err, errExited):
		// Of the operating system, such as that there are too many files.
		return (&storagedriver.Error{Code: storagedriver.Internal, Message: "Internal"}).Because(err.Error(), err)
	case d.closing.Load():
		return cancelled(ErrClosed)
	}
	if d.process.wait(d.options.CancelTimeout) {
		return d.process.crash()
	}
	return protocolError("the driver has closed the channel")
}

// examine finds out why a call makes no progress, and ends a driver that answers nothing.
func (d *Driver) examine() string {
	if !d.features[storagedriver.Ping] || d.single {
		return "the driver cannot be asked"
	}
	_, err := d.control.ask(context.Background(), d, "Ping", nil, pingTimeout)
	if errors.Is(err, errNoProgress) {
		d.process.kill()
		return "the driver answers nothing at all, and was ended"
	}
	if err != nil {
		return "the driver has ended since"
	}
	return "the driver is busy: it answers otherwise"
}

// named puts the driver's name into an error, and takes out what is secret.
func (d *Driver) named(failure *storagedriver.Error) *storagedriver.Error {
	if failure.Driver == "" {
		failure.Driver = d.name
	}
	d.secrets.hideIn(failure)
	return failure
}

func (d *Driver) timedOut(method string, after time.Duration, found string) *storagedriver.Error {
	return &storagedriver.Error{
		Code:    storagedriver.DriverTimeout,
		Message: fmt.Sprintf("%s made no progress for %s: %s", method, after, found),
		Driver:  d.name,
		Fields:  storagedriver.Fields{Seconds: after.Seconds(), Method: method},
	}
}

// cancelled returns the error of a call whose context has ended; both can be asked for.
func cancelled(cause error) *storagedriver.Error {
	return (&storagedriver.Error{Code: storagedriver.Cancelled, Message: "Cancelled"}).
		Because(cause.Error(), cause)
}

func protocolError(detail string) *storagedriver.Error {
	return &storagedriver.Error{
		Code: storagedriver.ProtocolError, Message: "Protocol error: " + detail,
		Fields: storagedriver.Fields{Detail: detail},
	}
}
