package filesystem

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// walk gives every object below a directory, in byte order of the path. In memory are the names in the
// directories on the way down to the current one.
type walk struct {
	ctx        context.Context
	startAfter string
	yield      func(sd.FileInfo, error) bool
}

// directory walks through an open directory, and tells whether to go on. Nothing that has a path is
// so deep that recursion would matter.
func (w *walk) directory(directory int, path string) bool {
	entries, err := entriesOf(directory)
	if err != nil {
		return w.fail(err, path)
	}
	// What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
	key := func(e entry) string {
		if e.isDir {
			return e.name + "/"
		}
		return e.name
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(key(a), key(b)) })
	above := strings.TrimSuffix(path, "/")
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return w.fail(err, path)
		}
		child, goesOn := above+"/"+e.name, true
		switch {
		case !e.isDir && child > w.startAfter:
			goesOn = w.object(directory, e.name, child)
		case e.isDir && child+"0" > w.startAfter:
			// All that is below sorts before child + "0", as "0" follows "/".
			goesOn = w.below(directory, e.name, child)
		}
		if !goesOn {
			return false
		}
	}
	return true
}

func (w *walk) below(parent int, name, path string) bool {
	if strings.Count(path, "/") > maxDepth {
		return true
	}
	directory, err := open(parent, name, forListing)
	if isAny(err, unix.ENOENT, unix.ENOTDIR, unix.ELOOP) {
		return true // it has vanished
	}
	if err != nil {
		return w.fail(err, path)
	}
	defer shut(directory)
	return w.directory(directory, path)
}

func (w *walk) object(parent int, name, path string) bool {
	s, err := statIn(parent, name)
	if isAny(err, unix.ENOENT) || err == nil && !isRegular(&s) {
		return true // it has vanished
	}
	if err != nil {
		return w.fail(err, path)
	}
	return w.yield(fileInfo(path, &s), nil)
}

func (w *walk) fail(err error, path string) bool {
	w.yield(sd.FileInfo{}, contractError(err, path))
	return false
}
