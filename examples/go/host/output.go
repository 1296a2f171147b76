package host

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

const (
	// A longer line is cut in the log.
	maxLineBytes = 8 << 10
	// The last lines are those that tell why a driver has ended.
	tailBytes = 8 << 10
)

// output takes one of the outputs of a driver: logs its lines, without what is secret, and keeps the
// last of them.
type output struct {
	logger  *slog.Logger
	secrets *secrets

	mutex sync.Mutex
	line  []byte
	tail  string
}

// Write is that of io.Writer. It never fails.
func (o *output) Write(data []byte) (int, error) {
	size := len(data)
	for len(data) > 0 {
		line, rest, ended := bytes.Cut(data, []byte("\n"))
		// A secret that begins within what is shown has to be here as a whole to be found.
		if room := maxLineBytes + o.secrets.longest - len(o.line); room > 0 {
			o.line = append(o.line, line[:min(room, len(line))]...)
		}
		if ended {
			o.endLine()
		}
		data = rest
	}
	return size, nil
}

// endLine also ends a last line without a newline, if there is any.
func (o *output) endLine() {
	if len(o.line) == 0 {
		return
	}
	text := strings.ToValidUTF8(strings.TrimRight(string(o.line), "\r"), "\uFFFD")
	o.line = o.line[:0]
	text = o.secrets.hide(text)
	if len(text) > maxLineBytes {
		text = strings.ToValidUTF8(text[:maxLineBytes], "") + " (cut)"
	}
	o.mutex.Lock()
	o.tail += text + "\n"
	if more := len(o.tail) - tailBytes; more > 0 {
		o.tail = strings.ToValidUTF8(o.tail[more:], "")
	}
	o.mutex.Unlock()
	o.logger.Info(text)
}

// last returns the last lines.
func (o *output) last() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.tail
}
