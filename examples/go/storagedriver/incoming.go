package storagedriver

import (
	"bytes"
	"io"

	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/internal/zmtp"
)

// incoming is the content of a write, as the reader that a driver is given. It grants credit for
// what was read. Once it has failed it fails again: nothing more comes.
type incoming struct {
	call *call
	// piece is what is left of whole, which goes back when all of it was read.
	piece, whole []byte
	err          error
}

// Read is that of io.Reader.
func (in *incoming) Read(buffer []byte) (int, error) {
	if len(buffer) == 0 {
		return 0, nil
	}
	if err := in.fill(); err != nil {
		return 0, err
	}
	size := copy(buffer, in.piece)
	return size, in.consume(size)
}

// WriteTo is that of io.WriterTo: pieces go to the writer as they came.
func (in *incoming) WriteTo(writer io.Writer) (written int64, err error) {
	for {
		if err := in.fill(); err == io.EOF {
			return written, nil
		} else if err != nil {
			return written, err
		}
		size, err := writer.Write(in.piece)
		written += int64(size)
		if err != nil {
			return written, err
		}
		if err := in.consume(size); err != nil {
			return written, err
		}
	}
}

// all returns the whole content, which is the caller's to keep.
func (in *incoming) all() ([]byte, error) {
	var pieces [][]byte
	for {
		err := in.fill()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, in.piece)
		size := len(in.piece)
		in.whole = nil // kept
		if err := in.consume(size); err != nil {
			return nil, err
		}
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

// fill returns when there is a piece, or io.EOF, or why the call is to end.
func (in *incoming) fill() error {
	for len(in.piece) == 0 && in.err == nil {
		// What came before the host stopped the call is not the driver's any more.
		if in.err = in.call.stopped(); in.err != nil {
			break
		}
		piece, complete := in.call.queue.Next()
		switch {
		case piece != nil:
			in.piece, in.whole = piece, piece
		case complete:
			in.err = io.EOF
		default:
			in.err = in.call.wait()
		}
	}
	if len(in.piece) > 0 {
		return nil
	}
	return in.err
}

// consume drops what was read of the piece, and grants credit if that is due.
func (in *incoming) consume(size int) error {
	if in.piece = in.piece[size:]; len(in.piece) == 0 {
		zmtp.Release(in.whole)
		in.whole = nil
	}
	var grant int64
	in.call.channel.Do(func(s *session.Session) { grant = s.Consume(int64(size)) })
	if grant == 0 {
		return nil
	}
	if in.call.send(wire.Message{Kind: wire.Credit, Bytes: grant}) != nil {
		in.err, in.piece = errHungUp, nil
		return in.err
	}
	return nil
}
