package raftnet

import (
	"io"

	"github.com/hashicorp/raft"
)

// owed is a request that Raft has, and will answer.
type owed struct {
	response chan raft.RPCResponse
	answer   func([]byte)
}

// submit hands a request of another node to Raft, whose answer goes to answer; a snapshot is
// read from r. An error is the answer instead. Called on a connection's goroutine.
func (t *Transport) submit(command any, r io.Reader, answer func([]byte)) error {
	if t.screen != nil {
		if err := t.screen(command); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hand(command, r, answer)
}

// hand hands Raft a request that was looked at. The lock is held, so that what is owed, and
// the terms that are noted, stand in the order of the requests.
func (t *Transport) hand(command any, r io.Reader, answer func([]byte)) error {
	if t.mu.closed {
		return raft.ErrTransportShutdown
	}
	o := owed{make(chan raft.RPCResponse, 1), answer}
	select {
	case t.consumer <- raft.RPC{Command: command, Reader: r, RespChan: o.response}:
	default:
		return errBusy
	}
	t.note(command)
	t.mu.owed = append(t.mu.owed, o)
	if !t.mu.answering {
		t.mu.answering = true
		t.running.Go(t.answerAll)
	}
	return nil
}

// note notes the term of a request that Raft was handed.
func (t *Transport) note(command any) {
	switch r := command.(type) {
	case *raft.AppendEntriesRequest:
		t.mu.heard = max(t.mu.heard, r.Term)
	case *raft.InstallSnapshotRequest:
		t.mu.heard = max(t.mu.heard, r.Term)
	case *raft.RequestVoteRequest:
		t.mu.asked = max(t.mu.asked, r.Term)
	}
}

// answerAll passes on what Raft answers, in order, until it owes nothing.
func (t *Transport) answerAll() {
	for {
		t.mu.Lock()
		if len(t.mu.owed) == 0 {
			t.mu.answering, t.mu.owed = false, nil
			t.mu.Unlock()
			return
		}
		o := t.mu.owed[0]
		t.mu.owed = t.mu.owed[1:]
		t.mu.Unlock()
		select {
		case r := <-o.response:
			o.give(r)
		case <-t.stop:
			o.answer(appendFailure(nil, raft.ErrTransportShutdown))
		}
	}
}

func (o *owed) give(r raft.RPCResponse) {
	if r.Error != nil {
		o.answer(appendFailure(nil, r.Error))
		return
	}
	o.answer(appendAnswer(make([]byte, 0, 32), r.Response))
}
