package host

import (
	"fmt"
	"regexp"
	"strings"

	"storagedriver.example/go/storagedriver"
)

// What common file systems allow for one name, and what S3 allows for a key.
const (
	maxComponentBytes = 255
	maxPathBytes      = 1024
)

var (
	strictPath  = regexp.MustCompile(`\A(/[a-z0-9]+([._-][a-z0-9]+)*)+\z`)
	relaxedPath = regexp.MustCompile(`\A(/[A-Za-z0-9._-]+)+\z`)
)

// checkPath fails with InvalidPath unless path may name an object or a directory below the root.
func (d *Driver) checkPath(path string) error {
	reason := d.pathFault(path)
	if reason == "" {
		return nil
	}
	return d.named(storagedriver.PathError(storagedriver.InvalidPath, path).Because(reason, nil))
}

// checkPathOrRoot allows / too, for List, Walk, Stat and Uploads.
func (d *Driver) checkPathOrRoot(path string) error {
	if path == "/" {
		return nil
	}
	return d.checkPath(path)
}

func (d *Driver) pathFault(path string) string {
	// Length first: matching a megabyte of nonsense would cost time for the same answer.
	if len(path) > maxPathBytes {
		return fmt.Sprintf("longer than %d bytes", maxPathBytes)
	}
	rule := strictPath
	if d.options.RelaxedPaths {
		rule = relaxedPath
	}
	if !rule.MatchString(path) {
		return "it does not follow the path rule"
	}
	for component := range strings.SplitSeq(path[1:], "/") {
		if component == "." || component == ".." {
			return "it does not follow the path rule"
		}
		if len(component) > maxComponentBytes {
			return fmt.Sprintf("it has a component longer than %d bytes", maxComponentBytes)
		}
	}
	return ""
}

// checkPlace holds a path and an offset, in this order.
func (d *Driver) checkPlace(path string, offset int64) error {
	if err := d.checkPath(path); err != nil {
		return err
	}
	if offset < 0 {
		return d.named(storagedriver.OffsetError(path, offset))
	}
	return nil
}

// below tells whether a path is in a directory, at any depth.
func below(path, directory string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(directory, "/")+"/")
}
