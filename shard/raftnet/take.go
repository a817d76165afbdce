package raftnet

import (
	"errors"
	"fmt"
	"io"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
)

// snapshotsMax is how many snapshots may come in at a time on a node: each costs memory
// and disk, and its sender tries again.
const snapshotsMax = 4

var (
	errCrowded   = errors.New("as many snapshots as a node takes at a time come in already")
	errNoPiece   = errors.New("the piece belongs to no snapshot that comes in here")
	errAborted   = errors.New("the node that sends the snapshot has given up")
	errSenderCut = errors.New("the connection to the node that sends the snapshot was lost")
)

// incoming is a snapshot that comes in. Its pieces are left by connections' goroutines and
// read by Raft's.
type incoming struct {
	t    *Transport
	from uint32
	id   uint64
	next uint64 // number of the piece that is to come; of the connection's goroutine

	pieces chan arrived  // at most windowMax wait, and the last
	ended  chan struct{} // closed when no piece comes any more
	err    error         // why, set before
	timer  clock.Timer   // ends it when the next piece does not come in time

	now  arrived // being read; of Raft's goroutine, and then of who answers
	last bool    // the last piece was read
}

// arrived is a piece that has come.
type arrived struct {
	body   []byte
	last   bool
	answer func([]byte)
}

// takePiece serves a piece of a snapshot. Called on a connection's goroutine.
func (n *Net) takePiece(from grid.Origin, body []byte, answer func([]byte)) {
	if answer == nil {
		return
	}
	var p piece
	in := &reader{b: body}
	p.read(in)
	t := n.group(p.group)
	err := error(errMalformed)
	switch {
	case in.bad:
	case t == nil:
		err = errNotHere
	case p.sort == pieceFirst:
		err = t.beginSnapshot(from.Node(), p.id, in, answer)
	default:
		err = t.takePiece(from.Node(), &p, in.b, answer)
	}
	if err != nil {
		answer(appendFailure(nil, err))
	}
}

// beginSnapshot lets Raft read a snapshot whose pieces follow. One that comes in already
// from an earlier try ends.
func (t *Transport) beginSnapshot(from uint32, id uint64, in *reader, answer func([]byte)) error {
	r, err := decodeSnapshot(in, headerOf(from))
	if err != nil {
		return err
	}
	if t.net.snapshots.Add(1) > snapshotsMax {
		t.net.snapshots.Add(-1)
		return errCrowded
	}
	s := &incoming{t: t, from: from, id: id, next: 1, pieces: make(chan arrived, windowMax+1),
		ended: make(chan struct{})}
	s.timer = t.net.options.Clock.AfterFunc(piecePatience, func() { t.endThis(s, errLate) })
	t.mu.Lock()
	t.endLocked(t.mu.snapshot, errAborted)
	t.mu.snapshot = s
	t.mu.Unlock()
	if err := t.submit(r, s, s.finish); err != nil {
		t.endThis(s, err)
		return err
	}
	answer(appendAnswer(nil, nil))
	return nil
}

// takePiece leaves a piece for Raft.
func (t *Transport) takePiece(from uint32, p *piece, body []byte, answer func([]byte)) error {
	a := arrived{append([]byte(nil), body...), p.sort == pieceLast, answer}
	s, err := t.leavePiece(from, p, a)
	if err != nil && s != nil {
		t.endThis(s, err)
	}
	return err
}

// leavePiece returns the snapshot, too, if that cannot go on after an error.
func (t *Transport) leavePiece(from uint32, p *piece, a arrived) (*incoming, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.mu.snapshot
	if s == nil || s.from != from || s.id != p.id || s.next != p.number {
		return nil, errNoPiece
	}
	if p.sort == pieceAbort {
		return s, errAborted
	}
	select {
	case s.pieces <- a: // under the lock: who ends the snapshot finds it
	default:
		return s, errBusy // more than the window
	}
	s.next++
	s.timer.Reset(piecePatience)
	return s, nil
}

// Read gives Raft what has come.
func (s *incoming) Read(b []byte) (int, error) {
	for len(s.now.body) == 0 {
		if s.last {
			return 0, io.EOF
		}
		if s.now.answer != nil {
			s.now.answer(appendAnswer(nil, nil))
			s.now.answer = nil
		}
		select {
		case s.now = <-s.pieces:
			s.last = s.now.last
		case <-s.ended:
			return 0, fmt.Errorf("read a snapshot that comes in: %w", s.err)
		}
	}
	n := copy(b, s.now.body)
	s.now.body = s.now.body[n:]
	return n, nil
}

// finish passes on what Raft has answered to all of the snapshot: to the last piece, or to
// any that waits if it was not read to its end.
func (s *incoming) finish(answer []byte) {
	s.t.endThis(s, errNoPiece)
	if s.now.answer != nil {
		s.now.answer(answer)
	}
	for {
		select {
		case p := <-s.pieces:
			p.answer(answer)
		default:
			return
		}
	}
}

// endThis ends a snapshot that comes in, if it has not ended.
func (t *Transport) endThis(s *incoming, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endLocked(s, err)
}

// endLocked is endThis for who has the lock.
func (t *Transport) endLocked(s *incoming, err error) {
	if s != nil && t.mu.snapshot == s {
		t.mu.snapshot = nil
		s.timer.Stop()
		s.err = err
		close(s.ended)
		t.net.snapshots.Add(-1)
	}
}

// endSnapshot ends what comes in.
func (t *Transport) endSnapshot(err error) {
	t.mu.Lock()
	s := t.mu.snapshot
	t.mu.Unlock()
	if s != nil {
		t.endThis(s, err)
	}
}

// cutSnapshot ends what comes in from a node whose connection was lost.
func (t *Transport) cutSnapshot(from uint32) {
	t.mu.Lock()
	s := t.mu.snapshot
	t.mu.Unlock()
	if s != nil && s.from == from {
		t.endThis(s, errSenderCut)
	}
}
