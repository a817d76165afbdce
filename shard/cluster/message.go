package cluster

import (
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// subject says what a message on channel Members is about.
type subject uint64

const (
	aboutJoin     subject = 1 // a stranger asks for a number: [1, command]
	aboutPropose  subject = 2 // a command for the meta group: [2, kind, command]
	aboutBeat     subject = 3 // a sign of life: [3, beat]
	aboutView     subject = 4 // what the meta leader knows of all nodes: [4]
	aboutTransfer subject = 5 // hand over a group's leadership: [5, group, term, to]
	aboutNodes    subject = 6 // where the nodes are: [6]
)

// outcome is how an answer begins.
type outcome uint64

const (
	outcomeDone    outcome = 0 // [0, body]
	outcomeAsk     outcome = 1 // [1, node]: not the meta leader, which is that node; 0: not known
	outcomeRefused outcome = 2 // [2, fault]
)

// appendSubject begins a message of so many fields behind its subject.
func appendSubject(b []byte, s subject, fields int) []byte {
	return pack.AppendUint(pack.AppendArray(b, 1+fields), uint64(s))
}

// done is the answer that something was done.
func done(body []byte) []byte {
	b := pack.AppendUint(pack.AppendArray(nil, 2), uint64(outcomeDone))
	return pack.AppendBytes(b, body)
}

// askAnother is the answer of who does not lead the meta group.
func askAnother(leader uint32) []byte {
	b := pack.AppendUint(pack.AppendArray(nil, 2), uint64(outcomeAsk))
	return pack.AppendUint(b, uint64(leader))
}

// refused is the answer that something was not done.
func refused(err error) []byte {
	b := pack.AppendUint(pack.AppendArray(nil, 2), uint64(outcomeRefused))
	return fault.Of(err).Append(b)
}

// answerOf reads an answer: the body of what was done, or the node to ask instead (with
// again), or the error of a refusal.
func answerOf(answer []byte) (body []byte, leader uint32, again bool, err error) {
	in := pack.NewCursor(answer)
	more := in.Fields(2)
	switch o := outcome(in.Uint()); {
	case in.Err() != nil:
	case o == outcomeDone:
		body = in.Bytes()
	case o == outcomeAsk:
		leader, again = uint32(min(in.Uint(), 1<<32-1)), true
	case o == outcomeRefused:
		refusal, broken := fault.Decode(&in)
		if broken != nil {
			return nil, 0, false, broken
		}
		return nil, 0, false, refusal
	default:
		return nil, 0, false, fault.New(fault.Internal, "an answer of kind %d: want 0 to 2", o)
	}
	if err := in.End(more); err != nil {
		return nil, 0, false, fmt.Errorf("decode an answer of a node: %w", err)
	}
	return body, leader, again, nil
}

// transfer orders a leader to hand over.
type transfer struct {
	group int
	term  uint64 // in which it leads
	to    uint32
}

func (t *transfer) append(b []byte) []byte {
	b = appendSubject(b, aboutTransfer, 3)
	b = pack.AppendUint(b, uint64(t.group))
	b = pack.AppendUint(b, t.term)
	return pack.AppendUint(b, uint64(t.to))
}

func (t *transfer) decode(in *pack.Cursor) {
	t.group = int(min(in.Uint(), 1<<31))
	t.term = in.Uint()
	t.to = uint32(min(in.Uint(), 1<<32-1))
}

// beat is a sign of life: who is alive, and how its replicas are.
type beat struct {
	origin   grid.Origin
	sessions uint64
	replicas []Replica
}

// Replica is how a replica of a group is, as its node says.
type Replica struct {
	Group   int
	Term    uint64
	Leads   bool // and serves
	Applied uint64
	Last    uint64 // index of the newest entry in its log
	// Index, Voters and Learners are the group's latest configuration; Index is that of its
	// entry.
	Index    uint64
	Voters   []uint32
	Learners []uint32
}

const (
	beatFields    = 3
	replicaFields = 8
	// serversMax bounds the members of one group's configuration that a beat may name.
	serversMax = 1 << 10
)

func (s *beat) append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, beatFields), uint64(s.origin))
	b = pack.AppendUint(b, s.sessions)
	b = pack.AppendArray(b, len(s.replicas))
	for i := range s.replicas {
		r := &s.replicas[i]
		b = pack.AppendUint(pack.AppendArray(b, replicaFields), uint64(r.Group))
		b = pack.AppendUint(b, r.Term)
		b = pack.AppendBool(b, r.Leads)
		b = pack.AppendUint(b, r.Applied)
		b = pack.AppendUint(b, r.Last)
		b = pack.AppendUint(b, r.Index)
		b = appendNumbers(b, r.Voters)
		b = appendNumbers(b, r.Learners)
	}
	return b
}

func (s *beat) decode(in *pack.Cursor) error {
	more := in.Fields(beatFields)
	*s = beat{origin: grid.Origin(in.Uint()), sessions: in.Uint()}
	n := in.Array()
	for range n {
		var r Replica
		more := in.Fields(replicaFields)
		r.Group, r.Term, r.Leads = int(min(in.Uint(), 1<<31)), in.Uint(), in.Bool()
		r.Applied, r.Last, r.Index = in.Uint(), in.Uint(), in.Uint()
		r.Voters, r.Learners = readNumbers(in), readNumbers(in)
		for range more {
			in.Skip()
		}
		if in.Err() != nil {
			break
		}
		s.replicas = append(s.replicas, r)
	}
	if err := in.End(more); err != nil {
		return fmt.Errorf("decode a sign of life: %w", err)
	}
	return nil
}

func appendNumbers(b []byte, numbers []uint32) []byte {
	b = pack.AppendArray(b, len(numbers))
	for _, n := range numbers {
		b = pack.AppendUint(b, uint64(n))
	}
	return b
}

func readNumbers(in *pack.Cursor) (out []uint32) {
	n := in.Array()
	for range min(n, serversMax) {
		out = append(out, uint32(min(in.Uint(), 1<<32-1)))
	}
	for range n - serversMax {
		in.Skip()
	}
	return out
}
