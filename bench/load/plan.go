package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"

	"github.com/thronggrid/throng/grid"
)

// Limits of a plan.
const (
	DepthMax      = grid.RequestsMax
	ReplyBytesMax = 1 << 20
)

// Kind is what an operation does.
type Kind uint8

// The operations.
const (
	Submit Kind = iota // set an owner's score
	Rank               // read an owner's rank
	Around             // read an owner's record and five on each side
	Say                // send a message to the connection's room
)

// Op is one operation. Which dialect speaks makes no difference to it.
type Op struct {
	Kind   Kind
	Board  int
	Member int   // stands for an owner: see AppendOwner
	Score  int64 // of a Submit, at least 0
}

// Source makes a connection's operations, one a call; false: there are no more.
// It is called on the connection's goroutine alone.
type Source func() (Op, bool)

// Dialect speaks to one server over one connection. It belongs to the
// connection's goroutine.
type Dialect interface {
	// Open does what must precede requests on a new connection.
	Open(conn net.Conn) error
	// Append appends the request of op, the n-th of the connection from 0; low is
	// the number of the oldest unanswered request, n itself if all are answered.
	Append(b []byte, n, low uint64, op Op) []byte
	// Next reads and checks the reply at the start of b. Size 0: it is not whole.
	Next(b []byte) (Reply, error)
	// Again appends the second request of the operation in a slot.
	Again(b []byte, slot int) []byte
}

// Reply is what Next found.
type Reply struct {
	Size int  // bytes
	Slot int  // the request's number modulo the plan's depth
	More bool // the operation needs a second request: Again

	// Push says that it is no reply, but a message that the server sent by itself;
	// Aside that it is something else to be passed over.
	Push, Aside bool
}

// Plan is a load.
type Plan struct {
	Addr    string
	Conns   int     // connections
	Depth   int     // requests in flight on each, 1 to DepthMax
	Sliding bool    // refill as replies come
	Rate    float64 // operations a second over all connections; 0: closed loop
	Seed    uint64

	Dialect func(depth int) Dialect
	Source  func(conn int, r *rand.Rand) Source
}

func (p *Plan) check() error {
	switch {
	case p.Conns < 1:
		return errors.New("a load needs at least one connection")
	case p.Depth < 1 || p.Depth > DepthMax:
		return fmt.Errorf("%d requests in flight: choose 1 to %d", p.Depth, DepthMax)
	case p.Rate != 0:
		return CheckRate(p.Rate)
	}
	return nil
}

// Random returns sources of operations on random boards and members; scores are
// random numbers of 40 bits.
func Random(kind Kind, boards, members int) func(int, *rand.Rand) Source {
	return func(_ int, r *rand.Rand) Source {
		return func() (Op, bool) {
			x := r.Uint64()
			return Op{
				Kind: kind, Board: int(x >> 40 % uint64(boards)), Member: r.IntN(members),
				Score: int64(x & (1<<40 - 1)),
			}, true
		}
	}
}

// Fill returns sources that submit a random score for every member of every
// board, once, spread over conns connections.
func Fill(boards, members, conns int) func(int, *rand.Rand) Source {
	return func(conn int, r *rand.Rand) Source {
		next, end := conn, boards*members
		return func() (Op, bool) {
			if next >= end {
				return Op{}, false
			}
			op := Op{
				Kind: Submit, Board: next / members, Member: next % members,
				Score: r.Int64N(1 << 40),
			}
			next += conns
			return op, true
		}
	}
}

// OwnerBytes is the size of an owner.
const OwnerBytes = 16

// AppendOwner appends the owner that a member number stands for: "memb" and
// twelve digits, the same in every server.
func AppendOwner(b []byte, member int) []byte {
	b = append(b, "memb000000000000"...)
	for i := len(b) - 1; member > 0; i-- {
		b[i] = byte('0' + member%10)
		member /= 10
	}
	return b
}

// Boards returns names for n boards whose hash slots lie in different n-th parts
// of all slots, so that a node with up to n shards serves them on different ones.
func Boards(n int) []string {
	var names []string
	for k := 0; len(names) < n; k++ {
		name := fmt.Sprintf("b%d", k)
		if int(grid.SlotOf(name))*n/grid.Slots == len(names) {
			names = append(names, name)
		}
	}
	return names
}
