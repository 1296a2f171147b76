package filesystem

import (
	"fmt"

	"golang.org/x/sys/unix"

	sd "storagedriver.example/go/storagedriver"
)

// How often a write goes back. Each time something else has emptied a directory, or left an empty
// one, at the very moment; so many times in a row is no coincidence.
const attempts = 1000

// parents is the chain of directories from the root to the one that a path stands in, opened and made
// on the way to a write, pruned after a removal.
//
// A directory exists only while something is in it, so two calls may meet: one has just made or found
// a directory which the other, having emptied it, removes. The one who writes goes back and makes it
// again; the one who removes leaves whatever is not empty.
type parents struct {
	root  *root
	path  string
	names []string
	leaf  string
	// descriptors of those that are open; the root's, which is not ours to close, stands in front.
	descriptors []int
	// found is how many of the directories are older than this call.
	found int
}

func newParents(r *root, path string) (*parents, error) {
	above, leaf, err := split(path)
	if err != nil {
		return nil, err
	}
	return &parents{
		root: r, path: path, names: above, leaf: leaf,
		descriptors: []int{r.descriptor}, found: len(above),
	}, nil
}

// close closes the chain. After a failure nothing of a write stays, also not the directories that it
// made.
func (p *parents) close(failure error) {
	if failure != nil && p.found < len(p.names) {
		p.prune()
	}
	p.reset()
}

// descriptor is that of the directory that the path stands in, once that was found or made.
func (p *parents) descriptor() int { return p.descriptors[len(p.descriptors)-1] }

// look returns the status of what shows at the path, nil if nothing does.
func (p *parents) look() (*status, error) {
	if complete, err := p.find(); err != nil || !complete {
		return nil, err
	}
	return shownStatus(p.descriptor(), p.leaf, p.path)
}

// place makes the chain, and calls put with the descriptor of its last. It puts something at the
// leaf, and is called again after a directory has vanished, and after an empty one at the leaf was
// removed. The error is one of the contract, but EXDEV if the place is on another file system.
func (p *parents) place(put func(directory int) error) error {
	for range attempts {
		err := p.make()
		if err == nil {
			err = put(p.descriptor())
		}
		switch {
		case err == nil || isAny(err, unix.EXDEV):
			return err
		case isAny(err, unix.ENOENT):
			p.reset()
		case isAny(err, unix.EISDIR, unix.ENOTEMPTY, unix.EEXIST):
			if err := p.removeLeftover(); err != nil {
				return err
			}
		default:
			return contractError(err, p.path)
		}
	}
	message := fmt.Sprintf("Other calls got in the way %d times: %s", attempts, p.path)
	return &sd.Error{Code: sd.Internal, Message: message, Temporary: true}
}

// sync syncs the leaf's entry, and that of each directory which was made on the way to it.
func (p *parents) sync(d durability) error {
	for _, directory := range p.descriptors[p.found:] {
		if err := d.syncEntries(directory); err != nil {
			return err
		}
	}
	return nil
}

// prune removes the directories of the chain that are empty, from the last one up. What cannot be
// removed stays out of sight, as empty directories do.
func (p *parents) prune() {
	for i := len(p.descriptors) - 2; i >= 0; i-- {
		if removeDir(p.descriptors[i], p.names[i]) != nil {
			return
		}
	}
}

// find opens what is there of the chain, and tells whether that is all of it.
func (p *parents) find() (complete bool, err error) {
	for len(p.descriptors) <= len(p.names) {
		parent, name := p.descriptor(), p.names[len(p.descriptors)-1]
		descriptor, err := open(parent, name, forPassing)
		if isAny(err, unix.ENOENT) {
			return false, nil
		}
		if err != nil {
			return false, directoryError(err, parent, name, p.path)
		}
		p.descriptors = append(p.descriptors, descriptor)
	}
	return true, nil
}

// make opens the chain, and makes what is missing. It fails with ENOENT if some of it vanished.
func (p *parents) make() error {
	for {
		complete, err := p.find()
		if err != nil || complete {
			return err
		}
		depth := len(p.descriptors) - 1
		err = makeDir(p.descriptor(), p.names[depth])
		if err == nil {
			p.found = min(p.found, depth)
		} else if !isAny(err, unix.EEXIST) {
			return err
		}
	}
}

func (p *parents) reset() {
	for _, descriptor := range p.descriptors[1:] {
		shut(descriptor)
	}
	p.descriptors = p.descriptors[:1]
}

// removeLeftover removes the directory at the leaf, unless it shows. It may have gone meanwhile.
func (p *parents) removeLeftover() error {
	holds, err := holdsObjectIn(p.descriptor(), p.leaf, 0)
	if holds {
		return sd.PathError(sd.IsADirectory, p.path)
	}
	if err == nil {
		err = removeEmptyDirs(p.descriptor(), p.leaf)
	}
	switch {
	case err == nil || isAny(err, unix.ENOENT, unix.ENOTDIR):
		return nil
	case !isAny(err, unix.ENOTEMPTY, unix.EEXIST):
		return contractError(err, p.path)
	}
	// An object that has just come will be seen next time.
	if holds, err := holdsObjectIn(p.descriptor(), p.leaf, 0); holds || err != nil {
		return contractError(err, p.path)
	}
	reason := "a directory is in the way that holds no object, but something else"
	return sd.PathError(sd.PermissionDenied, p.path).Because(reason, nil)
}
