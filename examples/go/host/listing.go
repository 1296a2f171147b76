package host

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"storagedriver.example/go/internal/wire"
	"storagedriver.example/go/storagedriver"
)

// List returns the names of what stands directly in a directory, in byte order.
func (d *Driver) List(ctx context.Context, path string) ([]string, error) {
	if err := d.checkPathOrRoot(path); err != nil {
		return nil, err
	}
	names := []string{}
	for entry, err := range d.list(ctx, "List", path, "") {
		if err != nil {
			return nil, err
		}
		names = append(names, entry[0].(string))
	}
	return names, nil
}

// Walk gives every object below a directory that sorts behind startAfter, in byte order of the full
// path. A driver that cannot is asked for each directory. Whoever breaks off has the driver stop.
func (d *Driver) Walk(ctx context.Context, path, startAfter string) iter.Seq2[storagedriver.FileInfo, error] {
	return func(yield func(storagedriver.FileInfo, error) bool) {
		if err := d.checkPathOrRoot(path); err != nil {
			yield(storagedriver.FileInfo{}, err)
			return
		}
		if !d.Has(storagedriver.Walk) {
			d.walkByListing(ctx, path, startAfter, yield)
			return
		}
		for entry, err := range d.list(ctx, "Walk", path, startAfter) {
			var info storagedriver.FileInfo
			if err == nil {
				info.Path, info.Size = entry[0].(string), entry[1].(int64)
				info.ModTime, err = wire.TimeFromWire(entry[2])
			}
			if !yield(info, err) || err != nil {
				return
			}
		}
	}
}

// Uploads returns the open uploads to prefix and below, in order of path and id.
func (d *Driver) Uploads(ctx context.Context, prefix string) ([]storagedriver.UploadInfo, error) {
	if err := d.checkPathOrRoot(prefix); err != nil {
		return nil, err
	}
	infos := []storagedriver.UploadInfo{}
	for entry, err := range d.list(ctx, "ListUploads", prefix, "") {
		var began time.Time
		if err == nil {
			began, err = wire.TimeFromWire(entry[3])
		}
		if err != nil {
			return nil, err
		}
		infos = append(infos, storagedriver.UploadInfo{
			ID: entry[0].(string), Path: entry[1].(string), Size: entry[2].(int64), Time: began,
		})
	}
	return infos, nil
}

// list gives the entries of a listing as they come.
func (d *Driver) list(ctx context.Context, method, path, startAfter string) iter.Seq2[[]any, error] {
	entries := d.listSlowly(ctx, method, path, startAfter)
	if !d.single {
		return entries
	}
	// Whoever acts on an entry needs the only channel for that.
	return func(yield func([]any, error) bool) {
		var all [][]any
		for entry, err := range entries {
			if err != nil {
				yield(nil, err)
				return
			}
			all = append(all, entry)
		}
		for _, entry := range all {
			if !yield(entry, nil) {
				return
			}
		}
	}
}

func (d *Driver) listSlowly(ctx context.Context, method, path, startAfter string) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		params := map[string]any{}
		if startAfter != "" {
			params["start_after"] = startAfter
		}
		r, err := d.openRead(ctx, method, path, params)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = r.Close() }()
		listing := wire.NewListing(method)
		for {
			entries, err := r.entries(listing, method, path)
			for _, entry := range entries {
				if !yield(entry, nil) {
					return
				}
			}
			if err != nil {
				if err != io.EOF {
					yield(nil, err)
				}
				return
			}
		}
	}
}

// entries returns the entries of the next piece, or io.EOF if there are no more.
func (r *reader) entries(listing *wire.Listing, method, path string) ([][]any, error) {
	if err := r.fill(); err == io.EOF {
		_, response := r.call.came()
		if err := listing.Finish(response.Result); err != nil {
			return nil, r.refuse(err)
		}
		return nil, io.EOF
	} else if err != nil {
		return nil, err
	}
	entries, err := listing.Take(r.piece)
	for _, entry := range entries {
		if err == nil && leadsAway(method, entry, path) {
			err = &wire.ProtocolError{Detail: method + ": an entry is not below " + path}
		}
	}
	if err != nil {
		return nil, r.refuse(err)
	}
	r.consume(len(r.piece))
	return entries, nil
}

// refuse closes the channel, for what the driver has sent, and returns the error for that.
func (r *reader) refuse(breach error) error {
	if !r.over {
		r.over = true
		r.driver.drop(r.call.link)
	}
	r.piece = nil
	r.err = r.driver.failure(r.call, breach)
	return r.err
}

// leadsAway tells whether an entry is of another place than what is listed.
func leadsAway(method string, entry []any, path string) bool {
	switch method {
	case "List":
		name := entry[0].(string)
		return name == "" || name == "." || name == ".." || strings.Contains(name, "/")
	case "Walk":
		return !below(entry[0].(string), path)
	default:
		return entry[1].(string) != path && !below(entry[1].(string), path)
	}
}
