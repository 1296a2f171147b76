package filesystem

import (
	"log/slog"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// durability is how much is synced before a change returns. Replacing is atomic in all tiers.
type durability string

const (
	// full: what returned survives a power cut.
	full durability = "full"
	// contents: after a power cut an object is the old one or the new one, whole.
	contents durability = "file"
	// nothing: survives the end of the process, not that of the machine.
	nothing durability = "none"
)

// syncContent syncs what was written to a file. After an error the content is lost, as the kernel has
// forgotten what was unwritten; syncing once more would succeed and mean nothing, so nobody may try.
func (d durability) syncContent(file *os.File) error {
	if d == nothing {
		return nil
	}
	return tolerated(file.Sync())
}

// syncEntries syncs the names in a directory, which may be open for passing only.
func (d durability) syncEntries(directory int) error {
	if d != full {
		return nil
	}
	descriptor, err := open(directory, ".", forListing)
	if isAny(err, unix.ENOENT) {
		return nil // another call has emptied and removed it, and so what was to be synced
	}
	if err != nil {
		return err
	}
	defer shut(descriptor)
	return tolerated(again(func() error { return unix.Fsync(descriptor) }))
}

var warnOnce sync.Once

// tolerated leaves out that a file system, in user space or on a network, cannot sync.
func tolerated(err error) error {
	if !isAny(err, unix.EINVAL, unix.ENOTSUP, unix.ENOSYS) {
		return err
	}
	warnOnce.Do(func() { slog.Warn("the file system cannot sync everything", "error", err.Error()) })
	return nil
}
