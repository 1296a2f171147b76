// Package vectors reads the test vectors of the protocol: PROTOCOL.md, section 16. Only tests use it.
package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Directory is where the vectors are: STORAGEDRIVER_VECTORS, or their place in the repository.
func Directory() string {
	if directory := os.Getenv("STORAGEDRIVER_VECTORS"); directory != "" {
		return directory
	}
	_, file, _, _ := runtime.Caller(0)
	module := filepath.Join(filepath.Dir(file), "..", "..")
	return filepath.Join(module, "..", "..", "ipc", "spec", "vectors")
}

// Read decodes one file of vectors into target, numbers as json.Number where there is no type.
func Read(t *testing.T, name string, target any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Directory(), name))
	if err != nil {
		t.Fatalf("%v; STORAGEDRIVER_VECTORS says where the vectors are", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// Bytes are hexadecimal text, or parts to be joined, each a text or [text, times].
type Bytes []byte

// UnmarshalJSON reads either form.
func (b *Bytes) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		decoded, err := hex.DecodeString(text)
		*b = decoded
		return err
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	*b = []byte{}
	for _, part := range parts {
		times := 1
		if json.Unmarshal(part, &text) != nil {
			if err := json.Unmarshal(part, &[]any{&text, &times}); err != nil {
				return err
			}
		}
		decoded, err := hex.DecodeString(strings.Repeat(text, times))
		if err != nil {
			return err
		}
		*b = append(*b, decoded...)
	}
	return nil
}

// Value returns a meaning as a value of the wire. Whole numbers are int64, also those with ".0".
func Value(t *testing.T, meaning any) any {
	t.Helper()
	switch meaning := meaning.(type) {
	case json.Number:
		return number(t, string(meaning))
	case []any:
		items := make([]any, len(meaning))
		for i, item := range meaning {
			items[i] = Value(t, item)
		}
		return items
	case map[string]any:
		if value, ok := special(t, meaning); ok {
			return value
		}
		pairs := make(map[string]any, len(meaning))
		for key, value := range meaning {
			pairs[key] = Value(t, value)
		}
		return pairs
	}
	return meaning
}

func special(t *testing.T, meaning map[string]any) (any, bool) {
	if text, ok := meaning["$integer"].(string); ok {
		return number(t, text), true
	}
	for _, key := range []string{"$binary", "$text"} {
		given, ok := meaning[key]
		if !ok {
			continue
		}
		data, err := json.Marshal(given)
		if err != nil {
			t.Fatal(err)
		}
		var decoded Bytes
		if err := decoded.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		if key == "$text" {
			return string(decoded), true
		}
		return []byte(decoded), true
	}
	return nil, false
}

func number(t *testing.T, text string) any {
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole
	}
	if whole, err := strconv.ParseUint(text, 10, 64); err == nil {
		return whole
	}
	float, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return Normal(float)
}

// Normal returns a value of the wire with each float that is a whole number as int64, as numbers
// are compared by value.
func Normal(value any) any {
	switch value := value.(type) {
	case float64:
		if whole := int64(value); float64(whole) == value {
			return whole
		}
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = Normal(item)
		}
		return items
	case map[string]any:
		pairs := make(map[string]any, len(value))
		for key, item := range value {
			pairs[key] = Normal(item)
		}
		return pairs
	}
	return value
}
