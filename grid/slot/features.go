package slot

import (
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// feature is what a slot asks of the state of one feature.
type feature interface {
	// Apply executes one command in its turn and appends its reply to out; on an
	// error it has changed nothing.
	Apply(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error)
	// Query appends the reply to one query to out.
	Query(kind grid.Kind, body, out []byte) ([]byte, error)
	// Encode writes the state.
	Encode(e *pack.Encoder)
}

// timed is a feature that does something when its time has come.
type timed interface {
	// Due returns the stamp at which something is due next; math.MaxInt64: nothing.
	Due() int64
	// Tick does what is due at the turn's stamp, or a bounded part of it.
	Tick(t *grid.Turn)
}

// states are the features' states; nil until something is written to one. To add
// a feature is to add a line to each function of this file.
type states struct {
	boards   *leaderboard.Boards
	sessions *session.Sessions
	streams  *presence.Streams
	channels *chat.Channels
}

// empty answers queries before anything is written. It is never changed.
var empty = states{
	boards: leaderboard.New(), sessions: session.New(), streams: presence.New(),
	channels: chat.New(),
}

// Ops lists the requests of all features. The archive keeps messages that are no
// longer in memory; nil: nothing does.
func Ops(archive chat.Archive) []grid.Op {
	return slices.Concat(
		leaderboard.Ops(), session.Ops(), presence.Ops(), chat.Ops(archive))
}

// feature returns the state that a kind belongs to, to read; nil when there is
// none. Each feature owns the kinds of one high byte.
func (s *states) feature(kind grid.Kind) feature {
	switch kind >> 8 {
	case 0x01:
		return or(s.boards, empty.boards)
	case 0x02:
		return or(s.sessions, empty.sessions)
	case 0x03:
		return or(s.streams, empty.streams)
	case 0x04:
		return or(s.channels, empty.channels)
	}
	return nil
}

// own is feature, to write.
func (s *states) own(kind grid.Kind) feature {
	switch kind >> 8 {
	case 0x01:
		return made(&s.boards, leaderboard.New)
	case 0x02:
		return made(&s.sessions, session.New)
	case 0x03:
		return made(&s.streams, presence.New)
	case 0x04:
		return made(&s.channels, chat.New)
	}
	return nil
}

// each calls f for all features that do something in time.
func (s *states) each(f func(timed)) {
	if s.boards != nil {
		f(s.boards)
	}
	if s.sessions != nil {
		f(s.sessions)
	}
}

func (s *states) clone() states {
	var c states
	if s.boards != nil {
		c.boards = s.boards.Clone()
	}
	if s.sessions != nil {
		c.sessions = s.sessions.Clone()
	}
	if s.streams != nil {
		c.streams = s.streams.Clone()
	}
	if s.channels != nil {
		c.channels = s.channels.Clone()
	}
	return c
}

// encode writes every feature's state, in the order of their kinds.
func (s *states) encode(e *pack.Encoder) {
	for byte := grid.Kind(0x01); ; byte++ {
		f := s.feature(byte << 8)
		if f == nil {
			return
		}
		f.Encode(e)
	}
}

// decode reads what encode wrote.
func (s *states) decode(d *pack.Decoder) (err error) {
	if s.boards, err = leaderboard.Decode(d); err != nil {
		return err
	}
	if s.sessions, err = session.Decode(d); err != nil {
		return err
	}
	if s.streams, err = presence.Decode(d); err != nil {
		return err
	}
	s.channels, err = chat.Decode(d)
	return err
}

// archives says whether something waits to be archived.
func (s *states) archives() bool { return s.channels != nil && s.channels.Pending() }

// Backlog returns rows that the archive lacks, and the bodies of the KindArchived
// commands, of package chat, that say in this order that it has them: see
// chat.Channels.Backlog. Any number of goroutines may call it at once while none
// calls Apply.
func (s *states) Backlog(bytesMax int) (rows []chat.Row, done [][]byte) {
	if s.channels == nil {
		return nil, nil
	}
	rows, requests := s.channels.Backlog(bytesMax)
	for i := range requests {
		done = append(done, requests[i].Append(pack.AppendArray(nil, requests[i].Fields())))
	}
	return rows, done
}

// sizes returns what the features hold.
func (s *states) sizes() (z Sizes) {
	if s.boards != nil {
		z.Boards, z.Records = s.boards.Sizes()
	}
	if s.sessions != nil {
		z.Sessions, z.Tokens = s.sessions.Sizes()
	}
	if s.streams != nil {
		z.Streams, z.Presences = s.streams.Sizes()
	}
	if s.channels != nil {
		z.Channels, z.Messages = s.channels.Sizes()
		z.Unarchived, z.OldestUnarchived = s.channels.Waiting()
	}
	return z
}

// Present says whether a session is present on a stream: grid.Members.
func (s *states) Present(key []byte, session grid.SessionID) bool {
	return s.streams != nil && s.streams.Present(key, session)
}

// Nodes appends the nodes that have members on a stream: grid.Members.
func (s *states) Nodes(key []byte, out []uint32) []uint32 {
	if s.streams == nil {
		return out
	}
	return s.streams.Nodes(key, out)
}

// Last returns the number of the last message of a channel: grid.Channels.
func (s *states) Last(key []byte) uint64 {
	if s.channels == nil {
		return 0
	}
	return s.channels.Last(key)
}

// Streams calls each with at most so many of the streams that have members, behind the
// one with a key, "" for the first: their keys, the nodes that have members on them, and
// the numbers of their channels' last messages. Each keeps nothing of these. It returns the
// last key, and whether there may be more behind it. Like Query it may run beside others.
func (s *states) Streams(
	after string, most int, each func(key string, nodes []uint32, last uint64),
) (next string, more bool) {
	if s.streams == nil {
		return "", false
	}
	return s.streams.Scan(after, most, func(key string, nodes []uint32) {
		last := uint64(0)
		if s.channels != nil {
			last = s.channels.Last([]byte(key))
		}
		each(key, nodes, last)
	})
}

// sweep detaches the sessions of gateways that are dead.
func (s *states) sweep(t *grid.Turn, grace int64) {
	if s.sessions != nil {
		s.sessions.Sweep(t, grace)
	}
}

// or returns a state, or what stands for it while there is none.
func or[T any](state, empty *T) *T {
	if state == nil {
		return empty
	}
	return state
}

// made returns a state, made if there is none.
func made[T any](state **T, make func() *T) *T {
	if *state == nil {
		*state = make()
	}
	return *state
}
