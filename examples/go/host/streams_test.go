package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"testing"
	"time"

	"storagedriver.example/go/storagedriver"
)

const bigBytes = 64 << 20

// pattern is content of a size that is different everywhere.
type pattern struct {
	left int
	next uint64
	sum  hash.Hash
}

func newPattern(size int) *pattern { return &pattern{left: size, sum: sha256.New()} }

func (p *pattern) Read(buffer []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	buffer = buffer[:min(len(buffer), p.left)]
	for i := range buffer {
		p.next = p.next*6364136223846793005 + 1442695040888963407
		buffer[i] = byte(p.next >> 56)
	}
	p.left -= len(buffer)
	_, _ = p.sum.Write(buffer)
	return len(buffer), nil
}

func TestBigStreamsAreWhole(t *testing.T) {
	forSubjects(t, func(t *testing.T, d *Driver) {
		sent, received := newPattern(bigBytes), sha256.New()
		written, err := d.WriteStream(t.Context(), "/big", 0, sent)
		if err != nil || written != bigBytes {
			t.Fatal(written, err)
		}
		stream, err := d.ReadStream(t.Context(), "/big", 0)
		must(t, err)
		size, err := io.Copy(received, stream.Reader)
		if err != nil || size != bigBytes || !bytes.Equal(sent.sum.Sum(nil), received.Sum(nil)) {
			t.Errorf("%d bytes, %v", size, err)
		}
		must(t, stream.Reader.Close())
	})
}

func TestManyCallsAtOnce(t *testing.T) {
	const callers, rounds = 40, 15
	forSubjects(t, func(t *testing.T, d *Driver) {
		var running sync.WaitGroup
		for caller := range callers {
			running.Go(func() {
				for round := range rounds {
					if err := roundTrip(d, fmt.Sprintf("/many/%d", caller), round); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		running.Wait()
		names, err := d.List(t.Context(), "/many")
		if err != nil || len(names) != callers {
			t.Errorf("%d, %v", len(names), err)
		}
	})
}

func roundTrip(d *Driver, path string, round int) error {
	content := bytes.Repeat([]byte{byte(round)}, round*7_000+1)
	if err := d.PutContent(context.Background(), path, content); err != nil {
		return err
	}
	got, err := d.GetContent(context.Background(), path)
	if err == nil && !bytes.Equal(got, content) {
		err = fmt.Errorf("%s has another content", path)
	}
	return err
}

func TestACallWaitsForAChannel(t *testing.T) {
	d := begin(t, "go-inmemory", nil, Options{MaxChannels: 1})
	put(t, d, "/a", make([]byte, 8<<20))
	stream, err := d.ReadStream(t.Context(), "/a", 0)
	must(t, err)
	patient := d.options.CallTimeout
	d.options.CallTimeout = time.Millisecond
	if _, err := d.Stat(t.Context(), "/a"); !errors.Is(err, storagedriver.Throttled) {
		t.Error(err)
	}
	d.options.CallTimeout = patient
	released := time.AfterFunc(50*time.Millisecond, func() { _ = stream.Reader.Close() })
	defer released.Stop()
	if _, err := d.Stat(t.Context(), "/a"); err != nil {
		t.Error(err)
	}
}

func TestAStreamThatIsClosedEarlyGivesItsChannelBack(t *testing.T) {
	forSubjects(t, func(t *testing.T, d *Driver) {
		put(t, d, "/a", make([]byte, 16<<20))
		for range 30 {
			stream, err := d.ReadStream(t.Context(), "/a", 0)
			must(t, err)
			if _, err := io.ReadFull(stream.Reader, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
			must(t, stream.Reader.Close())
		}
		eventually(t, "all channels are idle, and few", func() bool {
			d.pool.mutex.Lock()
			defer d.pool.mutex.Unlock()
			return len(d.pool.idle) == len(d.pool.links) && len(d.pool.links) <= d.options.MaxChannels
		})
	})
}

func TestCancelInTheMiddleOfARead(t *testing.T) {
	forSubjects(t, func(t *testing.T, d *Driver) {
		put(t, d, "/a", make([]byte, 16<<20))
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := d.ReadStream(ctx, "/a", 0)
		must(t, err)
		_, err = io.ReadFull(stream.Reader, make([]byte, 1000))
		must(t, err)
		cancel()
		_, err = io.Copy(io.Discard, stream.Reader)
		if !errors.Is(err, storagedriver.Cancelled) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		must(t, stream.Reader.Close())
		if _, err := d.Stat(t.Context(), "/a"); err != nil {
			t.Error(err)
		}
	})
}

// endless gives content without end, and calls after when so much was read.
type endless struct {
	left  int
	after func() error
}

func (e *endless) Read(buffer []byte) (int, error) {
	if e.left -= len(buffer); e.left < 0 {
		if err := e.after(); err != nil {
			return 0, err
		}
	}
	return len(buffer), nil
}

func TestCancelInTheMiddleOfAWrite(t *testing.T) {
	forSubjects(t, func(t *testing.T, d *Driver) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := d.WriteStream(ctx, "/a", 0, &endless{6 << 20, func() error { cancel(); return nil }})
		var failure *storagedriver.Error
		if !errors.As(err, &failure) || failure.Code != storagedriver.Cancelled || failure.Stored == nil ||
			!errors.Is(err, context.Canceled) {
			t.Errorf("%#v", err)
		}
		if _, err := d.List(t.Context(), "/"); err != nil {
			t.Error(err)
		}
	})
}

func TestAnErrorOfTheReaderComesBackAsItIs(t *testing.T) {
	forSubjects(t, func(t *testing.T, d *Driver) {
		mine := errors.New("mine")
		_, err := d.WriteStream(t.Context(), "/a", 0, &endless{6 << 20, func() error { return mine }})
		if err != mine {
			t.Error(err)
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = d.WriteStream(t.Context(), "/a", 0, &endless{6 << 20, func() error { panic(mine) }})
		}()
		if names, err := d.List(t.Context(), "/"); err != nil {
			t.Errorf("%q, %v", names, err)
		}
	})
}

func TestAContextThatHasEndedMakesNoCall(t *testing.T) {
	d := begin(t, "go-inmemory", nil, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), -1)
	defer cancel()
	for _, err := range []error{
		d.PutContent(ctx, "/a", nil), d.Delete(ctx, "/a"),
	} {
		if !errors.Is(err, storagedriver.Cancelled) || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
}

func TestAWriteMayReadFromTheSameDriver(t *testing.T) {
	d := begin(t, "go-inmemory", nil, Options{MaxChannels: 2})
	put(t, d, "/a", make([]byte, 8<<20))
	stream, err := d.ReadStream(t.Context(), "/a", 0)
	must(t, err)
	written, err := d.WriteStream(t.Context(), "/b", 0, stream.Reader)
	if err != nil || written != 8<<20 {
		t.Error(written, err)
	}
	must(t, stream.Reader.Close())
}
