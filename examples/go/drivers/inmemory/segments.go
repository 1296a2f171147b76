package inmemory

import (
	"bytes"
	"io"
)

// segments are a content: runs of bytes that nobody changes, none of them empty, so that readers
// keep what they have opened.
type segments [][]byte

// Neighbours smaller than this become one, so that many small appends cost little memory.
const joinBelow = 64 << 10

func (s segments) size() (size int64) {
	for _, segment := range s {
		size += int64(len(segment))
	}
	return size
}

// cut returns the first size bytes of a content, which has at least as many.
func (s segments) cut(size int64) segments {
	surplus := s.size() - size
	// From the end, since nearly every write is an append.
	for surplus > 0 {
		last := s[len(s)-1]
		if surplus < int64(len(last)) {
			kept := last[: int64(len(last))-surplus : int64(len(last))-surplus]
			return append(s[:len(s)-1:len(s)-1], kept)
		}
		surplus -= int64(len(last))
		s = s[:len(s)-1]
	}
	return s
}

// appended returns a content with more at its end. Segments that need not change are shared.
func (s segments) appended(more segments) segments {
	var result, pending segments
	if last := len(s) - 1; last >= 0 {
		result, pending = append(result, s[:last]...), segments{s[last]}
	}
	for _, segment := range append(pending[:len(pending):len(pending)], more...) {
		if last := len(result) - 1; last >= 0 && len(result[last]) < joinBelow {
			result[last] = bytes.Join([][]byte{result[last], segment}, nil)
		} else {
			result = append(result, segment)
		}
	}
	return result
}

// WriteTo-like collecting: a collector keeps a copy of all that is written to it.
type collector struct {
	collected segments
}

// Write is that of io.Writer.
func (c *collector) Write(piece []byte) (int, error) {
	c.collected = append(c.collected, bytes.Clone(piece))
	return len(piece), nil
}

// reader reads a content. It is a storagedriver.Nexter.
type reader struct {
	left segments
}

func newReader(content segments, offset int64) *reader {
	for len(content) > 0 && offset >= int64(len(content[0])) {
		offset -= int64(len(content[0]))
		content = content[1:]
	}
	if len(content) == 0 {
		return &reader{}
	}
	return &reader{append(segments{content[0][offset:]}, content[1:]...)}
}

// Next returns up to limit bytes without copying them.
func (r *reader) Next(limit int) ([]byte, error) {
	if len(r.left) == 0 {
		return nil, io.EOF
	}
	piece := r.left[0]
	if len(piece) > limit {
		r.left[0] = piece[limit:]
		return piece[:limit], nil
	}
	r.left = r.left[1:]
	return piece, nil
}

// Read is that of io.Reader.
func (r *reader) Read(buffer []byte) (int, error) {
	piece, err := r.Next(len(buffer))
	return copy(buffer, piece), err
}

// Close is that of io.Closer.
func (r *reader) Close() error { return nil }
