package leaderboard

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// TestClientsCannotNameStripes: a key is no board's name.
func TestClientsCannotNameStripes(t *testing.T) {
	key := (&stripe{name: "big", born: 255, of: 8, number: 3}).key()
	if key != "big\x00ff.8.3" {
		t.Errorf("key %q", key)
	}
	for kind, r := range requests() {
		switch r := r.(type) {
		case *CreateRequest:
			r.Board = key
		case *DeleteRequest:
			r.Board = key
		case *SubmitRequest:
			r.Board = key
		case *RemoveRequest:
			r.Board = key
		case *InfoRequest:
			r.Board = key
		case *PageRequest:
			r.Board = key
		case *AroundRequest:
			r.Board = key
		case *OwnersRequest:
			r.Board = key
		}
		_, body, err := prepare(&server, kind, r)
		if fault.CodeOf(err) != fault.InvalidArgument || len(body) > 0 {
			t.Errorf("%#x: %v", kind, err)
		}
	}
	for _, op := range Ops() {
		if op.Kind&0xff >= 0x80 {
			t.Errorf("clients can send %#x", op.Kind)
		}
	}
}

func TestKeysHaveOneSpelling(t *testing.T) {
	for key, want := range map[string]bool{
		"big\x00ff.8.3": true, "größe\x000.2.0": true, "x\x00ffffffffffffffff.64.63": true,
		"big": false, "big\x00": false, "big\x00ff": false, "big\x00ff.8": false, "big\x00ff.8.8": false,
		"big\x00FF.8.3": false, "big\x00ff.08.3": false, "big\x00ff.8.3.": false, "big\x00ff.1.0": false,
		"big\x00ff.65.3": false, "big\x00ff.8.+3": false, "big\x00\x00ff.8.3": false,
	} {
		if s, ok := parseStripe(key); ok != want || ok && s.key() != key {
			t.Errorf("%q: %+v, %v", key, s, ok)
		}
	}
	long := stripe{name: strings.Repeat("n", BoardNameBytesMax), born: -1, of: 64, number: 63}
	if key := long.key(); len(key) != keyBytesMax || checkName([]byte(key)) != nil {
		t.Errorf("a key of %d bytes: %v", len(key), checkName([]byte(key)))
	}
	for _, key := range []string{"\x00ff.8.3", "a\nb\x00ff.8.3", strings.Repeat("n", 129) + "\x00ff.8.3"} {
		if checkName([]byte(key)) == nil {
			t.Errorf("%q is taken for a key", key)
		}
	}
}

// TestOwnersSpreadEvenly: over stripes, and within each over the parts of an
// index, which takes other bits of the same hash.
func TestOwnersSpreadEvenly(t *testing.T) {
	for _, of := range []int{2, 7, 64} {
		counts := make([]int, of)
		const owners = 64_000
		for i := range owners {
			id := person(i)
			counts[stripeOf(&id, of)]++
		}
		for number, n := range counts {
			if mean := owners / of; n < mean*8/10 || n > mean*12/10 {
				t.Errorf("stripe %d of %d has %d owners, %d expected", number, of, n, mean)
			}
		}
	}
}

func TestAnEdgeForgetsBeforeItKnowsTooMuch(t *testing.T) {
	r := &routes{}
	for i := range routesMax + routesMax/4 {
		r.learn((&stripe{name: fmt.Sprint(i), born: 5, of: 2}).key())
		if n := len(*r.known.Load()); n > routesMax {
			t.Fatalf("%d boards are known", n)
		}
	}
	for _, body := range []string{"", "\x90", "\x91\xc0", "\x05", "\x91\xa1x"} {
		r.Learn([]byte(body)) // does no harm
	}
}

// TestStripesHoldTheirOwnersOnly: whoever writes to the wrong stripe is told, and
// a snapshot in which somebody did is refused.
func TestStripesHoldTheirOwnersOnly(t *testing.T) {
	s, all := spread(t, 4, 100, func(i int) int64 { return int64(i) })
	refused := 0
	for slot, b := range s.boards {
		before := digest(b)
		for number := 1; number < 4; number++ {
			key := stripeKeyOf(b, number)
			if key == "" {
				continue
			}
			for _, r := range all {
				if stripeOf(&r.Owner, 4) == number {
					continue
				}
				w := SubmitRequest{Board: key, Owner: r.Owner, Score: 1}
				_, err := b.Apply(s.turn(slot, 1000), KindSubmit, w.appendBody(nil, sender{}), nil)
				if fault.CodeOf(err) != fault.InvalidArgument || digest(b) != before {
					t.Fatalf("stripe %d took an owner of %d: %v", number, stripeOf(&r.Owner, 4), err)
				}
				refused++
			}
			data := bytes.Replace(gridtest.Encode(b), []byte(key[:len(key)-1]+fmt.Sprint(number)),
				[]byte(key[:len(key)-1]+fmt.Sprint(number%3+1)), 1)
			if _, err := gridtest.Restore(Decode, data); err == nil {
				t.Error("a stripe with the owners of another was restored")
			}
		}
	}
	if refused == 0 {
		t.Error("no stripe was found")
	}
}

// stripeKeyOf returns the key of a stripe that is in a slot, "" if it is not.
func stripeKeyOf(b *Boards, number int) (key string) {
	b.byName.Scan(func(name string, x *board) bool {
		if x.part.of > 0 && x.part.number == number {
			key = name
		}
		return key == ""
	})
	return key
}

// rooted makes a state of one board without records and periods.
func rooted(name string, stripes, born int, leaving uint64, schedule string) []byte {
	b := append(pack.AppendString([]byte{0x9d}, name), 0, 0, 0, 0xc2)
	b = append(pack.AppendString(b, schedule), 0, 0xa0)
	b = pack.AppendInt(pack.AppendInt(b, int64(stripes)), int64(born))
	return gridtest.Stream(count(1), append(pack.AppendUint(b, leaving), 0, 0))
}

func TestDecodeChecksStripes(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"a root":               {rooted("x", 4, 77, 0, "@daily"), ""},
		"one that leaves":      {rooted("x", 4, 77, 0b1010, ""), ""},
		"the most stripes":     {rooted("x", 64, 77, 1<<63, ""), ""},
		"a stripe":             {rooted("x\x005.4.3", 0, 0, 0, "@daily"), ""},
		"one stripe":           {rooted("x", 1, 77, 0, ""), "1 stripes"},
		"too many":             {rooted("x", 65, 77, 0, ""), "use 1 to 64"},
		"born without stripes": {rooted("x", 0, 77, 0, ""), "of 0 leave"},
		"leaves without":       {rooted("x", 0, 0, 2, ""), "of 0 leave"},
		"the root leaves":      {rooted("x", 4, 77, 1, ""), "1 of 4 leave"},
		"more leave":           {rooted("x", 4, 77, 16, ""), "10000 of 4 leave"},
		"resets and leaves":    {rooted("x", 4, 77, 2, "@daily"), "was deleted"},
		"a part of a part":     {rooted("x\x005.4.3", 2, 77, 0, ""), "part of a part"},
		"part 0":               {rooted("x\x005.4.0", 0, 0, 0, ""), "part of a part"},
		"no part":              {rooted("x\x005.4.4", 0, 0, 0, ""), "control"},
	} {
		b, err := gridtest.Restore(Decode, c.data)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil && !bytes.Equal(gridtest.Encode(b), c.data) {
			t.Errorf("%s: other bytes", name)
		}
	}
}
