// Package filesystem is the driver that keeps objects as files below one directory.
//
// An object is a file, its path the path below the root; what others put there by the rules of paths
// is an object too. Any number of goroutines and processes may use one root at once, and each may be
// killed at any moment. The files that do not show are the same as those of the driver in Python.
package filesystem

import (
	"context"
	"io"
	"iter"

	sd "storagedriver.example/go/storagedriver"
)

// Features are those of the driver.
func Features() []sd.Feature {
	return []sd.Feature{sd.ConstantMemory, sd.MoveDirectories, sd.Uploads, sd.Walk}
}

// Driver has no state but the open root directory, which stays open as long as the process runs.
type Driver struct {
	root       *root
	durability durability
}

var (
	_ sd.Driver   = (*Driver)(nil)
	_ sd.Walker   = (*Driver)(nil)
	_ sd.Uploader = (*Driver)(nil)
)

// New makes a driver, and the root directory if it is missing.
func New(parameters sd.Parameters) (sd.Driver, error) {
	options, err := parseOptions(parameters)
	if err != nil {
		return nil, err
	}
	r, err := openRoot(options.root, options.durability)
	if err != nil {
		return nil, err
	}
	if staging, err := open(r.descriptor, stagingName, forListing); err == nil {
		sweepStaged(staging)
		shut(staging)
	}
	r.sweepUploads(options.uploadExpiry)
	return &Driver{root: r, durability: options.durability}, nil
}

// ReadStream opens an object.
func (d *Driver) ReadStream(_ context.Context, path string, offset int64) (*sd.Stream, error) {
	file, s, err := d.root.openObject(path)
	if err != nil {
		return nil, err
	}
	reader := &objectReader{file: file, path: path, position: offset, end: s.Size}
	return &sd.Stream{Reader: reader, Size: s.Size, Version: versionOf(s)}, nil
}

// WriteStream writes in place.
func (d *Driver) WriteStream(_ context.Context, path string, offset int64, content io.Reader) (int64, error) {
	return d.root.writeInPlace(path, offset, content, d.durability)
}

// Stat tells of an object or a directory.
func (d *Driver) Stat(_ context.Context, path string) (sd.FileInfo, error) {
	if path == "/" {
		return sd.FileInfo{Path: path, IsDir: true}, nil
	}
	s, err := d.root.shownStatus(path)
	if err != nil {
		return sd.FileInfo{}, err
	}
	return fileInfo(path, s), nil
}

// List returns the names of what shows in a directory.
func (d *Driver) List(_ context.Context, path string) ([]string, error) {
	directory, err := d.root.openDirectory(path)
	if err != nil {
		return nil, err
	}
	defer shut(directory)
	entries, err := entriesOf(directory)
	if err != nil {
		return nil, contractError(err, path)
	}
	var names []string
	for _, entry := range entries {
		shows := true
		if entry.isDir {
			if shows, err = holdsObjectIn(directory, entry.name, 1); err != nil {
				return nil, contractError(err, path)
			}
		}
		if shows {
			names = append(names, entry.name)
		}
	}
	if len(names) == 0 && path != "/" {
		return nil, notFound(path)
	}
	return names, nil
}

// Walk gives every object below a directory. Each directory is seen as it is when the walk comes to
// it.
func (d *Driver) Walk(ctx context.Context, path, startAfter string) iter.Seq2[sd.FileInfo, error] {
	return func(yield func(sd.FileInfo, error) bool) {
		w := walk{ctx, startAfter, yield}
		if path != "/" {
			if _, err := d.root.shownStatus(path); err != nil {
				w.fail(err, path)
				return
			}
		}
		directory, err := d.root.openDirectory(path)
		if err != nil {
			w.fail(err, path)
			return
		}
		defer shut(directory)
		w.directory(directory, path)
	}
}

// Move renames an object or a directory.
func (d *Driver) Move(_ context.Context, source, destination string) error {
	return d.root.move(source, destination, d.durability)
}

// Delete removes an object, or a directory with all that is below it.
func (d *Driver) Delete(_ context.Context, path string) error {
	parents, err := newParents(d.root, path)
	if err != nil {
		return err
	}
	defer parents.close(nil)
	s, err := parents.look()
	if err != nil {
		return err
	}
	if s == nil {
		return notFound(path)
	}
	if !isDir(s) {
		err = remove(parents.descriptor(), parents.leaf)
	} else {
		var failed []sd.Failure
		if failed, err = removeTree(parents.descriptor(), parents.leaf, path); len(failed) > 0 {
			return sd.PartialError(failed)
		}
	}
	if err != nil {
		return contractError(err, path)
	}
	parents.prune()
	return nil
}
