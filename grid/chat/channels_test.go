package chat

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/invariant"
)

// send sends to a room, which must do.
func send(t testing.TB, c *Channels, a Archive, key, content string) SendReply {
	t.Helper()
	r, err := do(c, a, &server, KindSend, 1, &SendRequest{key, content}, DecodeSendReply)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// info returns what a room has.
func info(t testing.TB, c *Channels, a Archive, key string) InfoReply {
	t.Helper()
	r, err := ask(c, a, KindInfo, &InfoRequest{key}, DecodeInfoReply)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhoMaySend(t *testing.T) {
	c := New()
	outside := grid.Caller{User: person(13), Address: grid.Address{Session: 13}}
	_, err := do(c, nil, &outside, KindSend, 1, &SendRequest{lobby, "x"}, DecodeSendReply)
	same(t, "outside", 0, 0, err, fault.FailedPrecondition)
	if !strings.Contains(err.Error(), "join it") || c.Len() != 0 {
		t.Errorf("%v, and %d channels", err, c.Len())
	}
	outside.Server = true
	got, err := do(c, nil, &outside, KindSend, 5, &SendRequest{lobby, "x"}, DecodeSendReply)
	same(t, "a server outside", got, SendReply{1, 5}, err, fault.OK)
	got, err = do(c, nil, &player, KindSend, 6, &SendRequest{lobby, "x"}, DecodeSendReply)
	same(t, "inside", got, SendReply{2, 6}, err, fault.OK)
}

func TestWhoMayChange(t *testing.T) {
	const ok, denied, precondition = fault.OK, fault.PermissionDenied, fault.FailedPrecondition
	c, s, _ := sample(t) // in the lobby 1 is only archived, 259 is the server's, 260 is removed
	other := caller(2)
	mine, err := do(c, s, &player, KindSend, 9, &SendRequest{lobby, "x"}, DecodeSendReply)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		what    string
		caller  grid.Caller
		archive Archive
		seq     uint64
		update  fault.Code
		remove  fault.Code
	}{
		{"another's", other, s, mine.Seq, denied, denied},
		{"one's own", player, s, mine.Seq, ok, ok},
		{"one's own, removed", player, s, mine.Seq, precondition, ok},
		{"a player's, by a server", server, s, mine.Seq, precondition, ok},
		{"a server's", player, s, 259, denied, denied},
		{"one never sent", player, s, mine.Seq + 1, fault.NotFound, fault.NotFound},
		{"none", server, s, 0, fault.NotFound, fault.NotFound},
		{"an archived one", player, s, 2, precondition, precondition},
		{"an archived one, by a server", server, s, 2, ok, ok},
		{"an archived one, removed", server, s, 2, precondition, ok},
		{"an archived one, without an archive", server, nil, 4, fault.NotFound, fault.NotFound},
	} {
		update := UpdateRequest{lobby, x.seq, "changed"}
		_, err := do(c, x.archive, &x.caller, KindUpdate, 9, &update, DecodeChangeReply)
		same(t, x.what, 0, 0, err, x.update)
		_, err = do(c, x.archive, &x.caller, KindRemove, 9, &RemoveRequest{lobby, x.seq}, DecodeChangeReply)
		same(t, x.what, 0, 0, err, x.remove)
	}
	_, err = do(c, s, &server, KindRemove, 9, &RemoveRequest{roomKey("none"), 1}, DecodeChangeReply)
	same(t, "in no room", 0, 0, err, fault.NotFound)
}

func TestAmendmentsAreBounded(t *testing.T) {
	c, s, _ := sample(t)
	for range 50 {
		send(t, c, s, lobby, "x")
	}
	archiveAll(t, c, s, 10_000)
	change := func(seq uint64) error {
		r := UpdateRequest{lobby, seq, strings.Repeat("x", ContentBytesMax)}
		_, err := do(c, s, &server, KindUpdate, 9, &r, DecodeChangeReply)
		return err
	}
	for range 100 {
		if err := change(2); err != nil { // each takes the place of the one before
			t.Fatal(err)
		}
	}
	seq, err := uint64(3), error(nil)
	for ; err == nil; seq++ {
		err = change(seq)
	}
	if fault.Of(err).Code != fault.ResourceExhausted || fault.Of(err).Retry <= 0 || seq < 12 {
		t.Fatalf("at message %d: %v", seq, err)
	}
	archiveAll(t, c, s, 10_000)
	if err := change(seq); err != nil {
		t.Fatal(err)
	}
}

func TestTailWithoutArchive(t *testing.T) {
	c := New()
	for range TailMessages + 44 {
		send(t, c, nil, lobby, "x")
	}
	if got := info(t, c, nil, lobby); got != (InfoReply{45, TailMessages + 44}) {
		t.Errorf("short messages: %+v", got)
	}
	long := roomKey("long")
	for range 500 {
		send(t, c, nil, long, strings.Repeat("x", ContentBytesMax))
	}
	x, _ := c.byKey.Get(long)
	each := len(x.tail[0])
	if got := info(t, c, nil, long); got.Last != 500 || int(500-got.First+1) != TailBytes/each {
		t.Errorf("long messages of %d: %+v", each, got)
	}
	if c.Pending() {
		t.Error("something is to be archived")
	}
	if !bytes.Equal(gridtest.Encode(gridtest.Recode(t, Decode, c)), gridtest.Encode(c)) {
		t.Error("restored otherwise")
	}
}

func TestTailWaitsForTheArchive(t *testing.T) {
	c, s := New(), newShelf()
	content := strings.Repeat("x", ContentBytesMax)
	var err error
	for err == nil {
		_, err = do(c, s, &server, KindSend, 1, &SendRequest{lobby, content}, DecodeSendReply)
	}
	if e := fault.Of(err); e.Code != fault.ResourceExhausted || e.Retry <= 0 {
		t.Fatal(err)
	}
	gridtest.Recode(t, Decode, c)
	last := info(t, c, s, lobby).Last
	if last < 240 || info(t, c, nil, lobby).First != 1 {
		t.Fatalf("refused behind %d", last)
	}
	_, err = do(c, s, &server, KindUpdate, 1, &UpdateRequest{lobby, last, "short"}, DecodeChangeReply)
	same(t, "shorten", 0, 0, err, fault.OK)
	gridtest.Recode(t, Decode, c)
	for err == nil {
		_, err = do(c, s, &server, KindSend, 1, &SendRequest{lobby, "x"}, DecodeSendReply)
	}
	_, err = do(c, s, &server, KindUpdate, 1, &UpdateRequest{lobby, last, content}, DecodeChangeReply)
	same(t, "lengthen", 0, 0, err, fault.ResourceExhausted)
	gridtest.Recode(t, Decode, c)
	send(t, c, s, roomKey("other"), content) // rooms do not wait for each other
	archiveAll(t, c, s, 100_000)
	send(t, c, s, lobby, content)
	if got := info(t, c, nil, lobby); got.First < 150 || info(t, c, s, lobby).First != 1 {
		t.Fatalf("the tail is from %d to %d", got.First, got.Last)
	}
}

// TestArchiveTurnedOff: what waits for an archive that is no more goes like all
// else, and no sooner; and an archive that comes gets what the tail has.
func TestArchiveTurnedOff(t *testing.T) {
	c, s := New(), newShelf()
	for range 10 {
		send(t, c, s, lobby, "x")
	}
	for range TailMessages - 10 {
		send(t, c, nil, lobby, "x")
	}
	if got := info(t, c, s, lobby); got.First != 1 || !c.Pending() {
		t.Fatalf("%+v, pending %v", got, c.Pending())
	}
	for range 20 {
		send(t, c, nil, lobby, "x")
	}
	if got := info(t, c, s, lobby); got.First != 21 || c.Pending() {
		t.Fatalf("%+v, pending %v", got, c.Pending())
	}
	send(t, c, s, lobby, "x")
	archiveAll(t, c, s, 1000)
	if got := len(s.rows[lobby]); got != TailMessages+1 || info(t, c, s, lobby).First != 21 {
		t.Fatalf("%d rows, %+v", got, info(t, c, s, lobby))
	}
}

// TestArchiveThatComesBack gets what was changed while it was away, and knows
// that it has nothing of what fell off the tail then.
func TestArchiveThatComesBack(t *testing.T) {
	c, s := New(), newShelf()
	send(t, c, s, lobby, "x")
	archiveAll(t, c, s, 1000)
	send(t, c, s, lobby, "x")
	if _, err := do(c, nil, &server, KindUpdate, 9, &UpdateRequest{lobby, 1, "y"}, DecodeChangeReply); err != nil {
		t.Fatal(err)
	}
	archiveAll(t, c, s, 1000)
	send(t, c, s, lobby, "x")
	archiveAll(t, c, s, 1000)
	if m, err := parse(s.rows[lobby][1]); err != nil || m.Content != "y" {
		t.Errorf("%+v, %v", m, err)
	}
	for range TailMessages + 10 {
		send(t, c, nil, lobby, "x")
	}
	_, err := do(c, s, &server, KindUpdate, 9, &UpdateRequest{lobby, 5, "y"}, DecodeChangeReply)
	same(t, "what fell off", 0, 0, err, fault.NotFound)
	_, err = do(c, s, &server, KindUpdate, 9, &UpdateRequest{lobby, 2, "y"}, DecodeChangeReply)
	same(t, "what is archived", 0, 0, err, fault.OK)
	if !bytes.Equal(gridtest.Encode(gridtest.Recode(t, Decode, c)), gridtest.Encode(c)) {
		t.Error("restored otherwise")
	}
}

func TestChannelsPerSlot(t *testing.T) {
	c := New()
	turn := grid.Turn{Stamp: 1, Members: everyone{}}
	r := sendCommand{content: []byte("x"), user: server.User, session: 1, server: true}
	for i := range ChannelsPerSlotMax {
		r.key = []byte(roomKey(strconv.Itoa(i)))
		if _, err := c.Apply(&turn, KindSend, r.append(nil), nil); err != nil {
			t.Fatal(err)
		}
	}
	r.key = []byte(roomKey("one more"))
	_, err := c.Apply(&turn, KindSend, r.append(nil), nil)
	same(t, "one more", c.Len(), ChannelsPerSlotMax, err, fault.ResourceExhausted)
	send(t, c, nil, roomKey("7"), "still")
}

func TestNothingIsEverDue(t *testing.T) {
	c, _, _ := sample(t)
	before := gridtest.Encode(c)
	c.Tick(&grid.Turn{Stamp: math.MaxInt64})
	if c.Due() != math.MaxInt64 || !bytes.Equal(gridtest.Encode(c), before) {
		t.Error("something was due")
	}
}

// TestApplyChecksBodies: what Prepare would never make is refused.
func TestApplyChecksBodies(t *testing.T) {
	good := sendCommand{[]byte(lobby), []byte("x"), server.User, 1, true, false, 0, 0}
	change := changeCommand{[]byte(lobby), 1, []byte("x"), false, server.User, true, false}
	sends := func(f func(*sendCommand)) []byte { r := good; f(&r); return r.append(nil) }
	for name, x := range map[string]struct {
		kind grid.Kind
		body []byte
	}{
		"a status stream":     {KindSend, sends(func(r *sendCommand) { r.key = grid.StatusKey(nil, person(1)) })},
		"no key":              {KindSend, sends(func(r *sendCommand) { r.key = nil })},
		"a key in no text":    {KindSend, sends(func(r *sendCommand) { r.key = []byte("\x02\xff") })},
		"no content":          {KindSend, sends(func(r *sendCommand) { r.content = nil })},
		"content in no text":  {KindSend, sends(func(r *sendCommand) { r.content = []byte("\xff") })},
		"too much content":    {KindSend, sends(func(r *sendCommand) { r.content = make([]byte, ContentBytesMax+1) })},
		"nobody":              {KindSend, sends(func(r *sendCommand) { r.user = grid.ID{} })},
		"no session":          {KindSend, sends(func(r *sendCommand) { r.session = 0 })},
		"too little to keep":  {KindSend, sends(func(r *sendCommand) { r.keep = KeepBytesMin - 1 })},
		"too much to keep":    {KindSend, sends(func(r *sendCommand) { r.keep = KeepBytesMax + 1 })},
		"much too much":       {KindSend, sends(func(r *sendCommand) { r.keep = math.MinInt })},
		"five fields":         {KindSend, append([]byte{0x95}, good.append(nil)[1:]...)},
		"cut off":             {KindSend, good.append(nil)[:30]},
		"no array":            {KindSend, []byte{7}},
		"removal with text":   {KindRemove, change.append(nil)},
		"change of five":      {KindUpdate, append([]byte{0x95}, change.append(nil)[1:]...)},
		"archived what":       {KindArchived, []byte{0x91, 1}},
		"archived where":      {KindArchived, (&ArchivedRequest{"x", 1, 0}).Append([]byte{0x93})},
		"archived in advance": {KindArchived, (&ArchivedRequest{lobby, 2, 0}).Append([]byte{0x93})},
		"changed in advance":  {KindArchived, (&ArchivedRequest{lobby, 1, 1}).Append([]byte{0x93})},
	} {
		c := New()
		send(t, c, nil, lobby, "x")
		before := gridtest.Encode(c)
		_, err := c.Apply(&grid.Turn{Stamp: 1, Members: everyone{}}, x.kind, x.body, nil)
		same(t, name, 0, 0, err, fault.InvalidArgument)
		if !bytes.Equal(gridtest.Encode(c), before) {
			t.Errorf("%s: something has changed", name)
		}
	}
}

// TestSendAllocatesLittle: a send makes memory for the message, and now and then
// for the tail.
func TestSendAllocatesLittle(t *testing.T) {
	if invariant.Enabled {
		t.Skip("the race detector allocates")
	}
	c, turn, effects := New(), grid.Turn{Stamp: 1, Members: everyone{}}, grid.Effects{}
	turn.Effects = &effects
	_, body, err := prepare(nil, &player, KindSend, &SendRequest{lobby, strings.Repeat("x", 100)})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 0, 100)
	got := testing.AllocsPerRun(10_000, func() {
		effects.Reset()
		if _, err := c.Apply(&turn, KindSend, body, out); err != nil {
			t.Fatal(err)
		}
	})
	if got > 2 {
		t.Errorf("%v allocations", got)
	}
}

// TestCloneIsEncodedBeside encodes clones while the original goes on, and lets
// queries run beside each other: the race detector looks on.
func TestCloneIsEncodedBeside(t *testing.T) {
	c, s, _ := sample(t)
	var wg sync.WaitGroup
	for i := range 30 {
		frozen, want := c.Clone(), gridtest.Encode(c)
		wg.Go(func() {
			if !bytes.Equal(gridtest.Encode(frozen), want) {
				t.Errorf("clone %d has changed", i)
			}
		})
		for range 20 {
			send(t, c, s, lobby, "more")
		}
		update := UpdateRequest{lobby, info(t, c, s, lobby).Last - 5, "other"}
		if _, err := do(c, s, &server, KindUpdate, 1, &update, DecodeChangeReply); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			archiveAll(t, c, s, 1000)
		}
	}
	wg.Wait()
	for range 4 {
		wg.Go(func() {
			for _, r := range requests()[KindHistory] {
				if _, err := ask(c, s, KindHistory, r, DecodeHistoryReply); err != nil {
					t.Error(err)
				}
			}
			c.Backlog(1000)
		})
	}
	wg.Wait()
}
