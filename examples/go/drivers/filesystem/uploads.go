package filesystem

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// upload is one opened upload. It holds no lock between its calls, and one descriptor. A Write is not
// synced; Commit and Close are.
type upload struct {
	driver   *Driver
	id, path string
	content  *os.File
	size     int64
}

// OpenUpload makes an upload, or opens one.
func (d *Driver) OpenUpload(_ context.Context, path, id string) (sd.Upload, error) {
	if _, _, err := split(path); err != nil {
		return nil, err
	}
	var content *os.File
	var err error
	if id == "" {
		id, content, err = d.root.makeUpload(path, d.durability)
	} else {
		content, err = d.root.findUpload(path, id)
	}
	if err != nil {
		return nil, contractError(err, path)
	}
	s, err := statOf(content)
	if err != nil {
		_ = content.Close()
		return nil, contractError(err, path)
	}
	return &upload{driver: d, id: id, path: path, content: content, size: s.Size}, nil
}

// Uploads returns the uploads to prefix and below.
func (d *Driver) Uploads(_ context.Context, prefix string) ([]sd.UploadInfo, error) {
	infos, err := d.root.listUploads(prefix)
	return infos, contractError(err, prefix)
}

func (u *upload) ID() string  { return u.id }
func (u *upload) Size() int64 { return u.size }

func (u *upload) Write(_ context.Context, content []byte) error {
	return u.step(func(_ int, stored int64) error {
		if stored != u.size {
			failure := sd.OffsetError(u.path, u.size)
			failure.Stored = &stored
			return failure
		}
		// What was stored of it stays, also after a failure.
		written, err := u.content.WriteAt(content, stored)
		u.size += int64(written)
		return err
	})
}

func (u *upload) Commit(_ context.Context, size int64, digest *sd.Digest) error {
	// Held only for its size to be seen: reading takes time, and what is there of it does not change.
	var checked int64
	if err := u.step(func(_ int, stored int64) error {
		checked = stored
		return nil
	}); err != nil {
		return err
	}
	if checked != size {
		return u.mismatch("the upload has another size")
	}
	if err := u.checkDigest(checked, digest); err != nil {
		return err
	}
	if err := u.sync(); err != nil {
		return contractError(err, u.path)
	}
	if err := u.publish(checked); err != nil {
		return err
	}
	_ = u.content.Close()
	return nil
}

func (u *upload) Cancel(context.Context) error {
	err := u.step(func(directory int, _ int64) error {
		removeUpload(directory, u.id)
		return nil
	})
	if err == nil {
		_ = u.content.Close()
	}
	return err
}

func (u *upload) Close() error {
	err := u.sync()
	_ = u.content.Close()
	return contractError(err, u.path)
}

// step holds the upload for one step, which is given the directory that it is in, and what is stored.
// It waits for whoever else holds it. If it is no upload any more it fails with PathNotFound: then the
// file may be an object by now, and must not be touched.
func (u *upload) step(do func(directory int, stored int64) error) error {
	directory, err := open(u.driver.root.descriptor, uploadsName, forListing)
	if isAny(err, unix.ENOENT) {
		return noSuchUpload(u.path)
	}
	if err != nil {
		return contractError(err, u.path)
	}
	defer shut(directory)
	if err := lock(u.content, unix.LOCK_EX); err != nil {
		return contractError(err, u.path)
	}
	defer func() { _ = lock(u.content, unix.LOCK_UN) }()
	there, err := statIn(directory, u.id+contentSuffix)
	if isAny(err, unix.ENOENT) {
		return noSuchUpload(u.path)
	}
	own, ownErr := statOf(u.content)
	switch {
	case err != nil:
		return contractError(err, u.path)
	case ownErr != nil:
		return contractError(ownErr, u.path)
	case !isSame(&there, &own):
		return noSuchUpload(u.path)
	}
	return contractError(do(directory, own.Size), u.path)
}

func (u *upload) checkDigest(size int64, digest *sd.Digest) error {
	if digest == nil {
		return nil
	}
	read, err := io.Copy(digest, io.NewSectionReader(u.content, 0, size))
	switch {
	case err != nil:
		return contractError(err, u.path)
	case read != size:
		return u.mismatch("somebody has cut the upload")
	case !digest.Matches():
		return u.mismatch("the upload has another digest")
	}
	return nil
}

func (u *upload) publish(checked int64) (err error) {
	parents, err := newParents(u.driver.root, u.path)
	if err != nil {
		return err
	}
	defer func() { parents.close(err) }()
	err = u.step(func(directory int, stored int64) error {
		if stored != checked {
			return u.mismatch("it was written to meanwhile")
		}
		return u.place(parents, directory, checked)
	})
	if err != nil {
		return err
	}
	if err := parents.sync(u.driver.durability); err != nil {
		return notSynced("CommitUpload", u.path, err)
	}
	return nil
}

func (u *upload) place(parents *parents, directory int, size int64) error {
	// As a put would: its time is that of its coming, not of a write some days ago.
	now := unix.NsecToTimeval(time.Now().UnixNano())
	if err := unix.Futimes(int(u.content.Fd()), []unix.Timeval{now, now}); err != nil {
		return err
	}
	// Looked at last: from here to the rename there is little time for things to change.
	replaced, err := parents.look()
	if err != nil {
		return err
	}
	if replaced != nil {
		if isDir(replaced) {
			return sd.PathError(sd.IsADirectory, u.path)
		}
		if err := takeOver(u.content, replaced, u.driver.durability); err != nil {
			return err
		}
	}
	err = parents.place(func(above int) error {
		return rename(directory, u.id+contentSuffix, above, parents.leaf)
	})
	if isAny(err, unix.EXDEV) {
		err = u.copyAcross(parents, replaced, size)
	}
	if err == nil {
		// From here on there is no upload. What cannot be removed is left to a sweep.
		removeUpload(directory, u.id)
	}
	return err
}

func (u *upload) copyAcross(parents *parents, replaced *status, size int64) error {
	content := io.NewSectionReader(u.content, 0, size)
	return u.driver.putBeside(parents, replaced, content)
}

// sync makes what was written durable. After a failure there is no upload any more: nobody can tell
// what is on the disk, and a second attempt would seem to succeed.
func (u *upload) sync() error {
	err := u.driver.durability.syncContent(u.content)
	if err != nil {
		_ = u.step(func(directory int, _ int64) error {
			removeUpload(directory, u.id)
			return nil
		})
	}
	return err
}

func (u *upload) mismatch(reason string) error {
	return sd.PathError(sd.ChecksumMismatch, u.path).Because(reason, nil)
}
