package host

import "sync"

// goroutines counts those that were started, so that somebody can wait for their end. Other than with
// a WaitGroup, one may be started while somebody waits.
type goroutines struct {
	mutex   sync.Mutex
	running int
	changed sync.Cond
}

func (g *goroutines) start(do func()) {
	g.mutex.Lock()
	g.running++
	g.mutex.Unlock()
	go func() {
		defer func() {
			g.mutex.Lock()
			defer g.mutex.Unlock()
			g.running--
			if g.changed.L != nil {
				g.changed.Broadcast()
			}
		}()
		do()
	}()
}

// wait returns when all have ended.
func (g *goroutines) wait() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.changed.L = &g.mutex
	for g.running > 0 {
		g.changed.Wait()
	}
}
