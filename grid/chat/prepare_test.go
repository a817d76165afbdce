package chat

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

func TestOpsAreComplete(t *testing.T) {
	for _, archive := range []Archive{nil, newShelf()} {
		names, kinds := map[string]bool{}, map[grid.Kind]bool{}
		for _, op := range Ops(archive) {
			if op.Prepare == nil || !strings.HasPrefix(op.Name, "chat.") || op.Kind>>8 != 4 || op.Kind&0xff >= 0x80 {
				t.Errorf("%+v", op)
			}
			if op.Write != (op.Kind < KindSignal) || (op.Relay != 0) != (op.Kind == KindSignal) || op.Again {
				t.Errorf("%s: write %v, relay %v, again %v", op.Name, op.Write, op.Relay, op.Again)
			}
			if (op.Complete != nil) != (archive != nil && op.Kind == KindHistory) {
				t.Errorf("%s: complete %v", op.Name, op.Complete != nil)
			}
			names[op.Name], kinds[op.Kind] = true, true
		}
		if len(names) != 6 || len(kinds) != 6 {
			t.Errorf("%d names, %d kinds, want 6", len(names), len(kinds))
		}
	}
}

// TestGoldenBodies pins the bodies: logs have them.
func TestGoldenBodies(t *testing.T) {
	const key, uid = "c406026c6f626279", "c4101e3779b97f4a7c150000000000000000"
	me := caller(1)
	me.User, me.Session = grid.ID{0x1e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15}, 0x1234
	const sid = "c4080000000000001234"
	for _, x := range []struct {
		kind grid.Kind
		r    request
		want string
	}{
		{KindSend, &SendRequest{lobby, "hi"}, "96" + key + "a26869" + uid + sid + "c2c3"},
		{KindUpdate, &UpdateRequest{lobby, 300, "hi"}, "96" + key + "cd012c" + "a26869" + uid + "c2c3"},
		{KindRemove, &RemoveRequest{lobby, 7}, "96" + key + "07c0" + uid + "c2c3"},
		{KindSignal, &SignalRequest{lobby, "hi"}, "94" + "9202a56c6f626279" + sid + uid + "a26869"},
		{KindHistory, &HistoryRequest{lobby, 9, 50, true}, "95" + key + "0932c3c3"},
		{KindInfo, &InfoRequest{lobby}, "92" + key + "c3"},
	} {
		at, body, err := prepare(newShelf(), &me, x.kind, x.r)
		if got := hex.EncodeToString(body); got != x.want || string(at) != lobby || err != nil {
			t.Errorf("%#x at %q: %v\ngot  %s\nwant %s", x.kind, at, err, got, x.want)
		}
	}
	r := ArchivedRequest{lobby, 7, 2}
	if got := hex.EncodeToString(r.Append(pack.AppendArray(nil, r.Fields()))); got != "93"+key+"0702" {
		t.Errorf("archived: %s", got)
	}
	_, body, err := prepare(nil, &server, KindInfo, &InfoRequest{lobby})
	if got := hex.EncodeToString(body); got != "92"+key+"c2" || err != nil {
		t.Errorf("without an archive: %s, %v", got, err)
	}
}

func TestPrepareRefuses(t *testing.T) {
	const ok, invalid, precondition = fault.OK, fault.InvalidArgument, fault.FailedPrecondition
	long := strings.Repeat("é", ContentBytesMax/2)
	custom := string(grid.AppendKey(nil, grid.StreamCustom, "x"))
	for name, x := range map[string]struct {
		kind   grid.Kind
		caller grid.Caller
		r      request
		want   fault.Code
	}{
		"longest content":    {KindSend, player, &SendRequest{lobby, long}, ok},
		"content too long":   {KindSend, player, &SendRequest{lobby, long + "."}, invalid},
		"no content":         {KindSend, player, &SendRequest{lobby, ""}, invalid},
		"broken UTF-8":       {KindSend, player, &SendRequest{lobby, "\xff"}, invalid},
		"control characters": {KindSend, player, &SendRequest{lobby, "a\n\tb"}, ok},
		"custom stream":      {KindSend, player, &SendRequest{custom, "x"}, invalid},
		"status stream":      {KindInfo, player, &InfoRequest{string(grid.StatusKey(nil, person(1)))}, invalid},
		"unknown stream":     {KindInfo, player, &InfoRequest{"\x07x"}, invalid},
		"no name":            {KindInfo, player, &InfoRequest{roomKey("")}, invalid},
		"no stream":          {KindInfo, player, &InfoRequest{}, invalid},
		"no user":            {KindSend, grid.Caller{Address: player.Address}, &SendRequest{lobby, "x"}, precondition},
		"no session":         {KindSignal, grid.Caller{User: player.User}, &SignalRequest{lobby, "x"}, precondition},
		"no user to change":  {KindRemove, grid.Caller{}, &RemoveRequest{lobby, 1}, precondition},
		"nobody reads":       {KindHistory, grid.Caller{}, &HistoryRequest{Key: lobby, Limit: 1}, ok},
		"update with none":   {KindUpdate, player, &UpdateRequest{lobby, 1, ""}, invalid},
		"signal too long":    {KindSignal, player, &SignalRequest{lobby, long + "."}, invalid},
		"limit 0":            {KindHistory, player, &HistoryRequest{Key: lobby}, invalid},
		"highest limit":      {KindHistory, player, &HistoryRequest{Key: lobby, Limit: 100}, ok},
		"limit too high":     {KindHistory, player, &HistoryRequest{Key: lobby, Limit: 101}, invalid},
		"negative limit":     {KindHistory, player, &HistoryRequest{Key: lobby, Limit: -1}, invalid},
	} {
		key, body, err := prepare(nil, &x.caller, x.kind, x.r)
		if fault.CodeOf(err) != x.want {
			t.Errorf("%s: %v, want %v", name, err, x.want)
		}
		if err != nil && (key != nil || len(body) > 0) {
			t.Errorf("%s: an error and output", name)
		}
	}
}

// TestPrepareLeavesOptionalAndLaterFields: trailing fields may be missing where
// they have a default, and there may be more than this version knows.
func TestPrepareLeavesOptionalAndLaterFields(t *testing.T) {
	for _, x := range []struct {
		kind   grid.Kind
		fields string
		n      int
		ok     bool
	}{
		{KindHistory, "9202a178" + "05" + "0a", 3, true},
		{KindHistory, "9202a178" + "05" + "0a" + "c3" + "93010203", 5, true},
		{KindHistory, "9202a178" + "05", 2, false},
		{KindHistory, "9202a178" + "05" + "0a" + "07", 4, false},
		{KindInfo, "9302a178c0", 1, true},
		{KindInfo, "9102", 1, false},
		{KindInfo, "", 0, false},
		{KindSend, "9202a178" + "a178" + "81a16101", 3, true},
		{KindSend, "9202a178" + "c4017f", 2, false},
		{KindSend, "9202a178", 1, false},
		{KindUpdate, "9202a178" + "01", 2, false},
		{KindUpdate, "9202a178" + "ff" + "a178", 3, false},
		{KindRemove, "9202a178", 1, false},
		{KindRemove, "9202a178" + "ff", 2, false},
		{KindSignal, "9202a178", 1, false},
	} {
		fields, err := hex.DecodeString(x.fields)
		if err != nil {
			t.Fatal(err)
		}
		in := pack.NewCursor(fields)
		_, _, err = ops(nil)[x.kind].Prepare(&player, &in, x.n, nil)
		if x.ok != (err == nil) || !x.ok && fault.CodeOf(err) != fault.InvalidArgument {
			t.Errorf("%#x %s: %v", x.kind, x.fields, err)
		}
	}
}
