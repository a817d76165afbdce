package netio

import "time"

// bell posts drain tasks from a goroutine of its own: see Fairness in the
// package's comment.
type bell struct {
	now   chan struct{} // holds a token when a task is wanted
	later chan struct{} // the same, after chokedPause
}

func newBell() bell {
	return bell{now: make(chan struct{}, 1), later: make(chan struct{}, 1)}
}

func (b *bell) ring() { signal(b.now) }

func (b *bell) ringLater() { signal(b.later) }

// signal leaves a token, if there is none yet.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// attend is the bell's goroutine; it also tells the loop the time.
func (l *loop) attend(tick time.Duration) {
	defer l.server.bells.Done()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	pause := time.NewTimer(chokedPause)
	defer pause.Stop()
	for {
		select {
		case <-l.bell.now:
			l.post(nil)
		case <-pause.C:
			l.post(nil)
		case <-l.bell.later:
			pause.Reset(chokedPause)
		case <-ticker.C:
			l.ticks.Add(1)
			l.post(nil)
		case <-l.server.ended:
			return
		}
	}
}
