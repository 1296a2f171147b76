package host

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is what calls fail with after Close.
var ErrClosed = errors.New("the driver is closed")

// errAllHeld is why a call ends that has waited for a channel for too long.
var errAllHeld = errors.New("all channels are held")

// pool has the channels that calls go by: taken for a call, given back, opened when needed.
type pool struct {
	limit int
	// answersMeanwhile says whether the driver takes OpenChannel while a call runs.
	answersMeanwhile bool
	open             func(ctx context.Context) (*link, error)

	mutex   sync.Mutex
	idle    []*link
	links   map[*link]struct{} // idle or held
	opening int
	// waiting are those who are given a channel, or nil to look again, in their order.
	waiting []chan *link
	closed  bool
	drained chan struct{} // closed when the pool is, and no channel is held
}

func newPool(limit int, answersMeanwhile bool, open func(context.Context) (*link, error)) *pool {
	return &pool{
		limit: limit, answersMeanwhile: answersMeanwhile, open: open,
		links: make(map[*link]struct{}), drained: make(chan struct{}),
	}
}

// adopt takes in an idle channel.
func (p *pool) adopt(l *link) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.links[l] = struct{}{}
	p.idle = append(p.idle, l)
}

// acquire returns a channel for one call. It fails with ErrClosed, the end of the context,
// errAllHeld after so long, and what opening a channel fails with.
func (p *pool) acquire(ctx context.Context, patience time.Duration) (*link, error) {
	var timeout <-chan time.Time
	for {
		l, turn, err := p.tryToAcquire()
		if l != nil || err != nil {
			return l, err
		}
		if turn == nil {
			return p.openOne(ctx)
		}
		if timeout == nil {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case l = <-turn:
		case <-ctx.Done():
			p.giveUp(turn)
			return nil, endOf(ctx)
		case <-timeout:
			p.giveUp(turn)
			return nil, errAllHeld
		}
		if l != nil {
			return l, nil
		}
	}
}

// tryToAcquire returns an idle channel, or where to wait for one, or neither if one is to be opened.
func (p *pool) tryToAcquire() (*link, chan *link, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed {
		return nil, nil, ErrClosed
	}
	for len(p.idle) > 0 {
		// The last one given back: its memory is the warmest.
		l := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if !l.isLost() {
			return l, nil, nil
		}
		delete(p.links, l)
	}
	total := len(p.links) + p.opening
	if total < p.limit && (p.answersMeanwhile || total == 0) {
		p.opening++
		return nil, nil, nil
	}
	turn := make(chan *link, 1)
	p.waiting = append(p.waiting, turn)
	return nil, turn, nil
}

func (p *pool) openOne(ctx context.Context) (*link, error) {
	l, err := p.open(ctx)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.opening--
	if err == nil {
		p.links[l] = struct{}{}
		return l, nil
	}
	p.next(nil)
	return nil, err
}

// release takes back a channel whose call has ended.
func (p *pool) release(l *link) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if l.isLost() {
		delete(p.links, l)
		l = nil
	}
	if !p.next(l) && l != nil {
		p.idle = append(p.idle, l)
		p.noteDrained()
	}
}

// discard forgets a channel that is of no more use.
func (p *pool) discard(l *link) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.links, l)
	p.next(nil)
}

// next gives a channel to the first who waits for one, nil for the place of one that is gone.
func (p *pool) next(l *link) bool {
	if len(p.waiting) == 0 || p.closed {
		p.noteDrained()
		return false
	}
	p.waiting[0] <- l
	p.waiting = p.waiting[1:]
	return true
}

func (p *pool) giveUp(turn chan *link) {
	p.mutex.Lock()
	for i, other := range p.waiting {
		if other == turn {
			p.waiting = append(p.waiting[:i:i], p.waiting[i+1:]...)
			p.mutex.Unlock()
			return
		}
	}
	p.mutex.Unlock()
	// It was given something at the same time.
	if l := <-turn; l != nil {
		p.release(l)
	} else {
		p.mutex.Lock()
		p.next(nil)
		p.mutex.Unlock()
	}
}

// close takes no more calls, and waits for those under way as long as the context says. It returns
// whether all have ended.
func (p *pool) close(ctx context.Context) bool {
	p.mutex.Lock()
	p.closed = true
	for _, turn := range p.waiting {
		turn <- nil
	}
	p.waiting = nil
	p.noteDrained()
	p.mutex.Unlock()
	select {
	case <-p.drained:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *pool) noteDrained() {
	if !p.closed || len(p.links) > len(p.idle) || p.opening > 0 {
		return
	}
	select {
	case <-p.drained:
	default:
		close(p.drained)
	}
}

// takeIdle takes out the channels that no call has.
func (p *pool) takeIdle() []*link {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	idle := p.idle
	p.idle = nil
	for _, l := range idle {
		delete(p.links, l)
	}
	return idle
}

// all returns the channels that there are.
func (p *pool) all() []*link {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	links := make([]*link, 0, len(p.links))
	for l := range p.links {
		links = append(links, l)
	}
	return links
}
