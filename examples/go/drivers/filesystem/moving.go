package filesystem

import (
	"io"
	"strings"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// moving is one move: by a rename, or by a copy where that does not reach.
type moving struct {
	source, destination *parents
	durability          durability
}

func (r *root) move(source, destination string, d durability) (err error) {
	from, err := newParents(r, source)
	if err != nil {
		return err
	}
	defer from.close(nil)
	to, err := newParents(r, destination)
	if err != nil {
		return err
	}
	defer func() { to.close(err) }()
	return (&moving{from, to, d}).run()
}

func (m *moving) run() error {
	moved, err := m.source.look()
	if err != nil {
		return err
	}
	if moved == nil {
		return notFound(m.source.path)
	}
	if m.source.path == m.destination.path {
		return nil
	}
	replaced, err := m.check(moved)
	if err != nil {
		return err
	}
	if replaced != nil {
		m.keepTime(moved, replaced)
	}
	err = m.destination.place(m.rename)
	if isAny(err, unix.EXDEV) {
		err = m.copyAcross()
	}
	if err != nil {
		return err
	}
	if replaced != nil && isSame(moved, replaced) {
		// Two names of one file, which only another program makes: the rename did nothing.
		if err := m.removeSource(); err != nil {
			return err
		}
	}
	for _, changed := range []*parents{m.destination, m.source} {
		if err := changed.sync(m.durability); err != nil {
			return notSynced("Move", m.destination.path, err)
		}
	}
	m.source.prune()
	return nil
}

// check returns what will be replaced, nil if nothing will.
func (m *moving) check(moved *status) (*status, error) {
	source, destination := m.source.path, m.destination.path
	if isDir(moved) && strings.HasPrefix(destination, source+"/") {
		return nil, sd.PathError(sd.InvalidPath, destination).
			Because("lies inside "+source+", which is to move", nil)
	}
	replaced, err := m.destination.look()
	switch {
	case err != nil || replaced == nil:
		return nil, err
	case isDir(replaced):
		return nil, sd.PathError(sd.IsADirectory, destination)
	case isDir(moved):
		return nil, sd.PathError(sd.NotADirectory, destination)
	}
	return replaced, nil
}

// keepTime lets the time at the destination not go back. Before the rename, or a crash would leave it
// in the past; a source that is younger for a moment harms nobody.
func (m *moving) keepTime(moved, replaced *status) {
	if modTime(moved).Before(modTime(replaced)) {
		// Another user's file can be moved, but its time not set.
		_ = setModTime(m.source.descriptor(), m.source.leaf, moved, replaced.Mtim)
	}
}

func (m *moving) rename(directory int) error {
	source := m.source
	err := rename(source.descriptor(), source.leaf, directory, m.destination.leaf)
	if isAny(err, unix.ENOENT) {
		if s, lookErr := source.look(); lookErr == nil && s == nil {
			return notFound(source.path)
		}
	}
	return err
}

func (m *moving) copyAcross() error {
	source, destination := m.source, m.destination
	file, err := openFile(source.descriptor(), source.leaf, forReading)
	if err != nil {
		return contractError(err, source.path)
	}
	defer func() { _ = file.Close() }()
	before, err := statOf(file)
	if err != nil {
		return contractError(err, source.path)
	}
	if isDir(&before) {
		failure := sd.UnsupportedError("Move")
		return failure.Because("of a directory to another file system", nil)
	}
	copied, err := stageBeside(destination.descriptor())
	if err != nil {
		return contractError(err, destination.path)
	}
	defer copied.close()
	// No further, or somebody who appends all the time would keep it going.
	if _, err := io.Copy(copied.File, io.LimitReader(file, before.Size)); err != nil {
		return contractError(err, destination.path)
	}
	after, err := statOf(file)
	if err == nil && string(versionOf(&after)) != string(versionOf(&before)) {
		err = sd.PathError(sd.ContentChanged, source.path).Because("it was written to while it moved", nil)
	}
	if err == nil {
		err = m.durability.syncContent(copied.File)
	}
	if err == nil {
		err = takeOver(copied.File, &before, m.durability)
	}
	if err == nil {
		err = destination.place(func(directory int) error {
			return copied.rename(directory, destination.leaf)
		})
	}
	if err != nil {
		return contractError(err, destination.path)
	}
	return m.removeSource()
}

func (m *moving) removeSource() error {
	err := remove(m.source.descriptor(), m.source.leaf)
	if err == nil || isAny(err, unix.ENOENT) {
		return nil
	}
	// Both are there. The destination is whole, and moving again does the rest.
	reason := "it is at " + m.destination.path + ", but stays where it was"
	return sd.UnknownOutcome("Move", m.source.path).Because(reason, err)
}

// notSynced is the error for a change that happened, but might not survive a power cut.
func notSynced(method, path string, err error) error {
	return sd.UnknownOutcome(method, path).Because("its directory cannot be synced: "+err.Error(), err)
}
