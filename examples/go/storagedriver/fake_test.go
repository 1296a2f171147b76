package storagedriver

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// fake is a driver of one object, whose calls tests may take the place of.
type fake struct {
	mutex   sync.Mutex
	content []byte

	stat   func(ctx context.Context) error
	opened func(content []byte) *Stream
	wrote  func(ctx context.Context, content io.Reader) (int64, error)
	closed bool
}

func (f *fake) ReadStream(_ context.Context, path string, offset int64) (*Stream, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.content == nil {
		return nil, PathError(PathNotFound, path)
	}
	left := f.content[min(int(offset), len(f.content)):]
	if f.opened != nil {
		return f.opened(left), nil
	}
	reader := io.NopCloser(bytes.NewReader(left))
	return &Stream{Reader: reader, Size: int64(len(f.content)), Version: []byte("v")}, nil
}

func (f *fake) PutContent(_ context.Context, _ string, content []byte) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.content = append([]byte{}, content...)
	return nil
}

func (f *fake) WriteStream(ctx context.Context, _ string, _ int64, content io.Reader) (int64, error) {
	if f.wrote != nil {
		return f.wrote(ctx, content)
	}
	var incoming bytes.Buffer
	size, err := io.Copy(&incoming, content)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.content = incoming.Bytes() // also what came before a failure
	return size, err
}

func (f *fake) Stat(ctx context.Context, path string) (FileInfo, error) {
	if f.stat != nil {
		if err := f.stat(ctx); err != nil {
			return FileInfo{}, err
		}
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return FileInfo{Path: path, Size: int64(len(f.content))}, nil
}

func (f *fake) List(context.Context, string) ([]string, error) { return []string{"b", "a", "c"}, nil }

func (f *fake) Move(_ context.Context, source, _ string) error {
	return PathError(PathNotFound, source)
}

func (f *fake) Delete(context.Context, string) error { panic("a bug") }

func (f *fake) Close() error {
	f.closed = true
	return nil
}
