package wal

// announcer is a group's part in gathering; guarded by the committer's lock.
type announcer struct {
	coming  int  // entries announced and not yet stored
	inRound bool // the group is in the open round
	listed  bool // in committer.mu.announced
}

// announce says that the group will soon store an entry.
func (c *committer) announce(a *announcer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.coming++
	if a.coming == 1 && !a.inRound {
		c.mu.awaited++
	}
	if !a.listed {
		a.listed = true
		c.mu.announced = append(c.mu.announced, a)
	}
}

// retract takes one announcement back.
func (c *committer) retract(a *announcer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.coming == 0 {
		return // forgotten meanwhile: see gather
	}
	a.coming--
	if a.coming == 0 && !a.inRound {
		c.mu.awaited--
		c.turn.Broadcast()
	}
}

// join enters a group into the open round.
func (c *committer) join(r *round, a *announcer, entries int) {
	r.callers++
	c.mu.counts.Entries += uint64(entries)
	if !a.inRound {
		if a.coming > 0 {
			c.mu.awaited--
		}
		a.inRound = true
		r.members = append(r.members, a)
	}
	a.coming = max(0, a.coming-entries)
	if c.mu.awaited == 0 {
		c.turn.Broadcast()
	}
}

// gather waits for the groups that have announced an entry. Who has not come
// by then is forgotten: its proposal may have failed, and a commit must not
// wait for it again. If it comes after all, it goes with a later round.
func (c *committer) gather(r *round) {
	if c.mu.awaited == 0 || c.wait <= 0 || r.err != nil {
		return
	}
	r.gathered = true
	c.mu.gathering, c.mu.late = true, false
	if c.mu.timer == nil {
		c.mu.timer = c.clock.AfterFunc(c.wait, c.giveUp)
	} else {
		c.mu.timer.Reset(c.wait)
	}
	for c.mu.awaited > 0 && !c.mu.late {
		c.turn.Wait()
	}
	c.mu.timer.Stop()
	c.mu.gathering = false
	if c.mu.awaited > 0 {
		c.forgetAbsent()
	}
}

func (c *committer) forgetAbsent() {
	kept := c.mu.announced[:0]
	for _, a := range c.mu.announced {
		if !a.inRound {
			c.mu.counts.Forgotten += uint64(a.coming)
			a.coming = 0
		}
		if a.coming > 0 {
			kept = append(kept, a)
		} else {
			a.listed = false
		}
	}
	clear(c.mu.announced[len(kept):])
	c.mu.announced, c.mu.awaited = kept, 0
}

// giveUp ends gathering. A timer that fires late may cut the next round's short:
// that costs a shared fsync, nothing else.
func (c *committer) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.gathering {
		c.mu.late = true
		c.turn.Broadcast()
	}
}
