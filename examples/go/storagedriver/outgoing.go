package storagedriver

import (
	"errors"
	"fmt"
	"io"

	"storagedriver.example/go/storagedriver/internal/wire"
	"storagedriver.example/go/storagedriver/internal/zmtp"
)

// outgoing is the content of a read on its way to the host: as far as credit goes, after a START
// that is left out where all of it fits the response.
type outgoing struct {
	call    *call
	info    map[string]any
	started bool
}

// send sends content as a CHUNK, within the credit. It fails if the call is to end.
func (out *outgoing) send(content []byte) error {
	if err := out.start(); err != nil {
		return err
	}
	if err := out.call.send(wire.Message{Kind: wire.Chunk, Content: content}); err != nil {
		return errHungUp
	}
	return out.call.stopped()
}

func (out *outgoing) start() error {
	if out.started {
		return nil
	}
	out.started = true
	if err := out.call.send(wire.Message{Kind: wire.Start, Info: out.info}); err != nil {
		return errHungUp
	}
	return nil
}

// room waits until so much may be sent, and returns how much may be.
func (out *outgoing) room(needed int64) (int64, error) {
	if err := out.call.stopped(); err != nil {
		return 0, err
	}
	for {
		limit := out.call.sendable()
		if limit >= needed {
			return limit, nil
		}
		// The host grants more for what it was sent, not for what it does not know of.
		if err := out.start(); err != nil {
			return 0, err
		}
		if err := out.call.wait(); err != nil {
			return 0, err
		}
	}
}

// sendStream sends a stream that was opened at an offset, and returns the response that ends the
// call. It fails with ContentChanged if the content ends before the size that it had.
func sendStream(c *call, stream *Stream, offset int64) (*wire.Message, error) {
	info := map[string]any{"size": nil, "version": stream.Version}
	left := int64(-1) // not known
	if stream.Size >= 0 {
		info["size"] = stream.Size
		left = max(0, stream.Size-offset)
	}
	out := outgoing{call: c, info: info}
	source := newSource(c, stream.Reader)
	var last []byte
	for left != 0 {
		limit, err := out.room(1)
		if err != nil {
			return nil, err
		}
		if left >= 0 {
			limit = min(limit, left)
		}
		piece, ended, err := source.next(int(limit))
		if err != nil {
			return nil, err
		}
		if left > 0 {
			left -= int64(len(piece))
		}
		if ended && left > 0 {
			reason := fmt.Sprintf("it ends %d bytes before the size it had", left)
			return nil, PathError(ContentChanged, c.text("path")).Because(reason, nil)
		}
		if ended || left == 0 {
			last = piece
			break
		}
		if err := out.send(piece); err != nil {
			return nil, err
		}
	}
	sent := c.moved() + int64(len(last))
	size := offset + sent
	if sent == 0 && stream.Size >= 0 {
		size = stream.Size
	}
	result := map[string]any{"size": size, "version": stream.Version}
	return &wire.Message{Result: result, Content: last}, nil
}

// source gives the pieces of a reader: from its own memory if it has the content there, else from a
// buffer, so that a piece is good until the next one.
type source struct {
	call   *call
	reader io.Reader
	nexter Nexter
	buffer []byte
}

func newSource(c *call, reader io.Reader) *source {
	nexter, _ := reader.(Nexter)
	return &source{call: c, reader: reader, nexter: nexter}
}

// next returns up to limit bytes, at least MinChunkBytes if the limit allows, unless it has ended.
func (s *source) next(limit int) (piece []byte, ended bool, err error) {
	if s.nexter != nil {
		piece, err = s.nexter.Next(limit)
		if errors.Is(err, io.EOF) {
			return nil, true, nil
		}
		if err != nil || len(piece) >= min(limit, wire.MinChunkBytes) {
			return piece, false, err
		}
	}
	if s.buffer == nil {
		s.buffer = zmtp.Buffer()
		s.call.lent = s.buffer // until the response is sent, which may have the last piece
	}
	filled := copy(s.buffer, piece)
	least := min(limit, wire.MinChunkBytes)
	for filled < least {
		size, err := s.reader.Read(s.buffer[filled:limit])
		filled += size
		if errors.Is(err, io.EOF) {
			return s.buffer[:filled], true, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
	return s.buffer[:filled], false, nil
}
