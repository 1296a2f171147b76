package zmtp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// pair returns two ends that have greeted each other.
func pair(t *testing.T) (*Conn, *Conn) {
	t.Helper()
	near, far := streams(t)
	opened := make(chan *Conn, 1)
	go func() {
		conn, err := Open(t.Context(), far)
		if err != nil {
			t.Error(err)
		}
		opened <- conn
	}()
	conn, err := Open(t.Context(), near)
	if err != nil {
		t.Fatal(err)
	}
	return conn, <-opened
}

func streams(t *testing.T) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if near, err = net.Dial("unix", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	return near, far
}

func frame(body []byte) []byte { return append(make([]byte, Reserve), body...) }

func TestMessagesArriveAsTheyWereSent(t *testing.T) {
	near, far := pair(t)
	sizes := []int{0, 1, 255, 256, 70_000, MaxFrameBytes - 1, MaxFrameBytes}
	go func() {
		for _, size := range sizes {
			body := bytes.Repeat([]byte{byte(size)}, size)
			if err := errors.Join(near.Send(frame(body), nil), near.Send(frame([]byte("h")), body)); err != nil {
				t.Error(err)
			}
		}
	}()
	for _, size := range sizes {
		body := bytes.Repeat([]byte{byte(size)}, size)
		first, second, err := far.Receive()
		if err != nil || !bytes.Equal(first, body) || second != nil {
			t.Fatalf("%d bytes: %d, %d, %v", size, len(first), len(second), err)
		}
		first, second, err = far.Receive()
		if err != nil || string(first) != "h" || !bytes.Equal(second, body) {
			t.Fatalf("%d bytes as content: %d, %d, %v", size, len(first), len(second), err)
		}
		Release(second)
	}
}

func TestWhatIsNotAllowed(t *testing.T) {
	long := binary.BigEndian.AppendUint64([]byte{flagLong}, 1<<62)
	for name, sent := range map[string][]byte{
		"a frame of four exabytes":   long,
		"a third frame":              {flagMore, 1, 'a', flagMore, 1, 'b', 0, 1, 'c'},
		"an unknown flag":            {8, 1, 'a'},
		"a command in a message":     {flagMore, 1, 'a', flagCommand, 1, 'b'},
		"a command that is to go on": {flagCommand | flagMore, 1, 'a'},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := pair(t)
			if _, err := near.stream.Write(sent); err != nil {
				t.Fatal(err)
			}
			if _, _, err := far.Receive(); !errors.Is(err, ErrBreach) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCommandsAreLeftOut(t *testing.T) {
	near, far := pair(t)
	if _, err := near.stream.Write([]byte{flagCommand, 5, 4, 'P', 'I', 'N', 'G', 0, 1, 'a'}); err != nil {
		t.Fatal(err)
	}
	if first, _, err := far.Receive(); err != nil || string(first) != "a" {
		t.Errorf("%q, %v", first, err)
	}
}

func TestAnEndIsNoticed(t *testing.T) {
	near, far := pair(t)
	_ = near.Close()
	if _, _, err := far.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

func TestASendEndsInTimeWhenNobodyReads(t *testing.T) {
	near, _ := pair(t)
	near.EndSendsBy(time.Now().Add(50 * time.Millisecond))
	for range 100 {
		if err := near.Send(frame(nil), make([]byte, MaxFrameBytes)); err != nil {
			return
		}
	}
	t.Error("all was sent")
}

func TestGreetingsThatAreRefused(t *testing.T) {
	greeting := make([]byte, greetingBytes)
	greeting[0], greeting[signatureEnd], greeting[versionAt] = 0xff, 0x7f, 3
	copy(greeting[mechanismAt:], "NULL")
	changed := func(at int, text string) string {
		other := bytes.Clone(greeting)
		copy(other[at:], text)
		return string(other)
	}
	for name, sent := range map[string]string{
		"no ZeroMQ":            strings.Repeat("x", 200),
		"an old version":       changed(versionAt, "\x01"),
		"another mechanism":    changed(mechanismAt, "CURVE"),
		"no command":           changed(0, "") + "\x00\x00",
		"an error":             changed(0, "") + "\x04\x07\x05ERROR\x00",
		"no type":              changed(0, "") + "\x04\x06\x05READY",
		"a property cut short": changed(0, "") + "\x04\x09\x05READY\x0bSo",
		"another type":         changed(0, "") + "\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x03REP",
		"the end":              string(greeting[:20]),
	} {
		t.Run(name, func(t *testing.T) {
			near, far := streams(t)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			go func() {
				_, _ = far.Write([]byte(sent))
				_ = far.(*net.UnixConn).CloseWrite()
			}()
			if _, err := Open(ctx, near); err == nil {
				t.Error("should be refused")
			}
		})
	}
}

func TestASilentPeerEndsTheGreeting(t *testing.T) {
	near, _ := streams(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, near); err == nil {
		t.Error("should time out")
	}
}
