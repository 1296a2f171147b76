// Package channel is one channel: a connection, and the session that speaks over it.
package channel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/internal/zmtp"
)

// ErrLost is wrapped by errors that say that the peer is gone, or this end has closed the channel.
var ErrLost = errors.New("the channel is lost")

// farewell is how long a last message may take: the peer may not read any more.
const farewell = 500 * time.Millisecond

// Channel sends for any goroutine and receives for one. Receiving never waits for a send: so credit
// and the end of a call are seen while the peer does not read.
type Channel struct {
	conn *zmtp.Conn

	// sending is the queue of those who send; held for as long as the peer takes to read.
	sending sync.Mutex
	frame   []byte

	// mutex guards the session, for a moment each time.
	mutex   sync.Mutex
	session *session.Session
}

// Connect connects to the peer before the context ends.
func Connect(ctx context.Context, endpoint string, s *session.Session) (*Channel, error) {
	conn, err := zmtp.Dial(ctx, endpoint)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return New(conn, s), nil
}

// New makes a channel of a connection.
func New(conn *zmtp.Conn, s *session.Session) *Channel {
	return &Channel{conn: conn, session: s}
}

// Do calls look with the session.
func (c *Channel) Do(look func(s *session.Session)) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	look(c.session)
}

// EndSendsBy lets every Send that takes longer fail, and the channel with it.
func (c *Channel) EndSendsBy(deadline time.Time) { c.conn.EndSendsBy(deadline) }

// Send sends one message. It fails with a *wire.ProtocolError if the session does not allow it, and
// with ErrLost.
func (c *Channel) Send(m *wire.Message) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	content, err := c.prepare(m)
	if err != nil {
		return err
	}
	return c.write(content)
}

func (c *Channel) prepare(m *wire.Message) (content []byte, err error) {
	if content, err = c.encode(m); err != nil {
		return nil, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.session.State() == session.Closed {
		return nil, ErrLost
	}
	return content, c.session.Send(m)
}

func (c *Channel) encode(m *wire.Message) (content []byte, err error) {
	var reserve [zmtp.Reserve]byte
	frame, content, err := wire.AppendHeader(append(c.frame[:0], reserve[:]...), m)
	if err == nil {
		c.frame = frame
	}
	return content, err
}

func (c *Channel) write(content []byte) error {
	if err := c.conn.Send(c.frame, content); err != nil {
		c.Close()
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return nil
}

// Receive returns the next message that is to be acted on. It fails with a *wire.ProtocolError for
// what the peer may not send, and with ErrLost.
func (c *Channel) Receive() (*wire.Message, error) {
	for {
		header, content, err := c.conn.Receive()
		if errors.Is(err, zmtp.ErrBreach) {
			return nil, c.refuse(err.Error())
		}
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("%w: %w", ErrLost, err)
		}
		m, err := wire.Decode(header, content)
		if err != nil {
			return nil, c.refuse(err.(*wire.ProtocolError).Detail)
		}
		act, err := c.account(m)
		if act || err != nil {
			return m, err
		}
		zmtp.Release(content)
	}
}

func (c *Channel) account(m *wire.Message) (act bool, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.session.State() == session.Closed {
		return false, ErrLost
	}
	return c.session.Receive(m)
}

func (c *Channel) refuse(detail string) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.session.State() == session.Closed {
		return ErrLost
	}
	return c.session.Refuse(detail)
}

// CloseWith closes the channel after one last message, which the session is not asked about: that the
// peer broke the protocol, or that this end is going. It is lost if the peer does not read.
func (c *Channel) CloseWith(m *wire.Message) {
	c.conn.EndSendsBy(time.Now().Add(farewell)) // also one that somebody waits for now
	c.sending.Lock()
	defer c.sending.Unlock()
	if content, err := c.encode(m); err == nil && c.write(content) == nil {
		c.conn.HangUp(farewell)
	}
	c.Close()
}

// Close closes the channel at once. Closing twice is no error.
func (c *Channel) Close() {
	c.Do((*session.Session).Close)
	_ = c.conn.Close()
}
