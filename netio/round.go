package netio

import (
	"encoding/binary"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/wire"
)

// round is what is pushed in one go: for each stream the frames that have come up
// since the round before, encoded once. While it is under way nothing in it
// changes, and all loops write from it.
type round struct {
	segments []segment
	index    map[string]int32 // of the segments, by key
	frames   int              // in all segments
	bytes    int              // of all frames
	lost     bool             // there was no room even to note who has missed something
	asked    bool             // some segment has acks

	left  atomic.Int32 // loops that are not done with it
	began time.Time
}

// segment is the part of one stream.
type segment struct {
	key    string
	slot   grid.Slot
	lost   bool   // there were more frames, which were dropped
	loops  uint64 // those that may have members, once the round is under way
	count  int    // of frames
	frames []byte
	acks   []grid.Ref // requests to answer when all was written
}

func newRound() *round { return &round{index: make(map[string]int32)} }

// find returns the segment of a stream, nil if there is none.
func (r *round) find(key []byte) *segment {
	if i, ok := r.index[string(key)]; ok {
		return &r.segments[i]
	}
	return nil
}

// has says whether members of a stream get something in this round.
func (r *round) has(key []byte) bool {
	s := r.find(key)
	return s != nil && !s.empty()
}

// empty says whether members of the stream get nothing.
func (s *segment) empty() bool { return len(s.frames) == 0 && !s.lost }

// newSegment adds the segment of a stream.
func (r *round) newSegment(slot grid.Slot, key string) *segment {
	n := len(r.segments)
	r.index[key] = int32(n)
	if n < cap(r.segments) {
		r.segments = r.segments[:n+1]
	} else {
		r.segments = append(r.segments, segment{})
	}
	s := &r.segments[n]
	*s = segment{key: key, slot: slot, frames: s.frames[:0], acks: s.acks[:0]} // memory used again
	return s
}

// add appends a frame to a segment.
func (r *round) add(s *segment, kind grid.Kind, body []byte) {
	start := len(s.frames)
	s.frames = wire.End(append(wire.Begin(s.frames, kind, 0, 0), body...), start)
	s.count++
	r.frames++
	r.bytes += len(s.frames) - start
}

// leave moves to held what is more than a round's share of a stream.
func (r *round) leave(held *round, share int) {
	for i := range r.segments {
		s := &r.segments[i]
		if len(s.frames) <= share {
			continue
		}
		cut, count := wholeFrames(s.frames, share)
		if cut == len(s.frames) {
			continue
		}
		n := held.newSegment(s.slot, s.key)
		n.frames, s.frames = append(n.frames, s.frames[cut:]...), s.frames[:cut]
		n.acks, s.acks = s.acks, n.acks
		n.lost, s.lost = s.lost, false
		n.count, s.count = s.count-count, count
		held.frames += n.count
		held.bytes += len(n.frames)
		r.frames -= n.count
	}
}

// release moves to the next round the segments of those streams of which some was in a
// round that is over.
func (r *round) release(over, next *round) {
	for i := range over.segments {
		if len(r.segments) == 0 {
			break
		}
		if s := &over.segments[i]; !s.empty() {
			r.move(s.key, next)
		}
	}
	if len(r.segments) == 0 {
		r.reset()
	}
}

// move moves the segment of a stream, if there is one.
func (r *round) move(key string, to *round) {
	i, is := r.index[key]
	if !is {
		return
	}
	s, n := &r.segments[i], to.newSegment(r.segments[i].slot, key)
	n.frames, s.frames = s.frames, n.frames
	n.acks, s.acks = s.acks, n.acks
	n.lost, n.count = s.lost, s.count
	to.frames += n.count
	to.bytes += len(n.frames)
	to.asked = to.asked || len(n.acks) > 0
	r.frames -= n.count
	r.bytes -= len(n.frames)

	last := len(r.segments) - 1
	r.segments[i], r.segments[last] = r.segments[last], *s // which keeps its memory
	r.index[r.segments[i].key] = i
	delete(r.index, key)
	r.segments = r.segments[:last]
}

// aim notes which loops care for the segments of a round, and returns them all.
func (r *round) aim(i *interest) (loops uint64) {
	for n := range r.segments {
		s := &r.segments[n]
		if !s.empty() {
			s.loops = i.in(s.slot)
			loops |= s.loops
		}
	}
	if r.lost {
		loops = ^uint64(0)
	}
	return loops
}

// wholeFrames returns the length of the first frames of b that have at most so
// many bytes together, and how many these are; of the first, if that has more.
func wholeFrames(b []byte, bytesMax int) (n, count int) {
	for n < len(b) {
		size := int(binary.BigEndian.Uint32(b[n:])) + lengthBytes
		if n > 0 && n+size > bytesMax {
			break
		}
		n += size
		count++
	}
	return n, count
}

// lengthBytes is the size of a frame's length field, which does not count itself.
const lengthBytes = 4

// reset empties the round, and gives up what one large burst has made.
func (r *round) reset() {
	kept := 0
	for _, s := range r.segments[:cap(r.segments)] {
		kept += cap(s.frames) + cap(s.acks)*int(unsafe.Sizeof(grid.Ref{}))
	}
	if kept > roundBytesKept || cap(r.segments) > 2*segmentsKept {
		r.segments, r.index = nil, make(map[string]int32)
	}
	r.segments = r.segments[:0]
	clear(r.index)
	r.frames, r.bytes, r.lost, r.asked = 0, 0, false, false
}
