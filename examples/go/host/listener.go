package host

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"storagedriver.example/go/internal/channel"
	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/internal/zmtp"
)

// A name inside is a channel's number: a driver that is left alone removes these, and no others.
const longestNameBytes = len("/4294967295")

// makeDirectory makes the private directory of the sockets, where temporary files go or in /tmp: a
// socket's address is short, and a long TMPDIR cannot hold one.
func makeDirectory() (directory string, err error) {
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		if directory, err = os.MkdirTemp(parent, "storagedriver-"); err != nil {
			continue
		}
		if len("ipc://"+directory)+longestNameBytes <= wire.MaxEndpointBytes {
			return directory, nil
		}
		_ = os.Remove(directory)
		err = fmt.Errorf("the path %s is too long for sockets", directory)
	}
	return "", err
}

// listener waits for the driver to connect one channel. Its socket file is there no longer than it.
type listener struct {
	net.Listener
	endpoint string
	token    string
}

// listen binds the endpoint of a channel in the directory, or on a port of its own.
func listen(transport Transport, directory string, number int64, token string) (*listener, error) {
	if transport == TCP {
		bound, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		return &listener{bound, "tcp://" + bound.Addr().String(), token}, nil
	}
	path := filepath.Join(directory, fmt.Sprint(number))
	bound, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return &listener{bound, "ipc://" + path, token}, nil
}

// attached is a channel whose driver has said ATTACH.
type attached struct {
	channel *channel.Channel
	hello   *wire.Message
}

// attach returns the first channel with a right ATTACH before the context ends, and closes the
// listener. A stranger may connect to TCP: it is closed, and keeps nobody else from it meanwhile.
func (l *listener) attach(ctx context.Context, newSession func() *session.Session) (*attached, error) {
	ctx, cancel := context.WithCancel(ctx)
	found, refusals := make(chan *attached), make(chan error, 1)
	accepting := make(chan struct{})
	defer func() {
		cancel()
		_ = l.Close()
		<-accepting
	}()
	go func() {
		defer close(accepting)
		l.accept(ctx, newSession, found, refusals)
	}()
	select {
	case first := <-found:
		return first, nil
	case <-ctx.Done():
	}
	select {
	case refusal := <-refusals:
		return nil, fmt.Errorf("%w: %w", endOf(ctx), refusal)
	default:
		return nil, endOf(ctx)
	}
}

// accept greets whoever connects, all at once, until the listener is closed and they are through.
func (l *listener) accept(
	ctx context.Context, newSession func() *session.Session, found chan<- *attached, refusals chan<- error,
) {
	var greeting goroutines
	defer greeting.wait()
	for {
		stream, err := l.Accept()
		if err != nil {
			return
		}
		greeting.start(func() {
			one, err := l.greet(ctx, stream, newSession())
			if err != nil {
				select {
				case refusals <- err:
				default:
				}
				return
			}
			select {
			case found <- one:
			case <-ctx.Done():
				one.channel.Close()
			}
		})
	}
}

// greet takes the ATTACH of one peer.
func (l *listener) greet(ctx context.Context, stream net.Conn, s *session.Session) (*attached, error) {
	stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
	conn, err := zmtp.Open(ctx, stream)
	if err != nil {
		stop()
		return nil, err
	}
	opened := channel.New(conn, s)
	hello, err := opened.Receive()
	if err == nil && subtle.ConstantTimeCompare([]byte(hello.Token), []byte(l.token)) != 1 {
		err = errors.New("it has attached with a wrong token")
	}
	if !stop() && err == nil {
		err = endOf(ctx)
	}
	if err != nil {
		opened.Close()
		return nil, err
	}
	return &attached{opened, hello}, nil
}

func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, timeout, errNoProgress)
}
