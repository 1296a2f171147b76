package storagedriver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/internal/zmtp"
)

const window = wire.MaxChunkBytes * wire.WindowChunks

var (
	onPath = map[string]any{"path": "/a"}
	toRead = map[string]any{"path": "/a", "offset": 0, "credit": window}
)

func TestALife(t *testing.T) {
	driver := &fake{}
	h := startHost(t, driver)
	if features := fmt.Sprint(h.hello()); features != "[ping]" {
		t.Errorf("features %s", features)
	}
	worker := h.worker()
	put := worker.succeed("PutContent", map[string]any{"path": "/a", "end": true}, []byte("hi"))
	if put.Result["written"] != int64(2) {
		t.Errorf("%v", put.Result)
	}
	get, content := worker.call("GetContent", map[string]any{"path": "/a", "credit": window}, nil)
	if string(content) != "hi" || get.Result["size"] != int64(2) {
		t.Errorf("%q, %v", content, get.Result)
	}
	worker.send(wire.Message{Kind: wire.Close})
	h.control.succeed("Shutdown", nil, nil)
	if !<-h.orderly || !driver.closed {
		t.Error("no orderly end")
	}
}

func TestErrorsArrive(t *testing.T) {
	worker := startWorker(t, &fake{})
	found := worker.fail("Move", map[string]any{"source": "/a", "destination": "/b"}, nil, PathNotFound)
	if found.Path != "/a" || found.Driver != "demo" {
		t.Errorf("%+v", found)
	}
	if bug := worker.fail("Delete", onPath, nil, Internal); !strings.Contains(bug.Message, "a bug") {
		t.Errorf("%+v", bug)
	}
	for _, method := range []string{"Fly", "OpenUpload"} {
		worker.fail(method, onPath, nil, UnsupportedMethod)
	}
	worker.fail("Walk", map[string]any{"path": "/", "credit": window}, nil, UnsupportedMethod)
	worker.fail("Fly", onPath, []byte("content of a later version"), UnsupportedMethod)
}

func TestListsAreSorted(t *testing.T) {
	worker := startWorker(t, &fake{})
	params := map[string]any{"path": "/", "start_after": "/a", "credit": window}
	response, content := worker.call("List", params, nil)
	entries, err := wire.NewListing("List").Take(content)
	if err != nil || fmt.Sprint(entries) != "[[b <nil>] [c <nil>]]" || response.Result["count"] != int64(2) {
		t.Errorf("%v, %v, %v", entries, response.Result, err)
	}
}

func TestLargeContentGoesThereAndBack(t *testing.T) {
	worker := startWorker(t, &fake{})
	sent := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	worker.request("WriteStream", map[string]any{"path": "/a", "offset": 0}, nil)
	done := make(chan *wire.Message, 1)
	credit := make(chan int64, 100)
	go func() {
		for {
			m, err := worker.Receive()
			if err != nil || m.Kind == wire.Response {
				done <- m
				return
			}
			credit <- m.Bytes
		}
	}()
	for left, open := sent, int64(window); len(left) > 0; {
		for open == 0 {
			open += <-credit
		}
		size := min(int64(len(left)), open, wire.MaxChunkBytes)
		worker.send(wire.Message{Kind: wire.Chunk, Content: left[:size]})
		left, open = left[size:], open-size
	}
	worker.send(wire.Message{Kind: wire.End})
	if m := <-done; m == nil || m.Result["written"] != int64(len(sent)) {
		t.Fatalf("%+v", m)
	}
	if _, content := worker.call("ReadStream", toRead, nil); !bytes.Equal(content, sent) {
		t.Errorf("%d bytes came back", len(content))
	}
}

func TestAReadWaitsForCredit(t *testing.T) {
	worker := startWorker(t, &fake{content: make([]byte, 10_000)})
	worker.request("ReadStream", map[string]any{"path": "/a", "offset": 0, "credit": 4096}, nil)
	if m := worker.receive(); m.Kind != wire.Start || m.Info["size"] != int64(10_000) {
		t.Fatalf("%+v", m)
	}
	if m := worker.receive(); len(m.Content) != 4096 {
		t.Fatalf("%d bytes", len(m.Content))
	}
	worker.send(wire.Message{Kind: wire.Credit, Bytes: 1 << 20})
	if response, content := worker.finish(); len(content) != 10_000-4096 || response.Error != nil {
		t.Errorf("%d bytes, %v", len(content), response.Error)
	}
}

func TestAReadThatEndsEarlyIsAnError(t *testing.T) {
	driver := &fake{content: make([]byte, 100)}
	driver.opened = func(content []byte) *Stream {
		return &Stream{Reader: io.NopCloser(bytes.NewReader(content[:99])), Size: 100}
	}
	worker := startWorker(t, driver)
	worker.fail("ReadStream", toRead, nil, ContentChanged)
}

func TestAnotherVersionIsAnError(t *testing.T) {
	worker := startWorker(t, &fake{content: []byte("x")})
	params := map[string]any{"path": "/a", "offset": 0, "credit": window, "version": []byte("w")}
	worker.fail("ReadStream", params, nil, ContentChanged)
}

func TestSmallPiecesOfUnknownSizeAreGathered(t *testing.T) {
	driver := &fake{content: bytes.Repeat([]byte("x"), 10_000)}
	driver.opened = func(content []byte) *Stream {
		return &Stream{Reader: io.NopCloser(&trickle{content}), Size: -1}
	}
	worker := startWorker(t, driver)
	worker.request("ReadStream", toRead, nil)
	chunks := 0
	for {
		m := worker.receive()
		if m.Kind == wire.Response {
			break
		}
		chunks++
	}
	if chunks > 4 {
		t.Errorf("%d messages", chunks)
	}
}

// trickle gives three bytes at a time.
type trickle struct{ left []byte }

func (r *trickle) Read(buffer []byte) (int, error) {
	if len(r.left) == 0 {
		return 0, io.EOF
	}
	size := copy(buffer[:min(3, len(buffer))], r.left)
	r.left = r.left[size:]
	return size, nil
}

func TestAWriteThatStopsEarlyOrMiscountsHasFailed(t *testing.T) {
	for name, wrote := range map[string]func(context.Context, io.Reader) (int64, error){
		"stops": func(context.Context, io.Reader) (int64, error) { return 2, nil },
		"miscounts": func(_ context.Context, r io.Reader) (int64, error) {
			n, err := io.Copy(io.Discard, r)
			return n + 1, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			worker := startWorker(t, &fake{wrote: wrote})
			params := map[string]any{"path": "/a", "offset": 0, "end": true}
			if failed := worker.fail("WriteStream", params, []byte("hi"), Internal); failed.Stored == nil {
				t.Error("what is stored is not told")
			}
		})
	}
}

func TestACancelledWriteTellsWhatIsStored(t *testing.T) {
	worker := startWorker(t, &fake{})
	worker.request("WriteStream", map[string]any{"path": "/a", "offset": 0}, []byte("hi"))
	worker.send(wire.Message{Kind: wire.Cancel})
	response, _ := worker.finish()
	failed := failure(t, response)
	if failed.Code != Cancelled || failed.Stored == nil {
		t.Errorf("%+v", failed)
	}
	worker.succeed("Stat", onPath, nil)
}

func TestACancelledPutPublishesNothing(t *testing.T) {
	driver := &fake{content: []byte("old")}
	worker := startWorker(t, driver)
	worker.request("PutContent", onPath, []byte("new"))
	worker.send(wire.Message{Kind: wire.Cancel})
	if response, _ := worker.finish(); failure(t, response).Code != Cancelled {
		t.Errorf("%+v", response)
	}
	if string(driver.content) != "old" {
		t.Errorf("%q is there", driver.content)
	}
}

func TestACallWithoutContentIsCancelled(t *testing.T) {
	for name, end := range map[string]func(*hostChannel){
		"by CANCEL": func(c *hostChannel) { c.send(wire.Message{Kind: wire.Cancel}) },
		"by CLOSE":  func(c *hostChannel) { c.send(wire.Message{Kind: wire.Close}) },
		"by a loss": func(c *hostChannel) { c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			stopped := make(chan error, 1)
			worker := startWorker(t, &fake{stat: func(ctx context.Context) error {
				<-ctx.Done()
				stopped <- ctx.Err()
				return ctx.Err()
			}})
			worker.request("Stat", onPath, nil)
			end(worker)
			if err := <-stopped; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if name == "by CANCEL" {
				if response, _ := worker.finish(); failure(t, response).Code != Cancelled {
					t.Errorf("%+v", response)
				}
			}
		})
	}
}

func TestPingIsAnsweredWhileCallsRun(t *testing.T) {
	release := make(chan struct{})
	h := startHost(t, &fake{stat: func(context.Context) error { <-release; return nil }})
	h.hello()
	worker := h.worker()
	worker.request("Stat", onPath, nil)
	var workers []any
	for range 100 {
		workers, _ = h.control.succeed("Ping", nil, nil).Result["workers"].([]any)
		if len(workers) == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(workers) != 1 || workers[0].(map[string]any)["method"] != "Stat" {
		t.Errorf("%v", workers)
	}
	close(release)
	worker.finish()
}

func TestChannelsAreCounted(t *testing.T) {
	h := startHost(t, &fake{})
	h.hello()
	var last *hostChannel
	for range maxChannels {
		last = h.worker()
	}
	params := map[string]any{"channel": 100, "endpoint": "ipc://" + h.directory + "/none"}
	if failed := h.control.fail("OpenChannel", params, nil, TooManyChannels); failed.Limit != maxChannels {
		t.Errorf("%+v", failed)
	}
	last.Close()
	for range 100 {
		if response, _ := h.control.call("OpenChannel", params, nil); response.Error == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the place of a lost channel is not free")
}

func TestChannelsElsewhereAreRefused(t *testing.T) {
	h := startHost(t, &fake{})
	h.hello()
	params := map[string]any{"channel": 1, "endpoint": "tcp://192.0.2.1:9"}
	if failed := h.control.fail("OpenChannel", params, nil, InvalidParameters); failed.Name != "demo" {
		t.Errorf("%+v", failed)
	}
}

func TestHelloThatFails(t *testing.T) {
	h := startHost(t, &fake{}, Walk)
	params := map[string]any{"version": "0.1", "features": []string{}, "max_chunk": 4096}
	h.control.fail("Hello", params, nil, Internal) // fake does not walk
	if !<-h.orderly {
		t.Error("no orderly end")
	}
	h = startHost(t, &fake{})
	params["version"] = "1.0"
	failed := h.control.fail("Hello", params, nil, IncompatibleVersion)
	if failed.HostVersion != "1.0" || failed.DriverVersion != CurrentVersion.String() {
		t.Errorf("%+v", failed)
	}
}

func TestALostControlChannelIsNoOrderlyEnd(t *testing.T) {
	h := startHost(t, &fake{})
	h.hello()
	h.control.Close()
	if <-h.orderly {
		t.Error("orderly")
	}
}

func TestABreachIsToldAndTheChannelClosed(t *testing.T) {
	stat, _, _ := wire.AppendHeader(nil, &wire.Message{
		Kind: wire.Request, ID: 1, Method: "Stat", Params: onPath,
	})
	for name, breach := range map[string]func(c *hostChannel){
		"garbage":          func(c *hostChannel) { c.sendRaw([]byte("garbage"), nil) },
		"nothing":          func(c *hostChannel) { c.sendRaw(nil, nil) },
		"a huge frame":     func(c *hostChannel) { c.sendRaw([]byte("x"), make([]byte, zmtp.MaxFrameBytes+1)) },
		"an ATTACH":        func(c *hostChannel) { c.sendRaw([]byte("\x94\x06\xa1k\xa30.1\x01"), nil) },
		"an id again":      func(c *hostChannel) { c.sendRaw(stat, nil); c.sendRaw(stat, nil) },
		"content for Stat": func(c *hostChannel) { c.sendRaw(stat, []byte("content")) },
		"a control call":   func(c *hostChannel) { c.sendRaw([]byte("\x94\x00\x01\xa4Ping\x80"), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			worker := startWorker(t, &fake{})
			breach(worker)
			worker.refused()
		})
	}
}

func TestABreachInAWriteIsToldAndCancelsIt(t *testing.T) {
	ended := make(chan error, 1)
	worker := startWorker(t, &fake{wrote: func(_ context.Context, content io.Reader) (int64, error) {
		size, err := io.Copy(io.Discard, content)
		ended <- err
		return size, err
	}})
	worker.request("WriteStream", map[string]any{"path": "/a", "offset": 0}, nil)
	for range wire.WindowChunks + 2 {
		if err := worker.conn.Send(append(make([]byte, zmtp.Reserve), "\x92\x02\x05"...), []byte("x")); err != nil {
			break
		}
	}
	worker.refused()
	if err := <-ended; err == nil {
		t.Error("the write has succeeded")
	}
}

func TestManyTinyPiecesCostLittle(t *testing.T) {
	worker := startWorker(t, &fake{})
	worker.request("PutContent", onPath, nil)
	for range 10_000 {
		worker.send(wire.Message{Kind: wire.Chunk, Content: []byte("x")})
	}
	worker.send(wire.Message{Kind: wire.End})
	if response, _ := worker.finish(); response.Result["written"] != int64(10_000) {
		t.Errorf("%+v", response)
	}
}
