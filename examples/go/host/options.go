package host

import (
	"log/slog"
	"time"

	"storagedriver.example/go/internal/wire"
)

// Transport is what the channels between host and driver are made of.
type Transport string

// The transports.
const (
	IPC Transport = "ipc" // Unix sockets in a private directory
	TCP Transport = "tcp" // of 127.0.0.1
)

// Options say how a driver is started and called. The zero value is right for most.
type Options struct {
	// DriversDirectory is where the program is looked for; empty for the folders of PATH.
	DriversDirectory string
	// Program is a command that is run instead, whatever the driver's name is.
	Program []string
	// Environment is added to what a driver sees of this process's environment: PATH, HOME, LANG, TZ
	// and TMPDIR. Each is NAME=value.
	Environment []string
	// Transport is IPC unless given.
	Transport Transport
	// Secrets are the names of parameters that nobody else may see: they travel through a pipe rather
	// than as an argument, and stars take their place in what the driver writes.
	Secrets []string
	// Logger gets what the driver writes to its outputs, a record for each line; slog.Default() unless
	// given. A handler that does not return keeps a driver from writing more.
	Logger *slog.Logger
	// RelaxedPaths allows upper case in paths, and separators anywhere.
	RelaxedPaths bool
	// MaxChannels bounds the calls at once; 16 unless given, and never more than the driver takes.
	MaxChannels int

	// StartTimeout bounds each step of the start; 30 seconds unless given.
	StartTimeout time.Duration
	// CallTimeout is how long a call may make no progress; a minute unless given. Contexts bound calls
	// as a whole.
	CallTimeout time.Duration
	// CancelTimeout is how long a cancelled call may take to end; 5 seconds unless given.
	CancelTimeout time.Duration
	// CloseTimeout is how long Close waits for calls under way, and then for the driver to exit by
	// itself; 5 seconds unless given.
	CloseTimeout time.Duration
	// TerminateTimeout is how long it may take after SIGTERM; 3 seconds unless given.
	TerminateTimeout time.Duration
}

const (
	// Ping takes a millisecond, and who has waited for a call in vain does not mind this.
	pingTimeout = 2 * time.Second
	// For news that are certain to come, on a machine under heavy load.
	certainTimeout = 10 * time.Second

	defaultMaxChannels = 16
	// What this end begins with, until Hello has agreed on less.
	windowBytes = wire.MaxChunkBytes * wire.WindowChunks
)

// withDefaults returns the options with a value for each.
func (o Options) withDefaults() Options {
	if o.Transport == "" {
		o.Transport = IPC
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.MaxChannels <= 0 {
		o.MaxChannels = defaultMaxChannels
	}
	for given, otherwise := range map[*time.Duration]time.Duration{
		&o.StartTimeout:     30 * time.Second,
		&o.CallTimeout:      time.Minute,
		&o.CancelTimeout:    5 * time.Second,
		&o.CloseTimeout:     5 * time.Second,
		&o.TerminateTimeout: 3 * time.Second,
	} {
		if *given <= 0 {
			*given = otherwise
		}
	}
	return o
}
