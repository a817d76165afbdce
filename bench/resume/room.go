package resume

import (
	"fmt"
	"hash/fnv"
	"sync"
)

// room is what is known of one room's messages. No two have the same content.
type room struct {
	name string

	mu      sync.Mutex
	known   []uint64          // by number-1: the hash of the content under it, 0: none yet
	numbers map[uint64]uint64 // by hash: the number it is under
	acked   map[uint64]bool   // numbers that were acknowledged
	wrong   []error           // what is, the first few
}

func newRoom(name string) *room {
	return &room{name: name, numbers: map[uint64]uint64{}, acked: map[uint64]bool{}}
}

// give notes that a member was given a message.
func (r *room) give(number uint64, content string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(number, content, "a member was given")
}

// ack notes that a message was acknowledged.
func (r *room) ack(number uint64, content string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(number, content, "the sender was acknowledged")
	if r.acked[number] {
		r.fail("number %d was acknowledged twice", number)
	}
	r.acked[number] = true
}

// note compares number and content with what was known of either, under mu.
func (r *room) note(number uint64, content, who string) {
	if number == 0 {
		r.fail("%s %q under no number", who, content)
		return
	}
	for uint64(len(r.known)) < number {
		r.known = append(r.known, 0)
	}
	h := hash(content)
	if was := r.known[number-1]; was != 0 && was != h {
		r.fail("%s %q under number %d, where there was something else", who, content, number)
	}
	if was, there := r.numbers[h]; there && was != number {
		r.fail("%s %q under number %d, and it is number %d too", who, content, number, was)
	}
	r.known[number-1], r.numbers[h] = h, number
}

func hash(content string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(content))
	return h.Sum64()
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

// problems returns what was noted.
func (r *room) problems() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wrong
}

// last returns the highest number of which there was word.
func (r *room) last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return uint64(len(r.known))
}
