package storagedriver

import (
	"context"
	"sync"
)

// openUploads are the uploads that are open in this process, for the calls that name them by id.
type openUploads struct {
	driver Driver
	mutex  sync.Mutex
	byID   map[string]*openedUpload
}

// openedUpload is one of them. Its calls may come on several channels, and take turns.
type openedUpload struct {
	Upload
	path string
	turn sync.Mutex
}

// open opens a new upload to path, or the one of an id. It takes the place of what was open of it.
func (u *openUploads) open(ctx context.Context, path, id string) (Upload, error) {
	uploader, ok := u.driver.(Uploader)
	if !ok {
		return nil, UnsupportedError("OpenUpload")
	}
	made, err := uploader.OpenUpload(ctx, path, id)
	if err != nil {
		return nil, err
	}
	opened := &openedUpload{Upload: made, path: path}
	u.mutex.Lock()
	former := u.byID[made.ID()]
	u.byID[made.ID()] = opened
	u.mutex.Unlock()
	if former != nil {
		former.turn.Lock()
		defer former.turn.Unlock()
		if err := former.Close(); err != nil {
			logFailure("closing an upload that was opened again", err)
		}
	}
	return made, nil
}

// write appends content, which the host has for offset.
func (u *openUploads) write(ctx context.Context, id string, offset int64, content []byte) error {
	upload, err := u.take(id)
	if err != nil {
		return err
	}
	defer upload.turn.Unlock()
	if size := upload.Size(); offset != size {
		failure := OffsetError(upload.path, offset)
		failure.Stored = &size
		return failure
	}
	return upload.Write(ctx, content)
}

// size returns what is stored of an upload that is open.
func (u *openUploads) size(id string) (int64, bool) {
	upload, err := u.take(id)
	if err != nil {
		return 0, false
	}
	defer upload.turn.Unlock()
	return upload.Size(), true
}

// end does what ends an upload, which is open no more if that succeeds.
func (u *openUploads) end(id string, do func(Upload) error) error {
	upload, err := u.take(id)
	if err != nil {
		return err
	}
	defer upload.turn.Unlock()
	if err := do(upload); err != nil {
		return err
	}
	u.forget(id, upload)
	return nil
}

// close lets go of an upload. For one that is not open it does nothing.
func (u *openUploads) close(id string) error {
	upload, err := u.take(id)
	if err != nil {
		return nil
	}
	defer upload.turn.Unlock()
	u.forget(id, upload)
	return upload.Close()
}

func (u *openUploads) closeAll() {
	u.mutex.Lock()
	ids := make([]string, 0, len(u.byID))
	for id := range u.byID {
		ids = append(ids, id)
	}
	u.mutex.Unlock()
	for _, id := range ids {
		if err := u.close(id); err != nil {
			logFailure("closing an upload", err)
		}
	}
}

// take returns the upload of an id for the turn of one call, which the caller ends. It fails with
// PathNotFound of the id if there is none; the host opens it again then.
func (u *openUploads) take(id string) (*openedUpload, error) {
	for {
		upload := u.find(id)
		if upload == nil {
			return nil, PathError(PathNotFound, id).Because("no such upload is open", nil)
		}
		upload.turn.Lock()
		// While this waited another may have come into its place.
		if u.find(id) == upload {
			return upload, nil
		}
		upload.turn.Unlock()
	}
}

func (u *openUploads) find(id string) *openedUpload {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return u.byID[id]
}

func (u *openUploads) forget(id string, upload *openedUpload) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.byID[id] == upload {
		delete(u.byID, id)
	}
}
