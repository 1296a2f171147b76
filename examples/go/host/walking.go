package host

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"storagedriver.example/go/storagedriver"
)

type yielder = func(storagedriver.FileInfo, error) bool

// walkByListing walks with List and Stat, for drivers that do not walk. What vanishes meanwhile is left
// out. It returns false if it was broken off.
func (d *Driver) walkByListing(ctx context.Context, path, startAfter string, yield yielder) bool {
	infos, err := d.statAll(ctx, path, startAfter)
	if err != nil {
		yield(storagedriver.FileInfo{}, err)
		return false
	}
	for _, info := range infos {
		if info.IsDir {
			if !d.walkDirectory(ctx, info.Path, startAfter, yield) {
				return false
			}
		} else if info.Path > startAfter && !yield(info, nil) {
			return false
		}
	}
	return true
}

func (d *Driver) walkDirectory(ctx context.Context, path, startAfter string, yield yielder) bool {
	gone := false
	goOn := d.walkByListing(ctx, path, startAfter, func(info storagedriver.FileInfo, err error) bool {
		var failure *storagedriver.Error
		if gone = errors.As(err, &failure) && failure.Is(storagedriver.PathNotFound); gone {
			return false
		}
		return yield(info, err)
	})
	return goOn || gone
}

// statAll returns what stands in a directory and sorts behind startAfter, or has something below that
// does, in the order of a walk.
func (d *Driver) statAll(ctx context.Context, path, startAfter string) ([]storagedriver.FileInfo, error) {
	var infos []storagedriver.FileInfo
	names, err := d.List(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		child := strings.TrimSuffix(path, "/") + "/" + name
		// All at or below the child sorts before this, as "0" follows "/".
		if child+"0" <= startAfter {
			continue
		}
		info, err := d.Stat(ctx, child)
		if errors.Is(err, storagedriver.PathNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	// What is below a directory stands where its path and a slash would: /a-b comes before /a/b.
	slices.SortFunc(infos, func(a, b storagedriver.FileInfo) int { return cmp.Compare(walkKey(a), walkKey(b)) })
	return infos, nil
}

func walkKey(info storagedriver.FileInfo) string {
	if info.IsDir {
		return info.Path + "/"
	}
	return info.Path
}
