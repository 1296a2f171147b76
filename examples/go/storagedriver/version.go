package storagedriver

import (
	"fmt"
	"regexp"
	"strconv"
)

// Version is a version of the contract and the wire together.
type Version struct {
	Major, Minor int
}

// CurrentVersion is the one that this library speaks.
var CurrentVersion = Version{0, 1}

var versionPattern = regexp.MustCompile(`\A([0-9]{1,9})\.([0-9]{1,9})\z`)

// ParseVersion reads "Major.Minor". It fails if text is anything else.
func ParseVersion(text string) (Version, error) {
	match := versionPattern.FindStringSubmatch(text)
	if match == nil {
		return Version{}, fmt.Errorf("%.40q is no version", text)
	}
	major, _ := strconv.Atoi(match[1])
	minor, _ := strconv.Atoi(match[2])
	return Version{major, minor}, nil
}

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Agree returns the version that a host, which still speaks its major's minors from oldest on, and
// a driver speak with each other.
func Agree(host, oldest, driver Version) (Version, bool) {
	if host.Major != driver.Major || driver.Minor < oldest.Minor {
		return Version{}, false
	}
	return Version{host.Major, min(host.Minor, driver.Minor)}, true
}
