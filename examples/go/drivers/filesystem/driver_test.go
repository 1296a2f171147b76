package filesystem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

func newDriver(t *testing.T, root string) *Driver {
	t.Helper()
	made, err := New(sd.Parameters{"rootdirectory": root})
	if err != nil {
		t.Fatal(err)
	}
	return made.(*Driver)
}

func put(t *testing.T, d *Driver, path, content string) {
	t.Helper()
	if err := d.PutContent(t.Context(), path, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, d *Driver, path string) string {
	t.Helper()
	stream, err := d.ReadStream(t.Context(), path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Reader.Close() }()
	content, err := io.ReadAll(stream.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustBe(t *testing.T, err error, code sd.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("got %v, should be %s", err, code)
	}
}

// age lets a file look as old as that.
func age(t *testing.T, file string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	must(t, os.Chtimes(file, then, then))
}

func TestParametersAreChecked(t *testing.T) {
	for _, parameters := range []sd.Parameters{
		{},
		{"rootdirectory": "relative"},
		{"rootdirectory": true},
		{"rootdirectory": "/\x00"},
		{"rootdirectory": "/tmp", "unknown": true},
		{"rootdirectory": "/tmp", "durability": "some"},
		{"rootdirectory": "/tmp", "uploadexpiry": json.Number("-1")},
		{"rootdirectory": "/tmp", "uploadexpiry": "1"},
	} {
		_, err := New(parameters)
		mustBe(t, err, sd.InvalidParameters)
	}
}

func TestNothingOutsideTheRootIsReached(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(outside+"/secret", []byte("secret"), 0o600))
	must(t, os.Symlink(outside, root+"/directory"))
	must(t, os.Symlink(outside+"/secret", root+"/file"))
	d, ctx := newDriver(t, root), t.Context()
	for _, path := range []string{"/file", "/directory", "/directory/secret"} {
		_, err := d.ReadStream(ctx, path, 0)
		mustBe(t, err, sd.PermissionDenied)
		_, err = d.Stat(ctx, path)
		mustBe(t, err, sd.PermissionDenied)
		mustBe(t, d.PutContent(ctx, path, []byte("x")), sd.PermissionDenied)
		_, err = d.WriteStream(ctx, path, 0, strings.NewReader("x"))
		mustBe(t, err, sd.PermissionDenied)
		mustBe(t, d.Move(ctx, path, "/moved"), sd.PermissionDenied)
		mustBe(t, d.Delete(ctx, path), sd.PermissionDenied)
	}
	for _, path := range []string{"/../secret", "/a/../../x", "//x", "x", "/.staging~", "/", "/a\nb"} {
		mustBe(t, d.PutContent(ctx, path, []byte("x")), sd.InvalidPath)
	}
	if names, err := d.List(ctx, "/"); len(names) > 0 || err != nil {
		t.Errorf("%v, %v show", names, err)
	}
	if content, err := os.ReadFile(outside + "/secret"); string(content) != "secret" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestAFifoHoldsUpNobody(t *testing.T) {
	root := t.TempDir()
	must(t, unix.Mkfifo(root+"/fifo", 0o600))
	d := newDriver(t, root)
	_, err := d.ReadStream(t.Context(), "/fifo", 0)
	mustBe(t, err, sd.PermissionDenied)
	_, err = d.WriteStream(t.Context(), "/fifo", 0, strings.NewReader("x"))
	mustBe(t, err, sd.PermissionDenied)
}

// failing gives some content and then fails.
type failing struct{ left string }

var errReader = errors.New("the source fails")

func (f *failing) Read(buffer []byte) (int, error) {
	if f.left == "" {
		return 0, errReader
	}
	size := copy(buffer, f.left)
	f.left = f.left[size:]
	return size, nil
}

func TestAFailedWriteKeepsAPrefix(t *testing.T) {
	d := newDriver(t, t.TempDir())
	for offset, left := range map[int64]map[string]string{
		2: {"": "0123456789", "abc": "01abc"},
		0: {"": "0123456789", "abc": "abc"},
	} {
		for given, stored := range left {
			put(t, d, "/a", "0123456789")
			if _, err := d.WriteStream(t.Context(), "/a", offset, &failing{given}); !errors.Is(err, errReader) {
				t.Errorf("got %v", err)
			}
			if content := get(t, d, "/a"); content != stored {
				t.Errorf("%q after %q at %d", content, given, offset)
			}
		}
	}
	_, err := d.WriteStream(t.Context(), "/new/b", 0, &failing{})
	if _, statErr := d.Stat(t.Context(), "/new"); !errors.Is(err, errReader) || !errors.Is(statErr, sd.PathNotFound) {
		t.Errorf("%v, %v", err, statErr)
	}
}

func TestAnObjectThatIsCutWhileItIsRead(t *testing.T) {
	root := t.TempDir()
	d := newDriver(t, root)
	put(t, d, "/a", "0123456789")
	stream, err := d.ReadStream(t.Context(), "/a", 0)
	must(t, err)
	must(t, os.Truncate(root+"/a", 5))
	_, err = io.ReadAll(stream.Reader)
	mustBe(t, err, sd.ContentChanged)
	must(t, stream.Reader.Close())
}

func TestWhatIsReplacedKeepsItsPermissionsAndItsTime(t *testing.T) {
	root := t.TempDir()
	d := newDriver(t, root)
	put(t, d, "/a", "old")
	must(t, os.Chmod(root+"/a", 0o640))
	age(t, root+"/a", -time.Hour)
	before, err := os.Stat(root + "/a")
	must(t, err)
	put(t, d, "/a", "new")
	put(t, d, "/b", "moved")
	check := func(how string) {
		after, err := os.Stat(root + "/a")
		must(t, err)
		if after.ModTime().Before(before.ModTime()) || after.ModTime().After(before.ModTime().Add(time.Microsecond)) {
			t.Errorf("%s: the time was %s and is %s", how, before.ModTime(), after.ModTime())
		}
	}
	check("put")
	if after, _ := os.Stat(root + "/a"); after.Mode().Perm() != 0o640 {
		t.Errorf("mode %s", after.Mode())
	}
	_, err = d.WriteStream(t.Context(), "/a", 0, strings.NewReader("written"))
	must(t, err)
	check("write")
	must(t, d.Move(t.Context(), "/b", "/a"))
	check("move")
}

func TestLeftoversAreSwept(t *testing.T) {
	root := t.TempDir()
	staging := root + "/" + stagingName
	must(t, os.Mkdir(staging, 0o700))
	names := make(map[string]string)
	for i, kind := range []string{"stale", "young", "locked", "foreign"} {
		names[kind] = fmt.Sprintf("%s/%032x~", staging, i)
		if kind == "foreign" {
			names[kind] = staging + "/foreign"
		}
		must(t, os.WriteFile(names[kind], nil, 0o600))
		if kind != "young" {
			age(t, names[kind], 2*staleTime)
		}
	}
	locked, err := os.Open(names["locked"])
	must(t, err)
	defer func() { _ = locked.Close() }()
	must(t, lock(locked, unix.LOCK_EX))
	newDriver(t, root)
	for kind, name := range names {
		if _, err := os.Stat(name); os.IsNotExist(err) != (kind == "stale") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestDirectoriesThatHoldNothingAreInNobodysWay(t *testing.T) {
	root := t.TempDir()
	must(t, os.MkdirAll(root+"/a/b/c", 0o700))
	d := newDriver(t, root)
	_, err := d.List(t.Context(), "/a")
	mustBe(t, err, sd.PathNotFound)
	put(t, d, "/a", "an object now")
	must(t, d.Delete(t.Context(), "/a"))
	put(t, d, "/x/y/z", "deep")
	must(t, d.Delete(t.Context(), "/x/y/z"))
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 || entries[0].Name() != stagingName {
		t.Errorf("%v, %v are left", entries, err)
	}
}

func TestAWalkEndsWhenItsCallIsCancelled(t *testing.T) {
	d := newDriver(t, t.TempDir())
	put(t, d, "/a/b", "x")
	put(t, d, "/c", "x")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var failed error
	for info, err := range d.Walk(ctx, "/", "") {
		cancel()
		if failed = err; info.Path == "/c" {
			t.Error("it goes on")
		}
	}
	if !errors.Is(failed, context.Canceled) {
		t.Errorf("got %v", failed)
	}
}

func TestErrorsOfTheSystem(t *testing.T) {
	for number, code := range map[unix.Errno]sd.Code{
		unix.ENOENT: sd.PathNotFound, unix.ENOTDIR: sd.NotADirectory, unix.EISDIR: sd.IsADirectory,
		unix.ENOSPC: sd.NoSpace, unix.EROFS: sd.PermissionDenied, unix.EMFILE: sd.Throttled,
		unix.ENAMETOOLONG: sd.InvalidPath, unix.EIO: sd.Internal, unix.ESTALE: sd.Internal,
	} {
		err := contractError(&os.PathError{Op: "open", Path: "x", Err: number}, "/a")
		known := (*sd.Error)(nil)
		if !errors.As(err, &known) || known.Code != code {
			t.Errorf("%v: %v", number, err)
		}
		if isTemporary := number == unix.EMFILE || number == unix.ESTALE; known.Temporary != isTemporary {
			t.Errorf("%v: temporary %v", number, known.Temporary)
		}
	}
}

func TestTheRootIsMade(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a", "b")
	put(t, newDriver(t, root), "/x", "content")
	if content, err := os.ReadFile(root + "/x"); string(content) != "content" {
		t.Errorf("%q, %v", content, err)
	}
}
