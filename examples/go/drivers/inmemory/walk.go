package inmemory

import (
	"cmp"
	"context"
	"slices"

	"storagedriver.example/go/storagedriver"
)

type entry struct {
	name string
	*node
}

// entries returns what stands directly in a directory, in no order.
func (d *Driver) entries(path string) ([]entry, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	found, err := d.tree.find(path)
	if err != nil {
		return nil, err
	}
	if !found.isDir() {
		return nil, storagedriver.PathError(storagedriver.NotADirectory, path)
	}
	entries := make([]entry, 0, len(found.entries))
	for name, child := range found.entries {
		entries = append(entries, entry{name, child})
	}
	return entries, nil
}

type walk struct {
	driver     *Driver
	ctx        context.Context
	startAfter string
	yield      func(storagedriver.FileInfo, error) bool
}

// directory walks through the entries of a directory, and returns whether to go on. A path is not
// longer than 1,024 bytes, so this is not deep.
func (w *walk) directory(path string, entries []entry) bool {
	// What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
	key := func(e entry) string {
		if e.isDir() {
			return e.name + "/"
		}
		return e.name
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(key(a), key(b)) })
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return w.yield(storagedriver.FileInfo{}, err)
		}
		if !w.visit(path+"/"+e.name, e.node) {
			return false
		}
	}
	return true
}

func (w *walk) visit(path string, found *node) bool {
	if !found.isDir() {
		return path <= w.startAfter || w.yield(found.object.info(path), nil)
	}
	// All that is below sorts before path + "0", as "0" follows "/".
	if path+"0" <= w.startAfter {
		return true
	}
	// Found by its path once more: a deleted directory keeps its entries for itself.
	entries, err := w.driver.entries(path)
	if err != nil {
		return true
	}
	return w.directory(path, entries)
}
