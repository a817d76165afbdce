package leaderboard

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
)

// hour is a full one, in seconds since 1970, and minute a time in µs behind it.
const hour int64 = 1_800_000_000

func minute(n int) int64 { return (hour + int64(n)*60) * second }

// seasons makes a board that is reset on the hour.
func seasons(t testing.TB, b *Boards, op Operator, keep time.Duration) {
	t.Helper()
	r := CreateRequest{Board: "s", Operator: op, Schedule: "@hourly", Keep: keep}
	if _, err := do(b, &server, KindCreate, minute(1), &r, DecodeCreateReply); err != nil {
		t.Fatal(err)
	}
}

func info(t testing.TB, b *Boards, name string) InfoReply {
	t.Helper()
	r, err := ask(b, &player, KindInfo, &InfoRequest{Board: name}, DecodeInfoReply)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// scores returns who has what in a period.
func scores(t testing.TB, b *Boards, end int64) (out []string) {
	t.Helper()
	r := PageRequest{Board: "s", Rank: 1, Limit: 100, Period: end}
	page, err := ask(b, &player, KindPage, &r, DecodePageReply)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Records {
		out = append(out, fmt.Sprint(r.Owner[15], " ", r.Score))
	}
	return out
}

// tick runs all that is due at a stamp.
func tick(b *Boards, stamp int64) {
	for b.Due() <= stamp && b.Due() != math.MaxInt64 {
		b.Tick(&grid.Turn{Stamp: stamp})
	}
}

// TestAResetIsWhenTheStampSays: not when the command that carries it out comes.
func TestAResetIsWhenTheStampSays(t *testing.T) {
	for _, late := range []bool{false, true} {
		b := New()
		seasons(t, b, Incr, 24*time.Hour)
		submit(t, b, minute(20), "s", 1, 5)
		submit(t, b, minute(59), "s", 2, 3)
		if !late {
			tick(b, minute(60))
		}
		if got := submit(t, b, minute(60), "s", 2, 7); got != (SubmitReply{7, 0, true}) {
			t.Errorf("the first of a period: %+v", got)
		}
		if got := submit(t, b, minute(61), "s", 2, 7); got != (SubmitReply{14, 0, true}) {
			t.Errorf("the second of a period: %+v", got)
		}
		tick(b, minute(61))
		if got, want := scores(t, b, hour+3600), []string{"1 5", "2 3"}; !slices.Equal(got, want) {
			t.Errorf("the period that is over: %v, want %v", got, want)
		}
		if got, want := scores(t, b, 0), []string{"2 14"}; !slices.Equal(got, want) {
			t.Errorf("the period that runs: %v, want %v", got, want)
		}
		want := InfoReply{
			Operator: Incr, Records: 1, Schedule: "@hourly", Keep: 24 * time.Hour,
			Stripes: 1, End: hour + 7200, Periods: []Period{{hour + 3600, 2}},
		}
		if got := info(t, b, "s"); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
		if at := b.Due(); at != minute(120) {
			t.Errorf("due at %d, want %d", at, minute(120))
		}
	}
}

func TestNothingIsRemovedFromAPeriodThatIsOver(t *testing.T) {
	b := New()
	seasons(t, b, Set, time.Hour)
	submit(t, b, minute(5), "s", 1, 5)
	before := digest(b)
	r := RemoveRequest{Board: "s", Owner: person(1)}
	got, err := do(b, &server, KindRemove, minute(60), &r, DecodeRemoveReply)
	if err != nil || got.Removed || digest(b) != before {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPeriodsAreKeptForAsLongAsTheBoardSays(t *testing.T) {
	b := New()
	seasons(t, b, Set, 2*time.Hour)
	for i := range 5 {
		submit(t, b, minute(60*i+30), "s", i, 5)
	}
	tick(b, minute(299))
	ends := func() (ends []int64) {
		for _, p := range info(t, b, "s").Periods {
			ends = append(ends, (p.End-hour)/3600)
		}
		return ends
	}
	if got := ends(); !slices.Equal(got, []int64{3, 4}) {
		t.Errorf("periods that ended at hours %v are kept", got)
	}
	clone, want := b.Clone(), gridtest.Encode(b)
	tick(b, minute(300))
	if got := ends(); !slices.Equal(got, []int64{4, 5}) {
		t.Errorf("periods that ended at hours %v are kept", got)
	}
	// Nobody plays any more: what has no records leaves nothing behind.
	tick(b, minute(60*24*365))
	if got := ends(); got != nil {
		t.Errorf("periods that ended at hours %v are kept", got)
	}
	if _, records := b.Len(); records != 0 {
		t.Errorf("%d records", records)
	}
	if b.Due() != minute(60*24*365+60) {
		t.Errorf("due at %d", b.Due())
	}
	if !bytes.Equal(gridtest.Encode(clone), want) {
		t.Error("the clone has changed")
	}
}

func TestPeriodsAreLimited(t *testing.T) {
	b := New()
	seasons(t, b, Set, KeepMax)
	for i := range PeriodsMax + 20 {
		submit(t, b, minute(60*i+30), "s", i, 5)
	}
	tick(b, minute(60*(PeriodsMax+20)))
	got := info(t, gridtest.Recode(t, Decode, b), "s")
	if len(got.Periods) != PeriodsMax || got.Periods[0].End != hour+21*3600 {
		t.Errorf("%d periods, the first ends at %d", len(got.Periods), got.Periods[0].End)
	}
	if _, records := b.Len(); records != PeriodsMax {
		t.Errorf("%d records are counted", records)
	}
}

func TestWhatIsNotKeptIsGone(t *testing.T) {
	b := New()
	seasons(t, b, Set, 0)
	submit(t, b, minute(30), "s", 1, 5)
	submit(t, b, minute(90), "s", 2, 6)
	if got := info(t, b, "s"); len(got.Periods) != 0 || got.Records != 1 {
		t.Errorf("%+v", got)
	}
	if got := scores(t, b, hour+3600); got != nil {
		t.Errorf("%v", got)
	}
}

// TestATickIsBounded: many boards that are due at once are reset bit by bit.
func TestATickIsBounded(t *testing.T) {
	b := New()
	const boards = 3*resetsMax + 1
	for i := range boards {
		r := CreateRequest{Board: fmt.Sprint(i), Schedule: "@daily", Keep: time.Hour}
		if _, err := do(b, &server, KindCreate, minute(0), &r, DecodeCreateReply); err != nil {
			t.Fatal(err)
		}
	}
	at, ticks := b.Due(), 0
	for ; b.Due() <= at; ticks++ {
		b.Tick(&grid.Turn{Stamp: at})
	}
	if ticks != 4 || b.Due() != at+24*3600*second {
		t.Errorf("%d ticks, and due at %d", ticks, b.Due())
	}
	for i := range boards {
		if _, err := do(b, &server, KindDelete, at, &DeleteRequest{fmt.Sprint(i)}, DecodeDeleteReply); err != nil {
			t.Fatal(err)
		}
	}
	if b.Due() != math.MaxInt64 {
		t.Errorf("due at %d without a board", b.Due())
	}
	b.Tick(&grid.Turn{Stamp: math.MaxInt64}) // nothing is done without need
}

func TestSchedulesAreRefusedByName(t *testing.T) {
	for schedule, want := range map[string]string{
		"0 0 30 2 *": "on no day", "now and then": "give minute", "* * * * 9": "not a day of the week",
	} {
		_, _, err := prepare(&server, KindCreate, &CreateRequest{Board: "s", Schedule: schedule})
		if fault.CodeOf(err) != fault.InvalidArgument || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", schedule, err, want)
		}
	}
}

// TestAStampBeyondAllCalendars: whatever a clock says, a board goes on.
func TestAStampBeyondAllCalendars(t *testing.T) {
	b := New()
	seasons(t, b, Set, KeepMax)
	for i, stamp := range []int64{minute(30), endMax * second, math.MaxInt64 - 5, math.MaxInt64} {
		submit(t, b, stamp, "s", i, 5)
		tick(b, stamp)
		gridtest.Recode(t, Decode, b)
	}
}

func TestAuthoritativeBoardsTakeScoresFromServersOnly(t *testing.T) {
	b := New()
	r := CreateRequest{Board: "x", Authoritative: true}
	if _, err := do(b, &server, KindCreate, 1, &r, DecodeCreateReply); err != nil {
		t.Fatal(err)
	}
	submit(t, b, 2, "x", 1, 5)
	before := digest(b)
	_, err := do(b, &player, KindSubmit, 3, &SubmitRequest{Board: "x", Score: 9}, DecodeSubmitReply)
	if fault.CodeOf(err) != fault.PermissionDenied || !strings.Contains(err.Error(), "server key") {
		t.Errorf("submit: %v", err)
	}
	_, err = do(b, &player, KindRemove, 3, &RemoveRequest{Board: "x"}, DecodeRemoveReply)
	if fault.CodeOf(err) != fault.PermissionDenied || digest(b) != before {
		t.Errorf("remove: %v", err)
	}
}

// TestPlayersCannotSayThatTheyAreServers: what Prepare appends for servers is
// not taken from a client.
func TestPlayersCannotSayThatTheyAreServers(t *testing.T) {
	for kind, c := range map[grid.Kind]struct {
		request string
		fields  int
	}{
		KindSubmit: {"\xa1x\xc0\x05\x05\xa0\xc3\xc3", 7},
		KindRemove: {"\xa1x\xc0\xc3\xc3", 4},
	} {
		for _, op := range Ops() {
			if op.Kind != kind {
				continue
			}
			_, body, err := op.Prepare(&player, cursorOf(c.request), c.fields, nil)
			if err != nil || bytes.IndexByte(body, 0xc3) >= 0 {
				t.Errorf("%s: %x, %v", op.Name, body, err)
			}
		}
	}
}

func TestMetadata(t *testing.T) {
	for _, c := range []struct {
		op    Operator
		score int64
		text  string
		want  string
	}{
		{Best, 5, "new", "new"}, // equal
		{Best, 6, "new", "new"}, // better
		{Best, 6, "", "old"},    // not given
		{Best, 4, "new", "old"}, // worse: the record is still that of before
		{Set, 5, "new", "new"},
		{Set, 4, "", "old"},
		{Incr, 0, "new", "new"},
		{Decr, 9, "new", "new"},
	} {
		b := New()
		create(t, b, "s", Descending, c.op)
		for i, r := range []SubmitRequest{
			{Board: "s", Score: 5, Metadata: "old"}, {Board: "s", Score: c.score, Metadata: c.text},
		} {
			if _, err := do(b, &player, KindSubmit, int64(2+i), &r, DecodeSubmitReply); err != nil {
				t.Fatal(err)
			}
		}
		r := OwnersRequest{Board: "s", Owners: []grid.ID{player.User}}
		got, err := ask(gridtest.Recode(t, Decode, b), &player, KindOwners, &r, DecodePageReply)
		if err != nil || got.Records[0].Metadata != c.want {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
}

func TestMetadataGoesWithTheRecord(t *testing.T) {
	b := New()
	create(t, b, "s", Descending, Best)
	for i, kind := range []grid.Kind{KindSubmit, KindRemove, KindSubmit} {
		var err error
		switch r := (SubmitRequest{Board: "s", Score: 5}); kind {
		case KindRemove:
			_, err = do(b, &player, kind, int64(2+i), &RemoveRequest{Board: "s"}, DecodeRemoveReply)
		default:
			if i == 0 {
				r.Metadata = "gone soon"
			}
			_, err = do(b, &player, kind, int64(2+i), &r, DecodeSubmitReply)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Contains(gridtest.Encode(b), []byte("gone soon")) {
		t.Error("the metadata outlived its record")
	}
}

func TestTextsAreLimited(t *testing.T) {
	long := strings.Repeat("é", 2048)
	for name, c := range map[string]struct {
		kind grid.Kind
		r    request
		want string
	}{
		"longest of a board":  {KindCreate, &CreateRequest{Board: "x", Metadata: long}, ""},
		"too long":            {KindCreate, &CreateRequest{Board: "x", Metadata: long + "!"}, "4096"},
		"longest of a record": {KindSubmit, &SubmitRequest{Board: "x", Metadata: long[:256]}, ""},
		"too long of one":     {KindSubmit, &SubmitRequest{Board: "x", Metadata: long[:258]}, "256"},
		"no text":             {KindSubmit, &SubmitRequest{Board: "x", Metadata: "\xff"}, "UTF-8"},
		"no text of a board":  {KindCreate, &CreateRequest{Board: "x", Metadata: "\xff"}, "UTF-8"},
		"keep without reset":  {KindCreate, &CreateRequest{Board: "x", Keep: time.Hour}, "never reset"},
		"keep too long": {KindCreate, &CreateRequest{Board: "x", Schedule: "@daily", Keep: KeepMax + time.Second},
			"use 0 to"},
		"keep less than nothing": {KindCreate, &CreateRequest{Board: "x", Schedule: "@daily", Keep: -time.Hour},
			"use 0 to"},
		"period before 1970": {KindPage, &PageRequest{Board: "x", Rank: 1, Limit: 1, Period: -1}, "board.info"},
		"some cursor": {KindPage, &PageRequest{Board: "x", Rank: 1, Limit: 1, Cursor: []byte("mine")},
			"as they were"},
	} {
		_, _, err := prepare(&server, c.kind, c.r)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
