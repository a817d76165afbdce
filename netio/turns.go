package netio

// turns is a list of connections, by number, that wait to be looked at. Each is taken
// off before that: a panic while one is served costs no other its turn.
type turns struct {
	now   []uint64 // from at on; then
	later []uint64
	at    int
}

// len is how many wait.
func (t *turns) len() int { return len(t.now) - t.at + len(t.later) }

// add puts a connection at the end.
func (t *turns) add(number uint64) { t.later = append(t.later, number) }

// take takes off the first; there must be one.
func (t *turns) take() uint64 {
	if t.at == len(t.now) {
		t.now, t.later, t.at = t.later, t.now[:0], 0
	}
	t.at++
	return t.now[t.at-1]
}
