// Package host starts storage drivers, whatever they are written in, and calls them.
//
//	driver, err := host.Start(ctx, "filesystem", map[string]any{"rootdirectory": "/srv/images"}, host.Options{})
//	if err != nil { ... }
//	defer driver.Close()
//	err = driver.PutContent(ctx, "/a", []byte("content"))
//
// A *Driver is a storagedriver.Driver, with everything else that one can be; its errors are
// *storagedriver.Error. A call fails with UnsupportedMethod where the driver has not the feature.
//
// A driver whose process dies is not started again: its calls fail with DriverCrashed, and Done is
// closed. A caller who wants to go on starts a new one, and knows what is to be repeated there. Nothing
// of the old one is left by then.
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

// Driver is a driver in a process of its own. Any method may be called from several goroutines at
// once. Close is due in the end.
type Driver struct {
	name     string
	options  Options
	token    string
	secrets  *secrets
	version  storagedriver.Version
	features map[storagedriver.Feature]bool

	directory string
	process   *process
	control   *control
	pool      *pool
	single    bool // all calls go by the control channel
	numbers   atomic.Int64
	work      goroutines

	closing atomic.Bool
	ending  sync.Once
}

// Start starts the driver of a name with its parameters, and returns when it is ready. It fails with
//
//   - InvalidStorageDriver: there is no such program, or it cannot be run;
//   - InvalidParameters: the driver refuses them, or JSON does;
//   - DriverCrashed, with what it wrote last: it has ended before it was ready;
//   - DriverTimeout: a step took too long; Method is ATTACH or Hello;
//   - IncompatibleVersion, ProtocolError: it is no driver for this host;
//   - Cancelled: the context has ended. It is for the start alone.
//
// No process is left then.
func Start(ctx context.Context, name string, parameters map[string]any, options Options) (*Driver, error) {
	options = options.withDefaults()
	command, err := findProgram(name, &options)
	if err != nil {
		return nil, err
	}
	d := &Driver{name: name, options: options, token: newToken()}
	argument, line, err := prepare(name, d.token, parameters, options.Secrets)
	if err != nil {
		return nil, err
	}
	d.secrets = newSecrets(d.token, parameters, options.Secrets)
	if err := d.start(ctx, append(command[:len(command):len(command)], argument), line); err != nil {
		d.abandon()
		return nil, err
	}
	d.work.start(d.watch)
	return d, nil
}

func (d *Driver) start(ctx context.Context, command []string, line []byte) (err error) {
	if d.options.Transport == IPC {
		if d.directory, err = makeDirectory(); err != nil {
			return err
		}
	}
	listener, err := listen(d.options.Transport, d.directory, d.numbers.Load(), d.token)
	if err != nil {
		return err
	}
	variables := environment(listener.endpoint, d.options.Environment)
	d.process, err = startProcess(d.name, command, variables, d.options.Logger, d.secrets)
	if err != nil {
		_ = listener.Close()
		return err
	}
	ctx, stop := d.whileRunning(ctx)
	defer stop()
	if err := d.attach(ctx, listener, line); err != nil {
		return d.startFailure("ATTACH", err)
	}
	if err := d.hello(ctx); err != nil {
		return d.startFailure("Hello", err)
	}
	return nil
}

// attach writes the first line, and waits for the control channel.
func (d *Driver) attach(ctx context.Context, listener *listener, line []byte) error {
	ctx, cancel := withTimeout(ctx, d.options.StartTimeout)
	defer cancel()
	if err := d.process.tell(ctx, line); err != nil {
		_ = listener.Close()
		return err
	}
	first, err := listener.attach(ctx, func() *session.Session {
		return session.NewSession(session.Host, session.New, wire.MaxChunkBytes, windowBytes)
	})
	if err != nil {
		return err
	}
	d.control = newControl(newLink(first.channel, &d.options))
	d.work.start(d.control.link.receive)
	return d.agree(first.hello.Version)
}

// agree holds a version of the driver's to this library's. It fails with IncompatibleVersion.
func (d *Driver) agree(told string) error {
	version, err := storagedriver.ParseVersion(told)
	if err != nil {
		return &wire.ProtocolError{Detail: err.Error()}
	}
	host := storagedriver.CurrentVersion
	spoken, ok := storagedriver.Agree(host, storagedriver.Version{Major: host.Major}, version)
	if !ok {
		return &storagedriver.Error{
			Code:    storagedriver.IncompatibleVersion,
			Message: fmt.Sprintf("Incompatible version: the host speaks %s, the driver %s", host, version),
			Fields:  storagedriver.Fields{HostVersion: host.String(), DriverVersion: version.String()},
		}
	}
	d.version = spoken
	return nil
}

func (d *Driver) hello(ctx context.Context) error {
	result, err := d.control.ask(ctx, d, "Hello", map[string]any{
		"version": storagedriver.CurrentVersion.String(), "features": []string{},
		"max_chunk": wire.MaxChunkBytes,
	}, d.options.StartTimeout)
	if err != nil {
		return err
	}
	if err := d.agree(result["version"].(string)); err != nil {
		return err
	}
	d.features = make(map[storagedriver.Feature]bool)
	for _, feature := range result["features"].([]any) {
		d.features[storagedriver.Feature(feature.(string))] = true
	}
	return d.makePool(ctx, int(min(result["max_channels"].(int64), int64(d.options.MaxChannels))))
}

func (d *Driver) makePool(ctx context.Context, limit int) error {
	d.pool = newPool(max(1, limit), d.features[storagedriver.Ping], d.openChannel)
	if limit == 0 {
		d.single = true
		d.pool.adopt(d.control.link)
		return nil
	}
	if d.features[storagedriver.Ping] {
		return nil
	}
	// Later is too late: while calls run nothing may be asked of such a driver.
	for range limit {
		l, err := d.openChannel(ctx)
		if err != nil {
			return err
		}
		d.pool.adopt(l)
	}
	return nil
}

// startFailure returns what a step of the start has failed with, for callers.
func (d *Driver) startFailure(step string, err error) error {
	var known *storagedriver.Error
	if errors.As(err, &known) {
		return d.named(known)
	}
	if errors.Is(err, errNoProgress) {
		failure := d.timedOut(step, d.options.StartTimeout, "the driver is not ready")
		return failure.Because(d.secrets.hide(err.Error()), nil)
	}
	failure := d.failure(&call{method: step}, err)
	if errors.As(failure, &known) && errors.Is(err, errExited) {
		known.Because("before it was ready: "+d.secrets.hide(err.Error()), nil)
	}
	return failure
}

// abandon ends what a failed start has begun.
func (d *Driver) abandon() {
	d.closing.Store(true)
	if d.process != nil {
		d.process.kill()
		_ = d.process.lifeline.Close()
	}
	d.closeChannels()
	d.work.wait()
	if d.directory != "" {
		_ = os.RemoveAll(d.directory)
	}
}
