package storagedriver

import (
	"cmp"
	"context"
	"slices"

	"storagedriver.example/go/internal/wire"
)

func openUpload(s *served, c *call) (*wire.Message, error) {
	path, id := c.text("path"), c.text("upload_id")
	if c.Params["upload_id"] != nil && (id == "" || len(id) > wire.MaxUploadIDBytes) {
		return nil, PathError(PathNotFound, path).Because("there is no such upload", nil)
	}
	upload, err := s.uploads.open(c.ctx, path, id)
	if err != nil {
		return nil, err
	}
	return success(map[string]any{"upload_id": upload.ID(), "size": upload.Size()}), nil
}

func writeUpload(s *served, c *call) (*wire.Message, error) {
	id, content := c.text("upload_id"), &incoming{call: c}
	writer := &uploadWriter{c.ctx, s.uploads, id, c.count("offset")}
	// Also if there is nothing to write: only the driver knows whether that is still the end.
	err := s.uploads.write(c.ctx, id, writer.position, nil)
	if err == nil {
		_, err = content.WriteTo(writer)
	}
	if err != nil {
		return nil, withStored(err, func() (int64, bool) { return s.uploads.size(id) })
	}
	return success(map[string]any{"size": writer.position}), nil
}

type uploadWriter struct {
	ctx      context.Context
	uploads  *openUploads
	id       string
	position int64
}

func (w *uploadWriter) Write(piece []byte) (int, error) {
	if err := w.uploads.write(w.ctx, w.id, w.position, piece); err != nil {
		return 0, err
	}
	w.position += int64(len(piece))
	return len(piece), nil
}

func commitUpload(s *served, c *call) (*wire.Message, error) {
	var digest *Digest
	if text, given := c.Params["digest"].(string); given {
		var err error
		if digest, err = ParseDigest(text); err != nil {
			return nil, err
		}
	}
	return success(nil), s.uploads.end(c.text("upload_id"), func(upload Upload) error {
		size, given := c.Params["size"].(int64)
		if !given {
			size = upload.Size()
		}
		return upload.Commit(c.ctx, size, digest)
	})
}

func cancelUpload(s *served, c *call) (*wire.Message, error) {
	return success(nil), s.uploads.end(c.text("upload_id"), func(upload Upload) error {
		return upload.Cancel(c.ctx)
	})
}

func closeUpload(s *served, c *call) (*wire.Message, error) {
	return success(nil), s.uploads.close(c.text("upload_id"))
}

func listUploads(s *served, c *call) (*wire.Message, error) {
	uploader, ok := s.driver.(Uploader)
	if !ok {
		return nil, UnsupportedError(c.Method)
	}
	infos, err := uploader.Uploads(c.ctx, c.text("path"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(infos, func(a, b UploadInfo) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	return sendListing(c, func(yield func([]any, error) bool) {
		for _, info := range infos {
			if !yield([]any{info.ID, info.Path, info.Size, wire.TimeToWire(info.Time)}, nil) {
				return
			}
		}
	})
}
