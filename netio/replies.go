package netio

import (
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// codes is how many codes a reply may have.
const codes = int(fault.Unauthenticated) + 1

// replyRows says which row of a loop's replies counts a kind of request: row 0 is for
// kinds that nobody serves.
type replyRows struct {
	names   []string // by row
	classes []class  // likewise
	byKind  []uint8
}

func newReplyRows(ops []grid.Op) *replyRows {
	r := &replyRows{names: []string{"other"}, classes: []class{classOther}}
	r.add(wire.KindHello, "hello", classHello)
	r.add(wire.KindPing, "ping", classOther)
	r.add(wire.KindToken, "token", classOther)
	for i := range ops {
		r.add(ops[i].Kind, ops[i].Name, classOf(&ops[i]))
	}
	return r
}

// add gives a kind a row. Beyond 255, which are many more than there are, kinds share
// row 0.
func (r *replyRows) add(kind grid.Kind, name string, c class) {
	for int(kind) >= len(r.byKind) {
		r.byKind = append(r.byKind, 0)
	}
	if n := len(r.names); n < 1<<8 {
		r.byKind[kind] = uint8(n)
		r.names, r.classes = append(r.names, name), append(r.classes, c)
	}
}

// of returns the row of a kind.
func (r *replyRows) of(kind grid.Kind) int {
	if int(kind) < len(r.byKind) {
		return int(r.byKind[kind])
	}
	return 0
}

// replied counts a reply, where it is made.
func (l *loop) replied(q *asked, c fault.Code) {
	at := min(int(c), codes-1)
	l.replies[l.server.rows.of(q.Kind)*codes+at].Add(1)
	l.answers = append(l.answers, *q)
}

// ReplyCount is how often a kind of request was answered with a code.
type ReplyCount struct {
	Name  string // of the kind: "board.submit", or "other" for kinds that are not served
	Code  fault.Code
	Count uint64
}

// replyCounts sums up what loops have counted. Of a code other than OK there is nothing
// unless it was an answer.
func (s *Server) replyCounts(loops []*loop) (out []ReplyCount) {
	for row, name := range s.rows.names {
		for code := range codes {
			n := uint64(0)
			for _, l := range loops {
				n += l.replies[row*codes+code].Load()
			}
			if n > 0 || code == int(fault.OK) {
				out = append(out, ReplyCount{name, fault.Code(code), n})
			}
		}
	}
	return out
}

// newReplies returns the counters of a loop.
func (r *replyRows) newReplies() []atomic.Uint64 {
	return make([]atomic.Uint64, len(r.names)*codes)
}
