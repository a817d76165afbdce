package peer

import (
	"bufio"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/thronggrid/throng/bench/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRatiosAreTakenWithinRounds(t *testing.T) {
	rs := rounds{
		throng: []sample{{rate: 30}, {rate: 20}, {rate: 100}},
		redis:  []sample{{rate: 10}, {rate: 20}, {rate: 50}},
	}
	if got := rs.ratio((*sample).getRate); got != 2 { // of 3, 1 and 2
		t.Errorf("ratio %g", got)
	}
}

func TestReadWords(t *testing.T) {
	for in, want := range map[string]string{
		"+OK\r\n": "OK", ":5\r\n": "5", "$3\r\na\r\n\r\n": "a\r\n", "*2\r\n$1\r\na\r\n:1\r\n": "a|1",
		"-ERR\r\n": "", "$-1\r\n": "", "$9999999999\r\n": "", "x\r\n": "", "": "", "*2\r\n:1\r\n": "",
	} {
		words, err := readWords(bufio.NewReader(strings.NewReader(in)))
		if got := strings.Join(words, "|"); got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestWhatIsCompared(t *testing.T) {
	o := Defaults()
	o.Only = []string{"T4"}
	if o.wants("T3") || !o.wants("T4") || o.rounds("T4") != 7 || o.rounds("T3") != 5 || !o.wantsBoards() {
		t.Errorf("%+v", o)
	}
	o.Only, o.Rounds = []string{"T8"}, 2
	if o.wantsBoards() || o.rounds("T8") != 2 {
		t.Errorf("%+v", o)
	}
}

// The real Redis: the load's requests and checks fit it.
func TestLoadAgainstRedis(t *testing.T) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("make test installs what this test needs: apt-get install redis-server")
	}
	r, err := startRedis(t.Context(), program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.child.Kill()
	if r.config["appendfsync"] != "always" || r.version == "" {
		t.Errorf("version %q, configuration %v", r.version, r.config)
	}
	const members = 500
	s := side{name: "redis", addr: r.addr, child: r.child, boards: load.Redis(load.Boards(boards), members)}
	if _, err := load.Preload(t.Context(), r.addr, s.boards, boards, members); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []load.Kind{load.Submit, load.Rank, load.Around} {
		g, err := load.Start(t.Context(), load.Plan{
			Addr: r.addr, Conns: 4, Depth: 8, Dialect: s.boards, Source: some(kind, members, 500),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Wait(); err != nil {
			t.Errorf("kind %d: %v", kind, err)
		}
	}
}

// The chat that Redis is compared with: every message of a room is heard by its
// members, and every signal by the audience.
func TestChatAgainstRedis(t *testing.T) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("make test installs what this test needs: apt-get install redis-server")
	}
	r, err := startRedis(t.Context(), program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer r.child.Kill()
	const talkers, each = 4, 50
	talk := func(int, *rand.Rand) load.Source {
		left := each
		return func() (load.Op, bool) { left--; return load.Op{Kind: load.Say}, left >= 0 }
	}
	g, err := load.Start(t.Context(), load.Plan{Addr: r.addr, Conns: talkers, Depth: 8, Sliding: true,
		Dialect: load.RedisChat(load.Rooms("room", 1)), Source: talk})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	s := g.Interval()
	if s.Ops != talkers*each || s.Pushes < each { // a member that is done reads no more
		t.Errorf("%d messages, %d heard", s.Ops, s.Pushes)
	}
	a, err := load.Listen(t.Context(), r.addr, 3, func(int) load.Listener { return load.RedisListener("large") })
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	g, err = load.Start(t.Context(), load.Plan{Addr: r.addr, Conns: 2, Depth: 4, Sliding: true,
		Dialect: load.RedisSignals("large"), Source: talk})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := a.Await(t.Context(), 2*each, hearIn); err != nil {
		t.Error(err)
	}
}

// some makes n random operations a connection.
func some(kind load.Kind, members, n int) func(int, *rand.Rand) load.Source {
	return func(conn int, r *rand.Rand) load.Source {
		left, random := n, load.Random(kind, boards, members)(conn, r)
		return func() (load.Op, bool) {
			left--
			op, _ := random()
			return op, left >= 0
		}
	}
}
