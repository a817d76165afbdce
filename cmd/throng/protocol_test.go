package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/netio/websocket"
	"github.com/thronggrid/throng/netio/wire"
)

func readProtocol(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rows returns the cells of the table rows of a text whose first cell matches.
func rows(text, first string) (out [][]string) {
	match := regexp.MustCompile(`^` + first + `$`)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || !strings.HasSuffix(line, " |") {
			continue
		}
		cells := strings.Split(line[2:len(line)-2], " | ")
		if match.MatchString(cells[0]) {
			out = append(out, cells)
		}
	}
	return out
}

// TestProtocolListsAllKinds: the tables of kinds have every request that is served
// and every push that a package defines, and nothing else.
func TestProtocolListsAllKinds(t *testing.T) {
	listed := map[grid.Kind][]string{}
	for _, cells := range rows(readProtocol(t), `0x[0-9A-F]{4}`) {
		n, err := strconv.ParseUint(cells[0], 0, 16)
		if err != nil || listed[grid.Kind(n)] != nil {
			t.Errorf("%s: %v, or twice", cells[0], err)
		}
		listed[grid.Kind(n)] = cells
	}
	for _, op := range slot.Ops(nil) {
		cells := listed[op.Kind]
		if cells == nil || cells[1] != op.Name || len(cells) != 4 {
			t.Errorf("%s (%#04x) is listed as %q", op.Name, uint16(op.Kind), cells)
			continue
		}
		if mark := cells[2][:2]; (mark == "W ") != (op.Write && !op.Again) || (mark == "A ") != op.Again {
			t.Errorf("%s is marked %q: writes are W, those that may be done again A", op.Name, mark)
		}
	}
	defined := kindsInSources(t)
	for kind, name := range defined {
		if listed[kind] == nil {
			t.Errorf("%s (%#04x) is not listed", name, uint16(kind))
		}
	}
	for kind, cells := range listed {
		if defined[kind] == "" {
			t.Errorf("%q is listed, and no package defines it", cells)
		}
	}
}

// kindsInSources returns the constants of kinds that go over the wire.
func kindsInSources(t *testing.T) map[grid.Kind]string {
	t.Helper()
	var files []string
	for _, dir := range []string{"../../grid/*/*.go", "../../netio/wire/*.go"} {
		found, err := filepath.Glob(dir)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	out := map[grid.Kind]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if name, kind, ok := kindConstant(n); ok && goesOverTheWire(kind) {
				out[kind] = f.Name.Name + "." + name
			}
			return true
		})
	}
	return out
}

// kindConstant reads a constant like KindSend grid.Kind = 0x0401.
func kindConstant(n ast.Node) (name string, kind grid.Kind, ok bool) {
	spec, _ := n.(*ast.ValueSpec)
	if spec == nil || len(spec.Values) != 1 {
		return "", 0, false
	}
	typ, _ := spec.Type.(*ast.SelectorExpr)
	number, _ := spec.Values[0].(*ast.BasicLit)
	if typ == nil || typ.Sel.Name != "Kind" || number == nil {
		return "", 0, false
	}
	v, err := strconv.ParseUint(number.Value, 0, 16)
	return spec.Names[0].Name, grid.Kind(v), err == nil
}

// goesOverTheWire says whether a kind is a request's or a push's; others are
// commands and hints between nodes, and 0x0100 is where the kinds of features begin.
func goesOverTheWire(kind grid.Kind) bool {
	low := kind & 0xff
	return low > 0 && low < 0x80 || low >= 0xe0 && low < 0xf0
}

// TestProtocolListsAllReasons: the table of reasons is that of package wire.
func TestProtocolListsAllReasons(t *testing.T) {
	var want, got []string
	for _, e := range wire.Reasons() {
		want = append(want, fmt.Sprintf("%d %s", e.Reason, e.Name))
	}
	for _, cells := range rows(readProtocol(t), `[12][0-9]{3}`) {
		got = append(got, cells[0]+" "+cells[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("the page has %q, the code %q", got, want)
	}
}

// TestProtocolListsAllCodes: every code is in the table of errors, or said not to
// be sent.
func TestProtocolListsAllCodes(t *testing.T) {
	page := readProtocol(t)
	names := map[string]string{}
	for _, cells := range rows(between(t, page, "## Errors\n", "\n## "), `[0-9]{1,2}`) {
		names[cells[0]] = cells[1]
	}
	for c := fault.Cancelled; c <= fault.Unauthenticated; c++ {
		number := strconv.Itoa(int(c))
		if names[number] != c.String() && !strings.Contains(page, number+" "+c.String()) {
			t.Errorf("code %d is %q on the page, and %v", c, names[number], c)
		}
	}
}

// TestProtocolExample: the frame that is shown byte by byte is the hello that is
// said about it.
func TestProtocolExample(t *testing.T) {
	text := between(t, readProtocol(t)+"```\n", "custom id `player-0001`:\n\n```text\n", "\n```\n")
	var digits strings.Builder
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(strings.TrimSpace(line), "   ")
		digits.WriteString(strings.ReplaceAll(code, " ", ""))
	}
	got, err := hex.DecodeString(digits.String())
	h := wire.Hello{VersionMin: 1, VersionMax: 1, Provider: wire.ProviderCustom,
		Credential: "player-0001", Nonce: []byte("12345678"), Agent: "demo"}
	want := wire.End(h.Append(wire.Begin(nil, wire.KindHello, 0, 1)), 0)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the page has %x (%v), the code says %x", got, err, want)
	}
	user := grid.UserID(wire.ProviderCustom, "carlsen").String()
	if page := readProtocol(t); !strings.Contains(page, user) ||
		!strings.Contains(page, grid.UserID(wire.ProviderServer, "server").String()) {
		t.Errorf("the page has not the user ids of carlsen, %s, and of servers", user)
	}
}

// TestProtocolLimits: the numbers of the table of limits are those of the code.
func TestProtocolLimits(t *testing.T) {
	limits := map[string][]int{
		"frame from a client":           {wire.HelloBytesMax, wire.FrameBytesMax},
		"frame from the server":         {wire.ReplyBytesMax >> 20},
		"message of a WebSocket client": {websocket.MessageBytesMax >> 20},
		"sessions of a user":            {session.SessionsPerUserMax, session.SessionsOfServersMax},
		"streams of a session":          {session.StreamsMax},
		"name of a stream":              {grid.StreamNameBytesMax},
		"status":                        {presence.StatusBytesMax},
		"presences on a stream":         {presence.MembersMax},
		"presence.list":                 {presence.PageMembersMax},
		"presence.changed":              {presence.EventNamesMax},
		"session.list":                  {session.ListMax},
		"content":                       {chat.ContentBytesMax},
		"chat.history":                  {chat.HistoryMessagesMax, chat.HistoryBytesMax >> 10},
		"room without an archive":       {chat.TailMessages, chat.TailBytes >> 10},
		"token":                         {wire.TokenBytesMax},
		"unanswered requests":           {grid.RequestsMax, grid.RequestsMax},
	}
	for _, cells := range rows(between(t, readProtocol(t), "## Limits\n", "\n## "), `.*`) {
		what := cells[0]
		for i, n := range limits[what] {
			numbers := regexp.MustCompile(`[0-9]+`).FindAllString(strings.ReplaceAll(cells[1], ",", ""), -1)
			if i >= len(numbers) || numbers[i] != strconv.Itoa(n) {
				t.Errorf("the limit of %q is %q on the page, and %d", what, cells[1], limits[what])
			}
		}
		delete(limits, what)
	}
	if len(limits) > 0 {
		t.Errorf("the page has no limits of %q", slices.Sorted(maps.Keys(limits)))
	}
}
