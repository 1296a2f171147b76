// Package inmemory is the driver that keeps everything in the memory of its process, and loses it
// with the process.
package inmemory

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"iter"
	"strings"
	"sync"
	"time"

	"storagedriver.example/go/storagedriver"
)

// Features are those of the driver.
func Features() []storagedriver.Feature {
	return []storagedriver.Feature{
		storagedriver.MoveDirectories, storagedriver.Uploads, storagedriver.Volatile, storagedriver.Walk,
	}
}

// Driver is a tree of maps. A write stores what its reader gave only when that has ended: after a
// failure the content is untouched.
type Driver struct {
	// mutex guards all that follows. Nobody holds it for longer than a few steps in maps, or the
	// copy of one directory's names.
	mutex   sync.Mutex
	tree    *tree
	uploads map[string]*stored
	nonce   [8]byte
	writes  uint64
}

var (
	_ storagedriver.Driver   = (*Driver)(nil)
	_ storagedriver.Walker   = (*Driver)(nil)
	_ storagedriver.Uploader = (*Driver)(nil)
)

// New makes a driver. It takes no parameters.
func New(parameters storagedriver.Parameters) (storagedriver.Driver, error) {
	if err := parameters.CheckKnown(); err != nil {
		return nil, err
	}
	d := &Driver{tree: newTree(), uploads: map[string]*stored{}}
	// A driver that was started again counts from the beginning, and its versions must not pass for
	// those of the one before.
	_, _ = rand.Read(d.nonce[:]) // never fails
	return d, nil
}

// ReadStream opens an object.
func (d *Driver) ReadStream(_ context.Context, path string, offset int64) (*storagedriver.Stream, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	found, err := d.tree.findObject(path)
	if err != nil {
		return nil, err
	}
	return &storagedriver.Stream{
		Reader: newReader(found.content, offset), Size: found.size, Version: found.version,
	}, nil
}

// PutContent replaces an object.
func (d *Driver) PutContent(_ context.Context, path string, content []byte) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if len(content) == 0 {
		return d.put(path, nil)
	}
	return d.put(path, segments{content})
}

// WriteStream stores a content at an offset.
func (d *Driver) WriteStream(_ context.Context, path string, offset int64, content io.Reader) (int64, error) {
	if _, err := d.writable(path, offset); err != nil {
		return 0, err
	}
	// Not under the lock: the reader may wait for anything.
	var incoming collector
	written, err := io.Copy(&incoming, content)
	if err != nil {
		return 0, err
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	old, err := d.lockedWritable(path, offset)
	if err != nil {
		return 0, err
	}
	var kept segments
	if old != nil {
		kept = old.content.cut(offset)
	}
	d.store(path, old, kept.appended(incoming.collected))
	return written, nil
}

// Stat tells of an object or a directory.
func (d *Driver) Stat(_ context.Context, path string) (storagedriver.FileInfo, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	found, err := d.tree.find(path)
	if err != nil {
		return storagedriver.FileInfo{}, err
	}
	if found.isDir() {
		return storagedriver.FileInfo{Path: path, IsDir: true}, nil
	}
	return found.object.info(path), nil
}

// List returns the names in a directory.
func (d *Driver) List(_ context.Context, path string) ([]string, error) {
	entries, err := d.entries(path)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.name
	}
	return names, nil
}

// Walk gives every object below a directory. Each directory is seen as it is when the walk comes to
// it.
func (d *Driver) Walk(ctx context.Context, path, startAfter string) iter.Seq2[storagedriver.FileInfo, error] {
	return func(yield func(storagedriver.FileInfo, error) bool) {
		entries, err := d.entries(path)
		if err != nil {
			yield(storagedriver.FileInfo{}, err)
			return
		}
		w := walk{d, ctx, startAfter, yield}
		w.directory(strings.TrimSuffix(path, "/"), entries)
	}
}

// Move renames an object or a directory.
func (d *Driver) Move(_ context.Context, source, destination string) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	moved, err := d.tree.find(source)
	if err != nil || source == destination {
		return err
	}
	if moved.isDir() && strings.HasPrefix(destination, source+"/") {
		return storagedriver.PathError(storagedriver.InvalidPath, destination).
			Because("lies inside "+source+", which is to move", nil)
	}
	replaced, err := d.tree.findReplaceable(destination)
	if err != nil {
		return err
	}
	if replaced != nil && moved.isDir() {
		return storagedriver.PathError(storagedriver.NotADirectory, destination)
	}
	if replaced != nil && replaced.modTime.After(moved.object.modTime) {
		// The time at a path never goes back, whatever comes to stand there.
		copied := *moved.object
		copied.modTime = replaced.modTime
		moved = &node{object: &copied}
	}
	d.tree.place(destination, moved)
	d.tree.remove(source)
	return nil
}

// Delete removes an object or a directory.
func (d *Driver) Delete(_ context.Context, path string) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if path == "/" {
		return storagedriver.PathError(storagedriver.InvalidPath, path)
	}
	if _, err := d.tree.find(path); err != nil {
		return err
	}
	d.tree.remove(path)
	return nil
}

func (d *Driver) writable(path string, offset int64) (*object, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.lockedWritable(path, offset)
}

// The lock is held where those that follow are called.

func (d *Driver) lockedWritable(path string, offset int64) (*object, error) {
	found, err := d.tree.findReplaceable(path)
	if err != nil {
		return nil, err
	}
	if offset > 0 && (found == nil || offset > found.size) {
		return nil, storagedriver.OffsetError(path, offset)
	}
	return found, nil
}

func (d *Driver) put(path string, content segments) error {
	old, err := d.tree.findReplaceable(path)
	if err != nil {
		return err
	}
	d.store(path, old, content)
	return nil
}

func (d *Driver) store(path string, old *object, content segments) {
	made := &object{content: content, size: content.size(), modTime: time.Now().UTC()}
	if old != nil && old.modTime.After(made.modTime) {
		made.modTime = old.modTime
	}
	d.writes++
	made.version = binary.BigEndian.AppendUint64(d.nonce[:len(d.nonce):len(d.nonce)], d.writes)
	d.tree.place(path, &node{object: made})
}
