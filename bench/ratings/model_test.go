package ratings

import (
	"cmp"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thronggrid/throng/bench/ssp"
	"github.com/thronggrid/throng/grid/leaderboard"
)

const text = `# FIDE ratings APR-2021
@PLAYER ""
Ann #GM
  %Bio FIDEID 1
  %Elo 1990:2500,2600 1991:2600
Bob #GM
  %Bio FIDEID 2
  %Elo 1990:2600,2500 1991:2500
Cid #GM
  %Elo 1990:2500,2500
Dot #GM
  %Elo 1991:2600
`

// replay plays the lists as a server would that does it right, in random order
// within a list.
func replay(t *testing.T, m *model, seed uint64) board {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	records := map[int]*leaderboard.Record{}
	stamp := int64(0)
	for i, l := range m.file.Lists() {
		var es []entry
		for p, rating := range m.file.In(l) {
			m.set(i, p, rating)
			es = append(es, entry{int32(p), int32(rating)})
		}
		r.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		for _, e := range es {
			stamp++
			rec := records[int(e.player)]
			if rec == nil {
				rec = &leaderboard.Record{Owner: m.owners[e.player]}
				records[int(e.player)] = rec
			}
			if rec.Score != int64(e.rating) {
				rec.Score, rec.Stamp = int64(e.rating), stamp
			}
		}
	}
	var b board
	for _, rec := range records {
		b = append(b, *rec)
	}
	rank(b)
	return b
}

func rank(b board) {
	slices.SortFunc(b, func(x, y leaderboard.Record) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Stamp, y.Stamp))
	})
	for i := range b {
		b[i].Rank = i + 1
	}
}

func newTestModel(t *testing.T) *model {
	t.Helper()
	f, err := ssp.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := newModel(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestARightBoardHasNoDifferences(t *testing.T) {
	for seed := range uint64(50) {
		m := newTestModel(t)
		b := replay(t, m, seed)
		if n, first := m.compare(b); n != 0 || m.stamps(b) != 0 {
			t.Fatalf("seed %d: %d differences %v, %d stamps wrong", seed, n, first, m.stamps(b))
		}
	}
}

// Each way in which a server could be wrong must be seen.
func TestWrongBoardsAreSeen(t *testing.T) {
	for name, spoil := range map[string]func(b *board){
		"record lost":     func(b *board) { *b = (*b)[1:] },
		"record twice":    func(b *board) { (*b)[1].Owner = (*b)[0].Owner },
		"stranger":        func(b *board) { (*b)[2].Owner[3]++ },
		"older score":     func(b *board) { (*b)[0].Score = 2500; rank(*b) },
		"subscore":        func(b *board) { (*b)[0].Subscore = 1 },
		"ranks swapped":   func(b *board) { (*b)[0].Rank, (*b)[1].Rank = 2, 1 },
		"rank skipped":    func(b *board) { (*b)[3].Rank = 5 },
		"later one first": func(b *board) { (*b)[0].Stamp, (*b)[1].Stamp = (*b)[1].Stamp, (*b)[0].Stamp; rank(*b) },
		"one too many":    func(b *board) { *b = append(*b, leaderboard.Record{Rank: 5}) },
	} {
		m := newTestModel(t)
		b := replay(t, m, 1)
		spoil(&b)
		if n, _ := m.compare(b); n == 0 {
			t.Errorf("%s: no difference seen", name)
		}
	}
}

func TestWrongStampsAreSeen(t *testing.T) {
	m := newTestModel(t)
	b := replay(t, m, 1)
	b[0].Stamp = b[1].Stamp
	if m.stamps(b) == 0 {
		t.Error("equal stamps not seen")
	}
	m = newTestModel(t)
	b = replay(t, m, 1)
	i := slices.IndexFunc(b, func(r leaderboard.Record) bool { return m.name(r.Owner) == "Dot" })
	b[i].Stamp = -1 // from before the first list
	if m.stamps(b) == 0 {
		t.Error("a stamp from another list not seen")
	}
}

func TestTopCountsOnlyWhoIsInTheList(t *testing.T) {
	m := newTestModel(t)
	last := m.file.Lists()[2]
	top := places([]place{{player: 0, rating: 2600}, {player: 3, rating: 2600}, {player: 1, rating: 2500}})
	if s := m.describe(top); s != "1= Ann 2600; 1= Dot 2600; 3. Bob 2500" {
		t.Error(s)
	}
	if s := m.wrong(top, last); s != "" {
		t.Error(s)
	}
	for name, bad := range map[string][]place{
		"one missing": top[:2],
		"not in it":   {top[0], top[1], {player: 2, rating: 2500}},
		"other score": {top[0], {player: 3, rating: 2601}, top[2]},
		"wrong order": {top[2], top[0], top[1]},
	} {
		if m.wrong(bad, last) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
}

func TestListsAskedFor(t *testing.T) {
	m := newTestModel(t)
	for at, ok := range map[string]bool{"1990-07": true, "1991-01": true, "1991-07": false, "1990": false} {
		if _, err := (&Options{At: []string{at}}).asked(m.file); (err == nil) != ok {
			t.Errorf("%s: %v", at, err)
		}
	}
	if asked, err := (&Options{}).asked(m.file); err != nil || !asked[m.file.Lists()[2]] {
		t.Errorf("%v, %v", asked, err)
	}
}

func TestDump(t *testing.T) {
	m := newTestModel(t)
	b := replay(t, m, 1)
	var got strings.Builder
	err := m.dump(&got, b)
	lines := strings.Split(got.String(), "\n")
	if err != nil || len(lines) != 6 || !strings.HasPrefix(lines[1], "1\t2600\t1\tAnn\t1991-01\t1990-07\t") {
		t.Errorf("%v\n%s", err, got.String())
	}
}

// The dump is made first, and never over the rating file.
func TestOpenFiles(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for dump, ok := range map[string]bool{
		"": true, out: true, in: false, dir: false, filepath.Join(dir, "none", "out"): false,
	} {
		source, made, err := openFiles(&Options{File: in, Dump: dump})
		if (err == nil) != ok || (made != nil) != (ok && dump != "") {
			t.Errorf("dump to %q: %v", dump, err)
		}
		if err == nil {
			source.Close()
			made.Close()
		}
	}
	if got, err := os.ReadFile(in); err != nil || string(got) != text {
		t.Errorf("the rating file was changed: %q, %v", got, err)
	}
}

func TestWhole(t *testing.T) {
	f := newTestModel(t).file
	for stated, want := range map[int]bool{0: true, 4: true, 3: false, 5: false} {
		f.Stated = stated
		if said, ok := whole(f); ok != want {
			t.Errorf("%d players stated: %s", stated, said)
		}
	}
}
