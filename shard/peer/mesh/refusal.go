package mesh

import (
	"fmt"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// A Reason says why a connection between nodes was refused. The numbers go over the
// wire.
type Reason uint16

// The reasons.
const (
	BadSecret    Reason = 1  // it does not know the cluster secret
	BadCluster   Reason = 2  // it belongs to another cluster
	BadClock     Reason = 3  // the clocks are more than 500 ms apart
	BadVersion   Reason = 4  // no version of the protocol that both speak
	BadLevel     Reason = 5  // no feature level that both can run at
	UnknownNode  Reason = 6  // its number is not in the topology
	StaleNode    Reason = 7  // a later start of the same node was seen
	TwinNode     Reason = 8  // two processes with the same number and incarnation
	WrongNode    Reason = 9  // another node than the one that was dialled
	NotJoined    Reason = 10 // the node asked is not part of a cluster yet
	Itself       Reason = 11 // a node has dialled itself
	Crossed      Reason = 12 // both have dialled, and the other's connection stays
	TooMany      Reason = 13 // too many strangers ask at once
	reasonsEnd   Reason = 14
	reasonNone   Reason = 0
	textBytesMax        = 400
)

// Refusal is the error of a connection that one side refused.
type Refusal struct {
	Reason Reason
	Text   string // what to do about it
	// Theirs says that the other side refused.
	Theirs bool
}

// Error returns the sentence; errors.Is finds peer.ErrUnreachable in it.
func (r *Refusal) Error() string {
	if r.Theirs {
		return "the other node refused: " + r.Text
	}
	return r.Text
}

// Unwrap returns peer.ErrUnreachable.
func (r *Refusal) Unwrap() error { return peer.ErrUnreachable }

// quiet says whether a refusal belongs to normal life.
func (r *Refusal) quiet() bool { return r.Reason == Crossed || r.Reason == Itself }

// reasons is a set.
type reasons uint16

// add puts a reason into the set, and says whether it was not there.
func (s *reasons) add(r Reason) bool {
	fresh := *s&(1<<r) == 0
	*s |= 1 << r
	return fresh
}

func refuse(reason Reason, format string, args ...any) *Refusal {
	text := fmt.Sprintf(format, args...)
	return &Refusal{Reason: reason, Text: text[:min(len(text), textBytesMax)]}
}

// judge says what speaks against a node that has shown that it knows the secret; nil is
// nothing. Offset is how far its clock is ahead of ours, and may be wrong by doubt.
func judge(us, them *hello, offset, doubt time.Duration) *Refusal {
	var none grid.ID
	joining := us.purpose == forAsk && (us.number == 0 || them.number == 0)
	switch {
	case us.instance == them.instance:
		return refuse(Itself, "this address is the node's own")
	case us.cluster != them.cluster && !(joining && (us.cluster == none || them.cluster == none)):
		return refuse(BadCluster, "node %d belongs to cluster %v and node %d to %v: correct "+
			"`join`, or start the node that is wrong here with an empty data directory",
			us.number, us.cluster, them.number, them.cluster)
	case us.number != 0 && us.number == them.number && us.incarnation == them.incarnation:
		return twin(us)
	case us.number != 0 && us.number == them.number:
		return refuse(TwinNode, "two processes say that they are node %d, incarnations %d and "+
			"%d: stop one, and never start two nodes from copies of one data directory",
			us.number, us.incarnation, them.incarnation)
	case us.levelMax < them.levelMin || them.levelMax < us.levelMin:
		return refuse(BadLevel, "node %d runs feature levels %d to %d, node %d %d to %d: "+
			"upgrade the older one, by one release at a time", us.number, us.levelMin,
			us.levelMax, them.number, them.levelMin, them.levelMax)
	case offset.Abs()-doubt > clockOffMax:
		return refuse(BadClock, "the clocks of node %d and node %d are %v apart, at most %v are "+
			"allowed: let NTP or chrony set them", us.number, them.number,
			offset.Abs().Round(time.Millisecond), clockOffMax)
	}
	return nil
}

func twin(h *hello) *Refusal {
	return refuse(TwinNode, "two processes say that they are node %d, incarnation %d: stop "+
		"one, and never start two nodes from copies of one data directory",
		h.number, h.incarnation)
}

func unknown(h *hello) *Refusal {
	return refuse(UnknownNode, "node %d at %s is not in the topology: it was removed, or has "+
		"not joined yet; to bring it back, start it with `join` and an empty data directory",
		h.number, h.address)
}

func wrongNode(want uint32, h *hello) *Refusal {
	return refuse(WrongNode, "the address of node %d is answered by node %d: correct "+
		"`advertise_peer_addr` of the one that is wrong", want, h.number)
}

func wrongSecret() *Refusal {
	return refuse(BadSecret, "the cluster secrets differ: give all nodes the same "+
		"`cluster_secret_file`")
}

func stale(h *hello, seen uint64) *Refusal {
	return refuse(StaleNode, "node %d says it is incarnation %d, but incarnation %d was here: "+
		"its data directory is an old copy; start it with the newest, or empty as a new node",
		h.number, h.incarnation, seen)
}

func notJoined(h *hello) *Refusal {
	return refuse(NotJoined, "the node at %s is not part of a cluster yet: start it with "+
		"`join`, or the first node of a new cluster with `--bootstrap`", h.address)
}
