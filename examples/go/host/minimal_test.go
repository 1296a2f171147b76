package host

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"storagedriver.example/go/drivers/inmemory"
	"storagedriver.example/go/internal/channel"
	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

// newPlain makes a driver that does nothing beyond the minimum.
func newPlain(parameters storagedriver.Parameters) (storagedriver.Driver, error) {
	driver, err := inmemory.New(parameters)
	return struct{ storagedriver.Driver }{driver}, err
}

const minimalChunk = 64 << 10

// minimal is the simplest driver of PROTOCOL.md, section 15: one loop on one channel.
// With workers it has as many more, and answers one of all at a time: nothing while a call runs.
type minimal struct {
	workers int
	token   string
	turn    sync.Mutex
	objects map[string][]byte
}

// loop is what a minimal driver does on one channel.
type loop struct {
	*minimal
	channel *channel.Channel
}

func beMinimal(workers int) {
	input := bufio.NewReader(os.Stdin)
	line, _ := input.ReadBytes('\n')
	var first struct{ Token string }
	_ = json.Unmarshal(line, &first)
	go func() {
		_, _ = io.Copy(io.Discard, input)
		os.Exit(0)
	}()
	d := &minimal{workers: workers, token: first.Token, objects: map[string][]byte{}}
	d.serve(os.Getenv(wire.EndpointVariable), session.New)
	os.Exit(1)
}

func (d *minimal) serve(endpoint string, role session.Role) {
	s := session.NewSession(session.Driver, role, minimalChunk, windowBytes)
	opened, err := channel.Connect(context.Background(), endpoint, s)
	if err != nil {
		return
	}
	_ = opened.Send(&wire.Message{Kind: wire.Attach, Token: d.token, Version: "0.1"})
	l := loop{d, opened}
	for {
		m := l.receive()
		if m.Kind == wire.Request {
			d.turn.Lock()
			response := l.answer(m)
			d.turn.Unlock()
			response.Kind, response.ID = wire.Response, m.ID
			_ = opened.Send(response)
		}
	}
}

// receive ends the goroutine with the channel.
func (d *loop) receive() *wire.Message {
	m, err := d.channel.Receive()
	if err != nil || m.Kind == wire.Close {
		runtime.Goexit()
	}
	return m
}

func (d *loop) answer(m *wire.Message) *wire.Message {
	path, _ := m.Params["path"].(string)
	content, found := d.objects[path]
	switch m.Method {
	case "Hello":
		return &wire.Message{Result: map[string]any{
			"version": "0.1", "name": "go-minimal", "features": []string{}, "max_channels": d.workers,
			"write_credit": windowBytes, "max_chunk": minimalChunk,
		}}
	case "OpenChannel":
		go d.serve(m.Params["endpoint"].(string), session.Worker)
		return &wire.Message{}
	case "Shutdown":
		return &wire.Message{}
	case "PutContent":
		d.objects[path] = d.takeAll(m)
		return &wire.Message{Result: map[string]any{"written": len(d.objects[path])}}
	case "List":
		return d.list()
	}
	if !found {
		return refusal(storagedriver.PathNotFound, map[string]any{"path": path})
	}
	switch m.Method {
	case "GetContent", "ReadStream":
		return d.read(m, content)
	case "Stat":
		return &wire.Message{Result: map[string]any{
			"path": path, "size": len(content), "mod_time": []any{int64(0), int64(0)}, "is_dir": false,
		}}
	case "Delete":
		delete(d.objects, path)
		return &wire.Message{}
	}
	return refusal(storagedriver.UnsupportedMethod, map[string]any{"method": m.Method})
}

func (d *loop) takeAll(m *wire.Message) []byte {
	content, id := slices.Clone(m.Content), m.ID
	for ended := m.Params["end"] == true; !ended; {
		m := d.receive()
		content = append(content, m.Content...)
		ended = m.Kind == wire.End
		if grant := int64(len(m.Content)); !ended && grant > 0 {
			_ = d.channel.Send(&wire.Message{Kind: wire.Credit, ID: id, Bytes: grant})
		}
	}
	return content
}

func (d *loop) read(m *wire.Message, content []byte) *wire.Message {
	offset, _ := m.Params["offset"].(int64)
	size := len(content)
	content = content[min(int(offset), size):]
	_ = d.channel.Send(&wire.Message{Kind: wire.Start, ID: m.ID, Info: map[string]any{"size": size}})
	for len(content) > 0 {
		var limit int64
		d.channel.Do(func(s *session.Session) { limit = s.Sendable() })
		if limit == 0 {
			if d.receive().Kind == wire.Cancel {
				return refusal(storagedriver.Cancelled, nil)
			}
			continue
		}
		piece := content[:min(int(limit), len(content))]
		_ = d.channel.Send(&wire.Message{Kind: wire.Chunk, ID: m.ID, Content: piece})
		content = content[len(piece):]
	}
	return &wire.Message{Result: map[string]any{"size": size}}
}

func (d *loop) list() *wire.Message {
	var names []string
	for path := range d.objects {
		names = append(names, strings.TrimPrefix(path, "/"))
	}
	slices.Sort(names)
	var content []byte
	for _, name := range names {
		content, _ = wire.AppendValue(content, []any{name})
	}
	return &wire.Message{Result: map[string]any{"count": len(names)}, Content: content}
}

func refusal(code storagedriver.Code, fields map[string]any) *wire.Message {
	return &wire.Message{Error: map[string]any{"code": string(code), "fields": fields}}
}
