package filesystem

import (
	"bytes"
	"context"
	"io"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// PutContent replaces an object by a rename.
func (d *Driver) PutContent(_ context.Context, path string, content []byte) (err error) {
	parents, err := newParents(d.root, path)
	if err != nil {
		return err
	}
	defer func() { parents.close(err) }()
	if err := d.put(parents, content); err != nil {
		return contractError(err, path)
	}
	if err := parents.sync(d.durability); err != nil {
		return notSynced("PutContent", path, err)
	}
	return nil
}

func (d *Driver) put(parents *parents, content []byte) error {
	staged, err := d.root.stage()
	if err != nil {
		return err
	}
	defer staged.close()
	if err := d.finish(staged, bytes.NewReader(content)); err != nil {
		return err
	}
	replaced, err := d.publish(parents, staged)
	if isAny(err, unix.EXDEV) {
		return d.putBeside(parents, replaced, bytes.NewReader(content))
	}
	return err
}

// finish makes the content of a staged file final and durable.
func (d *Driver) finish(staged *staged, content io.WriterTo) error {
	if _, err := content.WriteTo(staged.File); err != nil {
		return err
	}
	return d.durability.syncContent(staged.File)
}

// publish lets a staged file appear, and returns what it replaces.
func (d *Driver) publish(parents *parents, staged *staged) (replaced *status, err error) {
	// Looked at last: from here to the rename there is little time for things to change.
	replaced, err = parents.look()
	if err != nil {
		return nil, err
	}
	if replaced != nil && isDir(replaced) {
		return nil, sd.PathError(sd.IsADirectory, parents.path)
	}
	if replaced != nil {
		if err := takeOver(staged.File, replaced, d.durability); err != nil {
			return nil, err
		}
	}
	return replaced, parents.place(func(directory int) error {
		return staged.rename(directory, parents.leaf)
	})
}

// putBeside does the same where another file system is mounted above the path.
func (d *Driver) putBeside(parents *parents, replaced *status, content io.Reader) error {
	staged, err := stageBeside(parents.descriptor())
	if err != nil {
		return err
	}
	defer staged.close()
	if _, err := io.Copy(staged.File, content); err != nil {
		return err
	}
	if err := d.durability.syncContent(staged.File); err != nil {
		return err
	}
	if replaced != nil {
		if err := takeOver(staged.File, replaced, d.durability); err != nil {
			return err
		}
	}
	return parents.place(func(directory int) error { return staged.rename(directory, parents.leaf) })
}
