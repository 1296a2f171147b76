package host

import (
	"context"
	"io"

	"storagedriver.example/go/internal/content"
	"storagedriver.example/go/internal/session"
	"storagedriver.example/go/internal/wire"
)

// write makes a call that sends the content of a reader, and returns its result. An error of the
// reader is returned as it is.
func (d *Driver) write(
	ctx context.Context, method, path string, params map[string]any, reader io.Reader,
) (map[string]any, error) {
	source := content.NewSource(reader)
	defer source.Release()
	// Before there is a channel: the reader may read from this driver, or take its time.
	first, ended, err := source.Next(int(d.maxChunk()))
	if err != nil {
		return nil, err
	}
	if ended {
		params["end"] = true
	}
	c, err := d.begin(ctx, method, path, params, first)
	if err != nil {
		return nil, err
	}
	c.complete = ended
	if !ended {
		readerError, err := d.sendRest(ctx, c, source)
		if readerError != nil {
			return nil, readerError
		}
		if _, response := c.came(); err != nil && response == nil {
			return d.stop(ctx, c, err)
		}
	}
	return d.finish(ctx, c)
}

// sendRest sends what is left of the content, until the driver answers. Where the reader fails, or
// panics, the call is cancelled.
func (d *Driver) sendRest(ctx context.Context, c *call, source *content.Source) (readerError, err error) {
	isReading := true
	defer func() {
		if isReading {
			d.cancel(c)
		}
	}()
	for !c.complete {
		limit, err := c.room(ctx)
		if err != nil || limit == 0 {
			isReading = false
			return nil, err
		}
		piece, ended, err := source.Next(int(limit))
		if err != nil {
			return err, nil
		}
		m := wire.Message{Kind: wire.Chunk, Content: piece}
		if ended {
			m.Kind = wire.End
		}
		if err := c.send(ctx, m); err != nil {
			isReading = false
			return nil, err
		}
		c.complete = ended
	}
	isReading = false
	return nil, nil
}

// room waits until content may be sent, and returns how much; 0 if the driver has answered. It fails
// as wait does.
func (c *call) room(ctx context.Context) (limit int64, err error) {
	for {
		if _, response := c.came(); response != nil {
			return 0, nil
		}
		if ctx.Err() != nil {
			return 0, endOf(ctx)
		}
		c.link.channel.Do(func(s *session.Session) { limit = s.Sendable() })
		if limit > 0 || err != nil {
			return limit, err
		}
		err = c.wait(ctx)
	}
}

// memory is content that is in memory already.
type memory struct{ left []byte }

// Read is that of io.Reader.
func (m *memory) Read(buffer []byte) (int, error) {
	piece, err := m.Next(len(buffer))
	return copy(buffer, piece), err
}

// Next is that of content.Nexter.
func (m *memory) Next(limit int) (piece []byte, err error) {
	size := min(limit, len(m.left))
	piece, m.left = m.left[:size], m.left[size:]
	if len(m.left) == 0 {
		err = io.EOF
	}
	return piece, err
}
