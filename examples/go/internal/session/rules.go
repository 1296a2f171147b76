package session

import "storagedriver.example/go/internal/wire"

// apply holds a message that the state allows against the rules that need more than the state, and
// returns the state that follows.
func (s *Session) apply(m *wire.Message, following State) (State, error) {
	switch m.Kind {
	case wire.Attach, wire.Close:
		return following, nil
	case wire.Request:
		return s.begin(m)
	}
	if m.ID != s.id {
		return Closed, s.breach("%s for call %d, the call is %d", m.Kind, m.ID, s.id)
	}
	switch m.Kind {
	case wire.Response:
		return following, s.finish(m)
	case wire.Start:
		s.size = integerOr(m.Info["size"], -1)
		return following, nil
	}
	if s.state == Idle {
		return following, nil // it belongs to a call that has ended
	}
	switch m.Kind {
	case wire.Chunk:
		return following, s.onChunk(m)
	case wire.End:
		s.ended = true
		return following, s.move(m.Content)
	case wire.Credit:
		s.credit += m.Bytes
		if s.credit > wire.MaxCreditBytes {
			return Closed, s.breach("credit overflow: %d", s.credit)
		}
	}
	return following, nil
}

func (s *Session) begin(m *wire.Message) (State, error) {
	if m.ID == s.id {
		return Closed, s.breach("REQUEST repeats the id %d", m.ID)
	}
	// Before anything else is looked at: a refusal of the rest carries it.
	s.id = m.ID
	if !s.role.takes(m.Method) {
		return Closed, s.breach("%.40q is not a call for a %s channel", m.Method, s.role)
	}
	s.method, s.call, s.direction = m.Method, wire.Calls[m.Method], wire.None
	s.credit, s.moved, s.consumed, s.window = 0, 0, 0, 0
	s.ended, s.size = true, -1
	if s.call == nil {
		// Of a later version, and it may send content: it is answered, whatever it has.
		return Waiting, nil
	}
	s.direction = s.call.Direction
	if s.direction != wire.Sent && m.Content != nil {
		return Closed, s.breach("%s takes no content", m.Method)
	}
	s.offset = integerOr(m.Params["offset"], 0)
	switch s.direction {
	case wire.Received:
		credit := integerOr(m.Params["credit"], -1)
		if credit < 0 || credit > wire.MaxCreditBytes {
			return Closed, s.breach("%s with a credit of %d", m.Method, credit)
		}
		s.credit, s.window = credit, credit
		return Opening, nil
	case wire.Sent:
		s.credit, s.window = s.writeCredit, s.writeCredit
		if err := s.move(m.Content); err != nil {
			return Closed, err
		}
		if m.Params["end"] == true {
			return Waiting, nil
		}
		s.ended = false
		return Sending, nil
	}
	return Waiting, nil
}

func (s *Session) finish(m *wire.Message) error {
	if m.Error != nil {
		if _, ok := m.Error["code"].(string); !ok {
			return s.breach("an error must have a code, which is a text")
		}
		return nil
	}
	if m.Content != nil {
		if s.direction != wire.Received {
			return s.breach("the response to %.40s has no content", s.method)
		}
		if err := s.move(m.Content); err != nil {
			return err
		}
	}
	if !s.ended {
		return s.breach("%s succeeded before its END", s.method)
	}
	if err := s.checkCount(m.Result); err != nil {
		return err
	}
	if s.method == "Hello" {
		return s.adopt(m.Result)
	}
	return nil
}

// checkCount compares what a success says of the content with what has passed: nothing is ever cut
// short without an error.
func (s *Session) checkCount(result map[string]any) error {
	if s.call == nil {
		return s.breach("nothing is known of a success of %.40q", s.method)
	}
	if s.call.CountKey == "" {
		return nil
	}
	counted := integerOr(result[s.call.CountKey], -1)
	if s.size >= 0 && s.size != counted {
		return s.breach("the result of %s has a size of %d, and its START of %d",
			s.method, counted, s.size)
	}
	expected := counted
	if s.direction == wire.Received {
		expected = max(0, counted-s.offset)
	} else if s.call.CountsFromOffset {
		expected = counted - s.offset
	}
	if counted < 0 || expected != s.moved {
		return s.breach("the result of %s speaks of %d bytes of content, and %d have passed",
			s.method, expected, s.moved)
	}
	return nil
}

// adopt takes over what Hello has agreed on.
func (s *Session) adopt(result map[string]any) error {
	maxChunk := integerOr(result["max_chunk"], 0)
	writeCredit := integerOr(result["write_credit"], 0)
	if maxChunk <= 0 || maxChunk > writeCredit {
		return s.breach("write_credit %d is less than max_chunk %d", writeCredit, maxChunk)
	}
	s.maxChunk = min(s.maxChunk, maxChunk)
	s.writeCredit = writeCredit
	s.role = Control
	if integerOr(result["max_channels"], 0) == 0 {
		s.role = Only
	}
	return nil
}

func (s *Session) onChunk(m *wire.Message) error {
	if err := s.move(m.Content); err != nil {
		return err
	}
	// Found out here, as a peer that sends for ever never comes to its count.
	if s.size >= 0 && s.offset+s.moved > s.size {
		return s.breach("%s sends more than the %d bytes of its START", s.method, s.size)
	}
	return nil
}

func (s *Session) move(content []byte) error {
	size := int64(len(content))
	if size > s.maxChunk {
		return s.breach("%d bytes in one message, the limit is %d", size, s.maxChunk)
	}
	if size > s.credit {
		return s.breach("%d bytes sent with a credit of %d", size, s.credit)
	}
	s.credit -= size
	s.moved += size
	return nil
}

// integerOr returns a whole number of a map that was checked, or that this end has made.
func integerOr(value any, otherwise int64) int64 {
	switch value := value.(type) {
	case int64:
		return value
	case int:
		return int64(value)
	}
	return otherwise
}
