package host

import (
	"context"
	"errors"
	"io/fs"

	"storagedriver.example/go/storagedriver"
)

// Between an opening and the call that it was made for hardly anything can come, and not often.
const maxOpenings = 5

// upload is a hidden upload. Each write is a call of its own.
type upload struct {
	driver *Driver
	path   string
	id     string
	size   int64
	ended  bool
}

// OpenUpload makes a hidden upload to path, or opens the one of an id. What it returns is called by one
// goroutine at a time, and fails with fs.ErrClosed once Commit, Cancel or Close was successful.
func (d *Driver) OpenUpload(ctx context.Context, path, id string) (storagedriver.Upload, error) {
	if err := d.checkPath(path); err != nil {
		return nil, err
	}
	u := &upload{driver: d, path: path, id: id}
	size, err := u.open(ctx)
	if err != nil {
		return nil, err
	}
	u.size = size
	return u, nil
}

func (u *upload) open(ctx context.Context) (size int64, err error) {
	params := map[string]any{"path": u.path}
	if u.id != "" {
		params["upload_id"] = u.id
	}
	result, err := u.driver.call(ctx, "OpenUpload", u.path, params)
	if err != nil {
		return 0, err
	}
	u.id = result["upload_id"].(string)
	return result["size"].(int64), nil
}

func (u *upload) ID() string  { return u.id }
func (u *upload) Size() int64 { return u.size }

// Write appends all of content. After an error Size is what is stored, as far as the driver knows.
func (u *upload) Write(ctx context.Context, content []byte) error {
	begin, end := u.size, u.size+int64(len(content))
	return u.again(ctx, func() error {
		if u.size < begin || u.size > end {
			return u.driver.named(storagedriver.OffsetError(u.path, begin))
		}
		// What was stored before the upload was found closed is not sent again.
		left := content[u.size-begin:]
		params := map[string]any{"upload_id": u.id, "offset": u.size}
		result, err := u.driver.write(ctx, "WriteUpload", u.path, params, &memory{left})
		if err == nil {
			u.size = result["size"].(int64)
			return nil
		}
		var failure *storagedriver.Error
		// After an InvalidOffset another writer is at work; going on behind it would mix the two.
		if errors.As(err, &failure) && failure.Stored != nil && failure.Code != storagedriver.InvalidOffset {
			u.size = *failure.Stored
		}
		return err
	})
}

// Commit publishes the upload, if its size is that and its digest too, unless that is nil.
func (u *upload) Commit(ctx context.Context, size int64, digest *storagedriver.Digest) error {
	params := map[string]any{"size": size}
	if digest != nil {
		params["digest"] = digest.String()
	}
	return u.end(ctx, "CommitUpload", params)
}

// Cancel drops the upload and its bytes.
func (u *upload) Cancel(ctx context.Context) error {
	return u.end(ctx, "CancelUpload", map[string]any{})
}

func (u *upload) end(ctx context.Context, method string, params map[string]any) error {
	err := u.again(ctx, func() error {
		params["upload_id"] = u.id
		_, err := u.driver.call(ctx, method, u.path, params)
		return err
	})
	u.ended = u.ended || err == nil
	return err
}

// Close lets go of the upload, and keeps it. A driver that has ended has done so already.
func (u *upload) Close() error {
	if u.ended {
		return nil
	}
	u.ended = true
	if u.driver.closing.Load() || u.driver.process.hasExited() {
		return nil
	}
	_, err := u.driver.call(context.Background(), "CloseUpload", u.path, map[string]any{"upload_id": u.id})
	if errors.Is(err, storagedriver.DriverCrashed) || errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// again makes a call, and once more where the upload is there but not open: another writer has closed
// it, for example. Its size there is of no interest: the one here has to be right.
func (u *upload) again(ctx context.Context, call func() error) (err error) {
	if u.ended {
		return fs.ErrClosed
	}
	for range maxOpenings {
		var failure *storagedriver.Error
		err = call()
		if !errors.As(err, &failure) || failure.Code != storagedriver.PathNotFound {
			return err
		}
		if _, err := u.open(ctx); err != nil {
			return err
		}
	}
	return err
}
