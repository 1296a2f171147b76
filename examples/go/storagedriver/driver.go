package storagedriver

import (
	"context"
	"io"
	"iter"
	"time"
)

// Driver is what a storage driver implements. The contract of the project says what each operation
// does, and which error is due.
//
// Any method may be called from several goroutines at once. Paths have been checked, and offsets are
// not negative; what depends on stored state is for the driver to check. A context is cancelled when
// the host cancels the call, closes its channel or is lost; a driver that has finished all the same
// returns its result, and one that stops returns any error that wraps context.Canceled.
//
// More than this a driver does by implementing Walker, Uploader, URLMaker or io.Closer.
type Driver interface {
	// ReadStream opens an object, of which GetContent reads all. An offset beyond the end is an
	// empty stream.
	ReadStream(ctx context.Context, path string, offset int64) (*Stream, error)

	// PutContent replaces the whole content, atomically. The content belongs to the driver now.
	PutContent(ctx context.Context, path string, content []byte) error

	// WriteStream stores all of content at an offset, which ends the object there, and returns how
	// many bytes that were. It reads to the end; an error of reading goes back as it is. The reader
	// is also an io.WriterTo, which saves a copy.
	WriteStream(ctx context.Context, path string, offset int64, content io.Reader) (int64, error)

	// Stat tells of an object or a directory.
	Stat(ctx context.Context, path string) (FileInfo, error)

	// List returns the names of what stands directly in a directory, in any order.
	List(ctx context.Context, path string) ([]string, error)

	// Move renames an object, or a directory with the feature MoveDirectories.
	Move(ctx context.Context, source, destination string) error

	// Delete removes an object, or a directory with all below it.
	Delete(ctx context.Context, path string) error
}

// Walker is a driver with the feature Walk.
type Walker interface {
	// Walk gives every object below a directory that sorts behind startAfter, in byte order of the
	// full path. What List refuses is the error of the first step.
	Walk(ctx context.Context, path, startAfter string) iter.Seq2[FileInfo, error]
}

// Uploader is a driver with the feature Uploads: content that grows out of sight.
type Uploader interface {
	// OpenUpload makes an upload, or opens the one of an id; PathNotFound of path if there is none.
	OpenUpload(ctx context.Context, path, id string) (Upload, error)

	// Uploads returns the open uploads to prefix and below, in any order.
	Uploads(ctx context.Context, prefix string) ([]UploadInfo, error)
}

// Upload is one that is open. It is called by one goroutine at a time.
type Upload interface {
	// ID is what OpenUpload takes to go on, also in another process.
	ID() string
	// Size is what is stored, as far as this knows, and so where the next Write goes on.
	Size() int64
	// Write appends all of content. It fails with InvalidOffset, whose Stored is the size, if
	// somebody else has written meanwhile.
	Write(ctx context.Context, content []byte) error
	// Commit publishes atomically, if the size is that and the digest too, unless it is nil.
	Commit(ctx context.Context, size int64, digest *Digest) error
	// Cancel drops the upload and its bytes.
	Cancel(ctx context.Context) error
	// Close lets go of it, and keeps it.
	Close() error
}

// URLMaker is a driver with the feature URLFor.
type URLMaker interface {
	URLFor(ctx context.Context, path string, options URLOptions) (string, error)
}

// Stream is content that is being read. It is closed by whoever has it.
type Stream struct {
	// Reader gives the content from the offset on. If it is a Nexter that is used, to save a copy.
	Reader io.ReadCloser
	// Size of the whole object when it was opened, -1 if the backend cannot say.
	Size int64
	// Version names the content in at most 64 bytes: equal ones mean equal content. Empty if the
	// backend has none.
	Version []byte
}

// Nexter is a reader whose content is in memory.
type Nexter interface {
	// Next returns the next bytes, at most limit and at least one, which nobody may change; io.EOF
	// at the end.
	Next(limit int) ([]byte, error)
}

// FileInfo is what Stat and Walk tell. A directory has the size 0 and no time.
type FileInfo struct {
	Path    string
	Size    int64
	ModTime time.Time
	IsDir   bool
}

// UploadInfo is what is told of an upload.
type UploadInfo struct {
	ID   string
	Path string
	Size int64
	Time time.Time
}

// URLOptions of URLFor. Expiry is zero if there is none.
type URLOptions struct {
	Method string
	Expiry time.Time
}

// Feature is something that a driver can do beyond the minimum.
type Feature string

// The features. Ping is added by Serve; the interfaces above go with the ones of their names.
const (
	URLFor          Feature = "url-for"
	Walk            Feature = "walk"
	Uploads         Feature = "uploads"
	MoveDirectories Feature = "move-directories"
	ConstantMemory  Feature = "constant-memory"
	FlatNamespace   Feature = "flat-namespace"
	Volatile        Feature = "volatile"
	Ping            Feature = "ping"
)
