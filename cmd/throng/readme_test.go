package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme does what the README's first five minutes say: its program, run
// twice against a server, prints what the README shows.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program := between(t, string(readme), "cat > bin/hello/main.go <<'END'\n", "\nEND\n") + "\n"
	want := between(t, string(readme), "go run ./bin/hello\n```\n\n```\n", "```\n")

	dir := t.TempDir()
	addr := startServer(t, dir)
	program = strings.ReplaceAll(program, `"127.0.0.1:7400"`, `"`+addr+`"`)
	program = strings.ReplaceAll(program, `"data/server.key"`, `"`+filepath.Join(dir, "server.key")+`"`)
	source, binary := filepath.Join(t.TempDir(), "main.go"), filepath.Join(t.TempDir(), "hello")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("the README's program does not build: %v\n%s", err, out)
	}
	for range 2 {
		out, err := exec.Command(binary).CombinedOutput()
		if err != nil || string(out) != want {
			t.Errorf("the README's program printed\n%s(%v), the README shows\n%s", out, err, want)
		}
	}
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	if !found {
		t.Fatalf("the README has no %q any more", from)
	}
	middle, _, found := strings.Cut(rest, to)
	if !found {
		t.Fatalf("the README has no %q behind %q any more", to, from)
	}
	return middle
}

// startServer runs throng serve on a free port until the test ends, and returns
// its address.
func startServer(t *testing.T, dir string, flags ...string) string {
	t.Helper()
	addr, _ := startProcess(t, dir, flags...)
	return addr
}

// startProcess is startServer, and returns the process as well.
func startProcess(t *testing.T, dir string, flags ...string) (addr string, _ *os.Process) {
	t.Helper()
	cmd := exec.Command("throng", append([]string{
		"serve", "--data-dir", dir, "--client-addr", "127.0.0.1:0", "--http-addr", ""}, flags...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	addr, found := strings.CutPrefix(strings.TrimSpace(line), "ready client=")
	if err != nil || !found {
		t.Fatalf("the server said %q, %v; want ready client=HOST:PORT", line, err)
	}
	return addr, cmd.Process
}

// startAdmin is startServer for a server with an HTTP port, whose address it returns as
// well.
func startAdmin(t *testing.T, dir string, flags ...string) (client, http string) {
	t.Helper()
	both, _ := startProcess(t, dir, append([]string{"--http-addr", "127.0.0.1:0"}, flags...)...)
	client, http, found := strings.Cut(both, " http=")
	if !found {
		t.Fatalf("the server said %q; want client=HOST:PORT http=HOST:PORT", both)
	}
	return client, http
}
