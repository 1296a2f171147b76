package host

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPaths(t *testing.T) {
	long := strings.Repeat("a", maxComponentBytes)
	for path, rules := range map[string]struct{ strict, relaxed bool }{
		"/a":                         {true, true},
		"/a/b-c.d_e/0":               {true, true},
		"/" + long:                   {true, true},
		"/a/" + long + "a":           {false, false},
		strings.Repeat("/aaa", 256):  {true, true},
		strings.Repeat("/aaa", 257):  {false, false},
		"/A":                         {false, true},
		"/_layers/a--b":              {false, true},
		"/a.":                        {false, true},
		"":                           {false, false},
		"/":                          {false, false},
		"a":                          {false, false},
		"/a/":                        {false, false},
		"//a":                        {false, false},
		"/a\n":                       {false, false},
		"/a/../b":                    {false, false},
		"/a/.":                       {false, false},
		"/ä":                         {false, false},
		"/a\x00":                     {false, false},
		"/a b":                       {false, false},
		"/" + strings.Repeat("a", 9): {true, true},
	} {
		strict := (&Driver{}).pathFault(path) == ""
		relaxed := (&Driver{options: Options{RelaxedPaths: true}}).pathFault(path) == ""
		if strict != rules.strict || relaxed != rules.relaxed {
			t.Errorf("%.40q: strict %v, relaxed %v", path, strict, relaxed)
		}
	}
}

func poolOf(limit int, answersMeanwhile bool) (p *pool, opened *int) {
	opened = new(int)
	return newPool(limit, answersMeanwhile, func(context.Context) (*link, error) {
		*opened++
		return &link{lost: make(chan struct{})}, nil
	}), opened
}

func take(t *testing.T, p *pool) *link {
	t.Helper()
	l, err := p.acquire(t.Context(), time.Millisecond)
	must(t, err)
	return l
}

func TestThePoolGivesWhatCameBackLast(t *testing.T) {
	p, opened := poolOf(3, true)
	first, second := take(t, p), take(t, p)
	p.release(first)
	p.release(second)
	if take(t, p) != second || take(t, p) != first || *opened != 2 {
		t.Error("another one")
	}
}

func TestThePoolHasALimit(t *testing.T) {
	p, _ := poolOf(1, true)
	held := take(t, p)
	if _, err := p.acquire(t.Context(), time.Millisecond); err != errAllHeld {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.acquire(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	p.discard(held)
	take(t, p)
}

func TestThePoolOpensNothingWhileACallRunsIfThatIsNotAnswered(t *testing.T) {
	p, opened := poolOf(2, false)
	take(t, p)
	if _, err := p.acquire(t.Context(), time.Millisecond); err != errAllHeld || *opened != 1 {
		t.Error(err)
	}
}

func TestThePoolDropsWhatIsLost(t *testing.T) {
	p, opened := poolOf(2, true)
	idle, held := take(t, p), take(t, p)
	p.release(idle)
	close(idle.lost)
	close(held.lost)
	p.release(held)
	take(t, p)
	take(t, p)
	if *opened != 4 {
		t.Errorf("%d were opened", *opened)
	}
}

func TestAClosedPoolIsDrained(t *testing.T) {
	p, _ := poolOf(2, true)
	take(t, p)
	held := take(t, p)
	ended := make(chan bool)
	go func() { ended <- p.close(t.Context()) }()
	eventually(t, "it takes no more calls", func() bool {
		_, err := p.acquire(t.Context(), time.Millisecond)
		return err == ErrClosed
	})
	p.release(held)
	for l := range p.links {
		if l != held {
			p.discard(l)
		}
	}
	if !<-ended {
		t.Error("not drained")
	}
}

func TestSecretsAreHiddenInAnyForm(t *testing.T) {
	s := newSecrets("the-token", map[string]any{
		"key": map[string]any{"inner": []any{"se\"cret\nlines", 12345}}, "pin": "7", "shown": "secret",
	}, []string{"key", "pin"})
	for text, want := range map[string]string{
		"the-token":              "***",
		`a se\"cret\nlines b`:    "a *** b",
		"of lines and 12345":     "of *** and ***",
		"7 is not in 77, but =7": "*** is not in 77, but =***",
		"secret":                 "secret",
	} {
		if got := s.hide(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestOutputComesByLinesAndIsCut(t *testing.T) {
	var logged bytes.Buffer
	o := &output{logger: logTo(&logged), secrets: newSecrets("the-token", nil, nil)}
	for _, part := range []string{"one the-", "token\r\ntwo\n\n", strings.Repeat("x", maxLineBytes-3), "the-token\n", "last"} {
		if size, err := o.Write([]byte(part)); size != len(part) || err != nil {
			t.Fatal(size, err)
		}
	}
	o.endLine()
	lines := strings.Split(strings.TrimSpace(logged.String()), "\n")
	if len(lines) != 4 || strings.Contains(logged.String(), "the-") || !strings.Contains(lines[0], "one ***") {
		t.Errorf("%.200q", lines)
	}
	if !strings.HasSuffix(o.last(), "x***\nlast\n") || len(o.last()) > tailBytes {
		t.Errorf("%q", o.last()[len(o.last())-20:])
	}
}
