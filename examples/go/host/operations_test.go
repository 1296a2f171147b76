package host

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"storagedriver.example/go/storagedriver"
)

func TestEveryOperation(t *testing.T) {
	forSubjects(t, func(t *testing.T, d *Driver) {
		for name, part := range map[string]func(t *testing.T, d *Driver){
			"contents": contents, "streams": streams, "directories": directories, "moves": moves,
			"uploads": uploads, "refusals": refusals,
		} {
			t.Run(name, func(t *testing.T) { part(t, d) })
		}
		if _, err := d.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if d.Version() != storagedriver.CurrentVersion || d.Err() != nil {
			t.Errorf("%v, %v", d.Version(), d.Err())
		}
	})
}

func contents(t *testing.T, d *Driver) {
	for _, size := range []int{0, 1, 16 << 10, 16<<10 + 1, 1 << 20, 1<<20 + 1, 5 << 20} {
		content := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		put(t, d, "/contents/a", content)
		got, err := d.GetContent(t.Context(), "/contents/a")
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
	}
}

func streams(t *testing.T, d *Driver) {
	ctx := t.Context()
	// One byte at a time: small pieces are gathered.
	written, err := d.WriteStream(ctx, "/streams/a", 0, iotest.OneByteReader(strings.NewReader("0123456789")))
	if err != nil || written != 10 {
		t.Fatal(written, err)
	}
	written, err = d.WriteStream(ctx, "/streams/a", 5, strings.NewReader("abc"))
	if err != nil || written != 3 {
		t.Fatal(written, err)
	}
	stream, err := d.ReadStream(ctx, "/streams/a", 2)
	must(t, err)
	content, err := io.ReadAll(stream.Reader)
	if err != nil || string(content) != "234abc" || stream.Size != 8 || len(stream.Version) == 0 {
		t.Errorf("%q of %+v, %v", content, stream, err)
	}
	must(t, stream.Reader.Close())
	stream, err = d.ReadStream(ctx, "/streams/a", 100)
	must(t, err)
	if content, err := io.ReadAll(stream.Reader); err != nil || len(content) != 0 {
		t.Errorf("beyond the end: %q, %v", content, err)
	}
	must(t, stream.Reader.Close())
	must(t, stream.Reader.Close())
	if _, err := stream.Reader.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("a closed stream reads: %v", err)
	}
}

func directories(t *testing.T, d *Driver) {
	ctx := t.Context()
	objects := []string{"/tree/a", "/tree/a-b", "/tree/a.b", "/tree/b/c", "/tree/b/d/e"}
	for _, path := range objects {
		put(t, d, path, []byte(path))
	}
	names, err := d.List(ctx, "/tree")
	if err != nil || !slices.Equal(names, []string{"a", "a-b", "a.b", "b"}) {
		t.Errorf("%q, %v", names, err)
	}
	if walked := walk(t, d, "/tree", ""); !slices.Equal(walked, objects) {
		t.Errorf("%q", walked)
	}
	if walked := walk(t, d, "/tree", "/tree/a.b"); !slices.Equal(walked, objects[3:]) {
		t.Errorf("%q", walked)
	}
	for range d.Walk(ctx, "/tree", "") {
		break
	}
	info, err := d.Stat(ctx, "/tree/a")
	if err != nil || info.Size != 7 || info.IsDir || time.Since(info.ModTime).Abs() > time.Hour {
		t.Errorf("%+v, %v", info, err)
	}
	info, err = d.Stat(ctx, "/")
	if err != nil || !info.IsDir || !info.ModTime.IsZero() {
		t.Errorf("%+v, %v", info, err)
	}
}

func walk(t *testing.T, d *Driver, path, startAfter string) (paths []string) {
	t.Helper()
	for info, err := range d.Walk(context.Background(), path, startAfter) {
		must(t, err)
		if info.Size != int64(len(info.Path)) || info.ModTime.IsZero() {
			t.Errorf("%+v", info)
		}
		paths = append(paths, info.Path)
	}
	return paths
}

func moves(t *testing.T, d *Driver) {
	ctx := t.Context()
	put(t, d, "/moves/a", []byte("a"))
	must(t, d.Move(ctx, "/moves/a", "/moved/a"))
	if content, err := d.GetContent(ctx, "/moved/a"); string(content) != "a" {
		t.Errorf("%q, %v", content, err)
	}
	must(t, d.Delete(ctx, "/moved"))
	if _, err := d.Stat(ctx, "/moved/a"); !errors.Is(err, storagedriver.PathNotFound) {
		t.Error(err)
	}
}

func uploads(t *testing.T, d *Driver) {
	ctx := t.Context()
	first, err := d.OpenUpload(ctx, "/uploads/a", "")
	must(t, err)
	must(t, first.Write(ctx, []byte("first, ")))
	must(t, first.Close())
	if err := first.Write(ctx, nil); err == nil {
		t.Error("a closed upload takes content")
	}
	infos, err := d.Uploads(ctx, "/uploads")
	if err != nil || len(infos) != 1 || infos[0].ID != first.ID() || infos[0].Size != 7 || infos[0].Path != "/uploads/a" {
		t.Errorf("%+v, %v", infos, err)
	}
	again, err := d.OpenUpload(ctx, "/uploads/a", first.ID())
	must(t, err)
	// Whoever opened it before shares what is open of it, and lets go of that.
	other, err := d.OpenUpload(ctx, "/uploads/a", first.ID())
	must(t, err)
	must(t, other.Close())
	must(t, again.Write(ctx, bytes.Repeat([]byte("x"), 3<<20)))
	digest, err := storagedriver.ParseDigest("md5:" + strings.Repeat("0", 32))
	must(t, err)
	if err := again.Commit(ctx, again.Size(), digest); !errors.Is(err, storagedriver.ChecksumMismatch) {
		t.Error(err)
	}
	must(t, again.Commit(ctx, 7+3<<20, nil))
	if info, err := d.Stat(ctx, "/uploads/a"); err != nil || info.Size != 7+3<<20 {
		t.Errorf("%+v, %v", info, err)
	}
	dropped, err := d.OpenUpload(ctx, "/uploads/b", "")
	must(t, err)
	must(t, dropped.Cancel(ctx))
	if _, err := d.OpenUpload(ctx, "/uploads/b", dropped.ID()); !errors.Is(err, storagedriver.PathNotFound) {
		t.Error(err)
	}
}

func refusals(t *testing.T, d *Driver) {
	ctx := t.Context()
	put(t, d, "/refusals/a", []byte("a"))
	_, offset := d.WriteStream(ctx, "/refusals/a", 2, strings.NewReader("x"))
	_, negative := d.ReadStream(ctx, "/refusals/a", -1)
	_, isDirectory := d.ReadStream(ctx, "/refusals", 0)
	_, nowhere := d.GetContent(ctx, "/refusals/none")
	_, object := d.List(ctx, "/refusals/a")
	_, url := d.URLFor(ctx, "/refusals/a", storagedriver.URLOptions{Expiry: time.Now()})
	_, method := d.URLFor(ctx, "/refusals/a", storagedriver.URLOptions{Method: "POST"})
	for _, one := range []struct {
		err  error
		code storagedriver.Code
	}{
		{offset, storagedriver.InvalidOffset}, {negative, storagedriver.InvalidOffset},
		{isDirectory, storagedriver.IsADirectory}, {nowhere, storagedriver.PathNotFound},
		{object, storagedriver.NotADirectory}, {url, storagedriver.UnsupportedMethod},
		{method, storagedriver.InvalidParameters},
		{d.PutContent(ctx, "/No", nil), storagedriver.InvalidPath},
		{d.Delete(ctx, "/"), storagedriver.InvalidPath},
		{d.Move(ctx, "/refusals/none", "/refusals/b"), storagedriver.PathNotFound},
		{d.PutContent(ctx, "/refusals/a/b", nil), storagedriver.NotADirectory},
	} {
		var failure *storagedriver.Error
		if !errors.As(one.err, &failure) || failure.Code != one.code || failure.Driver != d.Name() {
			t.Errorf("%v, should be %s", one.err, one.code)
		}
	}
	var failure *storagedriver.Error
	if errors.As(offset, &failure) && (failure.Stored == nil || *failure.Stored != 1 || failure.Offset != 2) {
		t.Errorf("%+v", failure)
	}
	for _, err := range d.Walk(ctx, "/refusals/none", "") {
		if !errors.Is(err, storagedriver.PathNotFound) {
			t.Error(err)
		}
	}
}

func TestADriverWithoutFeaturesIsWalkedByItsDirectories(t *testing.T) {
	d := begin(t, "go-plain", nil, Options{})
	directories(t, d)
	if _, err := d.Uploads(t.Context(), "/"); !errors.Is(err, storagedriver.UnsupportedMethod) {
		t.Error(err)
	}
}

func TestADriverWithOneChannelDoesAllByIt(t *testing.T) {
	ctx := t.Context()
	d := begin(t, "go-minimal", nil, Options{})
	contents(t, d)
	must(t, d.Delete(ctx, "/contents/a"))
	for _, path := range []string{"/a", "/b"} {
		put(t, d, path, bytes.Repeat([]byte("x"), 1<<20))
	}
	stream, err := d.ReadStream(ctx, "/a", 0)
	must(t, err)
	must(t, stream.Reader.Close())
	for info, err := range d.Walk(ctx, "/", "") {
		must(t, err)
		must(t, d.Delete(ctx, info.Path))
	}
	if names, err := d.List(ctx, "/"); err != nil || len(names) > 0 {
		t.Errorf("%q, %v", names, err)
	}
}

func TestANameThatLeadsAwayIsRefused(t *testing.T) {
	d := begin(t, "go-minimal", nil, Options{})
	put(t, d, "/a/b", nil) // listed as a/b
	if names, err := d.List(t.Context(), "/"); !errors.Is(err, storagedriver.ProtocolError) {
		t.Errorf("%q, %v", names, err)
	}
}

func TestADriverThatDoesNotAnswerMeanwhileHasItsChannelsBefore(t *testing.T) {
	d := begin(t, "go-mute", nil, Options{MaxChannels: 2})
	if len(d.pool.idle) != 2 || d.Has(storagedriver.Ping) {
		t.Errorf("%d channels", len(d.pool.idle))
	}
	put(t, d, "/a", make([]byte, 16<<20))
	stream, err := d.ReadStream(t.Context(), "/a", 0)
	must(t, err)
	must(t, stream.Reader.Close())
	if _, err := d.Ping(t.Context()); !errors.Is(err, storagedriver.UnsupportedMethod) {
		t.Error(err)
	}
}
