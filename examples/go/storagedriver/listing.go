package storagedriver

import (
	"fmt"
	"iter"
	"time"

	"storagedriver.example/go/internal/wire"
)

// A listing is sent on when this much of it is there, or this long after its last part: large enough
// that messages cost little, soon enough that a slow backend shows progress.
const (
	batchBytes = 64 << 10
	batchTime  = 500 * time.Millisecond
)

// sendListing sends entries, each an array of the wire, and returns the response.
func sendListing(c *call, entries iter.Seq2[[]any, error]) (*wire.Message, error) {
	batch := batch{out: outgoing{call: c, info: map[string]any{}}, sent: time.Now()}
	count := 0
	for entry, err := range entries {
		if err == nil {
			err = batch.add(entry)
		}
		if err != nil {
			return nil, err
		}
		count++
	}
	if _, err := batch.out.room(int64(len(batch.data))); err != nil {
		return nil, err
	}
	return &wire.Message{Result: map[string]any{"count": count}, Content: batch.data}, nil
}

// batch is entries on their way into chunks, each of whole entries.
type batch struct {
	out  outgoing
	data []byte
	sent time.Time
}

func (b *batch) add(entry []any) error {
	begin := len(b.data)
	data, err := wire.AppendValue(b.data, entry)
	if err != nil {
		return err
	}
	if size := len(data) - begin; size > wire.MaxEntryBytes {
		return fmt.Errorf("an entry of %d bytes is too long for a listing", size)
	}
	limit := min(batchBytes, b.out.call.sendable())
	if begin > 0 && int64(len(data)) > limit {
		if err := b.flush(data[:begin]); err != nil {
			return err
		}
		data = append(data[:0], data[begin:]...)
	}
	b.data = data
	if time.Since(b.sent) > batchTime {
		err = b.flush(b.data)
		b.data = b.data[:0]
	}
	return err
}

func (b *batch) flush(data []byte) error {
	if _, err := b.out.room(int64(len(data))); err != nil {
		return err
	}
	b.sent = time.Now()
	return b.out.send(data)
}
