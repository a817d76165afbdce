package presence

import (
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// Member is one presence on a stream: [session, user, status].
type Member struct {
	Session grid.SessionID
	User    grid.ID
	Status  string
}

// ListReply answers a ListRequest: [count, [member, …], next or nil].
type ListReply struct {
	Count   int // presences on the stream
	Members []Member
	Next    grid.SessionID // After of the next page's request; zero: this was the last
}

// CountReply answers a CountRequest: [count].
type CountReply struct {
	Count int
}

// DecodeListReply reads a ListReply.
func DecodeListReply(in *pack.Cursor) (r ListReply, err error) {
	more := in.Fields(3)
	r.Count = size(in)
	if r.Members, err = readMembers(in, 3); err != nil {
		return r, err
	}
	if !in.Nil() {
		if r.Next, err = grid.ReadSession(in); err != nil {
			return r, err
		}
	}
	return r, in.End(more)
}

// DecodeCountReply reads a CountReply.
func DecodeCountReply(in *pack.Cursor) (r CountReply, err error) {
	more := in.Fields(1)
	r.Count = size(in)
	return r, in.End(more)
}

// readMembers reads an array of members. With known 2 they come without a status.
func readMembers(in *pack.Cursor, known int) ([]Member, error) {
	n := in.Array()
	if err := in.Err(); err != nil {
		return nil, err
	}
	members := make([]Member, 0, min(n, PageMembersMax))
	for range n {
		m, err := readMember(in, known)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

func readMember(in *pack.Cursor, known int) (m Member, err error) {
	more := in.Fields(known)
	if m.Session, err = grid.ReadSession(in); err != nil {
		return m, err
	}
	if m.User, err = grid.ReadUser(in); err != nil {
		return m, err
	}
	if known > 2 {
		m.Status = string(in.String())
	}
	return m, in.End(more)
}

// size reads a number of presences.
func size(in *pack.Cursor) int { return int(min(in.Uint(), math.MaxInt32)) }
