package filesystem

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// An upload is two files in a directory of the root that no path leads to: its path, written and
// synced first, and its content, which appears at the path by a rename. It is there while both are.
// So a crash of its opening or of its end leaves at most a path without content, which is no upload,
// and which a sweep removes.
//
// Nobody holds an upload for long: each step locks the content, looks whether it is still an upload,
// and does one thing. The lock goes with the process.
const (
	uploadsName   = ".uploads~"
	contentSuffix = ".data~"
	pathSuffix    = ".path~"

	// Behind a path: what a power cut has cut short cannot pass for another path.
	pathEnd      = "\n"
	maxPathBytes = 4096
)

var idPattern = regexp.MustCompile(`\A[0-9a-f]{32}\z`)

// errNoUpload is what a step fails with when the upload is none any more.
var errNoUpload = errors.New("there is no such upload")

func noSuchUpload(path string) error {
	return sd.PathError(sd.PathNotFound, path).Because(errNoUpload.Error(), nil)
}

// makeUpload makes an upload, which is there after a power cut too.
func (r *root) makeUpload(path string, d durability) (id string, content *os.File, err error) {
	id = randomName()
	directory, isNew, err := r.openHidden(uploadsName)
	if err != nil {
		return "", nil, err
	}
	defer shut(directory)
	if isNew {
		if err := d.syncEntries(r.descriptor); err != nil {
			return "", nil, err
		}
	}
	defer func() {
		if err != nil {
			removeUpload(directory, id)
		}
	}()
	if err := writePath(directory, id, path, d); err != nil {
		return "", nil, err
	}
	if content, err = openFile(directory, id+contentSuffix, forMaking); err != nil {
		return "", nil, err
	}
	if err = d.syncEntries(directory); err != nil {
		_ = content.Close()
	}
	return id, content, err
}

func writePath(directory int, id, path string, d durability) error {
	file, err := openFile(directory, id+pathSuffix, forMaking)
	if err != nil {
		return err
	}
	_, err = file.WriteString(path + pathEnd)
	if err == nil {
		err = d.syncContent(file)
	}
	return errors.Join(err, file.Close())
}

// findUpload opens the content of an upload to a path. What is no id never comes near the file
// system.
func (r *root) findUpload(path, id string) (*os.File, error) {
	if !idPattern.MatchString(id) {
		return nil, noSuchUpload(path)
	}
	directory, err := open(r.descriptor, uploadsName, forListing)
	if isAny(err, unix.ENOENT) {
		return nil, noSuchUpload(path)
	}
	if err != nil {
		return nil, err
	}
	defer shut(directory)
	found, err := readPath(directory, id)
	if err != nil {
		return nil, err
	}
	if found != path {
		return nil, noSuchUpload(path)
	}
	file, err := openContent(directory, id)
	if isAny(err, unix.ENOENT) {
		return nil, noSuchUpload(path)
	}
	return file, err
}

// readPath returns the path of an upload, "" if there is none or it is no whole one.
func readPath(directory int, id string) (string, error) {
	file, err := openFile(directory, id+pathSuffix, forReading)
	if isAny(err, unix.ENOENT) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxPathBytes))
	if err != nil {
		return "", err
	}
	path, isWhole := strings.CutSuffix(string(content), pathEnd)
	if names, err := components(path); err != nil || !isWhole || len(names) == 0 {
		return "", nil
	}
	return path, nil
}

func openContent(directory int, id string) (*os.File, error) {
	name := id + contentSuffix
	file, err := openFile(directory, name, forBoth)
	if isAny(err, unix.EACCES) {
		// A commit that a crash has ended may have given it the permissions of a read-only object.
		_ = unix.Fchmodat(directory, name, 0o600, unix.AT_SYMLINK_NOFOLLOW)
		file, err = openFile(directory, name, forBoth)
	}
	if err != nil {
		return nil, err
	}
	if s, err := statOf(file); err != nil || !isRegular(&s) {
		_ = file.Close()
		return nil, errors.Join(err, unix.ENOENT)
	}
	return file, nil
}

// listUploads returns the uploads to prefix and below.
func (r *root) listUploads(prefix string) (infos []sd.UploadInfo, err error) {
	below := strings.TrimSuffix(prefix, "/") + "/"
	err = r.eachUpload(contentSuffix, func(directory int, id string) error {
		path, err := readPath(directory, id)
		if err != nil || path == "" || path != prefix && !strings.HasPrefix(path, below) {
			return err
		}
		s, err := statIn(directory, id+contentSuffix)
		if isAny(err, unix.ENOENT) {
			return nil // it has ended meanwhile
		}
		infos = append(infos, sd.UploadInfo{ID: id, Path: path, Size: s.Size, Time: modTime(&s)})
		return err
	})
	return infos, err
}

// eachUpload calls do for each half of an upload with a suffix, and returns all errors.
func (r *root) eachUpload(suffix string, do func(directory int, id string) error) error {
	directory, err := open(r.descriptor, uploadsName, forListing)
	if isAny(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer shut(directory)
	entries, err := readDir(directory)
	for _, entry := range entries {
		if id, ok := strings.CutSuffix(entry.Name(), suffix); ok && idPattern.MatchString(id) {
			err = errors.Join(err, do(directory, id))
		}
	}
	return err
}

// removeUpload removes the content first: without it there is no upload, whatever comes next.
func removeUpload(directory int, id string) {
	_ = remove(directory, id+contentSuffix)
	_ = remove(directory, id+pathSuffix)
}
