// Package zmtp is one connection between two ZeroMQ sockets of the type PAIR:
// ZMTP 3.0 (RFC 23) with the mechanism NULL, over a Unix socket or TCP.
//
// A PAIR socket that never reconnects and has one peer is one connection, so no more of ZeroMQ is
// needed here, and what a ZeroMQ socket hides is plain: a lost peer is the end of the connection, and
// the backpressure is that of the operating system. The README says why no ZeroMQ library is used.
package zmtp

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// Reserve is how many bytes a frame given to Send has in front, for its length.
const Reserve = 9

// MaxFrameBytes bounds what is received. It is the longest chunk that this library agrees on.
const MaxFrameBytes = 1 << 20

// Headers are read in one call, and small content with them.
const readBufferBytes = 32 << 10

const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

// ErrBreach is wrapped by errors about frames that the peer should not have sent.
var ErrBreach = errors.New("not allowed")

// Conn is a connection. Send and Receive may be called at once, each from one goroutine.
type Conn struct {
	stream net.Conn
	reader *bufio.Reader
}

// Dial connects to an endpoint, ipc://PATH or tcp://HOST:PORT, and greets, before the context ends.
func Dial(ctx context.Context, endpoint string) (*Conn, error) {
	network, address, err := split(endpoint)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	stream, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return Open(ctx, stream)
}

// Open greets over a stream that either end has opened, before the context ends. It owns the stream.
func Open(ctx context.Context, stream net.Conn) (*Conn, error) {
	conn := &Conn{stream: stream, reader: bufio.NewReaderSize(stream, readBufferBytes)}
	if deadline, ok := ctx.Deadline(); ok {
		_ = stream.SetDeadline(deadline)
	}
	err := conn.greet()
	if err == nil {
		err = stream.SetDeadline(time.Time{})
	}
	if err != nil {
		_ = stream.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return conn, nil
}

func split(endpoint string) (network, address string, err error) {
	transport, address, _ := strings.Cut(endpoint, "://")
	switch transport {
	case "ipc":
		return "unix", address, nil
	case "tcp":
		return "tcp", address, nil
	}
	return "", "", fmt.Errorf("%.100q is no endpoint of ipc or tcp", endpoint)
}

// Close ends the connection, and with it a Send or Receive that waits.
func (c *Conn) Close() error { return c.stream.Close() }

// HangUp says that nothing more will be sent, waits for so long until the peer has read what was, and
// closes. Closed at once, TCP may take back what the peer has not read.
func (c *Conn) HangUp(patience time.Duration) {
	if stream, ok := c.stream.(interface{ CloseWrite() error }); ok && stream.CloseWrite() == nil {
		_ = c.stream.SetReadDeadline(time.Now().Add(patience))
		_, _ = io.Copy(io.Discard, c.stream)
	}
	_ = c.stream.Close()
}

// EndSendsBy lets every Send that takes longer fail.
func (c *Conn) EndSendsBy(deadline time.Time) { _ = c.stream.SetWriteDeadline(deadline) }

// Send sends a message of a frame, whose first Reserve bytes are to be filled here, and of content
// as a second frame unless it is empty. After an error the connection is of no use.
func (c *Conn) Send(frame, content []byte) error {
	flags := byte(0)
	if len(content) > 0 {
		flags = flagMore
	}
	begin := putLength(frame[:Reserve], flags, len(frame)-Reserve)
	frame = frame[begin:]
	if len(content) == 0 {
		_, err := c.stream.Write(frame)
		return err
	}
	var length [Reserve]byte
	frame = append(frame, length[putLength(length[:], 0, len(content)):]...)
	buffers := net.Buffers{frame, content}
	_, err := buffers.WriteTo(c.stream)
	return err
}

// putLength writes the flags and the length of a frame to the end of space, and returns where.
func putLength(space []byte, flags byte, size int) int {
	if size <= 255 {
		space[Reserve-2], space[Reserve-1] = flags, byte(size)
		return Reserve - 2
	}
	space[0] = flags | flagLong
	binary.BigEndian.PutUint64(space[1:], uint64(size))
	return 0
}

// Receive returns the next message: its frame, and a second one if there is one. Give that to
// Release when it is not needed any more.
//
// It fails with ErrBreach for what the peer should not have sent, and with other errors when the
// peer is gone.
func (c *Conn) Receive() (frame, content []byte, err error) {
	flags, frame, err := c.frame()
	for err == nil && flags&flagCommand != 0 {
		// Heartbeats came with ZMTP 3.1, and there is no other command in NULL after the greeting.
		flags, frame, err = c.frame()
	}
	if err != nil || flags&flagMore == 0 {
		return frame, nil, err
	}
	flags, content, err = c.frame()
	if err == nil && flags != flags&flagLong {
		return nil, nil, fmt.Errorf("a message of more than two frames is %w", ErrBreach)
	}
	return frame, content, err
}

func (c *Conn) frame() (flags byte, body []byte, err error) {
	flags, err = c.reader.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	if flags&^(flagMore|flagLong|flagCommand) != 0 || flags&flagCommand != 0 && flags&flagMore != 0 {
		return 0, nil, fmt.Errorf("a frame with the flags 0x%02x is %w", flags, ErrBreach)
	}
	size, err := c.length(flags)
	if err != nil {
		return 0, nil, err
	}
	if size > MaxFrameBytes {
		return 0, nil, fmt.Errorf("a frame of %d bytes is %w", size, ErrBreach)
	}
	body = buffer(int(size))
	_, err = io.ReadFull(c.reader, body)
	return flags, body, err
}

func (c *Conn) length(flags byte) (uint64, error) {
	if flags&flagLong == 0 {
		size, err := c.reader.ReadByte()
		return uint64(size), err
	}
	var size [8]byte
	_, err := io.ReadFull(c.reader, size[:])
	return binary.BigEndian.Uint64(size[:]), err
}

// Full chunks are what streams are made of, and new memory for each costs more than the rest of it.
var full = sync.Pool{New: func() any { return new([MaxFrameBytes]byte) }}

func buffer(size int) []byte {
	if size == MaxFrameBytes {
		return Buffer()
	}
	return make([]byte, size)
}

// Buffer returns one of MaxFrameBytes, with anything in it. It may be given to Release.
func Buffer() []byte { return full.Get().(*[MaxFrameBytes]byte)[:] }

// Release takes back what Receive or Buffer gave. Nobody may use it any more. Others are left alone.
func Release(content []byte) {
	if len(content) == MaxFrameBytes && cap(content) == MaxFrameBytes {
		full.Put((*[MaxFrameBytes]byte)(content))
	}
}
