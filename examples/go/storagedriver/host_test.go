package storagedriver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"storagedriver.example/go/internal/channel"
	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/internal/zmtp"
)

const testToken = "k1"

// testHost is the other end of a serving: it starts one for a driver, and has its control channel.
// Its sessions refuse whatever the driver may not send.
type testHost struct {
	t         *testing.T
	directory string
	control   *hostChannel
	serving   *serving
	orderly   chan bool
	channels  atomic.Int64
}

// hostChannel is the host's end of a channel. Its connection is open to tests that break the rules.
type hostChannel struct {
	*channel.Channel
	conn *zmtp.Conn
	t    *testing.T
	last uint32
}

func startHost(t *testing.T, driver Driver, features ...Feature) *testHost {
	t.Helper()
	h := &testHost{t: t, directory: t.TempDir(), orderly: make(chan bool, 1)}
	program := &Program{
		Name: "demo", Features: features,
		New: func(Parameters) (Driver, error) { return driver, nil },
	}
	listener := h.listen("0")
	h.serving = newServing(program, nil, testToken, "ipc://"+listener.Addr().String())
	go func() { h.orderly <- h.serving.run() }()
	h.control = h.accept(listener, session.New)
	return h
}

func (h *testHost) listen(name string) net.Listener {
	listener, err := net.Listen("unix", h.directory+"/"+name)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func (h *testHost) accept(listener net.Listener, role session.Role) *hostChannel {
	h.t.Helper()
	stream, err := listener.Accept()
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), 5*time.Second)
	defer cancel()
	conn, err := zmtp.Open(ctx, stream)
	if err != nil {
		h.t.Fatal(err)
	}
	s := session.NewSession(session.Host, role, wire.MaxChunkBytes, wire.MaxChunkBytes*wire.WindowChunks)
	c := &hostChannel{Channel: channel.New(conn, s), conn: conn, t: h.t}
	h.t.Cleanup(c.Close)
	if m := c.receive(); m.Kind != wire.Attach || m.Token != testToken {
		h.t.Fatalf("no ATTACH: %+v", m)
	}
	return c
}

// hello says Hello, and returns the features.
func (h *testHost) hello() any {
	h.t.Helper()
	params := map[string]any{"version": "0.1", "features": []string{}, "max_chunk": wire.MaxChunkBytes}
	return h.control.succeed("Hello", params, nil).Result["features"]
}

// worker opens a worker channel, after Hello.
func (h *testHost) worker() *hostChannel {
	h.t.Helper()
	number := h.channels.Add(1)
	listener := h.listen(fmt.Sprint(number))
	params := map[string]any{"channel": number, "endpoint": "ipc://" + listener.Addr().String()}
	h.control.succeed("OpenChannel", params, nil)
	return h.accept(listener, session.Worker)
}

// startWorker starts a host, and returns one worker channel.
func startWorker(t *testing.T, driver Driver) *hostChannel {
	t.Helper()
	h := startHost(t, driver)
	h.hello()
	return h.worker()
}

func (c *hostChannel) receive() *wire.Message {
	c.t.Helper()
	m, err := c.Receive()
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *hostChannel) send(m wire.Message) {
	c.t.Helper()
	if m.Kind == wire.Request {
		c.last++
	}
	m.ID = c.last
	if err := c.Send(&m); err != nil {
		c.t.Fatal(err)
	}
}

func (c *hostChannel) request(method string, params map[string]any, content []byte) {
	c.t.Helper()
	c.send(wire.Message{Kind: wire.Request, Method: method, Params: params, Content: content})
}

// call makes a call and returns the response, and what content came before it.
func (c *hostChannel) call(method string, params map[string]any, content []byte) (*wire.Message, []byte) {
	c.t.Helper()
	c.request(method, params, content)
	return c.finish()
}

// finish takes messages until the response, and grants credit for them.
func (c *hostChannel) finish() (response *wire.Message, content []byte) {
	c.t.Helper()
	for {
		m := c.receive()
		content = append(content, m.Content...)
		var grant int64
		c.Do(func(s *session.Session) { grant = s.Consume(int64(len(m.Content))) })
		if m.Kind == wire.Response {
			return m, content
		}
		if grant > 0 {
			c.send(wire.Message{Kind: wire.Credit, Bytes: grant})
		}
	}
}

func (c *hostChannel) succeed(method string, params map[string]any, content []byte) *wire.Message {
	c.t.Helper()
	response, _ := c.call(method, params, content)
	if response.Error != nil {
		c.t.Fatalf("%s: %v", method, response.Error)
	}
	return response
}

// failure returns the error that a response means.
func failure(t *testing.T, response *wire.Message) *Error {
	t.Helper()
	decoded, ok := DecodeError(response.Error)
	if !ok {
		t.Fatalf("no error: %+v", response)
	}
	return decoded
}

func (c *hostChannel) fail(method string, params map[string]any, content []byte, code Code) *Error {
	c.t.Helper()
	response, _ := c.call(method, params, content)
	decoded := failure(c.t, response)
	if !errors.Is(decoded, code) {
		c.t.Fatalf("%s: %v, should be %s", method, decoded, code)
	}
	return decoded
}

// sendRaw sends frames that no session is asked about.
func (c *hostChannel) sendRaw(header, content []byte) {
	c.t.Helper()
	if err := c.conn.Send(append(make([]byte, zmtp.Reserve), header...), content); err != nil {
		c.t.Fatal(err)
	}
}

// refused takes messages until the driver says that the protocol was broken, and closes.
func (c *hostChannel) refused() {
	c.t.Helper()
	for {
		header, content, err := c.conn.Receive()
		if err != nil {
			c.t.Fatalf("closed without a word: %v", err)
		}
		m, err := wire.Decode(header, content)
		if err != nil {
			c.t.Fatal(err)
		}
		if m.Kind != wire.Response || m.Error == nil {
			continue
		}
		if decoded := failure(c.t, m); decoded.Code != ProtocolError {
			c.t.Fatalf("got %v", decoded)
		}
		break
	}
	if _, _, err := c.conn.Receive(); err == nil {
		c.t.Fatal("the channel is still open")
	}
}
