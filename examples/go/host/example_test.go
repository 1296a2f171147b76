package host_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"storagedriver.example/go/host"
)

func ExampleStart() {
	ctx := context.Background()
	// The program registry-storage-go-inmemory, from a folder of PATH.
	driver, err := host.Start(ctx, "go-inmemory", nil, host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = driver.Close() }()

	if _, err := driver.WriteStream(ctx, "/images/a", 0, strings.NewReader("the content\n")); err != nil {
		log.Fatal(err)
	}
	for info, err := range driver.Walk(ctx, "/", "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(info.Path, info.Size)
	}
	stream, err := driver.ReadStream(ctx, "/images/a", 4)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = stream.Reader.Close() }()
	if _, err := io.Copy(os.Stdout, stream.Reader); err != nil {
		log.Fatal(err)
	}
	// Output:
	// /images/a 12
	// content
}
