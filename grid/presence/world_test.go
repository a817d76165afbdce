package presence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// person returns one of many users.
func person(i int) (id grid.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(i+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

// session returns one of many sessions: of person i.
func session(i int) grid.SessionID {
	user := person(i)
	return grid.SessionIDOf(1_700_000_000_000_000+int64(i), grid.SlotOf(user[:]))
}

func room(name string) []byte { return grid.AppendKey(nil, grid.StreamRoom, name) }

func status(i int) []byte { return grid.StatusKey(nil, person(i)) }

// request is what all messages to the state can do.
type request interface {
	Append(b []byte) []byte
	Fields() int
}

func bodyOf(r request) []byte { return r.Append(pack.AppendArray(nil, r.Fields())) }

// prepare takes a request over the wire to its key and body.
func prepare(kind grid.Kind, r request) (key, body []byte, err error) {
	for _, op := range Ops() {
		if op.Kind == kind {
			in := pack.NewCursor(r.Append(nil))
			return op.Prepare(&grid.Caller{}, &in, r.Fields(), nil)
		}
	}
	panic("no such kind")
}

// turn is a turn that notes what is left in it.
type turn struct {
	grid.Turn
	sent []sent
}

// sent is a duty.
type sent struct {
	to   grid.Slot
	kind grid.Kind
	body []byte
}

func newTurn() *turn {
	t := &turn{Turn: grid.Turn{Slot: 7, Stamp: 1, Effects: new(grid.Effects)}}
	t.Outbox = t
	return t
}

func (t *turn) Send(to grid.Slot, kind grid.Kind, body []byte) {
	t.sent = append(t.sent, sent{to, kind, slices.Clone(body)})
}

// hints returns what was hinted, in order.
func (t *turn) hints() (out []string) {
	for _, h := range t.Effects.Hints {
		out = append(out, fmt.Sprintf("%#04x %d %+v %q %x for %v",
			uint16(h.Kind), h.Slot, h.To, t.Effects.Of(h.Stream), t.Effects.Of(h.Body),
			t.Effects.NodesOf(&h)))
	}
	return out
}

// do applies a duty, and returns the hints and duties that it left.
func do(s *Streams, kind grid.Kind, r request) (hints []string, duties []sent, err error) {
	t := newTurn()
	t.Members = s
	body := bodyOf(r)
	out, err := s.Apply(&t.Turn, kind, body, []byte("before"))
	clear(body) // nothing of it may have been kept
	if want := "before\x90"; err == nil && string(out) != want {
		panic(fmt.Sprintf("a reply %q", out))
	}
	return t.hints(), t.sent, err
}

// enter makes person i present on a stream, which must work.
func enter(s *Streams, key []byte, i int, text string) {
	r := EnterRequest{
		Key: key, Session: session(i), User: person(i), Origin: grid.OriginOf(1, 1),
		Status: []byte(text), HasStatus: true,
	}
	if _, sent, err := do(s, KindEnter, &r); err != nil || sent != nil {
		panic(fmt.Sprintf("%v %v", err, sent))
	}
}

func leave(s *Streams, key []byte, i int) {
	if _, _, err := do(s, KindLeave, &LeaveRequest{key, session(i)}); err != nil {
		panic(err)
	}
}

// ask takes a query from a client all the way, and decodes the reply.
func ask[R any](s *Streams, kind grid.Kind, r request,
	decode func(*pack.Cursor) (R, error)) (reply R, err error) {
	key, body, err := prepare(kind, r)
	if err != nil {
		return reply, err
	}
	if !bytes.Contains(body, key) {
		panic("the key is not the body's")
	}
	out, err := s.Query(kind, body, nil)
	clear(body)
	if err != nil {
		return reply, err
	}
	return gridtest.Whole(out, decode), nil
}

// model is what streams must be like, done the slow and plain way.
type model map[string]map[grid.SessionID]modelMember

type modelMember struct {
	Member
	origin grid.Origin
}

// entered is what a session is told that is on a stream.
func (m model) entered(r *EnterRequest) string {
	b := grid.AppendStream([]byte{0x93}, string(r.Key))
	b = append(pack.AppendUint(b, uint64(len(m[string(r.Key)]))), 0)
	to := grid.Address{Session: r.Session, Origin: r.Origin, Conn: r.Conn}
	return fmt.Sprintf("0x03e2 0 %+v \"\" %x for []", to, b)
}

// gateways returns those that have members on a stream, in order.
func (m model) gateways(key []byte) []grid.Origin {
	origins := map[grid.Origin]bool{}
	for _, x := range m[string(key)] {
		origins[x.origin] = true
	}
	return slices.Sorted(maps.Keys(origins))
}

// nodes returns their numbers.
func (m model) nodes(key []byte) []uint32 {
	out := []uint32{}
	for _, o := range m.gateways(key) {
		out = append(out, o.Node())
	}
	return slices.Compact(out)
}

// toldNodes returns the hint that must come of a set of nodes that was another before.
func (m model) toldNodes(key []byte, before []grid.Origin) []string {
	now, nodes := m.gateways(key), m.nodes(key)
	told := slices.Clone(nodes)
	for _, o := range before {
		if !slices.Contains(told, o.Node()) {
			told = append(told, o.Node())
		}
	}
	if slices.Equal(now, before) || len(told) < 2 || len(before) == 1 && len(m[string(key)]) == 1 {
		return nil
	}
	b := pack.AppendArray([]byte{0x92, 1}, len(nodes))
	for _, n := range nodes {
		b = pack.AppendUint(b, uint64(n))
	}
	return []string{fmt.Sprintf("0x03f2 7 %+v %q %x for %v", grid.Address{}, key, b, told)}
}

// enter returns the hints that must come.
func (m model) enter(r *EnterRequest) (hints []string) {
	x, key := m[string(r.Key)], string(r.Key)
	before := m.gateways(r.Key)
	old, known := x[r.Session]
	switch {
	case !known && !r.HasStatus:
		return nil
	case !known:
		if x == nil {
			x = map[grid.SessionID]modelMember{}
			m[key] = x
		}
		x[r.Session] = modelMember{Member{r.Session, r.User, string(r.Status)}, r.Origin}
		return append(m.toldNodes(r.Key, before), m.entered(r), m.told(key, 0, x[r.Session].Member))
	}
	now := old
	now.origin = r.Origin
	if r.HasStatus {
		now.Status = string(r.Status)
	}
	if r.HasStatus || r.Origin != old.origin {
		hints = append(hints, m.entered(r))
	}
	x[r.Session] = now
	hints = append(hints, m.toldNodes(r.Key, before)...)
	if now.Status != old.Status {
		hints = append(hints, m.told(key, 2, now.Member))
	}
	return hints
}

func (m model) leave(r *LeaveRequest) []string {
	key := string(r.Key)
	before := m.gateways(r.Key)
	old, known := m[key][r.Session]
	if !known {
		return nil
	}
	delete(m[key], r.Session)
	if len(m[key]) == 0 {
		delete(m, key)
	}
	old.Status = ""
	return append([]string{m.told(key, 1, old.Member)}, m.toldNodes(r.Key, before)...)
}

func (m model) told(key string, what byte, x Member) string {
	b := pack.AppendUint([]byte{0x95, what}, uint64(len(m[key])))
	return fmt.Sprintf("0x03f1 7 %+v %q %x for %v",
		grid.Address{}, key, appendMember(b, x), m.nodes([]byte(key)))
}

func appendMember(b []byte, x Member) []byte {
	b = grid.AppendSession(b, x.Session)
	b = pack.AppendBytes(b, x.User[:])
	return pack.AppendString(b, x.Status)
}

// list returns the reply to a ListRequest.
func (m model) list(r *ListRequest) ListReply {
	x := m[string(r.Key)]
	out := ListReply{Count: len(x), Members: []Member{}}
	for _, id := range slices.Sorted(maps.Keys(x)) {
		if id <= r.After {
			continue
		}
		if len(out.Members) == r.Limit {
			out.Next = out.Members[r.Limit-1].Session
			break
		}
		out.Members = append(out.Members, x[id].Member)
	}
	return out
}

// encode writes what Streams.Encode must write.
func (m model) encode() []byte {
	values := [][]byte{pack.AppendUint([]byte{0x91}, uint64(len(m)))}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		b := pack.AppendBytes([]byte{0x92}, []byte(key))
		values = append(values, pack.AppendUint(b, uint64(len(m[key]))))
		for _, id := range slices.Sorted(maps.Keys(m[key])) {
			x := m[key][id]
			b := grid.AppendSession([]byte{0x94}, id)
			b = pack.AppendBytes(b, x.User[:])
			b = pack.AppendUint(b, uint64(x.origin))
			values = append(values, pack.AppendString(b, x.Status))
		}
	}
	return gridtest.Stream(values...)
}

// lastSession is the highest id that there is.
const lastSession = grid.SessionID(math.MaxUint64)
