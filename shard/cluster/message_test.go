package cluster

import (
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

func someBeat() *beat {
	return &beat{origin: grid.OriginOf(2, 7), sessions: 300, replicas: []Replica{
		{Group: 0, Term: 3, Leads: true, Applied: 100, Last: 101, Index: 9,
			Voters: []uint32{1, 2}, Learners: []uint32{3}},
		{Group: 1024, Term: 4},
	}}
}

func TestBeatsAreReadAsTheyWereWritten(t *testing.T) {
	want := someBeat()
	var got beat
	in := pack.NewCursor(want.append(nil))
	if err := got.decode(&in); err != nil || !reflect.DeepEqual(&got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestAnswers(t *testing.T) {
	if body, _, again, err := answerOf(done([]byte("x"))); string(body) != "x" || again || err != nil {
		t.Errorf("%q, %v, %v", body, again, err)
	}
	if _, leader, again, err := answerOf(askAnother(7)); leader != 7 || !again || err != nil {
		t.Errorf("%d, %v, %v", leader, again, err)
	}
	_, _, again, err := answerOf(refused(fault.New(fault.FailedPrecondition, "no")))
	if fault.CodeOf(err) != fault.FailedPrecondition || again || !refusedForGood(err) {
		t.Errorf("%v, %v", again, err)
	}
	if refusedForGood(errNoLeader) || refusedForGood(errors.New("the connection was lost")) {
		t.Error("what may be asked again is taken for refused")
	}
}

// TestGolden holds the bytes that other versions of the program read.
func TestGolden(t *testing.T) {
	order := transfer{group: 2, term: 300, to: 3}
	w := welcome{cluster: grid.ID{1}, number: 3, peers: []peer.Node{{Number: 1, Address: "a:1"}}}
	s := standing{identity: meta.Identity{1}, cluster: grid.ID{2}, number: 3, peers: w.peers}
	id := func(first string) string { return "c410" + first + "000000000000000000000000000000" }
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"transfer": {order.append(nil), "940502cd012c03"},
		"join":     {appendJoin(nil, []byte("c"), 1), "9301c4016301"},
		"propose":  {appendProposal(nil, 0x0f01, []byte("c")), "9302cd0f01c40163"},
		"beat": {someBeat().append(nil),
			"93cf0000020000000007cd012c9298" + "0003c364650992010291" + "0398cd040004c20000009090"},
		"welcome":  {w.append(nil), "93" + id("01") + "039201a3613a31"},
		"standing": {s.append(nil), "9601" + id("01") + id("02") + "03c29201a3613a31"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// FuzzMessage decodes what a node may send, whatever it is; what can be read is written
// again as it was.
func FuzzMessage(f *testing.F) {
	f.Add(someBeat().append(nil))
	f.Add(done([]byte("x")))
	f.Add((&welcome{number: 3, peers: []peer.Node{{Number: 1, Address: "a:1"}}}).append(nil))
	f.Add((&standing{number: 3}).append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s beat
		in := pack.NewCursor(data)
		if s.decode(&in) == nil {
			var again beat
			in := pack.NewCursor(s.append(nil))
			if err := again.decode(&in); err != nil || !reflect.DeepEqual(s, again) {
				t.Errorf("%+v became %+v, %v", s, again, err)
			}
		}
		var at standing
		if at.decode(data) == nil {
			var again standing
			if err := again.decode(at.append(nil)); err != nil || !reflect.DeepEqual(at, again) {
				t.Errorf("%+v became %+v, %v", at, again, err)
			}
		}
		var w welcome
		if w.decode(data) == nil && len(w.peers) > nodesMax {
			t.Errorf("%d nodes", len(w.peers))
		}
		_, _, _, _ = answerOf(data)
		_, _ = decodeViews(data)
	})
}
