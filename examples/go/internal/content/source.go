package content

import (
	"errors"
	"io"

	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/internal/zmtp"
)

// Nexter is a reader whose content is in memory. The last piece may come with io.EOF.
type Nexter interface {
	Next(limit int) ([]byte, error)
}

// Source gives the pieces of a reader: from its own memory if it has the content there, else from a
// buffer, so that a piece is good until the next one.
type Source struct {
	reader io.Reader
	nexter Nexter
	buffer []byte
}

// NewSource returns one for a reader. Its Release is due when the last piece has been sent.
func NewSource(reader io.Reader) *Source {
	nexter, _ := reader.(Nexter)
	return &Source{reader: reader, nexter: nexter}
}

// Next returns up to limit bytes, at least MinChunkBytes if the limit allows, unless it has ended.
func (s *Source) Next(limit int) (piece []byte, ended bool, err error) {
	if s.nexter != nil {
		piece, err = s.nexter.Next(limit)
		if errors.Is(err, io.EOF) {
			return piece, true, nil
		}
		if err != nil || len(piece) >= min(limit, wire.MinChunkBytes) {
			return piece, false, err
		}
	}
	if s.buffer == nil {
		s.buffer = zmtp.Buffer()
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

// Release ends the use of the last piece.
func (s *Source) Release() {
	zmtp.Release(s.buffer)
	s.buffer = nil
}
