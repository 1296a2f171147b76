package inmemory

import (
	"strings"
	"time"

	"storagedriver.example/go/storagedriver"
)

// object is one object as it was written; a write puts another in its place.
type object struct {
	content segments
	size    int64
	modTime time.Time
	version []byte
}

func (o *object) info(path string) storagedriver.FileInfo {
	return storagedriver.FileInfo{Path: path, Size: o.size, ModTime: o.modTime}
}

// node is either an object or a directory.
type node struct {
	object  *object
	entries map[string]*node
}

func (n *node) isDir() bool { return n.object == nil }

// tree is the namespace. A directory is there while something is in it. It has no lock.
type tree struct {
	root node
}

func newTree() *tree { return &tree{node{entries: map[string]*node{}}} }

// find fails with PathNotFound, or NotADirectory below an object.
func (t *tree) find(path string) (*node, error) {
	found := &t.root
	for _, name := range names(path) {
		if !found.isDir() {
			return nil, storagedriver.PathError(storagedriver.NotADirectory, path)
		}
		if found = found.entries[name]; found == nil {
			return nil, storagedriver.PathError(storagedriver.PathNotFound, path)
		}
	}
	return found, nil
}

// findObject fails with IsADirectory too.
func (t *tree) findObject(path string) (*object, error) {
	found, err := t.find(path)
	if err != nil {
		return nil, err
	}
	if found.isDir() {
		return nil, storagedriver.PathError(storagedriver.IsADirectory, path)
	}
	return found.object, nil
}

// findReplaceable returns the object that one put at path would replace, nil if nothing is there. It
// fails if none can be put there; after this, place succeeds.
func (t *tree) findReplaceable(path string) (*object, error) {
	found, err := t.findObject(path)
	if failure, ok := err.(*storagedriver.Error); ok && failure.Code == storagedriver.PathNotFound {
		return nil, nil
	}
	return found, err
}

// place puts a node at path, where findReplaceable has allowed one. Directories come into being.
func (t *tree) place(path string, placed *node) {
	directory, all := &t.root, names(path)
	for _, name := range all[:len(all)-1] {
		child := directory.entries[name]
		if child == nil {
			child = &node{entries: map[string]*node{}}
			directory.entries[name] = child
		}
		directory = child
	}
	directory.entries[all[len(all)-1]] = placed
}

// remove removes what stands at path, and the directories that are empty without it.
func (t *tree) remove(path string) {
	chain, all := []*node{&t.root}, names(path)
	for _, name := range all[:len(all)-1] {
		chain = append(chain, chain[len(chain)-1].entries[name])
	}
	for i := len(chain) - 1; i >= 0; i-- {
		delete(chain[i].entries, all[i])
		if len(chain[i].entries) > 0 {
			return
		}
	}
}

func names(path string) []string {
	if path == "/" {
		return nil
	}
	return strings.Split(path[1:], "/")
}
