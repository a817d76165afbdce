package process

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/bench/lan"
)

// fakeNode makes keys as the program does, and serves without an HTTP port.
const fakeNode = `if [ "$1" = keys ]; then
	mkdir -p "$2"; echo key > "$2/server.key"; echo token > "$2/admin.token"
	echo "--server-key-file $2/server.key"
	exit
fi
echo "$*" >> "$3/starts"
echo "ready client=$5 http=$7"
exec sleep 600
`

func fakeCluster(t *testing.T, n int) *Cluster {
	t.Helper()
	places, err := Loopback(n)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCluster(t.Context(), ClusterOptions{
		Program: fake(t, fakeNode), Dir: t.TempDir(), Places: places, Args: []string{"--dead-after", "9s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

func TestFirstNodeFoundsAndTheOthersJoin(t *testing.T) {
	c := fakeCluster(t, 3)
	for range 2 {
		for _, n := range c.Nodes {
			if err := n.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		c.Kill()
	}
	if c.Nodes[2].Key != "key" || len(c.Addrs()) != 3 || c.Nodes[2].Number() != 3 {
		t.Errorf("%+v", c.Nodes[2])
	}
	for i, n := range c.Nodes {
		text, err := os.ReadFile(filepath.Join(n.Dir(), "starts"))
		if err != nil {
			t.Fatal(err)
		}
		starts := strings.Split(strings.TrimSpace(string(text)), "\n")
		if len(starts) != 2 {
			t.Fatalf("node %d was started as %q", i+1, starts)
		}
		for j, line := range starts {
			join := "--join " + strings.Join(n.peers(), ",")
			if founds := i == 0 && j == 0; strings.Contains(line, "--bootstrap") != founds ||
				strings.Contains(line, join) == founds {
				t.Errorf("start %d of node %d: %s", j+1, i+1, line)
			}
			for _, want := range []string{
				"--peer-addr " + n.Place.Peer, "--http-addr " + n.Place.HTTP, "--cluster-secret-file",
				"--server-key-file", "--dead-after 9s",
			} {
				if !strings.Contains(line, want) {
					t.Errorf("start %d of node %d lacks %q: %s", j+1, i+1, want, line)
				}
			}
		}
	}
	if err := c.Nodes[1].Wipe(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.Nodes[1].Dir()); !os.IsNotExist(err) {
		t.Errorf("a wiped node has %v", err)
	}
}

func TestPeersAreReachedWhereTheySay(t *testing.T) {
	c := fakeCluster(t, 2)
	c.Nodes[0].Place.Advertise = "127.0.0.1:1"
	if got := c.Nodes[1].peers(); !slices.Equal(got, []string{"127.0.0.1:1"}) {
		t.Error(got)
	}
}

func TestNodeThatIsNeverReady(t *testing.T) {
	c := fakeCluster(t, 1)
	if err := c.Nodes[0].Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "run") {
		t.Errorf("a node that does not run: %v", err)
	}
	if err := c.Nodes[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := c.Nodes[0].Ready(ctx); err == nil || !strings.Contains(err.Error(), "not ready") {
		t.Errorf("a node without an HTTP port: %v", err)
	}
}

// A child in a network namespace sees that network alone, and this process its own.
func TestNamespace(t *testing.T) {
	if err := lan.CheckSwitch(); err != nil {
		t.Skip(err)
	}
	s, err := lan.NewSwitch(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for space, there := range map[string]bool{s.Namespace(1): true, "": false} {
		var said strings.Builder
		p, err := Start(Command{Name: "ip", Args: []string{"address"}, Namespace: space,
			Line: func(line string) { said.WriteString(line + "\n") }})
		if err != nil {
			t.Fatal(err)
		}
		<-p.Done()
		if strings.Contains(said.String(), s.Addr(1).String()+"/") != there {
			t.Errorf("in %q: %s", space, said.String())
		}
	}
	if _, err := Start(Command{Name: "true", Namespace: "/no/such"}); err == nil {
		t.Error("started in a namespace that is not there")
	}
}

// state is the letter of /proc/PID/stat: T for a process that is stopped.
func state(t *testing.T, pid string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b)[strings.LastIndex(string(b), ")")+1:])[0]
}

func TestParseMetrics(t *testing.T) {
	got, err := parseMetrics("# HELP x is\n# TYPE x counter\nx{a=\"1 }\"} 2\nx{a=\"2\"} 3\n\ny 1.5e3 17\n")
	if err != nil || len(got) != 2 || got["x"] != 5 || got["y"] != 1500 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"x", "x{} ", "x one"} {
		if _, err := parseMetrics(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestLoopbackPlacesDiffer(t *testing.T) {
	places, err := Loopback(9)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range places {
		seen[p.Client], seen[p.HTTP], seen[p.Peer] = true, true, true
	}
	if len(seen) != 27 {
		t.Errorf("%v", places)
	}
}
