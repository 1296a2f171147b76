package host

import (
	"context"
	"fmt"
	"io"
	"slices"

	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

var (
	_ storagedriver.Driver   = (*Driver)(nil)
	_ storagedriver.Walker   = (*Driver)(nil)
	_ storagedriver.Uploader = (*Driver)(nil)
	_ storagedriver.URLMaker = (*Driver)(nil)
	_ io.Closer              = (*Driver)(nil)
)

// Name returns the name that the driver was started by.
func (d *Driver) Name() string { return d.name }

// PID returns that of the driver's process.
func (d *Driver) PID() int { return d.process.pid }

// Version returns the version that both sides speak.
func (d *Driver) Version() storagedriver.Version { return d.version }

// Has tells whether the driver has a feature.
func (d *Driver) Has(feature storagedriver.Feature) bool { return d.features[feature] }

// Done is closed when the process has ended, and its last output was logged.
func (d *Driver) Done() <-chan struct{} { return d.process.exited }

// Err returns the DriverCrashed of a driver that has ended before Close, nil while it runs.
func (d *Driver) Err() error {
	if !d.process.hasExited() || d.closing.Load() {
		return nil
	}
	return d.named(d.process.crash())
}

// GetContent returns the whole content of an object.
func (d *Driver) GetContent(ctx context.Context, path string) ([]byte, error) {
	if err := d.checkPath(path); err != nil {
		return nil, err
	}
	r, err := d.openRead(ctx, "GetContent", path, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return r.all()
}

// ReadStream opens an object at an offset. The context is for the whole stream, which has a channel
// until its end or Close. Content that was cut short is an error of reading, never io.EOF.
func (d *Driver) ReadStream(ctx context.Context, path string, offset int64) (*storagedriver.Stream, error) {
	if err := d.checkPlace(path, offset); err != nil {
		return nil, err
	}
	r, err := d.openRead(ctx, "ReadStream", path, map[string]any{"offset": offset})
	if err != nil {
		return nil, err
	}
	stream := &storagedriver.Stream{Reader: r, Size: -1}
	if size, ok := r.info["size"].(int64); ok {
		stream.Size = size
	}
	stream.Version, _ = r.info["version"].([]byte)
	return stream, nil
}

// PutContent replaces the whole content of an object, atomically.
func (d *Driver) PutContent(ctx context.Context, path string, content []byte) error {
	if err := d.checkPath(path); err != nil {
		return err
	}
	_, err := d.write(ctx, "PutContent", path, map[string]any{"path": path}, &memory{content})
	return err
}

// WriteStream stores all of content at an offset, which ends the object there, and returns how many
// bytes that were. An error of the reader is returned as it is. After an error of the driver its Stored
// tells the size now, if that is known.
func (d *Driver) WriteStream(ctx context.Context, path string, offset int64, content io.Reader) (int64, error) {
	if err := d.checkPlace(path, offset); err != nil {
		return 0, err
	}
	params := map[string]any{"path": path, "offset": offset}
	result, err := d.write(ctx, "WriteStream", path, params, content)
	if err != nil {
		return 0, err
	}
	return result["written"].(int64), nil
}

// Stat tells of an object or a directory.
func (d *Driver) Stat(ctx context.Context, path string) (storagedriver.FileInfo, error) {
	var info storagedriver.FileInfo
	if err := d.checkPathOrRoot(path); err != nil {
		return info, err
	}
	result, err := d.call(ctx, "Stat", path, map[string]any{"path": path})
	if err != nil {
		return info, err
	}
	info.Path = path
	info.Size = result["size"].(int64)
	info.IsDir = result["is_dir"].(bool)
	if told := result["mod_time"]; told != nil {
		info.ModTime, err = wire.TimeFromWire(told)
	}
	return info, err
}

// Move renames an object, or a directory with the feature MoveDirectories.
func (d *Driver) Move(ctx context.Context, source, destination string) error {
	for _, path := range []string{source, destination} {
		if err := d.checkPath(path); err != nil {
			return err
		}
	}
	_, err := d.call(ctx, "Move", source, map[string]any{"source": source, "destination": destination})
	return err
}

// Delete removes an object, or a directory with all below it.
func (d *Driver) Delete(ctx context.Context, path string) error {
	if err := d.checkPath(path); err != nil {
		return err
	}
	_, err := d.call(ctx, "Delete", path, map[string]any{"path": path})
	return err
}

// URLFor returns a URL of an object. The method is GET unless the options say HEAD or PUT.
func (d *Driver) URLFor(ctx context.Context, path string, options storagedriver.URLOptions) (string, error) {
	if err := d.checkPath(path); err != nil {
		return "", err
	}
	given := map[string]any{}
	if options.Method != "" {
		if !slices.Contains([]string{"GET", "HEAD", "PUT"}, options.Method) {
			return "", invalidParameter(d.name, "method", "must be GET, HEAD or PUT", nil)
		}
		given["method"] = options.Method
	}
	if !options.Expiry.IsZero() {
		if year := options.Expiry.UTC().Year(); year < 1 || year > 9999 {
			return "", invalidParameter(d.name, "expiry", "must be in the years 1 to 9999", nil)
		}
		given["expiry"] = wire.TimeToWire(options.Expiry)
	}
	result, err := d.call(ctx, "URLFor", path, map[string]any{"path": path, "options": given})
	if err != nil {
		return "", err
	}
	return result["url"].(string), nil
}

// Close ends the driver: it waits for calls under way, then has the driver exit, and ends it by signals
// if it does not. It returns nil when no process and no socket is left. Closing twice is no error.
func (d *Driver) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), d.options.CloseTimeout)
	defer cancel()
	return d.Shutdown(ctx)
}

// Shutdown is Close, but waits for calls under way as long as the context says. Those that have not
// ended then fail with Cancelled and ErrClosed.
func (d *Driver) Shutdown(ctx context.Context) error {
	d.ending.Do(func() { d.end(ctx) })
	if !d.process.hasExited() {
		return fmt.Errorf("the process %d of the driver %s does not end", d.process.pid, d.name)
	}
	return nil
}
