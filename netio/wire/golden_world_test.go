package wire

import (
	"bytes"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/grid/slot"
)

// world is where what the vectors tell of happens: one slot that stands for all,
// and a few sessions. The same is asked of it each time, at the same times, so
// that it always answers the same.
type world struct {
	*testing.T
	ops                map[grid.Kind]*grid.Op
	slot               *slot.Slot
	at                 int64 // µs
	alice, bob, server grid.Caller

	pushed  map[grid.Kind][]byte // by what happened last
	changes presence.Events      // of who came and went
}

// staleBy is how old what is read at level grid.Stale is, µs.
const staleBy = 140_000

// archive is there, and never asked.
type archive struct{ chat.Archive }

func newWorld(t *testing.T) *world {
	w := &world{T: t, ops: map[grid.Kind]*grid.Op{}, slot: slot.New(), at: 1_699_999_995_000_000}
	ops := slot.Ops(archive{})
	for i := range ops {
		w.ops[ops[i].Kind] = &ops[i]
	}
	w.alice = w.open(grid.UserID(ProviderCustom, "player-0001"), 1)
	w.bob = w.open(grid.UserID(ProviderDevice, "a-device-0001"), 2)
	w.server = w.open(grid.UserID(ProviderServer, "server"), 3)
	w.server.Server = true
	return w
}

// open opens a session, as a gateway does.
func (w *world) open(user grid.ID, conn uint64) grid.Caller {
	c := grid.Caller{User: user, Address: grid.Address{Origin: grid.OriginOf(1, 1), Conn: conn}}
	r := session.OpenRequest{User: user, Origin: c.Origin, Conn: conn}
	in := pack.NewCursor(w.apply(user[:], session.KindOpen, &r))
	opened, err := session.DecodeOpenReply(&in)
	if err != nil {
		w.Fatal(err)
	}
	c.Session = opened.Session
	return c
}

// apply carries out a command that is not a client's.
func (w *world) apply(key []byte, kind grid.Kind, r request) (reply []byte) {
	return w.write(key, kind, r.Append(pack.AppendArray(nil, r.Fields())))
}

// write carries out a command, a second after the one before, and all that follows
// from it.
func (w *world) write(key []byte, kind grid.Kind, body []byte) (reply []byte) {
	w.at += 1_000_000
	w.pushed = map[grid.Kind][]byte{}
	at := grid.SlotOf(key)
	outcome := w.command(&slot.Command{Slot: at, Kind: kind, Body: body})
	if code := fault.Code(outcome[0]); code != fault.OK {
		w.Fatalf("kind %#04x: %v", uint16(kind), code)
	}
	for range 2 { // what follows from it, and from that
		var duties []slot.Command
		w.slot.Duties(at, nil, func(to grid.Slot, last uint64, body []byte) {
			duties = append(duties,
				slot.Command{Slot: to, Kind: slot.KindDeliver, Body: bytes.Clone(body)},
				slot.Command{Slot: at, Kind: slot.KindCarried, Body: slot.AppendCarried(nil, to, last)})
		})
		for i := range duties {
			w.command(&duties[i])
		}
	}
	return outcome[1:]
}

func (w *world) command(c *slot.Command) (outcome []byte) {
	var effects grid.Effects
	outcome = w.slot.Apply(&grid.Turn{Effects: &effects}, w.at, c, nil)
	for i := range effects.Hints {
		h := &effects.Hints[i]
		if h.Kind != presence.KindChange {
			w.pushed[h.Kind] = effects.Of(h.Body)
		} else if err := w.changes.Add(effects.Of(h.Body)); err != nil {
			w.Fatal(err)
		}
	}
	return outcome
}

// serve answers a client's frame, as a gateway does.
func (w *world) serve(c *grid.Caller, request []byte) (reply []byte) {
	f, _, err := Next(request, FrameBytesMax)
	op := w.ops[f.Kind]
	if err != nil || op == nil {
		w.Fatalf("kind %#04x: %v", uint16(f.Kind), err)
	}
	in := pack.NewCursor(f.Body)
	n := in.Array()
	if op.Write {
		in.Uint()
		in.Uint()
		n -= 2
	}
	key, body, err := op.Prepare(c, &in, n, nil)
	switch {
	case err != nil:
	case op.Relay != 0:
		reply, w.pushed = pack.AppendArray(nil, 0), map[grid.Kind][]byte{op.Relay: body}
	case op.Write:
		reply = w.write(bytes.Clone(key), f.Kind, body)
	default:
		if f.Flags.Level() == grid.Stale {
			reply = grid.BeginStale(nil, staleBy)
		}
		reply, err = w.slot.Query(f.Kind, body, reply)
	}
	if err != nil {
		w.Fatalf("%s: %v", op.Name, err)
	}
	return frameOf(f.Kind, Reply, f.ID, reply)
}

// ask adds the vectors of a request and of its reply.
func (w *world) ask(
	to goldens, name, what string, c *grid.Caller, frame []byte, request, reply []string,
) {
	to[name] = golden{what, frame, request}
	if f, _, err := Next(frame, FrameBytesMax); err == nil && f.Flags.Level() == grid.Stale {
		reply = names("age", "reply")
	}
	to[name+"_reply"] = golden{"the reply: " + what, w.serve(c, frame), reply}
}

// push adds the vector of what was pushed last.
func (w *world) push(to goldens, name, what string, kind grid.Kind, fields []string) {
	body := w.pushed[kind]
	if body == nil {
		w.Fatalf("%s: nothing was pushed", name)
	}
	to[name] = golden{what, frameOf(kind, 0, 0, body), fields}
}
