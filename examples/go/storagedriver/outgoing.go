package storagedriver

import (
	"fmt"

	"storagedriver.example/go/internal/content"
	"storagedriver.example/go/internal/wire"
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
	source := content.NewSource(stream.Reader)
	c.source = source
	var last []byte
	for left != 0 {
		limit, err := out.room(1)
		if err != nil {
			return nil, err
		}
		if left >= 0 {
			limit = min(limit, left)
		}
		piece, ended, err := source.Next(int(limit))
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
