package slot

import (
	"encoding/hex"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// TestFormat pins the bytes: what is on disks must stay readable. Those of a
// feature are pinned where it is.
func TestFormat(t *testing.T) {
	s := New()
	s.Apply(&grid.Turn{}, 5, submit("none", 1, 2).as(7, 9, 8), nil)
	s.outbox.Send(4, leaderboard.KindSubmit, []byte{0x90})
	s.outbox.Send(3, leaderboard.KindSubmit, []byte{0x91, 1})
	s.outbox.heard.Set(2, 77)
	refused := s.requests.at(0)
	_, _, size, result := kept(refused.kept)
	if size != len(refused.kept) {
		t.Fatalf("%d bytes are kept of one result of %d", len(refused.kept), size)
	}
	want := "96" + "03" + "05" + "01" + "02" + "02" + "01" +
		"9100" + "920000" + "9100" + "9100" +
		"94" + "03" + "02" + "cd0103" + "c4029101" +
		"94" + "04" + "01" + "cd0103" + "c40190" +
		"92" + "02" + "4d" +
		"94" + "c410" + "07" + strings.Repeat("00", 15) + "08" + "05" +
		"93" + "09"
	got := hex.EncodeToString(gridtest.Encode(s)[4:])
	if got[:len(want)] != want || !strings.HasSuffix(got, hex.EncodeToString(pack.AppendBytes(nil, result))) {
		t.Fatalf("\ngot  %s\nwant %s and %x", got, want, result)
	}
}

func head(format, rows, duties, heard uint64) []byte {
	b := []byte{0x96}
	for _, v := range []uint64{format, 5, rows, math.MaxUint64, duties, heard} {
		b = pack.AppendUint(b, v)
	}
	return b
}

// nothing is the states of features in which there is nothing.
var nothing = [][]byte{{0x91, 0}, {0x92, 0, 0}, {0x91, 0}, {0x91, 0}}

func after(head []byte, values ...[]byte) []byte {
	return gridtest.Stream(append(append([][]byte{head}, nothing...), values...)...)
}

func TestDecodeRefuses(t *testing.T) {
	duty := func(to, number byte) []byte { return []byte{0x94, to, number, 1, 0xc4, 0} }
	row := func(client, used, fields byte, results ...byte) []byte {
		b := append([]byte{0x94, 0xc4, 16, client}, make([]byte, 15)...)
		return append(append(b, 8, used, 0x90|fields), results...)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":              {nil, "unexpected EOF"},
		"an earlier format":    {after(head(2, 0, 0, 0)), "format 2, this program reads 3"},
		"a later format":       {after(head(4, 0, 0, 0)), "format 4, this program reads 3"},
		"a short head":         {gridtest.Stream([]byte{0x93, 3, 0, 0}), "at least 6"},
		"too many rows":        {after(head(3, RowsMax+1, 0, 0)), "at most 262144"},
		"too many sources":     {after(head(3, 0, 0, grid.Slots+1)), "there are 4096 slots"},
		"a missing duty":       {after(head(3, 0, 2, 0), duty(1, 1)), "duty 2 of 2: unexpected EOF"},
		"a missing source":     {after(head(3, 0, 0, 1)), "source 1 of 1: unexpected EOF"},
		"a missing row":        {after(head(3, 1, 0, 0)), "row 1 of 1: unexpected EOF"},
		"duty 0":               {after(head(3, 0, 1, 0), duty(1, 0)), "number 0"},
		"a duty twice":         {after(head(3, 0, 2, 0), duty(1, 5), duty(1, 5)), "out of order"},
		"destinations fall":    {after(head(3, 0, 2, 0), duty(2, 1), duty(1, 2)), "out of order"},
		"sources fall":         {after(head(3, 0, 0, 2), []byte{0x92, 2, 9}, []byte{0x92, 1, 9}), "out of order"},
		"a client twice":       {after(head(3, 2, 0, 0), row(1, 1, 0), row(1, 1, 0)), "stands twice"},
		"uses fall":            {after(head(3, 2, 0, 0), row(1, 2, 0), row(2, 1, 0)), "out of order"},
		"a result of no kind":  {after(head(3, 1, 0, 0), row(1, 1, 2, 9, 1)), "2 thirds"},
		"a result below low":   {after(head(3, 1, 0, 0), row(1, 1, 3, 7, 0, 0xc4, 0)), "request 7"},
		"a result twice":       {after(head(3, 1, 0, 0), row(1, 1, 6, 9, 0, 0xc4, 0, 9, 0, 0xc4, 0)), "request 9"},
		"something behind all": {after(head(3, 0, 0, 0), []byte{0xc0}), "want the end"},
	} {
		_, err := gridtest.Restore(Decode, c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestClaimsCostNothing: a count behind which nothing follows is refused before
// anything is allocated for it.
func TestClaimsCostNothing(t *testing.T) {
	most := func(fields byte, counts ...uint64) []byte {
		b := []byte{0x90 | fields}
		for _, n := range counts {
			b = pack.AppendUint(b, n)
		}
		return b
	}
	ok := head(3, 0, 0, 0)
	room := append([]byte{0x92, 0xc4, 2}, grid.AppendKey(nil, grid.StreamRoom, "a")...)
	for name, data := range map[string][]byte{
		"rows":     after(head(3, RowsMax, 0, 0)),
		"duties":   after(head(3, 0, math.MaxUint64, 0)),
		"sources":  after(head(3, 0, 0, grid.Slots)),
		"boards":   gridtest.Stream(ok, most(1, leaderboard.StripesPerSlotMax)),
		"sessions": gridtest.Stream(ok, nothing[0], most(2, session.SessionsPerSlotMax, 0)),
		"tokens":   gridtest.Stream(ok, nothing[0], most(2, 0, session.SpentPerSlotMax)),
		"streams":  gridtest.Stream(ok, nothing[0], nothing[1], most(1, presence.StreamsPerSlotMax)),
		"presences": gridtest.Stream(ok, nothing[0], nothing[1], most(1, 1),
			pack.AppendUint(room, presence.MembersMax)),
		"channels": gridtest.Stream(ok, nothing[0], nothing[1], nothing[2], most(1, chat.ChannelsPerSlotMax)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := gridtest.Restore(Decode, data)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 32<<10 {
			t.Errorf("%s: %d bytes allocated for %d that were read", name, n, len(data))
		}
	}
}
