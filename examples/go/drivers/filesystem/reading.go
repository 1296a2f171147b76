package filesystem

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	sd "storagedriver.example/go/storagedriver"
)

// versionOf names the content of a file with a status. The time of the last change of the inode is
// among it, because that of the content is ours to set, and is set so that it never goes back.
func versionOf(s *status) []byte {
	version := make([]byte, 0, 5*8)
	numbers := []uint64{
		uint64(s.Dev), s.Ino, uint64(s.Mtim.Nano()), uint64(s.Ctim.Nano()), uint64(s.Size),
	}
	for _, number := range numbers {
		version = binary.LittleEndian.AppendUint64(version, number)
	}
	return version
}

// objectReader reads an open file to the size that it had when opened. One that is written in place
// meanwhile may show what is new, but if it was cut this fails and does not end early.
type objectReader struct {
	file      *os.File
	path      string
	position  int64
	end       int64
	hasFailed error
}

// Read is that of io.Reader.
func (r *objectReader) Read(buffer []byte) (int, error) {
	switch {
	case r.hasFailed != nil:
		return 0, r.hasFailed
	case r.position >= r.end:
		return 0, io.EOF
	case int64(len(buffer)) > r.end-r.position:
		buffer = buffer[:r.end-r.position]
	}
	size, err := r.file.ReadAt(buffer, r.position)
	r.position += int64(size)
	if size > 0 || err == nil {
		return size, nil
	}
	r.hasFailed = contractError(err, r.path)
	if err == io.EOF {
		reason := fmt.Sprintf("it ended at %d of %d bytes", r.position, r.end)
		r.hasFailed = sd.PathError(sd.ContentChanged, r.path).Because(reason, nil)
	}
	return 0, r.hasFailed
}

// Close is that of io.Closer.
func (r *objectReader) Close() error { return r.file.Close() }
