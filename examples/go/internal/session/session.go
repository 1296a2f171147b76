package session

import (
	"fmt"

	"storagedriver.example/go/internal/wire"
)

// Session is one end of one channel. It is not for several goroutines at once.
type Session struct {
	side Side
	role Role

	// What Hello has agreed on.
	maxChunk    int64
	writeCredit int64

	state     State
	id        uint32
	method    string
	call      *wire.Call // nil if the method is not known
	direction wire.Direction
	ended     bool // whether the content of a write is complete
	offset    int64
	size      int64 // that START has told, -1 if none
	credit    int64
	window    int64
	moved     int64
	consumed  int64
	sender    Side // of the message that is looked at
}

// NewSession returns a session in state ATTACHING. maxChunk and writeCredit are what Hello has
// agreed on, or what this side begins with on the control channel.
func NewSession(side Side, role Role, maxChunk, writeCredit int64) *Session {
	return &Session{side: side, role: role, maxChunk: maxChunk, writeCredit: writeCredit, size: -1}
}

// State returns the current state.
func (s *Session) State() State { return s.state }

// ID returns that of the current call, or of the last one.
func (s *Session) ID() uint32 { return s.id }

// Method returns that of the current call, or of the last one.
func (s *Session) Method() string { return s.method }

// Moved returns how much content of the current call has passed this end.
func (s *Session) Moved() int64 { return s.moved }

// Limits returns max_chunk and write_credit as Hello has agreed on them.
func (s *Session) Limits() (maxChunk, writeCredit int64) { return s.maxChunk, s.writeCredit }

// Sendable returns how much content may go into the next message.
func (s *Session) Sendable() int64 { return min(s.credit, s.maxChunk) }

// Send accounts for a message that this end is about to send. It fails if it may not: a mistake of
// this end, after which the state is CLOSED.
func (s *Session) Send(m *wire.Message) error {
	return s.step(s.side, m)
}

// Receive accounts for a message that has come, and tells whether it is to be acted on. If so, the
// params of a REQUEST, the result of a success and the info of a START are put in their normal form.
//
// It fails with a *wire.ProtocolError if the peer may not send it; the state is then CLOSED.
func (s *Session) Receive(m *wire.Message) (act bool, err error) {
	was, peer := s.state, s.side.other()
	// What is not allowed now is refused as that, whatever it says.
	if _, allowed := transitions[step{was, peer, m.Kind}]; allowed {
		if err := s.check(m); err != nil {
			return false, err
		}
	}
	if err := s.step(peer, m); err != nil {
		return false, err
	}
	switch was {
	case Idle: // else it has crossed the response of its call
		return m.Kind == wire.Request || m.Kind == wire.Close, nil
	case Cancelling: // else it was under way when the call was cancelled
		return m.Kind == wire.Response || m.Kind == wire.Close, nil
	}
	return true, nil
}

// Consume says that received content has been used up. It returns how much CREDIT is to be sent, 0
// if none is due: grants come in steps of a part of the window, so that a stream costs few messages.
func (s *Session) Consume(size int64) int64 {
	s.consumed += size
	if s.consumed == 0 || s.consumed*wire.CreditStepDivisor < s.window {
		return 0
	}
	if s.state != Opening && s.state != Receiving && s.state != Sending {
		return 0
	}
	grant := s.consumed
	s.consumed = 0
	return grant
}

// Refuse closes the session for what the peer did, and returns the error that says so.
func (s *Session) Refuse(detail string) *wire.ProtocolError {
	s.sender = s.side.other()
	return s.breach("%s", detail)
}

// Close ends the session.
func (s *Session) Close() { s.state = Closed }

func (s *Session) breach(format string, arguments ...any) *wire.ProtocolError {
	s.state = Closed
	by := "by this end"
	if s.sender != s.side {
		by = "from the " + s.sender.String()
	}
	return &wire.ProtocolError{Detail: fmt.Sprintf(format, arguments...) + " (" + by + ")"}
}

// check puts the map of a received message in its normal form.
func (s *Session) check(m *wire.Message) (err error) {
	switch {
	case m.Kind == wire.Request:
		var params map[string]any
		params, err = wire.CheckParams(m.Method, m.Params)
		if err == wire.ErrUnknownMethod {
			return nil // legal to ask; answering it is the driver's business
		}
		m.Params = params
	case m.Kind == wire.Response && m.Error == nil:
		m.Result, err = wire.CheckResult(s.method, m.Result)
	case m.Kind == wire.Start:
		m.Info, err = wire.CheckInfo(s.method, m.Info)
	}
	if err == nil {
		return nil
	}
	if m.Kind == wire.Request {
		s.id = m.ID // what refuses it carries it
	}
	if breach, ok := err.(*wire.ProtocolError); ok {
		return s.Refuse(breach.Detail)
	}
	return s.Refuse(err.Error())
}

func (s *Session) step(sender Side, m *wire.Message) error {
	s.sender = sender
	following, allowed := transitions[step{s.state, sender, m.Kind}]
	if !allowed {
		return s.breach("%s is not allowed in state %s", m.Kind, s.state)
	}
	if sender == Driver && !s.fits(m.Kind) {
		return s.breach("%s has no place in %.40s", m.Kind, s.method)
	}
	following, err := s.apply(m, following)
	if err != nil {
		return err
	}
	s.state = following
	return nil
}

// fits tells whether a driver sends the kind in a call of this direction. Of what a host sends the
// state says as much.
func (s *Session) fits(kind wire.Kind) bool {
	switch kind {
	case wire.Start, wire.Chunk:
		return s.direction == wire.Received
	case wire.Credit:
		return s.direction == wire.Sent
	}
	return true
}
