package filesystem

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"time"

	sd "storagedriver.example/go/storagedriver"
)

// A week: what the registry of 2015 gave an upload before it was purged.
const defaultUploadExpiry = 7 * 24 * time.Hour

type options struct {
	root         string
	durability   durability
	uploadExpiry time.Duration
}

// parseOptions checks the parameters before any I/O.
func parseOptions(parameters sd.Parameters) (*options, error) {
	if err := parameters.CheckKnown("durability", "rootdirectory", "uploadexpiry"); err != nil {
		return nil, err
	}
	o := &options{durability: full, uploadExpiry: defaultUploadExpiry}
	directory, ok := parameters["rootdirectory"].(string)
	if !ok || !filepath.IsAbs(directory) || strings.Contains(directory, "\x00") {
		// The value is not shown: it may be anything, also a secret in the wrong place.
		return nil, sd.ParameterError("rootdirectory", "is required and must be an absolute path")
	}
	o.root = directory
	if given, ok := parameters["durability"]; ok {
		text, _ := given.(string)
		switch o.durability = durability(text); o.durability {
		case full, contents, nothing:
		default:
			return nil, sd.ParameterError("durability", "must be one of full, file, none")
		}
	}
	if given, ok := parameters["uploadexpiry"]; ok {
		number, _ := given.(json.Number)
		seconds, err := number.Float64()
		if err != nil || seconds < 0 {
			return nil, sd.ParameterError("uploadexpiry", "must be a number of seconds, 0 or more")
		}
		o.uploadExpiry = time.Duration(min(seconds*float64(time.Second), math.MaxInt64/2))
	}
	return o, nil
}
