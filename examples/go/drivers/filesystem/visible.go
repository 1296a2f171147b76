package filesystem

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// What shows of a directory tree are objects, and the directories that hold one, at whatever depth.
// What a crash or another program left does not: empty directories, links, special files, and names
// that no path has.

// A path is not longer than this and a component takes two bytes at least, so nothing deeper has one.
const maxDepth = 1024 / 2

func fileInfo(path string, s *status) sd.FileInfo {
	if isDir(s) {
		return sd.FileInfo{Path: path, IsDir: true}
	}
	return sd.FileInfo{Path: path, Size: s.Size, ModTime: modTime(s)}
}

// shownStatus returns the status of what shows as name in parent, nil if nothing does. It fails with
// PermissionDenied if a link or a special file is there.
func shownStatus(parent int, name, path string) (*status, error) {
	s, err := statIn(parent, name)
	switch {
	case isAny(err, unix.ENOENT):
		return nil, nil
	case err != nil:
		return nil, contractError(err, path)
	case isRegular(&s):
		return &s, nil
	case !isDir(&s):
		return nil, inTheWay(path)
	}
	holds, err := holdsObjectIn(parent, name, 0)
	if err != nil || !holds {
		return nil, contractError(err, path)
	}
	return &s, nil
}

// entry is a file or directory that a path can lead to.
type entry struct {
	name  string
	isDir bool
}

// entriesOf returns what is in a directory, in no order. A directory among it may hold no object.
func entriesOf(directory int) (entries []entry, err error) {
	err = eachBatch(directory, -1, func(batch []fs.DirEntry) bool {
		entries = slices.Grow(entries, len(batch))
		for _, one := range batch {
			isDir := one.Type() == fs.ModeDir
			if (isDir || one.Type() == 0) && isName(one.Name()) {
				entries = append(entries, entry{one.Name(), isDir})
			}
		}
		return true
	})
	return entries, err
}

// readDir returns all that is in a directory.
func readDir(directory int) (all []fs.DirEntry, err error) {
	err = eachBatch(directory, -1, func(batch []fs.DirEntry) bool {
		all = batch
		return true
	})
	return all, err
}

// eachBatch reads a directory from its beginning, so many entries at a time or all if it is negative,
// until do returns false. The descriptor stays open.
func eachBatch(directory, size int, do func([]fs.DirEntry) bool) error {
	descriptor, err := open(directory, ".", forListing)
	if err != nil {
		return err
	}
	// By its name the package os asks what it is that the directory does not tell the type of.
	file := os.NewFile(uintptr(descriptor), fmt.Sprintf("%s/%d", descriptorsDirectory, descriptor))
	defer func() { _ = file.Close() }()
	for {
		batch, err := file.ReadDir(size)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || !do(batch) || size < 0 {
			return err
		}
	}
}

// An object is mostly among the first.
const glanceEntries = 64

// holdsObject tells whether an object is in a directory at a depth, or below it.
func holdsObject(directory, depth int) (holds bool, err error) {
	var below []string
	err = eachBatch(directory, glanceEntries, func(batch []fs.DirEntry) bool {
		for _, one := range batch {
			if one.Type() == 0 && isName(one.Name()) {
				holds = true
			} else if one.Type() == fs.ModeDir && isName(one.Name()) {
				below = append(below, one.Name())
			}
		}
		return !holds
	})
	if holds || err != nil || depth >= maxDepth {
		return holds, err
	}
	for _, name := range below {
		if holds, err := holdsObjectIn(directory, name, depth+1); holds || err != nil {
			return holds, err
		}
	}
	return false, nil
}

// holdsObjectIn tells the same of the directory name in parent, false if there is none. What cannot
// be looked into may hold one.
func holdsObjectIn(parent int, name string, depth int) (bool, error) {
	directory, err := open(parent, name, forListing)
	switch {
	case isAny(err, unix.ENOENT, unix.ENOTDIR, unix.ELOOP):
		return false, nil
	case isAny(err, unix.EACCES, unix.EPERM):
		return true, nil
	case err != nil:
		return false, err
	}
	defer shut(directory)
	return holdsObject(directory, depth)
}
