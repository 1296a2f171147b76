package storagedriver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	// Parameters are configuration, not data.
	maxFirstLineBytes = 16 << 20

	// How often the parent is looked at, in case somebody else holds the other end of the pipe.
	parentTime = time.Second
)

// firstLine is what the host says on standard input before anything else.
type firstLine struct {
	Token      string
	Parameters Parameters
}

// readFirstLine reads the first line, and the parameters from wherever they stand.
func readFirstLine(input io.Reader, argument string) (*firstLine, error) {
	line, err := readLine(input)
	if err != nil {
		return nil, err
	}
	var said struct {
		Token      *string         `json:"token"`
		Parameters json.RawMessage `json:"parameters"`
	}
	if err := json.Unmarshal(line, &said); err != nil {
		return nil, fmt.Errorf("the first line of standard input is no JSON object: %w", err)
	}
	if said.Token == nil {
		return nil, errors.New(`the first line of standard input has no "token"`)
	}
	source := []byte(said.Parameters)
	if source == nil {
		source = []byte(argument)
	}
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	var parameters Parameters
	if err := decoder.Decode(&parameters); err != nil || parameters == nil {
		// Not what is there: it may be a secret.
		return nil, errors.New("the parameters are no JSON object")
	}
	return &firstLine{Token: *said.Token, Parameters: parameters}, nil
}

func readLine(input io.Reader) ([]byte, error) {
	var line []byte
	buffer := make([]byte, 64<<10)
	// Nothing comes after the line.
	for !bytes.HasSuffix(line, []byte("\n")) {
		size, err := input.Read(buffer)
		if line = append(line, buffer[:size]...); len(line) > maxFirstLineBytes {
			return nil, errors.New("the first line of standard input is too long")
		}
		if err != nil {
			return nil, fmt.Errorf("standard input ended within the first line: %w", err)
		}
	}
	return line, nil
}

// watchLifeline calls onEnd when standard input has ended or the parent is another one, and then
// closes the channel that it returns.
func watchLifeline(onEnd func()) <-chan struct{} {
	ended := make(chan struct{})
	input := make(chan struct{})
	go func() {
		defer close(input)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	go func() {
		defer close(ended)
		parent, tick := os.Getppid(), time.NewTicker(parentTime)
		defer tick.Stop()
		for os.Getppid() == parent {
			select {
			case <-input:
				onEnd()
				return
			case <-tick.C:
			}
		}
		onEnd()
	}()
	return ended
}
