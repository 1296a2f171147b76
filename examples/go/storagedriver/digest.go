package storagedriver

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
)

// Digest is what a content should have: write the content to it, then ask.
type Digest struct {
	hash.Hash
	text     string
	expected string
}

// Of what a host sends to be compared with nothing depends on the strength of the algorithm.
var digests = map[string]func() hash.Hash{
	"md5":      md5.New,
	"sha1":     sha1.New,
	"sha224":   sha256.New224,
	"sha256":   sha256.New,
	"sha384":   sha512.New384,
	"sha512":   sha512.New,
	"sha3_256": func() hash.Hash { return sha3.New256() },
	"sha3_512": func() hash.Hash { return sha3.New512() },
}

var digestPattern = regexp.MustCompile(`\A([a-z0-9_-]+):([0-9a-f]+)\z`)

// ParseDigest reads algorithm:hex, in lower case. It fails with InvalidParameters.
func ParseDigest(text string) (*Digest, error) {
	match := digestPattern.FindStringSubmatch(text)
	if match == nil {
		return nil, ParameterError("digest", "must be algorithm:hex, in lower case")
	}
	make, known := digests[match[1]]
	if !known {
		return nil, ParameterError("digest", fmt.Sprintf("the algorithm %.40s is not known", match[1]))
	}
	digest := &Digest{make(), text, match[2]}
	if digits := 2 * digest.Size(); len(match[2]) != digits {
		return nil, ParameterError("digest", fmt.Sprintf("has not %d hexadecimal digits", digits))
	}
	return digest, nil
}

// String returns the text that was parsed.
func (d *Digest) String() string { return d.text }

// Matches tells whether all that was written has the digest.
func (d *Digest) Matches() bool { return hex.EncodeToString(d.Sum(nil)) == d.expected }
