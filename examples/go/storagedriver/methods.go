package storagedriver

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"time"

	"storagedriver.example/go/internal/wire"
)

// served is what all workers of a process share.
type served struct {
	name    string
	driver  Driver
	uploads *openUploads
}

// method answers one call. The response has no id and no kind yet.
type method func(s *served, c *call) (*wire.Message, error)

var methods = map[string]method{
	"GetContent":   readStream,
	"ReadStream":   readStream,
	"PutContent":   putContent,
	"WriteStream":  writeStream,
	"Stat":         stat,
	"List":         list,
	"Walk":         walk,
	"Move":         move,
	"Delete":       remove,
	"URLFor":       urlFor,
	"OpenUpload":   openUpload,
	"WriteUpload":  writeUpload,
	"CommitUpload": commitUpload,
	"CancelUpload": cancelUpload,
	"CloseUpload":  closeUpload,
	"ListUploads":  listUploads,
}

func success(result map[string]any) *wire.Message { return &wire.Message{Result: result} }

// readStream answers GetContent too, which has neither an offset nor a version.
func readStream(s *served, c *call) (*wire.Message, error) {
	offset := c.count("offset")
	stream, err := s.driver.ReadStream(c.ctx, c.text("path"), offset)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stream.Reader.Close() }() // nothing is lost by what it says
	expected, _ := c.Params["version"].([]byte)
	if len(expected) > 0 && string(expected) != string(stream.Version) {
		return nil, PathError(ContentChanged, c.text("path"))
	}
	return sendStream(c, stream, offset)
}

func putContent(s *served, c *call) (*wire.Message, error) {
	content, err := (&incoming{call: c}).all()
	if err != nil {
		return nil, err
	}
	size := len(content)
	if err := s.driver.PutContent(c.ctx, c.text("path"), content); err != nil {
		return nil, err
	}
	return success(map[string]any{"written": size}), nil
}

func writeStream(s *served, c *call) (*wire.Message, error) {
	path, content := c.text("path"), &incoming{call: c}
	written, err := s.driver.WriteStream(c.ctx, path, c.count("offset"), content)
	if err == nil {
		err = checkWritten(written, content)
	}
	if err != nil {
		return nil, withStored(err, func() (int64, bool) { return s.stored(path) })
	}
	return success(map[string]any{"written": written}), nil
}

// checkWritten: a driver that stopped early, or miscounted, must not look like a success.
func checkWritten(written int64, content *incoming) error {
	var more [1]byte
	if size, err := content.Read(more[:]); size > 0 {
		return errors.New("the driver stopped reading before the end of the content")
	} else if err != io.EOF {
		return err
	}
	if written != content.call.moved() {
		return errors.New("the driver reports another number of bytes than it was given")
	}
	return nil
}

// stored returns the size of an object now, 0 if nothing is there.
func (s *served) stored(path string) (int64, bool) {
	// Not in the context of the call, which may have been cancelled.
	info, err := s.driver.Stat(context.Background(), path)
	if errors.Is(err, NotADirectory) || err == nil && info.IsDir {
		return 0, false
	}
	if errors.Is(err, PathNotFound) {
		return 0, true
	}
	return info.Size, err == nil
}

// withStored says in the error of a failed write what is stored now, if that can be known.
func withStored(err error, size func() (int64, bool)) error {
	failure := asError(err)
	if failure.Stored == nil {
		if stored, known := size(); known {
			failure.Stored = &stored
		}
	}
	return failure
}

func stat(s *served, c *call) (*wire.Message, error) {
	info, err := s.driver.Stat(c.ctx, c.text("path"))
	if err != nil {
		return nil, err
	}
	result := map[string]any{"path": info.Path, "size": info.Size, "mod_time": nil, "is_dir": info.IsDir}
	if !info.IsDir {
		result["mod_time"] = wire.TimeToWire(info.ModTime)
	}
	return success(result), nil
}

func list(s *served, c *call) (*wire.Message, error) {
	path := c.text("path")
	names, err := s.driver.List(c.ctx, path)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	if path != "/" {
		path += "/"
	}
	startAfter := c.text("start_after")
	return sendListing(c, func(yield func([]any, error) bool) {
		for _, name := range names {
			if path+name > startAfter && !yield([]any{name}, nil) {
				return
			}
		}
	})
}

func walk(s *served, c *call) (*wire.Message, error) {
	walker, ok := s.driver.(Walker)
	if !ok {
		return nil, UnsupportedError(c.Method)
	}
	return sendListing(c, entries(walker.Walk(c.ctx, c.text("path"), c.text("start_after"))))
}

func entries(infos iter.Seq2[FileInfo, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for info, err := range infos {
			if !yield([]any{info.Path, info.Size, wire.TimeToWire(info.ModTime)}, err) {
				return
			}
		}
	}
}

func move(s *served, c *call) (*wire.Message, error) {
	return success(nil), s.driver.Move(c.ctx, c.text("source"), c.text("destination"))
}

func remove(s *served, c *call) (*wire.Message, error) {
	return success(nil), s.driver.Delete(c.ctx, c.text("path"))
}

func urlFor(s *served, c *call) (*wire.Message, error) {
	maker, ok := s.driver.(URLMaker)
	if !ok {
		return nil, UnsupportedError(c.Method)
	}
	options, err := urlOptions(c)
	if err != nil {
		return nil, err
	}
	url, err := maker.URLFor(c.ctx, c.text("path"), options)
	return success(map[string]any{"url": url}), err
}

func urlOptions(c *call) (options URLOptions, err error) {
	options.Method = "GET"
	given, _ := c.Params["options"].(map[string]any)
	for name, value := range given {
		switch {
		case value == nil:
		case name == "method":
			options.Method, _ = value.(string)
			if !slices.Contains([]string{"GET", "HEAD", "PUT"}, options.Method) {
				return options, ParameterError(name, "must be GET, HEAD or PUT")
			}
		case name == "expiry":
			var expiry time.Time
			if expiry, err = wire.TimeFromWire(value); err != nil {
				return options, ParameterError(name, err.Error())
			}
			options.Expiry = expiry
		default:
			return options, ParameterError(name, "unknown option; there are method and expiry")
		}
	}
	return options, nil
}
