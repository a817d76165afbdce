package process

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake writes a server that behaves as the script says.
func fake(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

const serves = `echo key > "$3/server.key"
echo "args $*" > "$3/args"
[ "$5" = 127.0.0.1:0 ] && addr=127.0.0.1:4711 || addr=$5
echo starting
echo "ready client=$addr http=127.0.0.1:1"
exec sleep 600
`

// servesUntilTerm ends with exit code 3 once it gets SIGTERM. It waits in short
// sleeps: one that it had to kill could miss that while it starts.
var servesUntilTerm = "trap 'exit 3' TERM\n" +
	strings.Replace(serves, "exec sleep 600", "while :; do sleep 0.01; done", 1)

func TestServerKeepsItsPortOverRestarts(t *testing.T) {
	dir := t.TempDir()
	s, err := StartThrong(t.Context(), ThrongOptions{Program: fake(t, serves), Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	if s.Addr != "127.0.0.1:4711" || s.Key != "key" || s.Took <= 0 || !s.Owned() {
		t.Errorf("%+v", s)
	}
	pid := s.Process().PID()
	s.Kill()
	if s.Process() != nil {
		t.Error("a killed server has a process")
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.Process().PID() == pid {
		t.Error("the same process")
	}
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	want := "args serve --data-dir " + dir + " --client-addr 127.0.0.1:4711 --http-addr " +
		" --session-requests-per-second 0 --user-requests-per-second 0\n"
	if err != nil || string(args) != want {
		t.Errorf("started with %q (%v), want %q", args, err, want)
	}
}

func TestServerThatEndsSaysWhy(t *testing.T) {
	_, err := StartThrong(t.Context(), ThrongOptions{Program: fake(t, "echo no space >&2; exit 74"), Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "no space") || !strings.Contains(err.Error(), "74") {
		t.Errorf("%v", err)
	}
}

func TestServerThatNeverServesIsKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := StartThrong(ctx, ThrongOptions{Program: fake(t, "exec sleep 600"), Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%v", err)
	}
}

func TestStop(t *testing.T) {
	dir := t.TempDir()
	p, err := Start(Command{Name: fake(t, servesUntilTerm), Args: []string{"", "", dir}})
	if err != nil {
		t.Fatal(err)
	}
	for p.out.String() == "" { // the trap was set before
		time.Sleep(time.Millisecond)
	}
	if err := p.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v", err)
	}
}

func TestPauseAndContinue(t *testing.T) {
	p, err := Start(Command{Name: "sleep", Args: []string{"600"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	pid := strconv.Itoa(p.PID())
	await := func(paused bool) {
		t.Helper()
		for (state(t, pid) == "T") != paused {
			time.Sleep(time.Millisecond)
		}
	}
	if err := p.Pause(); err != nil {
		t.Error(err)
	}
	await(true)
	if err := p.Continue(); err != nil {
		t.Error(err)
	}
	await(false)
	p.Kill()
	if err := p.Pause(); err == nil {
		t.Error("a dead process was paused")
	}
}

func TestStartBriefly(t *testing.T) {
	s := &Throng{options: ThrongOptions{Program: fake(t, "exec sleep 600"), Dir: t.TempDir()}}
	if err := s.StartBriefly(t.Context(), time.Millisecond); err != nil || s.Process() != nil {
		t.Error(err)
	}
	s.options.Program = fake(t, "echo broken >&2; exit 1")
	if err := s.StartBriefly(t.Context(), time.Minute); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Error(err)
	}
}

func TestRunningServerCannotBeRestarted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(path, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Running("127.0.0.1:7400", path)
	if err != nil || s.Key != "secret" || s.Owned() {
		t.Fatalf("%+v, %v", s, err)
	}
	s.Kill()
	if err := s.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "--addr") {
		t.Errorf("%v", err)
	}
}

func TestSelection(t *testing.T) {
	for _, s := range []Selection{{Addr: "127.0.0.1:7400"}, {ServerKeyFile: "k"}} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "--addr") ||
			!strings.Contains(err.Error(), "--server-key-file") {
			t.Errorf("%+v: %v", s, err)
		}
	}
	key := filepath.Join(t.TempDir(), "k")
	if err := os.WriteFile(key, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Selection{Addr: "127.0.0.1:1", ServerKeyFile: key}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	_, err := s.Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), "--addr 127.0.0.1:1") || !strings.Contains(err.Error(), key) {
		t.Errorf("a server that is not there: %v", err)
	}
	s.ServerKeyFile += "x"
	if _, err := s.Open(t.Context()); err == nil {
		t.Error("a key that is not there was read")
	}
}

// However a run ends, its server and its directory are gone.
func TestEndOfARun(t *testing.T) {
	for _, c := range []struct {
		name      string
		code      int // the server's exit code
		interrupt bool
		failed    error
		says      string // the error, "" for none
	}{
		{"well", 0, false, nil, ""},
		{"with an error", 0, false, errors.New("no answer"), "no answer"},
		{"interrupted", 0, true, errors.New("i/o timeout"), "enough"},
		{"with a server that fails at its end", 3, false, nil, "exit status 3"},
	} {
		script := strings.Replace(servesUntilTerm, "exit 3", fmt.Sprintf("exit %d", c.code), 1)
		o := Own{Program: fake(t, script), Dir: t.TempDir()}
		ctx, cancel := context.WithCancelCause(t.Context())
		h, err := o.Open(ctx)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		child := h.Server.Process()
		if c.interrupt {
			cancel(errors.New("enough"))
		}
		err = c.failed
		h.End(ctx, &err)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) ||
			c.interrupt && err.Error() != c.says {
			t.Errorf("%s: ended with %v", c.name, err)
		}
		<-child.Done()
		if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind %v, %v", c.name, left, err)
		}
		cancel(nil)
	}
}

func TestUsage(t *testing.T) {
	before := SelfCPU()
	for x := 1; SelfCPU()-before < 5*time.Millisecond; x++ {
		_ = x * x
	}
	p, err := Start(Command{Name: "sleep", Args: []string{"600"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.CPU()
	m, merr := p.Memory()
	if err != nil || merr != nil || c > time.Second || m.RSS < 1<<10 || m.Peak < m.RSS {
		t.Errorf("CPU %v (%v), memory %+v (%v)", c, err, m, merr)
	}
	if err := p.ResetPeak(); err != nil {
		t.Error(err)
	}
	m0, m1 := NewMeter(nil), NewMeter(p)
	if used := m1.PerOp(1000); used < 0 || used > 1000 || !math.IsNaN(m0.PerOp(1)) {
		t.Errorf("used %g µs, and %g without a child", used, m0.PerOp(1))
	}
	for x := 1; m0.OwnPerOp(1) < 2000; x++ {
		_ = x * x
	}
	p.Kill()
	if _, err := p.Memory(); err == nil {
		t.Error("a dead process has memory")
	}
	if used := m1.PerOp(1); !math.IsNaN(used) {
		t.Errorf("a dead process used %g µs", used)
	}
}

func TestParseStatus(t *testing.T) {
	m, err := parseStatus("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n")
	if err != nil || m.RSS != 1<<20 || m.Peak != 2<<20 {
		t.Errorf("%+v, %v", m, err)
	}
	for _, bad := range []string{"", "VmRSS:\t12 MB\n", "VmRSS:\tx kB\n"} {
		if _, err := parseStatus(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestScratch(t *testing.T) {
	s, err := NewScratch(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if d, err := s.Dir("data"); err != nil || filepath.Dir(d) != s.Path {
		t.Errorf("%s, %v", d, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.Path); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
	if FileSystem("/") == "unknown" || FileSystem("/no/such") != "unknown" {
		t.Error(FileSystem("/"))
	}
}

func TestReadyLine(t *testing.T) {
	for line, want := range map[string]string{
		"ready client=1.2.3.4:5 http=x": "1.2.3.4:5", "ready": "", "": "", "already client=1:2": "",
	} {
		if got, ok := readyAddr(line); got != want || ok != (want != "") {
			t.Errorf("%q gives %q", line, got)
		}
	}
}

func TestHeapTrace(t *testing.T) {
	var h heapTrace
	if _, ok := h.live(); ok {
		t.Error("a heap before the first collection")
	}
	for _, part := range []string{
		"{\"msg\":\"x\"}\ngc 1 @0.0s 2%: 0.01+0.4+0.003 ms clock, 0.1+0.2/0.3/0+0 ms cpu, 4->",
		"5->3 MB, 8 MB goal, 0 MB stacks, 0 MB globals, 2 P\ngc bogus\n"} {
		h.Write([]byte(part))
	}
	if n, ok := h.live(); !ok || n != 3<<20 {
		t.Errorf("%d, %v", n, ok)
	}
	for _, line := range []string{"gc 1 @", "gc 1: 3->x MB", "->->", "gc 5 3->4->-1 MB"} {
		if n, ok := liveHeap(line); ok {
			t.Errorf("%q gives %d", line, n)
		}
	}
}
