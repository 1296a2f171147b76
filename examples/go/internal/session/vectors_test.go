package session

import (
	"testing"

	"storagedriver.example/go/internal/vectors"
	"storagedriver.example/go/internal/wire"
)

type sequence struct {
	Name, Side, Channel, State, Reason string
	MaxChunk                           int64 `json:"max_chunk"`
	WriteCredit                        int64 `json:"write_credit"`
	Steps                              []struct {
		Send, Receive, Content vectors.Bytes
		Ignored                bool
	}
	Lenient bool
}

type player struct {
	session *Session
	listing *wire.Listing
}

// play returns the session, and the error of receiving the last step. Errors before it are fatal.
func play(t *testing.T, vector sequence) (*Session, error) {
	side, role := Host, Worker
	if vector.Side == "driver" {
		side = Driver
	}
	if vector.Channel == "control" {
		role = New
	}
	p := player{session: NewSession(side, role, vector.MaxChunk, vector.WriteCredit)}
	for i, step := range vector.Steps {
		var err error
		if step.Send != nil {
			err = p.send(step.Send, step.Content)
		} else {
			err = p.receive(t, step.Receive, step.Content, step.Ignored)
		}
		if err != nil && (i < len(vector.Steps)-1 || step.Receive == nil) {
			t.Fatalf("step %d: %v", i, err)
		}
		if err != nil {
			return p.session, err
		}
	}
	return p.session, nil
}

func (p *player) send(header, content []byte) error {
	message, err := wire.Decode(header, content)
	if err != nil {
		return err
	}
	if wire.IsListing(message.Method) {
		p.listing = wire.NewListing(message.Method)
	}
	return p.session.Send(message)
}

func (p *player) receive(t *testing.T, header, content []byte, ignored bool) error {
	message, err := wire.Decode(header, content)
	if err != nil {
		return err
	}
	act, err := p.session.Receive(message)
	if err != nil {
		return err
	}
	if act == ignored {
		t.Errorf("%s: acted on: %v", message.Kind, act)
	}
	if !act || p.listing == nil {
		return nil
	}
	if _, err := p.listing.Take(message.Content); err != nil {
		return err
	}
	if message.Kind == wire.Response && message.Error == nil {
		return p.listing.Finish(message.Result)
	}
	return nil
}

func TestSequences(t *testing.T) {
	var file struct {
		Title          string
		Accept, Reject []sequence
	}
	vectors.Read(t, "sequences.json", &file)
	for _, vector := range file.Accept {
		t.Run(vector.Name, func(t *testing.T) {
			session, err := play(t, vector)
			if err != nil {
				t.Fatal(err)
			}
			if got := session.State().String(); got != vector.State {
				t.Errorf("state %s, should be %s", got, vector.State)
			}
		})
	}
	for _, vector := range file.Reject {
		t.Run(vector.Name, func(t *testing.T) {
			if _, err := play(t, vector); err == nil {
				t.Errorf("should be refused: %s", vector.Reason)
			}
		})
	}
}
