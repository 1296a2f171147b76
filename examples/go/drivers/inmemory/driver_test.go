package inmemory

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	sd "storagedriver.example/go/storagedriver"
)

func newDriver(t *testing.T) *Driver {
	t.Helper()
	made, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return made.(*Driver)
}

func get(t *testing.T, d *Driver, path string, offset int64) string {
	t.Helper()
	stream, err := d.ReadStream(t.Context(), path, offset)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(stream.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestParametersAreRefused(t *testing.T) {
	if _, err := New(sd.Parameters{"a": true}); !errors.Is(err, sd.InvalidParameters) {
		t.Errorf("got %v", err)
	}
}

func TestWritesAtEveryOffset(t *testing.T) {
	d, whole := newDriver(t), strings.Repeat("0123456789", 20_000)
	for _, first := range []int{0, 1, 70_000, 150_000} {
		for _, second := range []int{0, 1, 65_536, 149_999} {
			second = min(second, first)
			must(t, d.PutContent(t.Context(), "/a", []byte(whole[:first])))
			for _, from := range []int{first, second} {
				written, err := d.WriteStream(t.Context(), "/a", int64(from), strings.NewReader(whole[from:]))
				if err != nil || written != int64(len(whole)-from) {
					t.Fatalf("%d at %d: %v", written, from, err)
				}
			}
			if got := get(t, d, "/a", int64(second)); got != whole[second:] {
				t.Fatalf("%d, %d: %d bytes", first, second, len(got))
			}
		}
	}
}

func TestAnOpenStreamKeepsWhatItHasOpened(t *testing.T) {
	d := newDriver(t)
	must(t, d.PutContent(t.Context(), "/a", []byte("old content")))
	stream, err := d.ReadStream(t.Context(), "/a", 0)
	must(t, err)
	_, err = d.WriteStream(t.Context(), "/a", 3, strings.NewReader("!"))
	must(t, err)
	if content, err := io.ReadAll(stream.Reader); string(content) != "old content" {
		t.Errorf("%q, %v", content, err)
	}
	if content := get(t, d, "/a", 0); content != "old!" {
		t.Errorf("%q", content)
	}
}

func TestManySmallAppendsAreJoined(t *testing.T) {
	var content segments
	for range 10_000 {
		content = content.appended(segments{[]byte("0123456789")})
	}
	if len(content) > 2 || content.size() != 100_000 {
		t.Errorf("%d segments, %d bytes", len(content), content.size())
	}
}

func TestASharedSegmentIsNotWrittenTo(t *testing.T) {
	content := segments{[]byte("0123456789")}
	one := content.cut(5).appended(segments{[]byte("one")})
	two := content.cut(5).appended(segments{[]byte("two")})
	joined := bytes.Join(append(append(content, one...), two...), []byte(","))
	if string(joined) != "0123456789,01234one,01234two" {
		t.Errorf("%s", joined)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
