// Package session is the protocol as one end of one channel sees it: a state machine with the
// account of credit and content, and nothing of sockets, goroutines and clocks.
//
// See PROTOCOL.md, sections 6 and 12. The same code serves both sides.
package session

import "storagedriver.example/go/internal/wire"

// Side is one of the two peers of a channel.
type Side uint8

// The sides.
const (
	Host Side = iota
	Driver
)

func (s Side) String() string { return [...]string{"host", "driver"}[s] }

func (s Side) other() Side { return 1 - s }

// State is what a channel is in the middle of.
type State uint8

// The states.
const (
	Attaching State = iota
	Idle
	Waiting
	Opening
	Receiving
	Sending
	Cancelling
	Closed
)

func (s State) String() string {
	return [...]string{
		"ATTACHING", "IDLE", "WAITING", "OPENING", "RECEIVING", "SENDING", "CANCELLING", "CLOSED",
	}[s]
}

type step struct {
	state  State
	sender Side
	kind   wire.Kind
}

// What is not in this table is a protocol error. A REQUEST leads to OPENING or SENDING where its
// call has content; that, ids and credit need more than a table.
var transitions = map[step]State{
	{Attaching, Driver, wire.Attach}: Idle,
	{Attaching, Host, wire.Close}:    Closed,

	{Idle, Host, wire.Request}: Waiting,
	{Idle, Host, wire.Credit}:  Idle,
	{Idle, Host, wire.Chunk}:   Idle,
	{Idle, Host, wire.End}:     Idle,
	{Idle, Host, wire.Cancel}:  Idle,
	{Idle, Host, wire.Close}:   Closed,

	{Waiting, Driver, wire.Credit}:   Waiting,
	{Waiting, Driver, wire.Response}: Idle,
	{Waiting, Host, wire.Cancel}:     Cancelling,
	{Waiting, Host, wire.Close}:      Closed,

	{Opening, Driver, wire.Start}:    Receiving,
	{Opening, Driver, wire.Response}: Idle,
	{Opening, Host, wire.Credit}:     Opening,
	{Opening, Host, wire.Cancel}:     Cancelling,
	{Opening, Host, wire.Close}:      Closed,

	{Receiving, Driver, wire.Chunk}:    Receiving,
	{Receiving, Driver, wire.Response}: Idle,
	{Receiving, Host, wire.Credit}:     Receiving,
	{Receiving, Host, wire.Cancel}:     Cancelling,
	{Receiving, Host, wire.Close}:      Closed,

	{Sending, Driver, wire.Credit}:   Sending,
	{Sending, Driver, wire.Response}: Idle,
	{Sending, Host, wire.Chunk}:      Sending,
	{Sending, Host, wire.End}:        Waiting,
	{Sending, Host, wire.Cancel}:     Cancelling,
	{Sending, Host, wire.Close}:      Closed,

	{Cancelling, Driver, wire.Start}:    Cancelling,
	{Cancelling, Driver, wire.Chunk}:    Cancelling,
	{Cancelling, Driver, wire.Credit}:   Cancelling,
	{Cancelling, Driver, wire.Response}: Idle,
	{Cancelling, Host, wire.Close}:      Closed,
}

// Role says which calls a channel takes.
type Role uint8

// The roles.
const (
	// New is a control channel before Hello has succeeded.
	New Role = iota
	Control
	Worker
	// Only is the control channel of a driver without worker channels: it takes all calls.
	Only
)

func (r Role) String() string { return [...]string{"new control", "control", "worker", "only"}[r] }

// takes tells whether a channel takes a method. One that is not known is a worker's: it is to be
// answered.
func (r Role) takes(method string) bool {
	switch method {
	case "Hello":
		return r == New
	case "OpenChannel":
		return r == Control
	case "Ping", "Shutdown":
		return r == Control || r == Only
	}
	return r == Worker || r == Only
}
