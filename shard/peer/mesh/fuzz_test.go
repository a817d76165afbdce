package mesh

import (
	"bytes"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
)

// FuzzFrames: whatever comes over a connection is handled or refused, in pieces of any size
// alike, and never holds more memory than it has bytes.
func FuzzFrames(f *testing.F) {
	f.Add(head{sort: sortPing, length: pingBytes}.append(nil), 3)
	f.Add(append(unanswered(1), unanswered(2)...), 17)
	f.Add(append(head{sort: sortTell, channel: peer.Raft, length: 2}.append(nil), "ab"...), 5)
	f.Add(head{sort: sortTell, channel: peer.Raft, length: peer.BodyBytesMax}.append(nil), 1)
	f.Fuzz(func(t *testing.T, stream []byte, piece int) {
		piece = max(1, min(piece, len(stream)))
		whole, wholeErr := handleAll(t, bytes.Clone(stream), len(stream)+1)
		cut, cutErr := handleAll(t, bytes.Clone(stream), piece)
		if whole != cut || (wholeErr == nil) != (cutErr == nil) {
			t.Errorf("in one piece %d messages, %v; in pieces of %d bytes %d, %v", whole, wholeErr, piece, cut, cutErr)
		}
	})
}

// handleAll feeds a connection with a stream in pieces.
func handleAll(t *testing.T, stream []byte, piece int) (messages int, err error) {
	m := &Mesh{o: options(1)}
	m.o.Clock, m.o.QueueBytesMax = clock.Real(), 1<<30
	m.handlers[peer.Raft] = func(_ grid.Origin, _ []byte, answer func([]byte)) {
		if messages++; answer != nil {
			answer(nil)
		}
	}
	c := newConn(newNode(m, peer.Node{Number: 2}).lines[forMain])
	c.meeting = &meeting{}
	buf, have, all := make([]byte, headBytes), 0, len(stream)
	for len(stream) > 0 && err == nil {
		n := copy(buf[have:min(len(buf), have+piece)], stream)
		have, stream = have+n, stream[n:]
		var used, need int
		used, need, err = c.consume(buf[:have])
		have = copy(buf, buf[used:have])
		buf = fit(buf, have, need)
		if len(buf) > max(2*readBytes, 4*all) {
			t.Errorf("a buffer of %d bytes for %d", len(buf), all)
		}
	}
	return messages, err
}

// FuzzHello: what is taken for a hello says the same when it is written again.
func FuzzHello(f *testing.F) {
	h := hello{versionMin: 1, versionMax: 1, number: 3, incarnation: 4, levelMax: 1, clock: 5, address: "a:1"}
	f.Add(h.encode())
	f.Add([]byte(magic + "\x01\x01\x00\x60"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, raw, err := readHello(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, _, err := readHello(bytes.NewReader(h.encode()))
		if err != nil || again != h || len(raw) > len(b) {
			t.Errorf("%+v is read again as %+v, %v", h, again, err)
		}
		judge(&hello{number: 1}, &h, 0, 0)
	})
}

// FuzzVerdict: no verdict is proven but the one that was sealed, by that side, for these
// hellos.
func FuzzVerdict(f *testing.F) {
	key, hellos := []byte("a secret of the cluster"), [2][]byte{[]byte("one"), []byte("two")}
	v := verdict{reason: BadClock, clock: 7, text: "what to do"}
	sealed := v.encode(key, dialler, hellos, true)
	for _, r := range [...]role{accepter, dialler} {
		if _, proven, _ := readVerdict(bytes.NewReader(sealed), key, r, hellos); proven != (r == dialler) {
			f.Errorf("what the dialler sealed is proven for %c: %v", r, proven)
		}
	}
	f.Add(sealed)
	f.Add(v.encode(key, accepter, hellos, true))
	f.Add(v.encode([]byte("another secret of another"), dialler, hellos, true))
	f.Add(v.encode(key, dialler, [2][]byte{hellos[1], hellos[0]}, true))
	f.Add(v.encode(key, dialler, hellos, false))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, proven, err := readVerdict(bytes.NewReader(b), key, dialler, hellos)
		if proven && (err != nil || got != v || !bytes.HasPrefix(b, sealed)) {
			t.Errorf("%x is proven to say %+v, %v", b, got, err)
		}
	})
}
