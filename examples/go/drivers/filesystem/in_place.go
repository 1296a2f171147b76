package filesystem

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// inPlace writes an object in place, at an offset. Readers see it grow, and what was stored stays when
// the write fails: so a write of any size needs no second copy, and can be continued.
//
// It is the io.Writer that the content goes to, and begins with the first piece: nothing is cut or
// made before the reader has shown that it can read.
type inPlace struct {
	parents *parents
	offset  int64
	file    *os.File
	oldTime unix.Timespec
}

// writeInPlace stores all of content, which ends the object behind it.
func (r *root) writeInPlace(path string, offset int64, content io.Reader, d durability) (written int64, err error) {
	if err := r.checkWrite(path, offset); err != nil {
		return 0, err
	}
	parents, err := newParents(r, path)
	if err != nil {
		return 0, err
	}
	defer func() { parents.close(err) }()
	w := &inPlace{parents: parents, offset: offset}
	defer w.close()
	if written, err = io.Copy(w, content); err == nil {
		err = w.begin() // if there was nothing to write
	}
	if err == nil {
		err = w.finish(d)
	}
	return written, contractError(err, path)
}

// checkWrite refuses a write before anything is read for it. It changes and makes nothing.
func (r *root) checkWrite(path string, offset int64) error {
	parents, err := newParents(r, path)
	if err != nil {
		return err
	}
	defer parents.close(nil)
	s, err := parents.look()
	if err != nil {
		return err
	}
	return checkOffset(s, path, offset)
}

func checkOffset(s *status, path string, offset int64) error {
	switch {
	case s == nil && offset == 0:
		return nil
	case s == nil:
		return sd.OffsetError(path, offset)
	case isDir(s):
		return sd.PathError(sd.IsADirectory, path)
	case !isRegular(s):
		return inTheWay(path)
	case offset > s.Size:
		return sd.OffsetError(path, offset)
	}
	return nil
}

// Write is that of io.Writer.
func (w *inPlace) Write(piece []byte) (int, error) {
	if err := w.begin(); err != nil {
		return 0, err
	}
	return w.file.Write(piece)
}

func (w *inPlace) begin() (err error) {
	if w.file != nil {
		return nil
	}
	if w.file, err = w.open(); err != nil {
		return err
	}
	s, err := statOf(w.file)
	if err == nil {
		err = checkOffset(&s, w.parents.path, w.offset) // as things may have changed
	}
	if err != nil {
		return err
	}
	w.oldTime = s.Mtim
	if s.Size > w.offset {
		if err := w.file.Truncate(w.offset); err != nil {
			return err
		}
	}
	_, err = w.file.Seek(w.offset, io.SeekStart)
	return err
}

func (w *inPlace) open() (file *os.File, err error) {
	p := w.parents
	if w.offset == 0 {
		err = p.place(func(directory int) error {
			file, err = openFile(directory, p.leaf, forWriting|unix.O_CREAT)
			return err
		})
		return file, err
	}
	s, err := p.look()
	if err == nil {
		err = checkOffset(s, p.path, w.offset)
	}
	if err != nil {
		return nil, err
	}
	return openFile(p.descriptor(), p.leaf, forWriting)
}

func (w *inPlace) finish(d durability) error {
	s, err := statOf(w.file)
	if err != nil {
		return err
	}
	if err := keepTime(w.file, &s, w.oldTime); err != nil {
		return err
	}
	if err := d.syncContent(w.file); err != nil {
		return err
	}
	// Some file systems report a failed write only now.
	if err := w.file.Close(); err != nil {
		return err
	}
	if w.offset > 0 {
		return nil
	}
	return w.parents.sync(d) // the object may be new
}

func (w *inPlace) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
}
