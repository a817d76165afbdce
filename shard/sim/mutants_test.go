package sim

import (
	"os/exec"
	"strings"
	"testing"
)

// mutants are the planted bugs: build tags under which the project is wrong in
// one place. Each says what the simulation must notice.
var mutants = []struct{ tag, bug string }{
	{"mutant_ackearly", "commands are acknowledged before they are committed"},
	{"mutant_leaseforever", "a deposed leader goes on answering reads"},
	{"mutant_failunknown", "commands that may yet be committed are said to have failed"},
	{"mutant_nofsync", "the log is not synced"},
	{"mutant_forgetids", "request ids are not in snapshots"},
	{"mutant_fullok", "what a full disk did not take is acknowledged"},
	{"mutant_replay", "hints are acted on when the log is replayed"},
}

// TestMutants builds each planted bug and fails if the simulation passes over it.
// With the race detector it would build all of Pebble and Raft a second time, or be
// several times as slow, and show no more.
func TestMutants(t *testing.T) {
	if raceDetector {
		t.Skip("planted bugs are built without the race detector: go test ./shard/sim -run Mutants")
	}
	for _, m := range mutants {
		t.Run(m.tag, func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command("go", "test", "-count=1", "-vet=off", "-ldflags=-w", "-tags", m.tag, ".",
				"-run", "^TestSim$", "-sim.seeds", "200").CombinedOutput()
			if err == nil {
				t.Fatalf("nobody noticed that %s:\n%s", m.bug, out)
			}
			if !strings.Contains(string(out), "run it again with -sim.first=") {
				t.Fatalf("the run ended for another reason than a finding: %v\n%s", err, out)
			}
		})
	}
}
