package host

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"sync"

	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/internal/zmtp"
)

// reader is the content of a read, as its caller has it. It grants credit for what was read. Once it
// has failed it fails again: nothing more comes.
type reader struct {
	driver *Driver
	call   *call
	info   map[string]any
	ctx    context.Context
	cancel context.CancelCauseFunc

	// mutex is held by whoever reads, so that Close may be called meanwhile.
	mutex sync.Mutex
	// piece is what is left of whole, which goes back when all of it was read.
	piece, whole []byte
	err          error
	over         bool // the channel is not ours any more
}

// openRead begins a call that receives, and returns when it is open.
func (d *Driver) openRead(ctx context.Context, method, path string, params map[string]any) (*reader, error) {
	if params == nil {
		params = map[string]any{}
	}
	params["path"], params["credit"] = path, windowBytes
	c, err := d.begin(ctx, method, path, params, nil)
	if err != nil {
		return nil, err
	}
	r := &reader{driver: d, call: c}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	if err := r.open(); err != nil {
		r.cancel(nil)
		return nil, err
	}
	return r, nil
}

func (r *reader) open() error {
	for failed := error(nil); ; failed = r.call.wait(r.ctx) {
		start, response := r.call.came()
		switch {
		case start != nil:
			r.info = start
			return nil
		case response != nil:
			r.info = response.Result
			if err := r.finish(response); err != io.EOF {
				return err
			}
			return nil
		case failed != nil:
			r.stop(failed)
			return r.err
		}
	}
}

// Read is that of io.Reader.
func (r *reader) Read(buffer []byte) (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(buffer) == 0 {
		return 0, nil
	}
	if err := r.fill(); err != nil {
		return 0, err
	}
	size := copy(buffer, r.piece)
	r.consume(size)
	return size, nil
}

// WriteTo is that of io.WriterTo: pieces go to the writer as they came.
func (r *reader) WriteTo(writer io.Writer) (written int64, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for {
		if err := r.fill(); err == io.EOF {
			return written, nil
		} else if err != nil {
			return written, err
		}
		size, err := writer.Write(r.piece)
		written += int64(size)
		r.consume(size)
		if err != nil {
			return written, err
		}
	}
}

// all returns the whole content, which is the caller's.
func (r *reader) all() ([]byte, error) {
	var pieces [][]byte
	for {
		err := r.fill()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, r.piece)
		r.whole = nil // kept
		r.consume(len(r.piece))
	}
	if len(pieces) == 1 {
		return pieces[0], nil
	}
	content := bytes.Join(pieces, nil)
	for _, piece := range pieces {
		zmtp.Release(piece)
	}
	return content, nil
}

// fill returns when there is a piece, or io.EOF, or why there is no more.
func (r *reader) fill() error {
	for failed := error(nil); len(r.piece) == 0 && r.err == nil; {
		piece, complete := r.call.queue.Next()
		switch {
		case piece != nil:
			r.piece, r.whole = piece, piece
		case complete:
			_, response := r.call.came()
			r.err = r.finish(response)
		case failed != nil:
			r.stop(failed) // after what had come before
		default:
			failed = r.call.wait(r.ctx)
		}
	}
	if len(r.piece) > 0 {
		return nil
	}
	return r.err
}

// consume drops what was read of the piece, and grants credit if that is due.
func (r *reader) consume(size int) {
	if r.piece = r.piece[size:]; len(r.piece) == 0 {
		zmtp.Release(r.whole)
		r.whole = nil
	}
	if r.over {
		return
	}
	var grant int64
	r.call.link.channel.Do(func(s *session.Session) { grant = s.Consume(int64(size)) })
	if grant > 0 {
		// Where this fails the channel is lost, and what has come before is to be read all the same.
		_ = r.call.send(r.ctx, wire.Message{Kind: wire.Credit, Bytes: grant})
	}
}

// finish gives the channel back, and returns the error that ends the stream: io.EOF if all was well.
func (r *reader) finish(response *wire.Message) error {
	if !r.over {
		r.over = true
		r.driver.release(r.call)
	}
	r.cancel(nil)
	if response.Error != nil {
		return r.driver.decode(response)
	}
	return io.EOF
}

// stop ends a stream that has failed, or that nobody wants any more.
func (r *reader) stop(failed error) {
	if !r.over {
		r.over = true
		_, r.err = r.driver.stop(r.ctx, r.call, failed)
	}
	r.cancel(nil)
}

// Close ends the stream wherever it is. It does not wait for the driver. It may be called while another
// goroutine reads, which then fails. Closing twice is no error.
func (r *reader) Close() error {
	r.cancel(fs.ErrClosed)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, response := r.call.came(); response != nil {
		_ = r.finish(response)
	}
	r.stop(&unwanted{fs.ErrClosed})
	zmtp.Release(r.whole)
	r.piece, r.whole, r.err = nil, nil, fs.ErrClosed
	return nil
}
