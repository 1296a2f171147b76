// Registry-storage-go-inmemory is a storage driver that keeps everything in memory.
package main

import (
	"storagedriver.example/go/drivers/inmemory"
	"storagedriver.example/go/storagedriver"
)

func main() {
	storagedriver.Main(storagedriver.Program{Features: inmemory.Features(), New: inmemory.New})
}
