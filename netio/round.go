package netio

import (
	"encoding/binary"
	"sync/atomic"
	"time"

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
	acks     []grid.Ref       // requests to answer when all was written

	left  atomic.Int32 // loops that are not done with it
	began time.Time
}

// segment is the part of one stream.
type segment struct {
	key    string
	slot   grid.Slot
	loops  uint64 // those that may have members, once the round is under way
	frames []byte
	lost   bool // there were more, which were dropped
}

func newRound() *round { return &round{index: make(map[string]int32)} }

// empty says whether there is nothing to do.
func (r *round) empty() bool { return len(r.segments) == 0 && len(r.acks) == 0 && !r.lost }

// segment returns the segment of a stream, nil if there are too many.
func (r *round) segment(slot grid.Slot, key []byte) *segment {
	if i, ok := r.index[string(key)]; ok {
		return &r.segments[i]
	}
	return r.newSegment(slot, string(key))
}

func (r *round) newSegment(slot grid.Slot, key string) *segment {
	n := len(r.segments)
	if n >= StreamsPendingMax {
		return nil
	}
	r.index[key] = int32(n)
	if n < cap(r.segments) {
		r.segments = r.segments[:n+1]
	} else {
		r.segments = append(r.segments, segment{})
	}
	s := &r.segments[n]
	*s = segment{key: key, slot: slot, frames: s.frames[:0]} // whose memory is used again
	return s
}

// add appends a frame for all on a stream; false if there is no room for it.
func (r *round) add(slot grid.Slot, key []byte, kind grid.Kind, body []byte) bool {
	size := wire.HeadBytes + len(body)
	if r.bytes+size > PendingBytesMax {
		return false
	}
	s := r.segment(slot, key)
	if s == nil || len(s.frames)+size > StreamBytesMax {
		return false
	}
	start := len(s.frames)
	s.frames = wire.End(append(wire.Begin(s.frames, kind, 0, 0), body...), start)
	r.bytes += size
	r.frames++
	return true
}

// miss notes that something could not be added, so that all on the stream are told
// that they missed it.
func (r *round) miss(slot grid.Slot, key []byte) {
	if s := r.segment(slot, key); s != nil {
		s.lost = true
	} else {
		r.lost = true
	}
}

// carry moves what is more than a round's share of a stream to the next round,
// which is empty.
func (r *round) carry(next *round, share int) {
	for i := range r.segments {
		s := &r.segments[i]
		if len(s.frames) <= share {
			continue
		}
		cut := wholeFrames(s.frames, share)
		if cut == len(s.frames) {
			continue // one frame
		}
		n := next.newSegment(s.slot, s.key)
		n.frames = append(n.frames, s.frames[cut:]...)
		n.lost, s.lost = s.lost, false
		next.bytes += len(n.frames)
		next.frames++
		s.frames = s.frames[:cut]
	}
}

// wholeFrames returns the length of the first frames of b that have at most so
// many bytes together; of the first, if that has more.
func wholeFrames(b []byte, bytesMax int) int {
	n := 0
	for n < len(b) {
		size := int(binary.BigEndian.Uint32(b[n:])) + lengthBytes
		if n > 0 && n+size > bytesMax {
			break
		}
		n += size
	}
	return n
}

// lengthBytes is the size of a frame's length field, which does not count itself.
const lengthBytes = 4

// reset empties the round, and gives up what one large burst has made.
func (r *round) reset() {
	kept := 0
	for i := range r.segments {
		kept += cap(r.segments[i].frames)
	}
	if kept > roundBytesKept || len(r.segments) > segmentsKept {
		r.segments, r.index = nil, make(map[string]int32)
	}
	r.segments = r.segments[:0]
	clear(r.index)
	r.frames, r.bytes, r.lost, r.acks = 0, 0, false, r.acks[:0]
}
