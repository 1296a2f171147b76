package inmemory

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"storagedriver.example/go/storagedriver"
)

// stored is an upload as it was last written to; a write puts another in its place.
type stored struct {
	storagedriver.UploadInfo
	content segments
}

// upload is one that somebody has opened.
type upload struct {
	driver   *Driver
	id, path string
	size     int64
}

// OpenUpload makes an upload, or opens one.
func (d *Driver) OpenUpload(_ context.Context, path, id string) (storagedriver.Upload, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if id == "" {
		var random [16]byte
		_, _ = rand.Read(random[:]) // never fails
		id = hex.EncodeToString(random[:])
		d.uploads[id] = &stored{UploadInfo: storagedriver.UploadInfo{ID: id, Path: path, Time: time.Now()}}
	}
	u := &upload{driver: d, id: id, path: path}
	found, err := u.find()
	if err != nil {
		return nil, err
	}
	u.size = found.Size
	return u, nil
}

// Uploads returns the uploads to prefix and below.
func (d *Driver) Uploads(_ context.Context, prefix string) ([]storagedriver.UploadInfo, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	below := strings.TrimSuffix(prefix, "/") + "/"
	var infos []storagedriver.UploadInfo
	for _, found := range d.uploads {
		if found.Path == prefix || strings.HasPrefix(found.Path, below) {
			infos = append(infos, found.UploadInfo)
		}
	}
	return infos, nil
}

func (u *upload) ID() string  { return u.id }
func (u *upload) Size() int64 { return u.size }

func (u *upload) Write(_ context.Context, content []byte) error {
	u.driver.mutex.Lock()
	defer u.driver.mutex.Unlock()
	found, err := u.find()
	if err != nil {
		return err
	}
	if found.Size != u.size {
		failure := storagedriver.OffsetError(u.path, u.size)
		failure.Stored = &found.Size
		return failure
	}
	if len(content) == 0 {
		return nil
	}
	grown := *found
	grown.content = found.content.appended(segments{bytes.Clone(content)})
	grown.Size += int64(len(content))
	grown.Time = time.Now()
	u.driver.uploads[u.id] = &grown
	u.size = grown.Size
	return nil
}

func (u *upload) Commit(_ context.Context, size int64, digest *storagedriver.Digest) error {
	u.driver.mutex.Lock()
	checked, err := u.find()
	u.driver.mutex.Unlock()
	if err != nil {
		return err
	}
	if checked.Size != size {
		return u.mismatch("the upload has another size")
	}
	// Not under the lock, as it takes time; nobody changes these segments.
	if digest != nil {
		for _, segment := range checked.content {
			_, _ = digest.Write(segment) // never fails
		}
		if !digest.Matches() {
			return u.mismatch("the upload has another digest")
		}
	}
	u.driver.mutex.Lock()
	defer u.driver.mutex.Unlock()
	found, err := u.find()
	if err != nil {
		return err
	}
	if found != checked {
		return u.mismatch("it was written to meanwhile")
	}
	if err := u.driver.put(u.path, checked.content); err != nil {
		return err
	}
	delete(u.driver.uploads, u.id)
	return nil
}

func (u *upload) Cancel(_ context.Context) error {
	u.driver.mutex.Lock()
	defer u.driver.mutex.Unlock()
	_, err := u.find()
	delete(u.driver.uploads, u.id)
	return err
}

func (u *upload) Close() error { return nil }

// find is called with the driver's lock.
func (u *upload) find() (*stored, error) {
	found := u.driver.uploads[u.id]
	if found == nil || found.Path != u.path {
		return nil, storagedriver.PathError(storagedriver.PathNotFound, u.path).
			Because("there is no such upload", nil)
	}
	return found, nil
}

func (u *upload) mismatch(reason string) error {
	return storagedriver.PathError(storagedriver.ChecksumMismatch, u.path).Because(reason, nil)
}
