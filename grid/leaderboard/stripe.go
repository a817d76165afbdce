package leaderboard

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// stripe is a part of a board whose owners are spread over slots. Stripe 0 lies
// at the slot of the board's name, under that name, with all settings: the root.
// The others are boards of their own, under their keys, at the slots of these.
type stripe struct {
	name   string // of the board
	born   int64  // the stamp at which the root was made: no two boards share a key
	of     int    // stripes of the board
	number int
}

// A key is the board's name, the byte 0, which no name has, and
// born.of.number: born in hexadecimal, the others in decimal digits.
const keyBytesMax = BoardNameBytesMax + 1 + 16 + 1 + 2 + 1 + 2

// append appends the key of the stripe.
func (s *stripe) append(b []byte) []byte {
	b = append(append(b, s.name...), 0)
	b = append(strconv.AppendUint(b, uint64(s.born), 16), '.')
	b = append(strconv.AppendInt(b, int64(s.of), 10), '.')
	return strconv.AppendInt(b, int64(s.number), 10)
}

func (s *stripe) key() string { return string(s.append(nil)) }

// parseStripe reads a key; name is a view of it. There is but one way to write
// each.
func parseStripe(key string) (s stripe, ok bool) {
	name, rest, cut := strings.Cut(key, "\x00")
	born, rest, _ := strings.Cut(rest, ".")
	of, number, _ := strings.Cut(rest, ".")
	if !cut || len(key) > keyBytesMax {
		return s, false
	}
	at, err := strconv.ParseUint(born, 16, 64)
	s = stripe{name: name, born: int64(at), of: digits(of), number: digits(number)}
	if err != nil || s.of < 2 || s.of > StripesMax || s.number >= s.of {
		return stripe{}, false
	}
	var room [keyBytesMax]byte
	if string(s.append(room[:0])) != key {
		return stripe{}, false
	}
	return s, true
}

// digits reads a number of one or two digits; what is none is 0, which is not
// written so.
func digits(text string) int {
	n, _ := strconv.ParseUint(text, 10, 7)
	return int(n)
}

// shown is the name of a board as its users know it.
func shown(key string) string {
	name, _, _ := strings.Cut(key, "\x00")
	return name
}

// NameOf returns the name of the board with a routing key: of the whole, if it is a
// stripe's. It is a view of the key.
func NameOf(key []byte) []byte {
	name, _, _ := bytes.Cut(key, []byte{0})
	return name
}

// stripeOf returns the number of the stripe that holds an owner. It takes other
// bits of the hash than the index of a ranking.Set does, or that would be uneven.
func stripeOf(owner *grid.ID, of int) int {
	mixed := xxhash.Sum64(owner[:]) * 0x9e3779b97f4a7c15
	return int(mixed >> 32 * uint64(of) >> 32)
}

// stripe returns one of the stripes of a board that is a root.
func (x *board) stripe(number int) stripe {
	return stripe{name: x.name, born: x.born, of: x.stripes, number: number}
}

// spread has the other slots make the stripes of a new root.
func (x *board) spread(o grid.Outbox) {
	for number := 1; number < x.stripes; number++ {
		s := x.stripe(number)
		key := s.append(nil)
		b := pack.AppendString(pack.AppendArray(nil, 7), key)
		b = pack.AppendInt(b, x.now.end)
		b = pack.AppendUint(b, uint64(x.sort))
		b = pack.AppendUint(b, uint64(x.operator))
		b = pack.AppendBool(b, x.authoritative)
		b = pack.AppendString(b, x.schedule)
		b = pack.AppendInt(b, x.keep)
		o.Send(grid.SlotOf(key), kindStripe, b)
	}
}

// unspread has the other slots drop the stripes of a root that was deleted. It
// returns what stands in the root's place until they are gone: while one of them
// is there an edge may still write to it, and what is written there must not be
// taken for the records of another board of that name.
func (x *board) unspread(gen uint64, o grid.Outbox) *board {
	left := &board{gen: gen, name: x.name, born: x.born, now: period{set: ranking.New(gen)}}
	left.stripes = x.stripes
	for number := 1; number < x.stripes; number++ {
		s := x.stripe(number)
		key := s.append(nil)
		o.Send(grid.SlotOf(key), kindUnstripe, pack.AppendString(pack.AppendArray(nil, 1), key))
		left.leaving |= 1 << number
	}
	return left
}

// addStripe carries out what spread sent: once, however often it comes.
func (b *Boards) addStripe(in *pack.Cursor, n int) error {
	key, err := stripeKey(in, n, 7)
	if err != nil {
		return err
	}
	end := in.Int()
	set, err := decodeSettings(in, n-2)
	switch {
	case err != nil:
		return err
	case end < 0 || end > endMax || set.stripes != 0 || set.schedule == "" && end != 0:
		return fault.New(fault.InvalidArgument, "a stripe whose first period ends at %d", end)
	case b.stripes >= StripesPerSlotMax:
		return fault.New(fault.ResourceExhausted,
			"the slot has %d stripes, the most it may", b.stripes)
	}
	if _, there := b.byName.Get(key); there {
		return nil
	}
	set.schedule, set.metadata = strings.Clone(set.schedule), ""
	x := &board{gen: b.gen, name: strings.Clone(key), settings: set}
	x.part, _ = parseStripe(x.name)
	x.now = period{end: end, set: ranking.New(b.gen)}
	b.add(x)
	return nil
}

// dropStripe carries out what unspread sent, and tells the root.
func (b *Boards) dropStripe(t *grid.Turn, in *pack.Cursor, n int) error {
	key, err := stripeKey(in, n, 1)
	if err != nil {
		return err
	}
	if x, there := b.byName.Get(key); there {
		b.drop(x)
	}
	t.Outbox.Send(grid.SlotOf(shown(key)), kindUnstriped,
		pack.AppendString(pack.AppendArray(nil, 1), key))
	return nil
}

// dropRoot notes that a stripe is gone; with the last of them the name is free.
func (b *Boards) dropRoot(in *pack.Cursor, n int) error {
	key, err := stripeKey(in, n, 1)
	if err != nil {
		return err
	}
	s, _ := parseStripe(key)
	x, there := b.byName.Get(s.name)
	if !there || x.born != s.born || x.leaving == 0 {
		return nil
	}
	b.drop(x)
	if left := x.leaving &^ (1 << s.number); left != 0 {
		c := *x
		c.leaving = left
		b.add(&c)
	}
	return nil
}

// stripeKey reads the key of a stripe that is no root, from an array of n.
func stripeKey(in *pack.Cursor, n, want int) (string, error) {
	key, err := boardName(in, n, want)
	if err != nil {
		return "", err
	}
	if s, ok := parseStripe(view(key)); !ok || s.number == 0 {
		return "", fault.New(fault.InvalidArgument, "%q is not the key of a stripe", key)
	}
	return view(key), nil
}

// write is what all changes of a record can do.
type write interface {
	board() string
	rename(key string)
	appendBody(b []byte, by sender) []byte
}

// errAway says that a write is not for the board that it names, or for one that
// is not here.
var errAway = errors.New("the owner's stripe is elsewhere")

// away is the answer to a write that is for another slot. The root sends it on to
// the stripe of the owner. A stripe that is not there, any more or yet, is what
// an edge took from memory: it is sent to the root.
func (b *Boards) away(w write, owner *grid.ID, by sender) error {
	if x, ok := b.get(w.board()); ok {
		s := x.stripe(stripeOf(owner, x.stripes))
		key := s.key()
		w.rename(key)
		by.fresh = true
		return &grid.Elsewhere{Slot: grid.SlotOf(key), Body: w.appendBody(nil, by)}
	}
	s, _ := parseStripe(w.board())
	if by.fresh {
		return notYet("board %q was just made and is not ready at all its slots: ask again", s.name)
	}
	w.rename(s.name)
	return &grid.Elsewhere{Slot: grid.SlotOf(s.name), Body: w.appendBody(nil, by)}
}

var errPlace = fault.New(fault.InvalidArgument, "a query names a place that there is not")

// notYet is the error for what waits for other slots.
func notYet(format string, name string) error {
	e := fault.New(fault.Unavailable, format, name)
	e.Retry = 20 * time.Millisecond
	return e
}

// tally answers a query of how many records of a stripe rank before each of
// some: [key, period, [score, subscore, stamp, owner, …]] → [total, [before, …]].
func (b *Boards) tally(in *pack.Cursor, n int, out []byte) ([]byte, error) {
	key, err := boardName(in, n, 3)
	if err != nil {
		return out, err
	}
	x, out, err := b.look(view(key), out)
	if err != nil {
		return out, err
	}
	p := x.period(in.Int())
	count := in.Array() / placeFields
	if p == nil {
		p = &period{set: ranking.New(0)}
	}
	total := p.set.Len()
	reply := pack.AppendUint(pack.AppendArray(out, 2), uint64(total))
	reply = pack.AppendArray(reply, count)
	for range count {
		k, ok := x.sort.readPlace(in)
		if !ok {
			return out, errPlace
		}
		before, _ := p.set.Seek(&k)
		reply = pack.AppendUint(reply, uint64(before))
	}
	if err := in.Err(); err != nil {
		return out, err
	}
	return reply, nil
}
