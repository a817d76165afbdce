package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

// rewrite makes the files of testdata anew. They never change for what is
// released: clients in other languages are tested against them.
var rewrite = flag.Bool("rewrite", false, "write the golden vectors instead of comparing")

// vector is one frame, in a file of testdata.
type vector struct {
	What   string     `json:"what"`
	Kind   grid.Kind  `json:"kind"`
	Flags  Flags      `json:"flags"`
	ID     uint32     `json:"id"`
	Fields []namedAny `json:"fields"`
	Hex    string     `json:"hex"` // the whole frame
}

// namedAny is an element of the frame's array; bytes are {"bytes": hex}.
type namedAny struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// golden is what a vector is made from: a frame as this code writes it.
type golden struct {
	what  string
	frame []byte
	names []string
}

// request is what all requests of features can do.
type request interface {
	Fields() int
	Append([]byte) []byte
}

func frameOf(kind grid.Kind, flags Flags, id uint32, body []byte) []byte {
	return End(append(Begin(nil, kind, flags, id), body...), 0)
}

func writeOf(kind grid.Kind, id uint32, seq, low uint64, r request) []byte {
	b := pack.AppendArray(nil, r.Fields()+2)
	b = pack.AppendUint(pack.AppendUint(b, seq), low)
	return frameOf(kind, 0, id, r.Append(b))
}

func readOf(kind grid.Kind, level grid.Level, id uint32, r request) []byte {
	return frameOf(kind, LevelFlags(level), id, r.Append(pack.AppendArray(nil, r.Fields())))
}

func sessionVectors() map[string]golden {
	server := &Hello{
		1, 1, ProviderServer, "a key of 32 random characters...", []byte("0123456789abcdef"), "demo", nil,
	}
	failed := fault.New(fault.NotFound, "there is no board %q: create it first", "weekly")
	unknown := &fault.Error{
		Code: fault.Unavailable, Message: "the leader was lost", Retry: 50 * time.Millisecond, Unknown: true,
	}
	hello := names("version min", "version max", "provider", "credential", "nonce", "agent", "resume")
	welcome := names("version", "user id", "requests max", "frame bytes max", "agent",
		"session id", "resume", "resumed", "streams")
	errors := names("code", "message", "retry ms", "unknown")
	const page, submit = leaderboard.KindPage, leaderboard.KindSubmit
	return map[string]golden{
		"hello_custom": {"hello of a player",
			frameOf(KindHello, 0, 1, aHello().Append(nil)), hello},
		"hello_server": {"hello of the studio's own server",
			frameOf(KindHello, 0, 7, server.Append(nil)), hello},
		"welcome": {"the reply to hello",
			frameOf(KindHello, Reply, 1, aWelcome().Append(nil)),
			welcome},
		"hello_resume": {"hello that takes a session up again",
			frameOf(KindHello, 0, 1, aResume().Append(nil)), hello},
		"welcome_resumed": {"the reply to it: [kind, name] of each stream that the session is on",
			frameOf(KindHello, Reply, 1, aResumed().Append(nil)), welcome},
		"missed": {"pushes were dropped", frameOf(KindMissed, 0, 0, []byte{0x90}), nil},
		"token":  {"tokens are asked for", frameOf(KindToken, 0, 5, []byte{0x90}), nil},
		"token_reply": {"the tokens, and when they expire",
			frameOf(KindToken, Reply, 5, someTokens().Append(nil)),
			names("session token", "expires", "refresh token", "expires")},
		"goodbye": {"the server shuts down",
			frameOf(KindGoodbye, 0, 0, aGoodbye().Append(nil)),
			names("reason", "text", "reconnect after ms")},
		"ping": {"a sign of life", frameOf(KindPing, 0, 2, []byte{0x90}), nil},
		"pong": {"the reply to ping", frameOf(KindPing, Reply, 2, []byte{0x90}), nil},
		"error_failed": {"an error: nothing happened",
			frameOf(page, Reply|Error, 3, failed.Append(nil)), errors},
		"error_unknown": {"an error: it may have happened; ask again with the same numbers",
			frameOf(submit, Reply|Error, 4, unknown.Append(nil)), errors},
	}
}

func names(n ...string) []string { return n }

func writeVectors() map[string]golden {
	id := grid.UserID("custom", "player-0001")
	create := &leaderboard.CreateRequest{
		Board: "weekly", Sort: leaderboard.Ascending, Operator: leaderboard.Set,
	}
	own := &leaderboard.SubmitRequest{Board: "weekly", Score: 4200, Subscore: -1}
	other := &leaderboard.SubmitRequest{Board: "weekly", Owner: id, Score: -1 << 62}
	submit := names("seq", "low", "board", "owner", "score", "subscore")
	return map[string]golden{
		"board_create": {"a board is made",
			writeOf(leaderboard.KindCreate, 8, 1, 1, create),
			names("seq", "low", "board", "sort", "operator")},
		"board_delete": {"a board is deleted",
			writeOf(leaderboard.KindDelete, 9, 2, 1, &leaderboard.DeleteRequest{Board: "weekly"}),
			names("seq", "low", "board")},
		"board_submit_own": {"a player's own score",
			writeOf(leaderboard.KindSubmit, 10, 300, 299, own), submit},
		"board_submit": {"a score of somebody, by the studio's server",
			writeOf(leaderboard.KindSubmit, 11, 1<<40, 1<<40-63, other), submit},
		"board_submit_reply": {"the reply to a submit",
			frameOf(leaderboard.KindSubmit, Reply, 10, []byte{0x93, 0xcd, 0x10, 0x68, 0xff, 0xc3}),
			names("score", "subscore", "changed")},
		"board_remove": {"a record is removed",
			writeOf(leaderboard.KindRemove, 12, 4, 4, &leaderboard.RemoveRequest{Board: "weekly", Owner: id}),
			names("seq", "low", "board", "owner")},
	}
}

func readVectors() map[string]golden {
	id := grid.UserID("custom", "player-0001")
	page := &leaderboard.PageRequest{Board: "weekly", Rank: 1, Limit: 100}
	around := &leaderboard.AroundRequest{Board: "weekly", Limit: 11}
	owners := &leaderboard.OwnersRequest{Board: "weekly", Owners: []grid.ID{id, {}}}
	reply := pack.AppendBytes([]byte{0x92, 1, 0x91, 0x95}, id[:])
	for _, n := range []int64{4200, -1, 1_700_000_000_000_000, 1} {
		reply = pack.AppendInt(reply, n)
	}
	return map[string]golden{
		"board_info": {"settings and size of a board",
			readOf(leaderboard.KindInfo, grid.Leader, 13, &leaderboard.InfoRequest{Board: "weekly"}),
			names("board")},
		"board_page": {"a page, read linearizably",
			readOf(leaderboard.KindPage, grid.Linearizable, 14, page),
			names("board", "rank", "limit")},
		"board_page_reply": {"a page of one record: [owner, score, subscore, stamp, rank]",
			frameOf(leaderboard.KindPage, Reply, 14, reply),
			names("total", "records")},
		"board_around": {"the records around the caller's, from any replica",
			readOf(leaderboard.KindAround, grid.Stale, 15, around),
			names("board", "owner", "limit")},
		"board_owners": {"the records of two owners",
			readOf(leaderboard.KindOwners, grid.Leader, 16, owners),
			names("board", "owners")},
	}
}

// The files of testdata are what this code writes, and mean what they say.
func TestGoldenVectors(t *testing.T) {
	all := sessionVectors()
	maps.Copy(all, writeVectors())
	maps.Copy(all, readVectors())
	for name, g := range all {
		v := g.vector(t)
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		file := filepath.Join("testdata", name+".json")
		if *rewrite {
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(want, text) {
			t.Errorf("%s: the file and the code differ (%v); the code says\n%s", name, err, text)
		}
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != len(all) {
		t.Errorf("%d files for %d vectors (%v)", len(files), len(all), err)
	}
}

// vector reads a frame with a msgpack codec that is not ours.
func (g golden) vector(t *testing.T) vector {
	f, size, err := Next(g.frame, FrameBytesMax)
	if err != nil || size != len(g.frame) {
		t.Fatalf("%s: size %d of %d, %v", g.what, size, len(g.frame), err)
	}
	d := msgpack.NewDecoder(bytes.NewReader(f.Body))
	var values []any
	if err := d.Decode(&values); err != nil || len(values) != len(g.names) {
		t.Fatalf("%s: %d fields for %d names, %v", g.what, len(values), len(g.names), err)
	}
	v := vector{What: g.what, Kind: f.Kind, Flags: f.Flags, ID: f.ID, Hex: hex.EncodeToString(g.frame)}
	v.Fields = []namedAny{}
	for i, value := range values {
		v.Fields = append(v.Fields, namedAny{g.names[i], plain(value)})
	}
	return v
}

// plain turns byte fields into what JSON can say.
func plain(v any) any {
	switch v := v.(type) {
	case []byte:
		return map[string]string{"bytes": hex.EncodeToString(v)}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}
