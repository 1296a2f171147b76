package filesystem

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// root is the root directory, open. A path is walked component by component, each opened in the
// directory before it and no link followed: there is no moment at which another process could swap
// one in. (Loser: os.Root, which follows links within the root.)
type root struct {
	descriptor int
}

// openRoot opens the root directory, and makes it and what is missing above it. Links may lead to
// it; only below it nothing is followed.
func openRoot(directory string, d durability) (*root, error) {
	if err := makeRoot(directory, d); err != nil {
		return nil, contractError(err, directory)
	}
	descriptor, err := open(unix.AT_FDCWD, directory, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, contractError(err, directory)
	}
	return &root{descriptor}, nil
}

func makeRoot(directory string, d durability) error {
	if info, err := os.Stat(directory); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(directory)
	if parent != directory {
		if err := makeRoot(parent, d); err != nil {
			return err
		}
	}
	// Another process may make it at the same moment; what is no directory cannot be opened as one.
	if err := os.Mkdir(directory, 0o777); err != nil && !os.IsExist(err) {
		return err
	}
	descriptor, err := open(unix.AT_FDCWD, parent, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer shut(descriptor)
	return d.syncEntries(descriptor)
}

// A name that a path can have by the most relaxed rule. All else, such as the names of staging and
// of uploads, does not show.
var namePattern = regexp.MustCompile(`\A[A-Za-z0-9._-]+\z`)

func isName(name string) bool { return name != "." && name != ".." && namePattern.MatchString(name) }

// components returns the names that a path consists of, none for "/". Every caller has checked the
// path, but a ".." that got past them all would lead to what is another's.
func components(path string) ([]string, error) {
	if path == "/" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(path, "/")
	names := strings.Split(rest, "/")
	for _, name := range names {
		ok = ok && isName(name)
	}
	if !ok {
		return nil, sd.PathError(sd.InvalidPath, path)
	}
	return names, nil
}

// split returns the names of the directories above a path, and its own. "/" is InvalidPath.
func split(path string) (above []string, leaf string, err error) {
	names, err := components(path)
	if err != nil {
		return nil, "", err
	}
	if len(names) == 0 {
		return nil, "", sd.PathError(sd.InvalidPath, path)
	}
	last := len(names) - 1
	return names[:last], names[last], nil
}

// openAbove goes down names, the directories above path, and returns a descriptor to go on from, for
// release. It fails with PathNotFound, NotADirectory below a file, and PermissionDenied if a link or
// a special file is in the way.
func (r *root) openAbove(names []string, path string) (int, error) {
	passed := r.descriptor
	for _, name := range names {
		passing, err := open(passed, name, forPassing)
		if err != nil {
			err = directoryError(err, passed, name, path)
		}
		r.release(passed)
		if err != nil {
			return -1, err
		}
		passed = passing
	}
	return passed, nil
}

// release closes what openAbove gave: it may be the root's own descriptor, which stays open.
func (r *root) release(descriptor int) {
	if descriptor != r.descriptor {
		shut(descriptor)
	}
}

// openObject opens an object for reading.
func (r *root) openObject(path string) (*os.File, *status, error) {
	above, leaf, err := split(path)
	if err != nil {
		return nil, nil, err
	}
	parent, err := r.openAbove(above, path)
	if err != nil {
		return nil, nil, err
	}
	file, err := openFile(parent, leaf, forReading)
	r.release(parent)
	if err != nil {
		return nil, nil, contractError(err, path)
	}
	s, err := statOf(file)
	if err == nil && !isRegular(&s) {
		err = noObject(file, &s, path)
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, contractError(err, path)
	}
	return file, &s, nil
}

func noObject(file *os.File, s *status, path string) error {
	if !isDir(s) {
		return inTheWay(path)
	}
	if holds, err := holdsObject(int(file.Fd()), 0); err != nil {
		return err
	} else if !holds {
		return notFound(path)
	}
	return sd.PathError(sd.IsADirectory, path)
}

// openDirectory opens a directory for listing, whether or not an object is in it.
func (r *root) openDirectory(path string) (int, error) {
	names, err := components(path)
	if err != nil {
		return -1, err
	}
	// A listing moves a position that goes with the descriptor, so each needs its own.
	above, leaf := names, "."
	if last := len(names) - 1; last >= 0 {
		above, leaf = names[:last], names[last]
	}
	parent, err := r.openAbove(above, path)
	if err != nil {
		return -1, err
	}
	defer r.release(parent)
	descriptor, err := open(parent, leaf, forListing)
	if err != nil {
		return -1, directoryError(err, parent, leaf, path)
	}
	return descriptor, nil
}

// shownStatus returns the status of the object or directory at a path. It fails with PathNotFound if
// nothing shows there.
func (r *root) shownStatus(path string) (*status, error) {
	above, leaf, err := split(path)
	if err != nil {
		return nil, err
	}
	parent, err := r.openAbove(above, path)
	if err != nil {
		return nil, err
	}
	defer r.release(parent)
	s, err := shownStatus(parent, leaf, path)
	if err == nil && s == nil {
		err = notFound(path)
	}
	return s, err
}

// directoryError returns what an error of opening a directory is called: the kernel says the same of
// a file, a link and a special file.
func directoryError(err error, parent int, name, path string) error {
	if !isAny(err, unix.ENOTDIR, unix.ELOOP) {
		return contractError(err, path)
	}
	s, err := statIn(parent, name)
	switch {
	case err != nil:
		return contractError(err, path)
	case isRegular(&s):
		return sd.PathError(sd.NotADirectory, path)
	}
	return inTheWay(path)
}
