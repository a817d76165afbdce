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

// accept hands a request of another node to Raft, whose answer goes to answer. An error is
// the answer instead. Called on a connection's goroutine.
func (t *Transport) accept(command any, answer func([]byte)) error {
	if r, ok := command.(*raft.AppendEntriesRequest); ok {
		t.see(r.Term)
	}
	return t.submit(command, nil, answer)
}

// submit is accept, with what a snapshot is read from.
func (t *Transport) submit(command any, r io.Reader, answer func([]byte)) error {
	if t.screen != nil {
		if err := t.screen(command); err != nil {
			return err
		}
	}
	o := owed{make(chan raft.RPCResponse, 1), answer}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.closed {
		return raft.ErrTransportShutdown
	}
	select { // under the lock, so that what is owed stands in the order of the requests
	case t.consumer <- raft.RPC{Command: command, Reader: r, RespChan: o.response}:
	default:
		return errBusy
	}
	t.mu.owed = append(t.mu.owed, o)
	if !t.mu.answering {
		t.mu.answering = true
		t.running.Go(t.answerAll)
	}
	return nil
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
