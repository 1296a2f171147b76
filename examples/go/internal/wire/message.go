package wire

import "fmt"

// Kind is the number of a kind of message.
type Kind uint8

// The kinds, by their numbers.
const (
	Request Kind = iota
	Response
	Chunk
	Credit
	End
	Cancel
	Attach
	Start
	Close
)

var kindNames = [...]string{
	"REQUEST", "RESPONSE", "CHUNK", "CREDIT", "END", "CANCEL", "ATTACH", "START", "CLOSE",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Message is one message of any kind; the comments say which kinds have a field.
//
// Values in its maps are nil, bool, int64, uint64 (beyond int64 only), float64, string, []byte,
// []any and map[string]any. To be sent, they may also be int and []string.
type Message struct {
	Kind    Kind
	ID      uint32         // all but ATTACH and CLOSE
	Method  string         // REQUEST
	Params  map[string]any // REQUEST
	Error   map[string]any // RESPONSE; nil if it is a success
	Result  map[string]any // RESPONSE; nil is an empty map
	Info    map[string]any // START
	Bytes   int64          // CREDIT
	Token   string         // ATTACH
	Version string         // ATTACH
	PID     uint32         // ATTACH
	Content []byte         // REQUEST, RESPONSE, CHUNK, END; never empty but nil
}

// ProtocolError says how the peer, or this end, broke the protocol.
type ProtocolError struct {
	Detail string
}

func (e *ProtocolError) Error() string { return "protocol error: " + e.Detail }

func breach(format string, arguments ...any) *ProtocolError {
	return &ProtocolError{Detail: fmt.Sprintf(format, arguments...)}
}
