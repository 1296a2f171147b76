package wire

import (
	"encoding/hex"
	"testing"
)

// FuzzDecode looks for bytes that make Decode do anything but return: go test -fuzz FuzzDecode.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"9406a26b31a3302e3107", "930201c4026869", "9108",
		"940001a5265616453747265616d83a470617468a22f61a66f666673657400a6637265646974cd4000",
		"dc0401a161c2", "82a17801a17801", "9191919191919191919191919191919191", "c1", "df00ffffff",
	} {
		data, err := hex.DecodeString(seed)
		if err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		message, err := Decode(data, nil)
		if err != nil {
			if _, ok := err.(*ProtocolError); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if _, _, err := AppendHeader(nil, message); err != nil && len(data) < MaxHeaderBytes/9 {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		for method := range Calls {
			_, _ = CheckParams(method, message.Params)
			if IsListing(method) {
				_, _ = NewListing(method).Take(data)
			}
		}
	})
}
