package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// TestSlowRequest: what a client says of a request that failed leads to its line in the
// log; with slow_request 0 there is none, and SIGHUP changes that.
func TestSlowRequest(t *testing.T) {
	dir := t.TempDir()
	n := &slowNode{t: t, file: filepath.Join(dir, "throng.yaml")}
	n.write("slow_request: 1us") // less than any write takes
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	addr, process := startProcessTo(t, w, filepath.Join(dir, "data"), "--config", n.file)
	w.Close()
	n.log, n.process = bufio.NewScanner(r), process
	c, err := client.Dial(t.Context(), addr, client.Options{Credential: client.Custom("player-0001")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	n.logged(n.fails(c))
	n.reload("slow_request: 0")
	unlogged := n.fails(c)
	n.reload("slow_request: 1us")
	n.logged(n.fails(c))
	for _, line := range n.lines {
		if strings.Contains(line, unlogged) {
			t.Errorf("with slow_request 0 the log says %s", line)
		}
	}
}

// slowNode is a node whose log is read.
type slowNode struct {
	t       *testing.T
	file    string // of its configuration
	log     *bufio.Scanner
	lines   []string // read
	process *os.Process
}

func (n *slowNode) write(text string) {
	n.t.Helper()
	if err := os.WriteFile(n.file, []byte("log_repeats_max: 0\n"+text), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// until reads the log up to a line that has a text.
func (n *slowNode) until(text string) (line string) {
	n.t.Helper()
	for n.log.Scan() {
		line = n.log.Text()
		if n.lines = append(n.lines, line); strings.Contains(line, text) {
			return line
		}
	}
	n.t.Fatalf("the log ends without %s: %v", text, n.log.Err())
	return ""
}

// reload puts a configuration in force.
func (n *slowNode) reload(text string) {
	n.t.Helper()
	n.write(text)
	// Signals are acted upon one after the other: after the second, the first has been.
	for _, said := range []string{`"key":"slow_request"`, "nothing has changed"} {
		if err := n.process.Signal(syscall.SIGHUP); err != nil {
			n.t.Fatal(err)
		}
		n.until(said)
	}
}

// fails makes a request that goes through the log and fails, and returns its trace.
func (n *slowNode) fails(c *client.Client) string {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	_, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: "none", Score: 1})
	var e *fault.Error
	if !errors.As(err, &e) || e.Code != fault.NotFound || c.Trace() == "" ||
		!strings.HasPrefix(e.Trace, c.Trace()+"-") ||
		!strings.HasSuffix(err.Error(), "(trace "+e.Trace+")") {
		n.t.Fatalf("%v on the connection %q, want NOT_FOUND with its trace", err, c.Trace())
	}
	return e.Trace
}

// logged reads the line of a request that failed.
func (n *slowNode) logged(trace string) {
	n.t.Helper()
	var said struct {
		Level, Msg, Request, Class, User, Session string
		Slot, Shard                               *int
		Queue                                     *float64 `json:"queue_ms"`
		Commit                                    float64  `json:"commit_ms"`
		All                                       float64  `json:"ms"`
	}
	line := n.until(`"trace":"` + trace + `"`)
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		n.t.Fatal(err)
	}
	if said.Level != "WARN" || said.Msg != "a request was slow" || said.Request != "board.submit" ||
		said.Class != "write" || len(said.User) != 36 || len(said.Session) != 16 ||
		said.Slot == nil || said.Shard == nil || said.Queue == nil || said.Commit <= 0 || said.All <= 0 {
		n.t.Errorf("it is logged as %s", line)
	}
}
