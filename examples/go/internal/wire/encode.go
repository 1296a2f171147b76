package wire

import "github.com/tinylib/msgp/msgp"

// AppendHeader appends the header of a message, and returns the content for the second frame: nil
// if there is none, or if it is short enough to ride in the header.
//
// It fails if the message breaks a rule of its kind, or its header would be too long.
func AppendHeader(data []byte, m *Message) (header, content []byte, err error) {
	begin := len(data)
	inline := len(m.Content) > 0 && len(m.Content) <= InlineContentBytes
	size := m.elements()
	if inline {
		size++
	}
	data = msgp.AppendArrayHeader(data, size)
	data = appendInteger(data, int64(m.Kind))
	if data, err = appendElements(data, m); err != nil {
		return nil, nil, err
	}
	if inline {
		data = msgp.AppendBytes(data, m.Content)
	} else if len(m.Content) > 0 {
		content = m.Content
	}
	if len(data)-begin > MaxHeaderBytes {
		return nil, nil, breach("%s would have a header of %d bytes", m.Kind, len(data)-begin)
	}
	return data, content, nil
}

// elements tells how many elements a header has before its content.
func (m *Message) elements() uint32 {
	switch m.Kind {
	case Request, Response, Attach:
		return 4
	case Credit, Start:
		return 3
	case Close:
		return 1
	default:
		return 2
	}
}

func appendElements(data []byte, m *Message) ([]byte, error) {
	switch m.Kind {
	case Close:
		return data, nil
	case Attach:
		data = msgp.AppendString(data, m.Token)
		data = msgp.AppendString(data, m.Version)
		return msgp.AppendUint32(data, m.PID), nil
	case Chunk:
		if len(m.Content) == 0 {
			return nil, breach("CHUNK would be empty")
		}
	case Response:
		if m.Error != nil && len(m.Content) > 0 {
			return nil, breach("RESPONSE would have an error and content")
		}
	}
	data = msgp.AppendUint32(data, m.ID)
	switch m.Kind {
	case Request:
		data = msgp.AppendString(data, m.Method)
		return appendMap(data, m.Params)
	case Response:
		data, err := appendMapOrNil(data, m.Error)
		if err != nil {
			return nil, err
		}
		return appendMapOrNil(data, m.Result)
	case Start:
		return appendMap(data, m.Info)
	case Credit:
		return appendInteger(data, m.Bytes), nil
	}
	return data, nil
}

func appendMapOrNil(data []byte, pairs map[string]any) ([]byte, error) {
	if pairs == nil {
		return msgp.AppendNil(data), nil
	}
	return appendMap(data, pairs)
}
