package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// ReadyWait is how long a server may take until it serves.
const ReadyWait = 2 * time.Minute

// keyFile is where a server keeps its server key, in its data directory.
const keyFile = "server.key"

// Throng is a server of this program: one that the benchmark started, or, when
// made by Running, one that runs already and cannot be killed.
type Throng struct {
	Addr string // where clients connect; kept over restarts
	Key  string // the server key: its sessions may act for every user
	Took time.Duration

	options ThrongOptions
	child   *Process
	heap    heapTrace
}

// ThrongOptions says how to run a server.
type ThrongOptions struct {
	Program string // the executable; "" means the one that is running
	Dir     string // the data directory
	Heap    bool   // let the Go runtime tell its live heap: see LiveHeap

	Client    string   // where to serve clients; "" is any free port of 127.0.0.1
	HTTP      string   // where to have the HTTP port; "" is nowhere
	KeyFile   string   // the server key; "" is that of the data directory
	Args      []string // more arguments for the server
	Namespace string   // the network namespace: see Command
}

// StartThrong starts a server and returns once it serves.
func StartThrong(ctx context.Context, o ThrongOptions) (*Throng, error) {
	t, err := newThrong(o)
	if err != nil {
		return nil, err
	}
	if err := t.Start(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// newThrong returns a server that does not run yet.
func newThrong(o ThrongOptions) (*Throng, error) {
	t := &Throng{Addr: cmp.Or(o.Client, "127.0.0.1:0"), options: o}
	if o.Program == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program's executable: %w", err)
		}
		t.options.Program = self
	}
	return t, nil
}

// Running stands for a server that somebody else started.
func Running(addr, serverKeyFile string) (*Throng, error) {
	key, err := os.ReadFile(serverKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read the server key: %w", err)
	}
	return &Throng{Addr: addr, Key: strings.TrimSpace(string(key))}, nil
}

// Dial connects a client, which is the studio's own server unless o has another
// credential.
func (t *Throng) Dial(ctx context.Context, o client.Options) (*client.Client, error) {
	o.Agent = "throng-bench"
	if o.Credential == (client.Credential{}) {
		o.Credential = client.ServerKey(t.Key)
	}
	c, err := client.Dial(ctx, t.Addr, o)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return c, nil
}

// CreateBoards makes boards that keep an owner's last score, the highest first.
func (t *Throng) CreateBoards(ctx context.Context, names ...string) error {
	c, err := t.Dial(ctx, client.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, name := range names {
		_, err := c.CreateBoard(ctx, leaderboard.CreateRequest{
			Board: name, Sort: leaderboard.Descending, Operator: leaderboard.Set,
		})
		if err != nil {
			return fmt.Errorf("create board %s: %w", name, err)
		}
	}
	return nil
}

// Records returns how many records a board has.
func (t *Throng) Records(ctx context.Context, board string) (int, error) {
	c, err := t.Dial(ctx, client.Options{})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	info, err := c.BoardInfo(ctx, leaderboard.InfoRequest{Board: board})
	if err != nil {
		return 0, fmt.Errorf("ask for the size of board %s: %w", board, err)
	}
	return info.Records, nil
}

// Owned says whether the server is the benchmark's own, to be killed and measured.
func (t *Throng) Owned() bool { return t.options.Program != "" }

// Process returns the child; nil when the server is not the benchmark's own or
// was stopped.
func (t *Throng) Process() *Process { return t.child }

// Start runs the server, again after Kill or Stop, on the same data directory
// and port, and returns once it serves. Took is then the time that took.
func (t *Throng) Start(ctx context.Context) error {
	if !t.Owned() {
		return errors.New("the server at " + t.Addr + " was not started by this benchmark: " +
			"leave --addr out")
	}
	ready := make(chan string, 1)
	begin := time.Now()
	child, err := Start(t.command(func(line string) {
		if addr, ok := readyAddr(line); ok {
			select {
			case ready <- addr:
			default:
			}
		}
	}))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, ReadyWait)
	defer cancel()
	select {
	case t.Addr = <-ready:
	case <-child.Done():
		return fmt.Errorf("start the server: %w", child.Ended())
	case <-ctx.Done():
		child.Kill()
		return fmt.Errorf("start the server: no line \"ready\" came: %w; %w", ctx.Err(),
			child.Ended())
	}
	t.Took, t.child = time.Since(begin), child
	key, err := os.ReadFile(cmp.Or(t.options.KeyFile, filepath.Join(t.options.Dir, keyFile)))
	if err != nil {
		t.Kill()
		return fmt.Errorf("read the server key: %w", err)
	}
	t.Key = strings.TrimSpace(string(key))
	return nil
}

func (t *Throng) command(line func(string)) Command {
	c := Command{
		Name: t.options.Program,
		Args: []string{"serve", "--data-dir", t.options.Dir, "--client-addr", t.Addr,
			"--http-addr", t.options.HTTP, // several may run at a time
			// A benchmark's few players ask for what thousands would.
			"--session-requests-per-second", "0", "--user-requests-per-second", "0"},
		Line: line, Namespace: t.options.Namespace,
	}
	c.Args = append(c.Args, t.options.Args...)
	if t.options.Heap {
		c.Env, c.Stderr = []string{"GODEBUG=gctrace=1"}, &t.heap
	}
	return c
}

// StartBriefly runs the server for a while, whether or not it serves by then, and
// ends it with SIGKILL. It is an error if it ends by itself.
func (t *Throng) StartBriefly(ctx context.Context, d time.Duration) error {
	child, err := Start(t.command(nil))
	if err != nil {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-child.Done():
		return fmt.Errorf("start the server: %w", child.Ended())
	case <-ctx.Done():
	case <-timer.C:
	}
	child.Kill()
	return ctx.Err()
}

// readyAddr finds the address in "ready client=127.0.0.1:7400 …".
func readyAddr(line string) (string, bool) {
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "ready" {
		return "", false
	}
	for _, w := range words[1:] {
		if addr, ok := strings.CutPrefix(w, "client="); ok {
			return addr, true
		}
	}
	return "", false
}

// LiveHeap returns how many bytes the server's last garbage collection found in
// use, in steps of 1 MiB; false when it has not told any.
func (t *Throng) LiveHeap() (int64, bool) { return t.heap.live() }

// Dir is the data directory of a server of the benchmark's own.
func (t *Throng) Dir() string { return t.options.Dir }

// Kill ends the server with SIGKILL; without effect on one that was not started.
func (t *Throng) Kill() {
	if t.child != nil {
		t.child.Kill()
		t.child = nil
	}
}

// Stop ends the server with SIGTERM.
func (t *Throng) Stop(ctx context.Context) error {
	if t.child == nil {
		return nil
	}
	child := t.child
	t.child = nil
	return child.Stop(ctx)
}
