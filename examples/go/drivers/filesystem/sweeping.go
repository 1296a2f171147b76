package filesystem

import (
	"regexp"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// How old a staging file is that a sweep removes. For an instant after it was made a live one is
	// not locked; an hour is beyond that by far.
	staleTime = time.Hour

	// While an upload is opened or ends one half of it is there for an instant. One that is older
	// than this was left by a crash.
	halfMadeTime = time.Hour
)

var stagedPattern = regexp.MustCompile(`\A[0-9a-f]{32}~\z`)

// sweepStaged removes what crashes have left in a directory. What cannot be removed stays.
func sweepStaged(directory int) {
	entries, err := readDir(directory)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !stagedPattern.MatchString(entry.Name()) {
			continue
		}
		s, err := statIn(directory, entry.Name())
		if err == nil && time.Since(modTime(&s)) > staleTime {
			removeUnlocked(directory, entry.Name())
		}
	}
}

func removeUnlocked(directory int, name string) {
	// For writing, as some file systems lock by nothing less.
	file, err := openFile(directory, name, forBoth)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	if lock(file, unix.LOCK_EX|unix.LOCK_NB) == nil {
		_ = remove(directory, name)
	}
}

// sweepUploads removes uploads that nobody has written to for so long, none if it is 0, and what is no
// upload. What cannot be removed stays.
func (r *root) sweepUploads(expiry time.Duration) {
	_ = r.eachUpload(contentSuffix, func(directory int, id string) error {
		path, err := readPath(directory, id)
		age := expiry
		if path == "" {
			age = halfMadeTime
		}
		if err == nil && age > 0 {
			removeStale(directory, id, age)
		}
		return err
	})
	_ = r.eachUpload(pathSuffix, func(directory int, id string) error {
		_, err := statIn(directory, id+contentSuffix)
		s, pathErr := statIn(directory, id+pathSuffix)
		isOld := pathErr == nil && time.Since(modTime(&s)) > halfMadeTime
		if isAny(err, unix.ENOENT) && isOld {
			return remove(directory, id+pathSuffix)
		}
		return nil
	})
}

func removeStale(directory int, id string, age time.Duration) {
	s, err := statIn(directory, id+contentSuffix)
	if err != nil || time.Since(modTime(&s)) <= age {
		return
	}
	file, err := openContent(directory, id)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	if lock(file, unix.LOCK_EX|unix.LOCK_NB) != nil {
		return
	}
	// Looked at again: a writer may have come by, and gone with it.
	own, err := statOf(file)
	there, thereErr := statIn(directory, id+contentSuffix)
	if err == nil && thereErr == nil && isSame(&own, &there) && time.Since(modTime(&own)) > age {
		removeUpload(directory, id)
	}
}
