// Package storagedriver makes a storage driver of a type: implement Driver, and call Main with a
// Program that tells what to make.
//
//	func main() {
//		storagedriver.Main(storagedriver.Program{
//			Features: []storagedriver.Feature{storagedriver.Walk},
//			New:      func(p storagedriver.Parameters) (storagedriver.Driver, error) { ... },
//		})
//	}
//
// A host starts the program and calls the driver over the storage driver protocol. What the program
// writes to its outputs is its log; log/slog is set up for that.
package storagedriver

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"storagedriver.example/go/internal/wire"
)

const (
	// exitUsage is the EX_USAGE of sysexits.h.
	exitUsage = 64

	// Exiting right after a send might lose what was sent; the host lets go when it has it.
	lastAnswerTime = 5 * time.Second
)

// Main runs this process as the driver of a program, and exits when the host has ended it. It is to
// be called by main, once: it takes over standard input, and exits without unwinding when the host
// is gone. Exits with 64 when a person has started the program.
func Main(program Program) {
	file := filepath.Base(os.Args[0])
	if program.Name == "" {
		program.Name = strings.TrimPrefix(file, wire.ProgramPrefix)
	}
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		printVersion(&program)
		os.Exit(0)
	}
	endpoint := os.Getenv(wire.EndpointVariable)
	if endpoint == "" || len(os.Args) != 2 {
		fmt.Fprintf(os.Stderr, "%s is the storage driver '%s'; a host program starts it and talks to it.\n"+
			"To use it from a terminal: storagedriver check %s, or storagedriver --help.\n",
			file, program.Name, program.Name)
		os.Exit(exitUsage)
	}
	_ = os.Unsetenv(wire.EndpointVariable) // not for processes that the driver starts
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	first, err := readFirstLine(os.Stdin, os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
		os.Exit(exitUsage)
	}
	s := newServing(&program, first.Parameters, first.Token, endpoint)
	ended := watchLifeline(func() {
		if !s.isEnding() {
			exitWithoutHost(endpoint)
		}
	})
	if !s.run() {
		exitWithoutHost(endpoint)
	}
	select {
	case <-ended:
	case <-time.After(lastAnswerTime):
	}
	os.Exit(0)
}

func printVersion(program *Program) {
	about, err := json.Marshal(struct {
		Name       string   `json:"name"`
		Version    string   `json:"version"`
		Features   []string `json:"features"`
		Transports []string `json:"transports"`
	}{program.Name, CurrentVersion.String(), program.told(), []string{"ipc", "tcp"}})
	if err != nil {
		panic(err) // of texts alone
	}
	fmt.Println(string(about))
}

// exitWithoutHost ends the process in the middle of whatever it does: the host is gone. The sockets
// that a killed host leaves are removed.
func exitWithoutHost(endpoint string) {
	if path, ok := strings.CutPrefix(endpoint, "ipc://"); ok {
		removeSockets(filepath.Dir(path))
	}
	os.Exit(0)
}

// removeSockets removes a directory of sockets. What is no socket of a channel stays, and the
// directory with it.
func removeSockets(directory string) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return
	}
	for _, entry := range entries {
		isNumber := strings.Trim(entry.Name(), "0123456789") == ""
		if isNumber && entry.Type()&os.ModeSocket != 0 {
			_ = os.Remove(filepath.Join(directory, entry.Name()))
		}
	}
	_ = os.Remove(directory)
}
