package storagedriver

import (
	"reflect"
	"testing"

	"storagedriver.example/go/internal/vectors"
	"storagedriver.example/go/internal/wire"
)

func TestErrorVectors(t *testing.T) {
	var file struct {
		Title  string
		Accept []struct {
			Name    string
			Bytes   vectors.Bytes
			Meaning map[string]any
			Class   Code
		}
		Reject []struct {
			Name, Reason string
			Bytes        vectors.Bytes
			Lenient      bool
		}
	}
	vectors.Read(t, "errors.json", &file)
	decode := func(t *testing.T, data []byte) (*Error, bool) {
		given, err := wire.UnpackMap(data)
		if err != nil {
			t.Fatal(err)
		}
		return DecodeError(given)
	}
	for _, vector := range file.Accept {
		t.Run(vector.Name, func(t *testing.T) {
			decoded, ok := decode(t, vector.Bytes)
			if !ok {
				t.Fatal("refused")
			}
			if class := classOf(decoded.Code); class != vector.Class {
				t.Errorf("treated as %s, should be %s", class, vector.Class)
			}
			meaning := vectors.Value(t, vector.Meaning).(map[string]any)
			compare(t, decoded, meaning)
			encoded, err := wire.AppendValue(nil, errorToWire(decoded))
			if err != nil {
				t.Fatal(err)
			}
			again, ok := decode(t, encoded)
			if !ok {
				t.Fatal("what was encoded is refused")
			}
			compare(t, again, meaning)
		})
	}
	for _, vector := range file.Reject {
		t.Run(vector.Name, func(t *testing.T) {
			if _, ok := decode(t, vector.Bytes); ok {
				t.Errorf("should be refused: %s", vector.Reason)
			}
		})
	}
}

func classOf(code Code) Code {
	if _, known := fieldsOf[code]; known {
		return code
	}
	return Internal
}

func compare(t *testing.T, decoded *Error, meaning map[string]any) {
	t.Helper()
	got := vectors.Normal(errorToWire(decoded)).(map[string]any)
	if meaning["message"] == nil {
		got["message"] = nil
	}
	if !reflect.DeepEqual(got, meaning) {
		t.Errorf("got  %#v\nwant %#v", got, meaning)
	}
}

func TestVersionVectors(t *testing.T) {
	var file struct {
		Title  string
		Accept []struct {
			Name, Text   string
			Major, Minor int
		}
		Reject []struct{ Name, Text, Reason string }
		Agree  []struct {
			Name, Host, Oldest, Driver string
			Speak                      *string
		}
	}
	vectors.Read(t, "versions.json", &file)
	for _, vector := range file.Accept {
		t.Run(vector.Name, func(t *testing.T) {
			version, err := ParseVersion(vector.Text)
			if err != nil || version != (Version{vector.Major, vector.Minor}) {
				t.Errorf("%v, %v", version, err)
			}
		})
	}
	for _, vector := range file.Reject {
		t.Run(vector.Name, func(t *testing.T) {
			if _, err := ParseVersion(vector.Text); err == nil {
				t.Errorf("should be refused: %s", vector.Reason)
			}
		})
	}
	parse := func(text string) Version {
		version, err := ParseVersion(text)
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	for _, vector := range file.Agree {
		t.Run(vector.Name, func(t *testing.T) {
			version, ok := Agree(parse(vector.Host), parse(vector.Oldest), parse(vector.Driver))
			if ok != (vector.Speak != nil) || ok && version.String() != *vector.Speak {
				t.Errorf("%v, %v", version, ok)
			}
		})
	}
}
