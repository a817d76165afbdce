package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/bench/chatter"
	"github.com/thronggrid/throng/bench/connect"
	"github.com/thronggrid/throng/bench/crash"
	"github.com/thronggrid/throng/bench/nemesis"
	"github.com/thronggrid/throng/bench/power"
	"github.com/thronggrid/throng/bench/presences"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/bench/resume"
)

// own is a server for a bench in the small.
func own(t *testing.T) process.Own {
	t.Helper()
	program, err := exec.LookPath("throng")
	if err != nil {
		t.Fatal(err)
	}
	return process.Own{Program: program, Dir: t.TempDir()}
}

// finish says whether a bench ended well: all checks hold, everything was measured,
// and it left nothing behind. It returns the metrics.
func finish(t *testing.T, o process.Own, r *report.Report, err error) map[string]float64 {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK {
		t.Errorf("checks: %+v", r.Checks)
	}
	metrics := map[string]float64{}
	for _, m := range r.Metrics {
		if metrics[m.Name] = m.Value; m.Value < 0 {
			t.Errorf("%s is %g %s", m.Name, m.Value, m.Unit)
		}
	}
	if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return metrics
}

// The benches of sessions, presences and chat, in the small: each works against a
// right server, and what it counts is what it did.

func TestBenchConnectInTheSmall(t *testing.T) {
	t.Parallel()
	o := connect.Defaults()
	o.Sessions, o.Logins, o.Rounds, o.Server = 140, 20, 1, own(t)
	o.Warm, o.Pause, o.Rest = 50*time.Millisecond, 0, 0
	r, err := connect.Run(t.Context(), o)
	m := finish(t, o.Server, r, err)
	if m["login CPU"] == 0 || m["bare connect CPU"] == 0 || m["RSS with 20 sessions"] == 0 ||
		m["RSS with 140 sessions"] == 0 || len(r.Targets) != 3 {
		t.Errorf("%+v, targets %+v", m, r.Targets)
	}
}

func TestBenchPresenceInTheSmall(t *testing.T) {
	t.Parallel()
	o := presences.Defaults()
	server := own(t)
	o.Members, o.Seconds, o.Server.Own = 20, 0.3, server
	r, err := presences.Run(t.Context(), o)
	m := finish(t, server, r, err)
	if m["entering and leaving"] == 0 || m["pushes to each member"] == 0 || m["server CPU for each"] == 0 {
		t.Errorf("%+v", m)
	}
}

func TestBenchChatInTheSmall(t *testing.T) {
	t.Parallel()
	o := chatter.Defaults()
	server := own(t)
	o.Seconds, o.Warm, o.Rate, o.Fills, o.Server.Own = 0.5, 50*time.Millisecond, 1000, 1, server
	r, err := chatter.Run(t.Context(), o)
	m := finish(t, server, r, err)
	if m["at the rate, messages"] == 0 || m["messages, p99"] < m["messages, p50"] || len(r.Targets) != 3 {
		t.Errorf("%+v, targets %+v", m, r.Targets)
	}
}

func TestBenchResumeInTheSmall(t *testing.T) {
	t.Parallel()
	o := resume.Defaults()
	server := own(t)
	o.Sessions, o.Drops, o.Every, o.Rate, o.Server.Own = 20, 2, 200*time.Millisecond, 200, server
	r, err := resume.Run(t.Context(), o)
	m := finish(t, server, r, err)
	const roomSize = 10
	if m["messages given"] != roomSize*m["messages acknowledged"] || m["sockets cut"] != 8 ||
		m["sessions resumed"] < 8 {
		t.Errorf("%+v", m)
	}
}

// The disk is filled in each of the three ways, once. Only root may mount one; where
// changes are accepted it runs.
func TestBenchDiskfullInTheSmall(t *testing.T) {
	if err := power.Check(); err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Parallel()
	o := crash.Defaults()
	o.Full, o.Cycles, o.Clients, o.WritesMin, o.Seed, o.Server = true, 3, 2, 10, 1, own(t)
	r, err := crash.Run(t.Context(), o)
	m := finish(t, o.Server, r, err)
	if m["times the disk was filled"] != 3 || m["records compared, last cycle"] == 0 {
		t.Errorf("%+v", m)
	}
}

// Three nodes go through a fault or two, and through all checks; leaders need not change in
// so short a time.
func TestBenchNemesisInTheSmall(t *testing.T) {
	t.Parallel()
	o := nemesis.Defaults()
	o.Nodes, o.Length, o.Clients, o.Seed, o.Server = 3, 3*time.Second, 3, 1, own(t)
	r, err := nemesis.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if !c.OK && c.Name != "leaders changed" {
			t.Errorf("%s: %s", c.Name, c.Detail)
		}
	}
	m := map[string]float64{}
	for _, x := range r.Metrics {
		m[x.Name] = x.Value
	}
	if m["faults"] == 0 || m["writes acknowledged"] == 0 || len(r.Faults) == 0 {
		t.Errorf("%+v", m)
	}
}

// Ctrl-C in the middle of a bench ends it, its server and its directory.
func TestBenchInterrupted(t *testing.T) {
	for bench, middle := range map[string]string{ // a word of the progress from there
		"connect": "submitting scores", "presence --members 20": "come and go",
		"chat": "as fast as they go", "resume --sessions 20": "20 sessions in", "crash": "seed",
		"boards --members 1000": "filled",
	} {
		t.Run(bench, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command("throng", strings.Fields("bench "+bench+" --dir "+dir)...)
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var said []string
			for lines := bufio.NewScanner(stderr); lines.Scan(); said = append(said, lines.Text()) {
				if strings.Contains(lines.Text(), middle) {
					if err := cmd.Process.Signal(os.Interrupt); err != nil {
						t.Error(err)
					}
				}
			}
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed ||
				said[len(said)-1] != "throng: interrupt signal received" {
				t.Errorf("ended with %v, and said %q", err, said)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			for _, p := range processes(t) {
				if strings.Contains(p, dir) {
					t.Errorf("left running: %s", p)
				}
			}
		})
	}
}

// processes returns the command lines of all that run.
func processes(t *testing.T) (all []string) {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(names) == 0 {
		t.Fatalf("no processes: %v", err)
	}
	for _, name := range names {
		line, _ := os.ReadFile(name) // of one that has ended meanwhile there is none
		all = append(all, strings.ReplaceAll(string(line), "\x00", " "))
	}
	return all
}

// A bench works on a server that somebody else runs, and leaves it as it is.
func TestBenchOnARunningServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addr := startServer(t, dir)
	o := presences.Defaults()
	o.Members, o.Seconds = 5, 0.1
	o.Server.Addr, o.Server.ServerKeyFile = addr, filepath.Join(dir, "server.key")
	for range 2 {
		r, err := presences.Run(t.Context(), o)
		if err != nil || !r.OK {
			t.Fatalf("%v, %+v", err, r)
		}
	}
}
