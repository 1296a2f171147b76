package filesystem

import (
	"errors"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// removeTree removes a directory and all that is in it, also what does not show, and returns what is
// left. It goes on after a failure; what others put there meanwhile may stay, and is none. The error
// is that of opening the directory: then nothing has been removed.
func removeTree(parent int, name, path string) (failed []sd.Failure, err error) {
	directory, err := open(parent, name, forListing)
	if err != nil {
		return nil, err
	}
	defer shut(directory)
	entries, err := readDir(directory)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		inner, innerPath := entry.Name(), path+"/"+entry.Name()
		var below []sd.Failure
		if entry.IsDir() {
			below, err = removeTree(directory, inner, innerPath)
		} else {
			err = remove(directory, inner)
		}
		failed = append(failed, below...)
		if err != nil && !isAny(err, unix.ENOENT) {
			failed = append(failed, sd.Failure{Path: innerPath, Code: codeOf(err, innerPath)})
		}
	}
	if len(failed) == 0 {
		// Where it cannot be removed it is empty at least of all that was found, and does not show.
		_ = removeDir(parent, name)
	}
	return failed, nil
}

func codeOf(err error, path string) sd.Code {
	if known := (*sd.Error)(nil); errors.As(contractError(err, path), &known) {
		return known.Code
	}
	return sd.Internal
}

// removeEmptyDirs removes a directory in which, at any depth, there is nothing but directories. What
// is not empty is still there when it fails.
func removeEmptyDirs(parent int, name string) error {
	directory, err := open(parent, name, forListing)
	if err != nil {
		return err
	}
	defer shut(directory)
	entries, err := readDir(directory)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if err := removeEmptyDirs(directory, entry.Name()); err != nil {
			return err
		}
	}
	return removeDir(parent, name)
}
