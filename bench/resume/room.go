package resume

import (
	"fmt"
	"hash/fnv"
	"sync"
)

// room is what is known of one room's messages.
type room struct {
	name string

	mu    sync.Mutex
	given []uint64        // by number-1: the hash of the content that was given
	acked map[uint64]bool // numbers that were acknowledged
	wrong []error
}

func hash(content string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(content))
	return h.Sum64()
}

// give notes that a member was given a message.
func (r *room) give(seq uint64, content string) {
	r.note(seq, content, "a member was given")
}

// ack notes that a message was acknowledged.
func (r *room) ack(seq uint64, content string) {
	r.note(seq, content, "the sender was acknowledged")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.acked[seq] {
		r.fail("number %d was acknowledged twice", seq)
	}
	r.acked[seq] = true
}

// note compares the content under a number with what it was before.
func (r *room) note(seq uint64, content, who string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for uint64(len(r.given)) < seq {
		r.given = append(r.given, 0)
	}
	h := hash(content)
	if was := r.given[seq-1]; was != 0 && was != h {
		r.fail("%s %q under number %d, where there was something else", who, content, seq)
	}
	r.given[seq-1] = h
}

// fail notes something wrong, under mu.
func (r *room) fail(format string, args ...any) {
	const enough = 10
	if len(r.wrong) < enough {
		r.wrong = append(r.wrong, fmt.Errorf(r.name+": "+format, args...))
	}
}

// problem notes something wrong.
func (r *room) problem(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail(format, args...)
}

// last returns the highest number of which there was word, and how many messages
// were acknowledged.
func (r *room) last() (last uint64, acked int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return uint64(len(r.given)), len(r.acked)
}
