// Package wire turns messages into frames and back, and says what each call of the protocol holds.
//
// It knows no sockets and no state: PROTOCOL.md, sections 3 and 9. What comes from the peer is
// trusted in nothing; no input makes a function here fail with anything but a *ProtocolError.
package wire
