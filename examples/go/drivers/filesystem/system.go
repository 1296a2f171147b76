package filesystem

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// How things are opened: no link is followed, and nothing waits for the other end of a fifo.
const (
	forListing = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW
	forReading = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY
	forWriting = unix.O_WRONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY
	forBoth    = unix.O_RDWR | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY
	forMaking  = unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW
)

const newFileMode = 0o666

// status is what is known of a file or directory.
type status = unix.Stat_t

func isDir(s *status) bool     { return s.Mode&unix.S_IFMT == unix.S_IFDIR }
func isRegular(s *status) bool { return s.Mode&unix.S_IFMT == unix.S_IFREG }

func isSame(a, b *status) bool { return a.Dev == b.Dev && a.Ino == b.Ino }

func modTime(s *status) time.Time {
	seconds, nanoseconds := s.Mtim.Unix()
	return time.Unix(seconds, nanoseconds).UTC()
}

// again repeats a call of the system that a signal has interrupted.
func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// open opens name in the directory parent. The error is that of the system, alone.
func open(parent int, name string, flags int) (descriptor int, err error) {
	err = again(func() error {
		descriptor, err = unix.Openat(parent, name, flags|unix.O_CLOEXEC, newFileMode)
		return err
	})
	return descriptor, err
}

func openFile(parent int, name string, flags int) (*os.File, error) {
	descriptor, err := open(parent, name, flags)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(descriptor), name), nil
}

func shut(descriptor int) { _ = unix.Close(descriptor) }

func statIn(parent int, name string) (s status, err error) {
	err = again(func() error { return unix.Fstatat(parent, name, &s, unix.AT_SYMLINK_NOFOLLOW) })
	return s, err
}

func statOf(file *os.File) (s status, err error) {
	err = again(func() error { return unix.Fstat(int(file.Fd()), &s) })
	return s, err
}

func remove(parent int, name string) error {
	return again(func() error { return unix.Unlinkat(parent, name, 0) })
}

func removeDir(parent int, name string) error {
	return again(func() error { return unix.Unlinkat(parent, name, unix.AT_REMOVEDIR) })
}

func makeDir(parent int, name string) error {
	return again(func() error { return unix.Mkdirat(parent, name, 0o777) })
}

func rename(from int, name string, to int, newName string) error {
	return again(func() error { return unix.Renameat(from, name, to, newName) })
}

func lock(file *os.File, how int) error {
	return again(func() error { return unix.Flock(int(file.Fd()), how) })
}

// setModTime sets the time of a file with a status.
func setModTime(parent int, name string, s *status, t unix.Timespec) error {
	times := []unix.Timespec{s.Atim, t}
	return again(func() error {
		return unix.UtimesNanoAt(parent, name, times, unix.AT_SYMLINK_NOFOLLOW)
	})
}

func isAny(err error, numbers ...unix.Errno) bool {
	for _, number := range numbers {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}

// contractError returns what an error of the system is called for callers, about a path. What has a
// name already keeps it.
func contractError(err error, path string) error {
	if err == nil {
		return nil
	}
	if known := (*sd.Error)(nil); errors.As(err, &known) {
		return err
	}
	number := unix.Errno(0)
	if !errors.As(err, &number) {
		return err
	}
	code := sd.Internal
	switch number {
	case unix.ENOENT:
		return sd.PathError(sd.PathNotFound, path)
	case unix.ENOTDIR:
		return sd.PathError(sd.NotADirectory, path)
	case unix.EISDIR:
		return sd.PathError(sd.IsADirectory, path)
	case unix.ENOSPC, unix.EDQUOT:
		code = sd.NoSpace
	case unix.EACCES, unix.EPERM, unix.EROFS, unix.ELOOP, unix.ENXIO:
		code = sd.PermissionDenied
	case unix.ENAMETOOLONG:
		code = sd.InvalidPath
	case unix.EMFILE, unix.ENFILE:
		code = sd.Throttled
	default:
		temporary := isAny(number, unix.EAGAIN, unix.EBUSY, unix.ESTALE, unix.ETIMEDOUT)
		message := fmt.Sprintf("%v (%s): %s", number, unix.ErrnoName(number), path)
		return &sd.Error{Code: sd.Internal, Message: message, Temporary: temporary}
	}
	return sd.PathError(code, path).Because(number.Error(), err)
}

// inTheWay is the error for a link or a special file where a file or a directory is needed.
func inTheWay(path string) error {
	return sd.PathError(sd.PermissionDenied, path).Because("a link or a special file is in the way", nil)
}

func notFound(path string) error { return sd.PathError(sd.PathNotFound, path) }
