package meta

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestStories plays what is in testdata: nodes come, die and return, and time passes.
// Run it with -rewrite to have the answers written anew, and read what has changed.
//
//	found shards=N               node 1 in zone a begins a cluster
//	add zone=Z                   a new node joins and starts
//	kill node=N                  a process ends without a word
//	stop node=N                  a node is stopped cleanly
//	start node=N                 a node that ended starts again
//	wipe node=N                  a node that ended starts again without its data
//	replicas want=N              that many are wanted
//	wait for=D                   what is planned meanwhile, and what has become of it
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		s := &story{}
		datadriven.RunTest(t, path, s.handle)
	})
}

type story struct {
	*play
}

func (s *story) handle(t *testing.T, d *datadriven.TestData) string {
	var number, count int
	var zone, span string
	d.MaybeScanArgs(t, "node", &number)
	d.MaybeScanArgs(t, "shards", &count)
	d.MaybeScanArgs(t, "want", &count)
	d.MaybeScanArgs(t, "zone", &zone)
	d.MaybeScanArgs(t, "for", &span)
	n := uint32(number)
	switch d.Cmd {
	case "found":
		s.play = newPlay(count)
		return ""
	case "add":
		return fmt.Sprintf("node %d is live\n", s.add(zone))
	case "kill":
		s.up[n] = false
	case "stop":
		s.must(&Leave{Number: n, Incarnation: s.Topology().Node(n).Incarnation})
		s.up[n] = false
	case "start":
		s.start(n)
	case "wipe":
		return s.wipe(n)
	case "replicas":
		s.must(&SetReplicas{Replicas: count, Version: s.Topology().Version})
	case "wait":
		long, err := time.ParseDuration(span)
		if err != nil {
			t.Fatal(err)
		}
		return s.wait(t, long)
	default:
		t.Fatalf("%s: there is no such command", d.Cmd)
	}
	return ""
}

// wipe starts a node that has another identity at the address of one that ended.
func (s *story) wipe(n uint32) string {
	p := s.Topology().Node(n).Profile
	p.Identity[0] = byte(len(s.up) + 1)
	r, err := s.do(&Join{p})
	if err != nil {
		return err.Error() + "\n"
	}
	s.must(&Start{Number: r.Number, Incarnation: 1, Nonce: 1, Profile: p})
	s.up[r.Number] = true
	return fmt.Sprintf("node %d is live\n", r.Number)
}

// wait lets time pass, a second after the other, and tells what is planned.
func (s *story) wait(t *testing.T, long time.Duration) string {
	var out strings.Builder
	for second := 1; second <= int(long.Seconds()); second++ {
		s.at += time.Second.Microseconds()
		for _, c := range s.propose(t, func() bool { return false }) {
			fmt.Fprintf(&out, "%3d s: %s\n", second, s.words(c))
		}
		for s.steerAll() {
		}
	}
	s.show(&out)
	return out.String()
}

// words says what a planned command is about.
func (s *story) words(c Command) string {
	switch c := c.(type) {
	case *DeclareDead:
		return fmt.Sprintf("node %d is declared dead", c.Number)
	case *Place:
		return fmt.Sprintf("shard %d is placed on %v", c.Shard, c.Replicas)
	}
	return fmt.Sprintf("%+v", c)
}

// show writes how things are: who leads is moved first as it should be.
func (s *story) show(out *strings.Builder) {
	top := s.Topology()
	for i := range top.Shards {
		if n := s.leaders[i]; !s.up[n] || !top.Is(n, Live) {
			s.leaders[i] = 0
			for _, n := range top.Shards[i].Voters {
				if s.leaders[i] == 0 && s.up[n] && s.crew().able(top.Shards[i].Voters) {
					s.leaders[i] = n
				}
			}
		}
	}
	for _, m := range Leaders(top, s.world()) {
		s.leaders[m.Shard] = m.To
	}
	leads, holds := map[uint32]int{}, map[uint32]int{}
	for i := range top.Shards {
		leads[s.leaders[i]]++
		for _, n := range top.Shards[i].Replicas {
			holds[n]++
		}
	}
	voters, learners := Voters(top)
	for i := range top.Nodes {
		n := &top.Nodes[i]
		fmt.Fprintf(out, "node %d, zone %s: %v, holds %d, leads %d\n", n.Number, n.Zone, n.State,
			holds[n.Number], leads[n.Number])
	}
	for i := range top.Shards {
		r := &top.Shards[i]
		fmt.Fprintf(out, "shard %d: %v", i, r.Replicas)
		if !r.Settled() {
			fmt.Fprintf(out, ", still on %v", r.Voters)
		}
		if s.leaders[i] == 0 {
			out.WriteString(", without a leader")
		}
		out.WriteString("\n")
	}
	fmt.Fprintf(out, "meta group: voters %v, learners %v\n", voters, learners)
}
