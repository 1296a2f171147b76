// Package content is content on its way through one end of a channel: pieces that have come and are
// to be read, and what is read to be sent as pieces. Both libraries use it.
package content

import "sync"

// joinedBytes is up to where pieces become one, so that a peer that sends single bytes costs no more
// memory than its credit.
const joinedBytes = 4 << 10

// Queue is what has come and was not taken yet. One goroutine adds to it, another one takes.
type Queue struct {
	news chan struct{}

	mutex    sync.Mutex
	pieces   [][]byte
	complete bool
}

// NewQueue returns an empty one.
func NewQueue() *Queue { return &Queue{news: make(chan struct{}, 1)} }

// Add adds a piece, which may be empty, and says whether it is the last one.
func (q *Queue) Add(piece []byte, complete bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	last := len(q.pieces) - 1
	switch {
	case len(piece) == 0:
	case last >= 0 && len(q.pieces[last])+len(piece) <= joinedBytes:
		q.pieces[last] = append(q.pieces[last], piece...)
	default:
		q.pieces = append(q.pieces, piece)
	}
	q.complete = q.complete || complete
}

// Next returns the next piece, nil if there is none, and whether no more will come behind those that
// are here.
func (q *Queue) Next() (piece []byte, complete bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if len(q.pieces) > 0 {
		piece, q.pieces[0] = q.pieces[0], nil
		q.pieces = q.pieces[1:]
	}
	return piece, q.complete
}

// Tell wakes whoever waits for News: a piece has come, or anything else to look at.
func (q *Queue) Tell() {
	select {
	case q.news <- struct{}{}:
	default: // what came before has not been looked at either
	}
}

// News gets a value when something may have come.
func (q *Queue) News() <-chan struct{} { return q.news }
