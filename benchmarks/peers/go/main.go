// Program peer measures hashicorp/go-plugin: a host that has its objects in a plugin, both in Go.
//
// Its argument says what to do, as JSON; it prints the figures, by name, as JSON. The plugin is the
// same program, started by the host. Both end when their standard input does.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-plugin"
)

// task is what docs/benchmark.md calls a work, with its amounts.
type task struct {
	Work         string  `json:"work"`
	Starts       int     `json:"starts"`
	CallSeconds  float64 `json:"call_seconds"`
	SmallBytes   int     `json:"small_bytes"`
	ThreadCounts []int   `json:"thread_counts"`
	StreamBytes  int64   `json:"stream_bytes"`
	WholeMiB     []int   `json:"whole_mib"`
	WholeGets    int     `json:"whole_gets"`
}

func main() {
	go endWithInput()
	if os.Getenv(handshake.MagicCookieKey) != "" {
		servePlugin()
		return
	}
	if err := runHost(os.Args[1]); err != nil {
		plugin.CleanupClients()
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runHost(argument string) error {
	var asked task
	if err := json.Unmarshal([]byte(argument), &asked); err != nil {
		return err
	}
	measure, known := works[asked.Work]
	if !known {
		return fmt.Errorf("there is no work %q", asked.Work)
	}
	found, err := measure(asked)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

// endWithInput ends this process when whoever has started the benchmark is gone. A plugin inherits
// the input of its host, so it does not outlive one that was killed either.
func endWithInput() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}
