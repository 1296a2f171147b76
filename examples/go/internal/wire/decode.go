package wire

// Decode returns the message of a header and a content frame, which is nil if there is none. The
// message shares their memory.
func Decode(header, frame []byte) (*Message, error) {
	if len(header) > MaxHeaderBytes {
		return nil, breach("a header of %d bytes is longer than %d", len(header), MaxHeaderBytes)
	}
	elements, rest, err := unpackArray(header, MaxNestingLevels)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, breach("%d bytes behind the header", len(rest))
	}
	if len(elements) == 0 {
		return nil, breach("a header is empty")
	}
	number, ok := Integer(elements[0])
	if !ok || number < 0 || number > int64(Close) {
		return nil, breach("a header must begin with the number of a kind of message")
	}
	m := &Message{Kind: Kind(number)}
	if uint32(len(elements)) < m.elements() {
		return nil, breach("%s[%d] is missing", m.Kind, len(elements))
	}
	if err := m.takeContent(elements, frame); err != nil {
		return nil, err
	}
	return m, m.take(elements)
}

// takeContent finds the content, wherever it stands.
func (m *Message) takeContent(elements []any, frame []byte) error {
	index := -1
	switch m.Kind {
	case Request, Response:
		index = 4
	case Chunk, End:
		index = 2
	}
	if index < 0 {
		if len(frame) > 0 {
			return breach("%s has no content, but came with a second frame", m.Kind)
		}
		return nil
	}
	var inline []byte
	if index < len(elements) && elements[index] != nil {
		var ok bool
		if inline, ok = elements[index].([]byte); !ok {
			return breach("%s[%d]: content must be nil or binary", m.Kind, index)
		}
	}
	switch {
	case len(inline) > 0 && len(frame) > 0:
		return breach("%s[%d]: content stands here and in a second frame", m.Kind, index)
	case len(inline) > 0:
		m.Content = inline
	case len(frame) > 0:
		m.Content = frame
	case m.Kind == Chunk:
		return breach("CHUNK[2]: a chunk must have content")
	}
	return nil
}

func (m *Message) take(elements []any) (err error) {
	switch m.Kind {
	case Close:
		return nil
	case Attach:
		return m.takeAttach(elements)
	}
	id, err := m.number(elements, 1, "id", 0, MaxID)
	if err != nil {
		return err
	}
	m.ID = uint32(id)
	switch m.Kind {
	case Request:
		if m.Method, err = m.text(elements, 2, "method"); err != nil {
			return err
		}
		m.Params, err = m.pairs(elements, 3, "params")
	case Response:
		return m.takeResponse(elements)
	case Start:
		m.Info, err = m.pairs(elements, 2, "info")
	case Credit:
		m.Bytes, err = m.number(elements, 2, "bytes", 1, MaxCreditBytes)
	}
	return err
}

func (m *Message) takeAttach(elements []any) (err error) {
	if m.Token, err = m.text(elements, 1, "token"); err != nil {
		return err
	}
	if m.Version, err = m.text(elements, 2, "version"); err != nil {
		return err
	}
	pid, err := m.number(elements, 3, "pid", 0, MaxID)
	m.PID = uint32(pid)
	return err
}

func (m *Message) takeResponse(elements []any) (err error) {
	if elements[2] != nil {
		if m.Error, err = m.pairs(elements, 2, "error"); err != nil {
			return err
		}
		if m.Content != nil {
			return breach("RESPONSE[4]: an error has no content")
		}
	}
	if elements[3] != nil {
		m.Result, err = m.pairs(elements, 3, "result")
	}
	return err
}

func (m *Message) text(elements []any, index int, name string) (string, error) {
	text, ok := elements[index].(string)
	if !ok {
		return "", breach("%s[%d]: %s must be a text", m.Kind, index, name)
	}
	return text, nil
}

func (m *Message) pairs(elements []any, index int, name string) (map[string]any, error) {
	pairs, ok := elements[index].(map[string]any)
	if !ok {
		return nil, breach("%s[%d]: %s must be a map", m.Kind, index, name)
	}
	return pairs, nil
}

func (m *Message) number(elements []any, index int, name string, least, most int64) (int64, error) {
	number, ok := Integer(elements[index])
	if !ok || number < least || number > most {
		return 0, breach("%s[%d]: %s must be an integer from %d to %d", m.Kind, index, name, least, most)
	}
	return number, nil
}
