// Registry-storage-go-filesystem is a storage driver that keeps objects as files below a directory.
package main

import (
	"storagedriver.example/go/drivers/filesystem"
	"storagedriver.example/go/storagedriver"
)

func main() {
	storagedriver.Main(storagedriver.Program{Features: filesystem.Features(), New: filesystem.New})
}
