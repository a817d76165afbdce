package session

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
)

func TestOpsAreComplete(t *testing.T) {
	names := map[grid.Kind]string{KindList: "session.list", KindTrack: "presence.track",
		KindUntrack: "presence.untrack", KindEnd: "session.end"}
	for _, op := range Ops() {
		if op.Prepare == nil || op.Name != names[op.Kind] || op.Kind >= 0x0280 {
			t.Errorf("%+v", op)
		}
		if write := op.Kind != KindList; op.Write != write || op.Again != write {
			t.Errorf("%s: write %v, again %v", op.Name, op.Write, op.Again)
		}
		delete(names, op.Kind)
	}
	if len(names) > 0 {
		t.Errorf("no %v", names)
	}
}

func TestPrepare(t *testing.T) {
	const invalid, denied = fault.InvalidArgument, fault.PermissionDenied
	player := caller(alice, 5, gateway, 3)
	server := caller(person(9), 6, gateway, 4)
	server.Server = true
	nobody := &grid.Caller{}
	bob := person(2)
	long := strings.Repeat("ä", presence.StatusBytesMax/2)
	own, other := string(grid.StatusKey(nil, alice)), string(grid.StatusKey(nil, bob))
	for name, c := range map[string]struct {
		caller *grid.Caller
		kind   grid.Kind
		r      message
		key    grid.ID
		want   fault.Code
	}{
		"list own":             {player, KindList, &ListRequest{}, alice, fault.OK},
		"list own by name":     {player, KindList, &ListRequest{User: alice, After: 3}, alice, fault.OK},
		"list another's":       {player, KindList, &ListRequest{User: bob}, bob, denied},
		"server lists":         {server, KindList, &ListRequest{User: bob}, bob, fault.OK},
		"nobody lists":         {nobody, KindList, &ListRequest{}, bob, invalid},
		"track":                {player, KindTrack, &TrackRequest{room("a"), long}, alice, fault.OK},
		"status too long":      {player, KindTrack, &TrackRequest{room("a"), long + "x"}, alice, invalid},
		"status is no text":    {player, KindTrack, &TrackRequest{room("a"), "\xff"}, alice, invalid},
		"track no room":        {player, KindTrack, &TrackRequest{room(""), ""}, alice, invalid},
		"track nothing":        {player, KindTrack, &TrackRequest{"\x07name", ""}, alice, invalid},
		"track own status":     {player, KindTrack, &TrackRequest{own, ""}, alice, fault.OK},
		"track other status":   {player, KindTrack, &TrackRequest{other, ""}, alice, denied},
		"server tracks status": {server, KindTrack, &TrackRequest{other, ""}, person(9), fault.OK},
		"nobody tracks":        {nobody, KindTrack, &TrackRequest{room("a"), ""}, alice, fault.FailedPrecondition},
		"untrack":              {player, KindUntrack, &UntrackRequest{room("a")}, alice, fault.OK},
		"nobody untracks":      {nobody, KindUntrack, &UntrackRequest{room("a")}, alice, fault.FailedPrecondition},
		"end this one":         {player, KindEnd, &EndRequest{}, alice, fault.OK},
		"end another one":      {player, KindEnd, &EndRequest{Session: 9}, alice, fault.OK},
		"end another's":        {player, KindEnd, &EndRequest{Session: 9, User: bob}, bob, denied},
		"server ends":          {server, KindEnd, &EndRequest{Session: 9, User: bob}, bob, fault.OK},
		"server ends what":     {server, KindEnd, &EndRequest{User: bob}, bob, invalid},
		"nobody ends":          {nobody, KindEnd, &EndRequest{}, alice, fault.FailedPrecondition},
	} {
		key, body, err := prepare(c.caller, c.kind, c.r)
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && string(key) != string(c.key[:]) || err != nil && (key != nil || len(body) > 0) {
			t.Errorf("%s: key %x and body %x", name, key, body)
		}
		if c.want == denied && !strings.Contains(err.Error(), "server key") {
			t.Errorf("%s: %v does not say what to do", name, err)
		}
	}
}

// TestBodies pins the bodies of commands and queries: they are in logs, and go
// between releases. Trailing fields of requests may be missing where they have a
// default, and there may be more than this version knows.
func TestBodies(t *testing.T) {
	c := caller(grid.ID{15: 1}, 5, 3, 4)
	server := *c
	server.Server = true
	const uid, sid = "c41000000000000000000000000000000001", "c4080000000000000005"
	const uid2, sid2 = "c41000000000000000000000000000000002", "c4080000000000000006"
	for _, tc := range []struct {
		caller       *grid.Caller
		kind         grid.Kind
		n            int
		fields, want string
	}{
		{c, KindList, 0, "", "92" + uid + "c0"},
		{c, KindList, 2, "c0" + sid, "92" + uid + sid},
		{&server, KindList, 3, uid2 + "c0" + "8105c3", "92" + uid2 + "c0"},
		{c, KindTrack, 1, "9202a161", "96" + uid + sid + "0304" + "c4020261" + "a0"},
		{c, KindTrack, 3, "930210c3" + "a178" + "c0", ""},
		{c, KindTrack, 3, "9310a161c3" + "a178" + "c0", "96" + uid + sid + "0304" + "c4021061" + "a178"},
		{c, KindTrack, 1, "9201" + uid, "96" + uid + sid + "0304" + "c41101" + uid[4:] + "a0"},
		{c, KindTrack, 0, "", ""},
		{c, KindTrack, 1, "9103", ""},
		{c, KindTrack, 2, "9202a161" + "07", ""},
		{c, KindUntrack, 1, "9202a161", "95" + uid + sid + "0304" + "c4020261"},
		{c, KindUntrack, 0, "", ""},
		{c, KindEnd, 0, "", "95" + uid + sid + sid + "0304"},
		{c, KindEnd, 1, sid2, "95" + uid + sid2 + sid + "0304"},
		{c, KindEnd, 2, sid2 + "c0", "95" + uid + sid2 + sid + "0304"},
		{&server, KindEnd, 2, sid2 + uid2, "95" + uid2 + sid2 + "c0" + "0304"},
		{c, KindEnd, 1, "c40101", ""},
		{c, KindEnd, 1, "c4080000000000000000", ""},
	} {
		fields, err := hex.DecodeString(tc.fields)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range Ops() {
			if op.Kind != tc.kind {
				continue
			}
			in := pack.NewCursor(fields)
			_, body, err := op.Prepare(tc.caller, &in, tc.n, []byte("front"))
			got := hex.EncodeToString(body[len("front"):])
			if (tc.want == "") != (err != nil) || got != tc.want {
				t.Errorf("%s %s: %s, %v, want %s", op.Name, tc.fields, got, err, tc.want)
			}
			if code := fault.CodeOf(err); err != nil && code != fault.InvalidArgument {
				t.Errorf("%s %s: %v", op.Name, tc.fields, err)
			}
		}
	}
}

// TestMessages pins the bytes of what gateways send.
func TestMessages(t *testing.T) {
	user, s, next := grid.ID{15: 1}, Secret{15: 2}, Secret{15: 3}
	const uid, sid = "c41000000000000000000000000000000001", "c4080000000000000005"
	const s2, s3 = "c41000000000000000000000000000000002", "c41000000000000000000000000000000003"
	for want, r := range map[string]message{
		"97" + uid + "0304" + s2 + "c2c000": &OpenRequest{User: user, Origin: 3, Conn: 4, Secret: s},
		"97" + uid + "0304" + s2 + "c3" + s3 + "cd03e8": &OpenRequest{User: user, Origin: 3, Conn: 4,
			Secret: s, Server: true, Spend: grid.ID(next), SpendUntil: 1000},
		"98" + uid + sid + "0304" + s2 + s3 + "c000": &ResumeRequest{User: user, Session: 5, Origin: 3, Conn: 4,
			Secret: s, Next: next},
		"98" + uid + sid + "0304" + s2 + s3 + s3 + "cd03e8": &ResumeRequest{User: user, Session: 5, Origin: 3,
			Conn: 4, Secret: s, Next: next, Refresh: grid.ID(next), RefreshUntil: 1000},
		"94" + uid + sid + "0304":      &ConfirmRequest{user, 5, 3, 4},
		"94" + uid + "0304" + "cd03e8": &DetachRequest{user, 3, 4, 1000},
	} {
		if got := hex.EncodeToString(bodyOf(r)); got != want {
			t.Errorf("%T:\ngot  %s\nwant %s", r, got, want)
		}
	}
	// echo -n resume | sha256sum | head -c 32
	if got := SecretOf([]byte("resume")); hex.EncodeToString(got[:]) != "a83a31320d921b888a48fa5edd0b4b5a" {
		t.Errorf("the secret is %x", got)
	}
}
