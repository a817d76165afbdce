package chat

import (
	"cmp"
	"maps"
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// naive is what channels must be like, done the slow and plain way: by key.
type naive map[string]*list

// list is a channel: all messages ever sent, in all their versions, the last one
// being what the slot knows of them.
type list struct {
	all     [][]Message
	first   uint64 // of the tail
	bytes   int    // of it
	keep    int    // of it, if not 0
	changes uint64
	stored  mark
	changed mark
	oldest  uint64
	amended []Message
}

func (x *list) last() uint64 { return uint64(len(x.all)) }

// now returns a message as it is.
func (x *list) now(seq uint64) Message {
	versions := x.all[seq-1]
	return versions[len(versions)-1]
}

func size(m Message) int { return len(m.append(nil)) }

func (n naive) send(r *SendRequest, who *grid.Caller, archive bool, stamp int64) (SendReply, fault.Code) {
	x := n[r.Key]
	if x != nil && archive && x.bytes+headBytesMax+len(r.Content) > TailBytesMax {
		return SendReply{}, fault.ResourceExhausted
	}
	if x == nil {
		x = &list{first: 1}
		n[r.Key] = x
	}
	x.keep = who.Limits.Of(grid.TailBytesBound)
	m := Message{Seq: x.last() + 1, Time: stamp, Sender: who.User, Session: who.Session, Content: r.Content}
	x.all = append(x.all, []Message{m})
	x.bytes += size(m)
	x.finish(archive)
	return SendReply{m.Seq, stamp}, fault.OK
}

// change updates a message, or with content "" removes it.
func (n naive) change(key string, seq uint64, content string, who *grid.Caller, archive bool) (
	ChangeReply, fault.Code) {
	x := n[key]
	if x == nil || seq == 0 || seq > x.last() {
		return ChangeReply{}, fault.NotFound
	}
	old, m := x.now(seq), Message{}
	amend := seq < x.first
	i := slices.IndexFunc(x.amended, func(a Message) bool { return a.Seq == seq })
	known := old // what the slot knows of it
	if amend {
		known = Message{}
	}
	if i >= 0 {
		known = x.amended[i]
	}
	switch {
	case amend && (!archive || x.oldest == 0 || seq < x.oldest || seq > x.stored.done):
		return ChangeReply{}, fault.NotFound
	case amend && !who.Server:
		return ChangeReply{}, fault.FailedPrecondition
	case !amend && !who.Server && who.User != old.Sender:
		return ChangeReply{}, fault.PermissionDenied
	case known.Removed && content == "":
		return ChangeReply{known.Revision}, fault.OK
	case known.Removed:
		return ChangeReply{}, fault.FailedPrecondition
	}
	m = old
	m.Revision, m.Content, m.Removed = x.changes+1, content, content == ""
	if amend {
		a := Message{Seq: seq, Revision: m.Revision, Content: content, Removed: content == ""}
		next := slices.Clone(x.amended)
		if i >= 0 {
			next = slices.Delete(next, i, i+1)
		}
		next = append(next, a)
		sum := 0
		for _, a := range next {
			sum += size(a)
		}
		if sum > AmendmentsBytesMax {
			return ChangeReply{}, fault.ResourceExhausted
		}
		x.amended = next
	} else {
		grown := size(m) - size(old)
		if archive && grown > 0 && x.bytes+grown > TailBytesMax {
			return ChangeReply{}, fault.ResourceExhausted
		}
		x.bytes += grown
	}
	x.changes++
	if !old.Removed { // what the slot has forgotten to be removed stays so in the archive
		x.all[seq-1] = append(x.all[seq-1], m)
	}
	x.finish(archive)
	return ChangeReply{m.Revision}, fault.OK
}

func (x *list) finish(archive bool) {
	if archive {
		x.stored.wanted, x.changed.wanted = x.last(), x.changes
	}
	x.trim(!archive)
}

func (x *list) trim(force bool) {
	keep := cmp.Or(x.keep, TailBytes)
	for x.last() > x.first && (x.last()-x.first+1 > TailMessages || x.bytes > keep) {
		m := x.now(x.first)
		needed := m.Revision > x.changed.done && m.Revision <= x.changed.wanted
		if m.Seq > x.stored.done {
			needed = m.Seq <= x.stored.wanted
		}
		if needed && !force {
			return
		}
		if needed {
			x.stored.done = max(x.stored.done, m.Seq)
		}
		x.bytes -= size(m)
		x.first++
	}
}

func (x *list) archived(r *ArchivedRequest) {
	if r.Seq < x.stored.done || r.Change < x.changed.done {
		return
	}
	if r.Seq > x.stored.done && x.oldest == 0 {
		x.oldest = max(x.stored.done+1, x.first)
	}
	x.stored.done, x.changed.done = r.Seq, r.Change
	x.amended = slices.DeleteFunc(slices.Clone(x.amended), func(a Message) bool { return a.Revision <= r.Change })
	x.trim(false)
}

// lowest returns the lowest number that there is.
func (x *list) lowest(archive bool) uint64 {
	if archive && x.oldest != 0 {
		return x.oldest
	}
	return x.first
}

// exist returns the numbers of all messages that there are, in the tail or on
// a shelf, nil for none.
func (x *list) exist(key string, s *shelf) (out []uint64) {
	for seq := x.lowest(s != nil); seq <= x.last(); seq++ {
		if seq >= x.first || s.rows[key][seq] != nil {
			out = append(out, seq)
		}
	}
	return out
}

// page returns the numbers that a page is to have, if they are not too long.
func (x *list) page(r *HistoryRequest, s *shelf) []uint64 {
	all := x.exist(r.Key, s)
	if r.Backward {
		if r.From != 0 {
			all = slices.DeleteFunc(all, func(seq uint64) bool { return seq > r.From })
		}
		return all[max(0, len(all)-r.Limit):]
	}
	all = slices.DeleteFunc(all, func(seq uint64) bool { return seq < r.From })
	return all[:min(len(all), r.Limit)]
}

// encode writes the state as the format says, from the model alone.
func (n naive) encode() []byte {
	values := [][]byte{pack.AppendUint(pack.AppendArray(nil, 1), uint64(len(n)))}
	for _, key := range slices.Sorted(maps.Keys(n)) {
		x := n[key]
		numbers := []uint64{x.last(), x.last() - x.first + 1, x.changes, x.stored.wanted, x.stored.done,
			x.changed.wanted, x.changed.done, x.oldest, uint64(len(x.amended))}
		if x.keep != 0 && x.keep != TailBytes {
			numbers = append(numbers, uint64(x.keep))
		}
		b := pack.AppendBytes(pack.AppendArray(nil, 1+len(numbers)), []byte(key))
		for _, v := range numbers {
			b = pack.AppendUint(b, v)
		}
		values = append(values, b)
		for _, a := range x.amended {
			values = append(values, a.append(nil))
		}
		for seq := x.first; seq <= x.last(); seq++ {
			m := x.now(seq)
			values = append(values, m.append(nil))
		}
	}
	return gridtest.Stream(values...)
}
