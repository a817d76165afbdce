package leaderboard

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

func TestOpsAreComplete(t *testing.T) {
	names, kinds := map[string]bool{}, map[grid.Kind]bool{}
	for _, op := range Ops() {
		if op.Prepare == nil || !strings.HasPrefix(op.Name, "board.") || op.Kind>>8 != 1 {
			t.Errorf("%+v", op)
		}
		if op.Write != (op.Kind < KindInfo) {
			t.Errorf("%s: write %v", op.Name, op.Write)
		}
		names[op.Name], kinds[op.Kind] = true, true
	}
	if len(names) != 8 || len(kinds) != 8 {
		t.Errorf("%d names, %d kinds, want 8", len(names), len(kinds))
	}
}

func TestRights(t *testing.T) {
	const invalid, denied = fault.InvalidArgument, fault.PermissionDenied
	me, other := player.User, person(77)
	nobody := grid.Caller{Server: true}
	around := func(who grid.ID) request { return &AroundRequest{Board: "x", Owner: who, Limit: 9} }
	byOther := &SubmitRequest{Board: "x", Owner: other}
	for name, c := range map[string]struct {
		caller grid.Caller
		kind   grid.Kind
		r      request
		want   fault.Code
	}{
		"player creates":             {player, KindCreate, &CreateRequest{Board: "x"}, denied},
		"server creates":             {server, KindCreate, &CreateRequest{Board: "x"}, fault.OK},
		"player deletes":             {player, KindDelete, &DeleteRequest{"x"}, denied},
		"server deletes":             {server, KindDelete, &DeleteRequest{"x"}, fault.OK},
		"player submits":             {player, KindSubmit, &SubmitRequest{Board: "x"}, fault.OK},
		"player submits by name":     {player, KindSubmit, &SubmitRequest{Board: "x", Owner: me, Score: 1}, fault.OK},
		"player submits for other":   {player, KindSubmit, byOther, denied},
		"server submits for other":   {server, KindSubmit, byOther, fault.OK},
		"nobody submits":             {nobody, KindSubmit, &SubmitRequest{Board: "x"}, invalid},
		"nobody submits for other":   {nobody, KindSubmit, byOther, fault.OK},
		"player removes":             {player, KindRemove, &RemoveRequest{Board: "x"}, fault.OK},
		"player removes other":       {player, KindRemove, &RemoveRequest{"x", other}, denied},
		"server removes other":       {server, KindRemove, &RemoveRequest{"x", other}, fault.OK},
		"player looks around other":  {player, KindAround, around(other), fault.OK},
		"nobody looks around nobody": {nobody, KindAround, &AroundRequest{Board: "x", Limit: 9}, invalid},
	} {
		_, _, err := prepare(&c.caller, c.kind, c.r)
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.want == fault.PermissionDenied && !strings.Contains(err.Error(), "server key") {
			t.Errorf("%s: %v does not say what to do", name, err)
		}
	}
}

func TestPrepareNamesTheCaller(t *testing.T) {
	_, body, err := prepare(&player, KindSubmit, &SubmitRequest{Board: "x", Score: 3})
	if err != nil {
		t.Fatal(err)
	}
	want := (&SubmitRequest{Board: "x", Owner: player.User, Score: 3}).Append([]byte{0x94})
	if string(body) != string(want) {
		t.Fatalf("%x, want %x", body, want)
	}
}

func TestPrepareRefuses(t *testing.T) {
	const invalid, beyond = fault.InvalidArgument, fault.OutOfRange
	long := strings.Repeat("n", BoardNameBytesMax)
	score := func(score, sub int64) request {
		return &SubmitRequest{Board: "x", Owner: person(1), Score: score, Subscore: sub}
	}
	many := make([]grid.ID, OwnersMax+1)
	for i := range many {
		many[i] = person(i)
	}
	for name, c := range map[string]struct {
		kind grid.Kind
		r    request
		want fault.Code
	}{
		"longest name":         {KindInfo, &InfoRequest{long}, fault.OK},
		"name too long":        {KindInfo, &InfoRequest{long + "n"}, invalid},
		"no name":              {KindInfo, &InfoRequest{""}, invalid},
		"name in other script": {KindInfo, &InfoRequest{"лига €"}, fault.OK},
		"control character":    {KindInfo, &InfoRequest{"a\nb"}, invalid},
		"DEL":                  {KindInfo, &InfoRequest{"a\x7f"}, invalid},
		"C1 control":           {KindInfo, &InfoRequest{"a\u0085"}, invalid},
		"broken UTF-8":         {KindInfo, &InfoRequest{"a\xff"}, invalid},
		"the character U+FFFD": {KindInfo, &InfoRequest{"\ufffd"}, fault.OK},
		"unknown sort":         {KindCreate, &CreateRequest{Board: "x", Sort: 2}, invalid},
		"unknown operator":     {KindCreate, &CreateRequest{Board: "x", Operator: 4}, invalid},
		"lowest score":         {KindSubmit, score(-math.MaxInt64, 0), fault.OK},
		"score below that":     {KindSubmit, score(math.MinInt64, 0), beyond},
		"subscore below that":  {KindSubmit, score(0, math.MinInt64), beyond},
		"rank 0":               {KindPage, &PageRequest{Board: "x", Rank: 0, Limit: 1}, invalid},
		"highest rank":         {KindPage, &PageRequest{Board: "x", Rank: math.MaxInt64, Limit: 1}, fault.OK},
		"limit 0":              {KindPage, &PageRequest{Board: "x", Rank: 1, Limit: 0}, invalid},
		"highest limit":        {KindPage, &PageRequest{Board: "x", Rank: 1, Limit: 1000}, fault.OK},
		"limit too high":       {KindAround, &AroundRequest{Board: "x", Owner: person(1), Limit: 1001}, invalid},
		"no owners":            {KindOwners, &OwnersRequest{Board: "x"}, invalid},
		"most owners":          {KindOwners, &OwnersRequest{Board: "x", Owners: many[1:]}, fault.OK},
		"too many owners":      {KindOwners, &OwnersRequest{Board: "x", Owners: many}, invalid},
		"zero owner":           {KindOwners, &OwnersRequest{Board: "x", Owners: make([]grid.ID, 1)}, invalid},
	} {
		key, body, err := prepare(&server, c.kind, c.r)
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil && (key != nil || len(body) > 0) {
			t.Errorf("%s: an error and output", name)
		}
	}
}

// TestPrepareLeavesOptionalAndLaterFields: trailing fields may be missing where
// they have a default, and there may be more than this version knows.
func TestPrepareLeavesOptionalAndLaterFields(t *testing.T) {
	me := hex.EncodeToString(player.User[:])
	for _, c := range []struct {
		kind           grid.Kind
		fields, n, got string
	}{
		{KindCreate, "a178", "1", "93a1780000"},
		{KindCreate, "a17801", "2", "93a1780100"},
		{KindCreate, "a1780102c3a0", "5", "94a1780102c3"},
		{KindCreate, "a1780102c2a64064" + "61696c7900c00181a16101", "9", "95a1780102c2a64064" + "61696c79"},
		{KindSubmit, "a178c007", "3", "96a178c410" + me + "0700c0c3"},
		{KindSubmit, "a178c007d0e0", "4", "96a178c410" + me + "07e0c0c3"},
		{KindSubmit, "a178c00700a17bc2c2", "7", "96a178c410" + me + "0700a17bc3"},
		{KindRemove, "a178", "1", "93a178c410" + me + "c3"},
		{KindPage, "a1780203c0", "3", "93a1780203"},
		{KindPage, "a178020300c0", "5", "93a1780203"},
		{KindAround, "a178c00307", "4", "94a178c410" + me + "0307"},
		{KindOwners, "a17891c410" + me + "07", "3", "93a17891c410" + me + "07"},
		{KindInfo, "a178", "0", ""},
		{KindSubmit, "a178c0", "2", ""},
		{KindSubmit, "a178c402010207", "3", ""},
		{KindSubmit, "a178c0c3", "3", ""},
	} {
		fields, err := hex.DecodeString(c.fields)
		if err != nil {
			t.Fatal(err)
		}
		in := pack.NewCursor(fields)
		caller := player
		caller.Server = true
		for _, op := range Ops() {
			if op.Kind != c.kind {
				continue
			}
			_, body, err := op.Prepare(&caller, &in, int(c.n[0]-'0'), nil)
			if c.got == "" {
				if fault.CodeOf(err) != fault.InvalidArgument {
					t.Errorf("%#x %s: %v", c.kind, c.fields, err)
				}
			} else if hex.EncodeToString(body) != c.got || err != nil {
				t.Errorf("%#x %s: %x, %v, want %s", c.kind, c.fields, body, err, c.got)
			}
		}
	}
}

func TestSettingsParseWhatTheyPrint(t *testing.T) {
	for i := range sorts {
		if got, err := ParseSort(Sort(i).String()); err != nil || got != Sort(i) {
			t.Errorf("%v: %v, %v", Sort(i), got, err)
		}
	}
	for i := range operators {
		if got, err := ParseOperator(Operator(i).String()); err != nil || got != Operator(i) {
			t.Errorf("%v: %v, %v", Operator(i), got, err)
		}
	}
	if _, err := ParseSort("sideways"); fault.CodeOf(err) != fault.InvalidArgument {
		t.Errorf("sideways: %v", err)
	}
	if _, err := ParseOperator(""); fault.CodeOf(err) != fault.InvalidArgument {
		t.Errorf("no operator: %v", err)
	}
	if Sort(9).String() != "unknown" || Operator(9).String() != "unknown" {
		t.Error("unknown settings have names")
	}
}
