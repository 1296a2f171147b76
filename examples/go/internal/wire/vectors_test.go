package wire

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"storagedriver.example/go/internal/vectors"
)

func TestMessages(t *testing.T) {
	var file struct {
		Title  string
		Accept []struct {
			Name      string
			Header    vectors.Bytes
			Content   vectors.Bytes
			Message   map[string]any
			Canonical bool
		}
	}
	vectors.Read(t, "messages.json", &file)
	for _, vector := range file.Accept {
		t.Run(vector.Name, func(t *testing.T) {
			message, err := Decode(vector.Header, vector.Content)
			if err != nil {
				t.Fatal(err)
			}
			want := vectors.Value(t, vector.Message)
			compare(t, elementsOf(message), want)
			header, content, err := AppendHeader(nil, message)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Decode(header, content)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, elementsOf(again), want)
			if vector.Canonical && len(header) != len(vector.Header) {
				t.Errorf("encoded in %d bytes, the canonical form has %d", len(header), len(vector.Header))
			}
		})
	}
}

func TestRejects(t *testing.T) {
	var file struct {
		Title  string
		Reject []struct {
			Name, Reason    string
			Header, Content vectors.Bytes
			Lenient         bool
		}
	}
	vectors.Read(t, "rejects.json", &file)
	for _, vector := range file.Reject {
		t.Run(vector.Name, func(t *testing.T) {
			_, err := Decode(vector.Header, vector.Content)
			mustRefuse(t, err, vector.Reason)
		})
	}
}

func TestCalls(t *testing.T) {
	type call struct {
		Name, Method, Part, Reason string
		Bytes                      vectors.Bytes
		Meaning                    map[string]any
		Lenient                    bool
	}
	var file struct {
		Title          string
		Accept, Reject []call
	}
	vectors.Read(t, "calls.json", &file)
	check := func(vector call) (map[string]any, error) {
		given, err := UnpackMap(vector.Bytes)
		if err != nil {
			return nil, err
		}
		switch vector.Part {
		case "params":
			return CheckParams(vector.Method, given)
		case "result":
			return CheckResult(vector.Method, given)
		default:
			return CheckInfo(vector.Method, given)
		}
	}
	for _, vector := range file.Accept {
		t.Run(vector.Name, func(t *testing.T) {
			checked, err := check(vector)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, checked, vectors.Value(t, vector.Meaning))
		})
	}
	for _, vector := range file.Reject {
		t.Run(vector.Name, func(t *testing.T) {
			_, err := check(vector)
			mustRefuse(t, err, vector.Reason)
		})
	}
}

func TestListings(t *testing.T) {
	type listing struct {
		Name, Method, Reason string
		Chunks               []vectors.Bytes
		Entries              []any
		Lenient              bool
	}
	var file struct {
		Title          string
		Accept, Reject []listing
	}
	vectors.Read(t, "listings.json", &file)
	decode := func(vector listing) ([]any, error) {
		entries := []any{}
		listing := NewListing(vector.Method)
		for _, chunk := range vector.Chunks {
			decoded, err := listing.Take(chunk)
			if err != nil {
				return nil, err
			}
			for _, entry := range decoded {
				entries = append(entries, entry)
			}
		}
		return entries, nil
	}
	for _, vector := range file.Accept {
		t.Run(vector.Name, func(t *testing.T) {
			entries, err := decode(vector)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, entries, vectors.Value(t, vector.Entries))
		})
	}
	for _, vector := range file.Reject {
		t.Run(vector.Name, func(t *testing.T) {
			_, err := decode(vector)
			mustRefuse(t, err, vector.Reason)
		})
	}
}

func TestTimes(t *testing.T) {
	type moment struct {
		Name, Meaning, Reason string
		Bytes                 vectors.Bytes
		Canonical, Lenient    bool
	}
	var file struct {
		Title          string
		Accept, Reject []moment
	}
	vectors.Read(t, "times.json", &file)
	decode := func(vector moment) (time.Time, error) {
		value, _, err := unpack(vector.Bytes, MaxNestingLevels)
		if err != nil {
			return time.Time{}, err
		}
		return TimeFromWire(value)
	}
	for _, vector := range file.Accept {
		t.Run(vector.Name, func(t *testing.T) {
			decoded, err := decode(vector)
			if err != nil {
				t.Fatal(err)
			}
			// The vectors' meanings are cut to microseconds.
			if got := decoded.Format("2006-01-02T15:04:05.000000Z"); got != vector.Meaning {
				t.Errorf("%s, should be %s", got, vector.Meaning)
			}
			if !vector.Canonical {
				return
			}
			encoded, err := AppendValue(nil, TimeToWire(decoded))
			if err != nil || string(encoded) != string(vector.Bytes) {
				t.Errorf("encoded as %x, should be %x (%v)", encoded, []byte(vector.Bytes), err)
			}
		})
	}
	for _, vector := range file.Reject {
		t.Run(vector.Name, func(t *testing.T) {
			_, err := decode(vector)
			mustRefuse(t, err, vector.Reason)
		})
	}
}

func compare(t *testing.T, got, want any) {
	t.Helper()
	if got = vectors.Normal(got); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func mustRefuse(t *testing.T, err error, reason string) {
	t.Helper()
	if _, ok := err.(*ProtocolError); !ok {
		t.Errorf("should be refused: %s; got %v", reason, err)
	}
}

// elementsOf returns a message as the vectors write it.
func elementsOf(m *Message) map[string]any {
	elements := map[string]any{"kind": m.Kind.String()}
	if m.Kind != Attach && m.Kind != Close {
		elements["id"] = int64(m.ID)
	}
	orNil := func(pairs map[string]any) any {
		if pairs == nil {
			return nil
		}
		return pairs
	}
	switch m.Kind {
	case Request:
		elements["method"], elements["params"] = m.Method, m.Params
	case Response:
		elements["error"], elements["result"] = orNil(m.Error), orNil(m.Result)
	case Credit:
		elements["bytes"] = m.Bytes
	case Attach:
		elements["token"], elements["version"], elements["pid"] = m.Token, m.Version, int64(m.PID)
	case Start:
		elements["info"] = m.Info
	}
	if strings.Contains("REQUEST RESPONSE CHUNK END", m.Kind.String()) {
		elements["content"] = nil
		if m.Content != nil {
			elements["content"] = m.Content
		}
	}
	return elements
}
