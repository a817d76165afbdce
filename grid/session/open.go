package session

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

var (
	errDead = fault.New(fault.Aborted, "the server that this connection was made to has "+
		"been given up since: connect again")
	errUserFull = fault.New(fault.ResourceExhausted, "the user has as many connections "+
		"as one may: close one of them, or end its session with session.end")
	errSlotFull = &fault.Error{Code: fault.ResourceExhausted, Retry: time.Minute,
		Message: "too many sessions share this user's slot: connect again in a minute"}
	errUnknown = fault.New(fault.NotFound,
		"the resume token is not, or no longer, that of a session: open another one")
)

func (s *Sessions) open(t *grid.Turn, r *OpenRequest, out []byte) ([]byte, error) {
	if t.Floors.Dead(r.Origin) {
		return out, errDead
	}
	own, oldest, count := s.survey(r)
	if own.row != nil {
		return grid.AppendSession(pack.AppendArray(out, 1), own.id), nil
	}
	spends := r.Spend != grid.ID{}
	var lost entry
	if spends {
		var err error
		if lost, err = s.admit(&r.User, &r.Spend, r.SpendUntil, t.Stamp); err != nil {
			return out, err
		}
		if err = s.spent.room(&r.User, t.Stamp); err != nil && lost.row == nil {
			return out, err
		}
	}
	full := count >= SessionsPerUserMax && !r.Server || count >= SessionsOfServersMax
	switch {
	case lost.row != nil:
		s.end(t, lost, Replaced)
	case full && oldest.row == nil:
		return out, errUserFull
	case full:
		s.end(t, oldest, MadeRoom)
	case s.rows.Len() >= SessionsPerSlotMax:
		return out, errSlotFull
	}
	id := grid.SessionIDOf(t.Stamp, t.Slot)
	if spends {
		s.spent.use(token{r.User, r.SpendUntil, r.Spend, id}, t.Stamp)
		s.spent.settle(&r.User, givenIn(&r.Spend))
	}
	s.put(entry{r.User, id, &row{secret: r.Secret, origin: r.Origin, conn: r.Conn}})
	return grid.AppendSession(pack.AppendArray(out, 1), id), nil
}

// admit says why a refresh token may not be used, nil if it may. lost is the session
// that it has opened before, whose welcome did not come: that one makes way.
func (s *Sessions) admit(
	user, id *grid.ID, until, stamp int64,
) (lost entry, err error) {
	if until <= stamp {
		return lost, errExpired
	}
	t, used := s.spent.find(user, func(x *token) bool { return x.id == *id })
	if !used {
		return lost, nil
	}
	lost, again := s.find(user, t.opened)
	if !again {
		return lost, errSpent
	}
	return lost, nil
}

// survey looks at the sessions of a user who opens one: which was opened from that
// connection already, which detached one ends first, and how many there are.
func (s *Sessions) survey(r *OpenRequest) (own, oldest entry, count int) {
	s.each(&r.User, 0, func(e entry) bool {
		count++
		if e.isOf(r.Origin, r.Conn) {
			own = e
			return false
		}
		if e.ends != 0 && (oldest.row == nil || e.ends < oldest.ends) {
			oldest = e
		}
		return true
	})
	return own, oldest, count
}

func (s *Sessions) resume(t *grid.Turn, r *ResumeRequest, out []byte) ([]byte, error) {
	if t.Floors.Dead(r.Origin) {
		return out, errDead
	}
	e, ok := s.find(&r.User, r.Session)
	switch {
	case !ok:
		return out, errUnknown
	case e.isOf(r.Origin, r.Conn) && e.secret == r.Next:
		// The same command again. If the connection has ended meanwhile, the session
		// stays detached.
	case e.secret == r.Secret, e.prior != nil && *e.prior == r.Secret:
		if r.Refresh != (grid.ID{}) {
			if _, err := s.admit(&r.User, &r.Refresh, r.RefreshUntil, t.Stamp); err != nil {
				return out, err
			}
			s.spent.settle(&r.User, givenIn(&r.Refresh))
		}
		s.bind(t, e, r)
	default:
		return out, errUnknown
	}
	out = pack.AppendArray(pack.AppendArray(out, 1), e.streams.count())
	return e.streams.append(out), nil
}

// bind binds a session to another connection.
func (s *Sessions) bind(t *grid.Turn, e entry, r *ResumeRequest) {
	s.spent.settle(&e.user, e.id)
	next := *e.row
	prior := r.Secret
	next.secret, next.prior = r.Next, &prior
	next.origin, next.conn, next.ends = r.Origin, r.Conn, 0
	now := entry{e.user, e.id, &next}
	s.put(now)
	if e.ends == 0 && !e.isOf(r.Origin, r.Conn) {
		tell(t, e, Replaced)
	}
	if e.origin == r.Origin {
		return
	}
	for rest := now.streams; rest != ""; {
		var key []byte
		key, rest = rest.first()
		s.enter(t, now, key, nil, false)
	}
}

func (s *Sessions) confirm(r *ConfirmRequest, out []byte) ([]byte, error) {
	e, err := s.bound(r)
	if err != nil {
		return out, err
	}
	s.spent.settle(&e.user, e.id)
	if e.prior != nil {
		next := *e.row
		next.prior = nil
		s.put(entry{e.user, e.id, &next})
	}
	return pack.AppendArray(out, 0), nil
}

func (s *Sessions) detachOne(t *grid.Turn, r *DetachRequest, out []byte) []byte {
	var found entry
	s.each(&r.User, 0, func(e entry) bool {
		if e.isBound(r.Origin, r.Conn) {
			found = e
		}
		return found.row == nil
	})
	if found.row != nil {
		s.detach(found, t.Stamp, r.Grace)
	}
	return pack.AppendBool(pack.AppendArray(out, 1), found.row != nil)
}

// Sweep detaches all sessions that are bound to gateways which are dead, for grace
// µs, up to GraceMax. It takes the time to look at all sessions.
func (s *Sessions) Sweep(t *grid.Turn, grace int64) {
	var lost []entry
	s.rows.Scan(func(e entry) bool {
		if e.ends == 0 && t.Floors.Dead(e.origin) {
			lost = append(lost, e)
		}
		return true
	})
	for _, e := range lost {
		s.detach(e, t.Stamp, grace)
	}
}

// Tick ends sessions whose grace is over at the turn's stamp, those that were due
// first first, and lets used tokens go that have expired. It does TickMax things at
// the most, a stream that a session is on being one, and some if any is due.
func (s *Sessions) Tick(t *grid.Turn) {
	budget := TickMax
	for {
		d, ok := s.waiting.Min()
		if !ok || d.at > t.Stamp {
			break
		}
		e, _ := s.find(&d.user, d.id)
		cost := 1 + e.streams.count()
		if cost > budget {
			return
		}
		budget -= cost
		s.end(t, e, Ended)
	}
	s.spent.expire(t.Stamp, budget)
}
