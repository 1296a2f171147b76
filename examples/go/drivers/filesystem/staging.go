package filesystem

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Contents are written out of sight, to appear whole by one rename. A staging file has a name that no
// path has. Its writer holds a lock on it: so whoever finds one that is old and not locked knows that
// it was left by a crash.
//
// The directory is in the root, and so on its file system: a rename from there is atomic.
const stagingName = ".staging~"

// staged is one staging file.
type staged struct {
	*os.File
	directory int
	name      string
	isRenamed bool
}

// stage makes a file on the root's file system.
func (r *root) stage() (*staged, error) {
	directory, _, err := r.openHidden(stagingName)
	if err != nil {
		return nil, err
	}
	return newStaged(directory)
}

// stageBeside makes a file in a directory where a rename from the root's does not reach: another file
// system is mounted there. What crashes have left there is swept on the way.
func stageBeside(directory int) (*staged, error) {
	own, err := open(directory, ".", forListing)
	if err != nil {
		return nil, err
	}
	sweepStaged(own)
	return newStaged(own)
}

// newStaged owns the descriptor of the directory.
func newStaged(directory int) (*staged, error) {
	name := randomName() + "~"
	file, err := openFile(directory, name, forMaking)
	if err != nil {
		shut(directory)
		return nil, err
	}
	// Where locks are not to be had, nothing sweeps either.
	_ = lock(file, unix.LOCK_EX|unix.LOCK_NB)
	return &staged{File: file, directory: directory, name: name}, nil
}

func (s *staged) rename(directory int, name string) error {
	err := rename(s.directory, s.name, directory, name)
	s.isRenamed = err == nil
	return err
}

// close ends the file, unless it was renamed.
func (s *staged) close() {
	if !s.isRenamed {
		_ = remove(s.directory, s.name)
	}
	_ = s.Close() // what it could tell of the content was asked for when it was synced
	shut(s.directory)
}

// openHidden opens a directory of the root that no path leads to, and tells whether it had to be made.
func (r *root) openHidden(name string) (descriptor int, isNew bool, err error) {
	descriptor, err = open(r.descriptor, name, forListing)
	if !isAny(err, unix.ENOENT) {
		return descriptor, false, err
	}
	if err := makeDir(r.descriptor, name); err != nil && !isAny(err, unix.EEXIST) {
		return -1, false, err
	}
	descriptor, err = open(r.descriptor, name, forListing)
	return descriptor, true, err
}

// takeOver keeps what must not change when an object is replaced by a file: its permissions, which
// somebody may have set on purpose, and its time, which never goes back although clocks do.
func takeOver(file *os.File, replaced *status, d durability) error {
	own, err := statOf(file)
	if err != nil {
		return err
	}
	if replaced.Mode == own.Mode && !modTime(replaced).After(modTime(&own)) {
		return nil
	}
	if err := file.Chmod(os.FileMode(replaced.Mode & 0o777)); err != nil {
		return err
	}
	if err := keepTime(file, &own, replaced.Mtim); err != nil {
		return err
	}
	return d.syncContent(file)
}

// keepTime sets the time of a file to atLeast if it is earlier, or up to a microsecond later.
func keepTime(file *os.File, own *status, atLeast unix.Timespec) error {
	earliest := time.Unix(atLeast.Unix())
	if !modTime(own).Before(earliest) {
		return nil
	}
	times := []unix.Timeval{unix.NsecToTimeval(own.Atim.Nano()), unix.NsecToTimeval(atLeast.Nano())}
	return again(func() error { return unix.Futimes(int(file.Fd()), times) })
}

func randomName() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}
