package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/netio/websocket"
	"github.com/thronggrid/throng/shard"
)

const serveHelp = `Run one node: serve clients until SIGINT or SIGTERM.

Everything the node keeps is in the data directory, which one process at a time
may use. What a client was told is done is on disk: after a crash or a power cut
the same command brings it all back.

When the node serves, it prints one line to stdout:

  ready client=127.0.0.1:7400 http=127.0.0.1:7401

Logs go to stderr. The first SIGINT or SIGTERM stops cleanly, the second at once.
Once a minute they count the pushes that were dropped and the clients that were
closed because they do not read, or turned away for lack of room, if there were any.
If a write to the disk fails, the process ends with exit code 74 and acknowledges
nothing more: check the disk before starting again.

The HTTP port says how the node is (/livez, /readyz) and what it has counted
(/metrics). What else it serves takes the admin token, made at the first start
and kept in <data-dir>/admin.token.

A studio's own servers log in with the server key. It is made at the first start
and kept in <data-dir>/server.key; guard it like a password.

Players log in with an id that the game chose, or with tokens. Those that the
server gives out are signed with the first key of <data-dir>/token.keys. To
replace it, write a new line of 64 hexadecimal digits above it, drop the last
line, and start again: tokens under the key before count until they expire. Those
that your account service signs (JWT) are taken when --jwt-key-file names the key
that checks them.

The client port speaks bare frames and WebSocket; pages may connect from
everywhere unless --websocket-origins says from where.`

const serveExample = `  throng serve    # data in ./data, this machine only
  throng serve --data-dir /var/lib/throng --client-addr :7400
  throng serve --client-addr 127.0.0.1:0 --http-addr 127.0.0.1:0    # any free ports
  throng serve --jwt-key-file studio.pem --jwt-algorithms ES256 --jwt-audience game
  throng serve --log-level debug --log-format text`

// stopTimeout is how long a clean stop may take.
const stopTimeout = 15 * time.Second

type serveFlags struct {
	dataDir       string
	clientAddr    string
	admin         adminFlags
	shards        int
	serverKeyFile string
	tokens        tokenFlags
	sessionGrace  time.Duration
	origins       []string
	logLevel      string
	logFormat     string
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run a node",
		Long:    serveHelp,
		Example: serveExample,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := f.check(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // from now on a signal kills
			return f.serve(ctx, log, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dataDir, "data-dir", "./data", "`directory` that holds all the node keeps")
	flags.StringVar(&f.clientAddr, "client-addr", "127.0.0.1:7400",
		"`host:port` to serve clients on; an empty host is every address")
	f.admin.add(flags)
	flags.IntVar(&f.shards, "shards", 0,
		"`number` of shards, fixed when the data directory is made; 0 is one per core")
	flags.StringVar(&f.serverKeyFile, "server-key-file", "",
		"`file` with the server key (default <data-dir>/server.key, made at the first start)")
	f.tokens.add(flags)
	flags.DurationVar(&f.sessionGrace, "session-grace", time.Minute,
		"`time` for which a session whose connection was lost may be resumed, 1s to 24h")
	flags.StringSliceVar(&f.origins, "websocket-origins", nil,
		"`origins` of the pages that may connect, https://game.example say (default all)")
	flags.StringVar(&f.logLevel, "log-level", "info",
		"`level` to log from: debug, info, warn, error")
	flags.StringVar(&f.logFormat, "log-format", "auto",
		"`format` of logs: text, json, or auto (text on a terminal, else json)")
	return cmd
}

// check refuses what cannot work before anything is touched.
func (f *serveFlags) check(stderr io.Writer) (*slog.Logger, error) {
	if f.dataDir == "" {
		return nil, usagef("--data-dir is empty: name a directory")
	}
	if err := checkAddr("--client-addr", f.clientAddr, "127.0.0.1:7400"); err != nil {
		return nil, err
	}
	if err := f.admin.check(); err != nil {
		return nil, err
	}
	if f.shards < 0 || f.shards > shard.ShardsMax {
		return nil, usagef("--shards %d: want 1 to %d, or 0 for one per core",
			f.shards, shard.ShardsMax)
	}
	if _, err := websocket.NewPolicy(f.origins); err != nil {
		return nil, usagef("--websocket-origins: %w", err)
	}
	if f.sessionGrace < time.Second || f.sessionGrace > 24*time.Hour {
		return nil, usagef("--session-grace %v: want 1s to 24h", f.sessionGrace)
	}
	if err := f.tokens.check(); err != nil {
		return nil, err
	}
	return newLogger(stderr, f.logLevel, f.logFormat)
}

// serve runs a node until ctx is done or the node fails.
func (f *serveFlags) serve(ctx context.Context, log *slog.Logger, stdout io.Writer) error {
	cores := raiseProcs()
	collectEarly(ctx)
	if err := checkFree("serve clients", "--client-addr", f.clientAddr); err != nil {
		return err
	}
	if err := f.admin.checkFree(); err != nil {
		return err
	}
	if err := disk.MakeDir(vfs.Default, f.dataDir); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	o := nodeOptions{
		dataDir:    f.dataDir,
		clientAddr: f.clientAddr,
		shards:     f.shards,
		cores:      cores,
		origins:    f.origins,
		grace:      f.sessionGrace,
		log:        log,
	}
	if err := f.readKeys(&o); err != nil {
		return err
	}
	n, err := startNode(ctx, o)
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return nil // stopped while it started
	case err != nil:
		return fmt.Errorf("start the node: %w", err)
	}
	fmt.Fprintln(stdout, n.readyLine())
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		n.watchStrain(watching, log)
	}()
	var failed error
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case <-n.failed():
		failed = n.edge.Err()
	}
	stop()
	<-watched
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(failed, n.stop(stopping))
}

// readKeys reads all secrets; those that are not there are made.
func (f *serveFlags) readKeys(o *nodeOptions) (err error) {
	if o.studio, err = f.tokens.openStudio(); err != nil {
		return err
	}
	if o.serverKey, err = serverSecret.open(o.log, f.serverKeyFile, f.dataDir); err != nil {
		return err
	}
	if o.admin, err = f.admin.open(o.log, f.dataDir); err != nil {
		return err
	}
	o.tokens, err = f.tokens.openTokens(o.log, f.dataDir)
	return err
}

// checkFree listens on an address for a moment. gnet is not clear about why it
// cannot listen, and what is wrong is best said before the data is opened.
func checkFree(what, flag, addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%s: %w; choose another %s, or stop what listens there", what, err, flag)
	}
	return l.Close()
}

// checkAddr refuses what is no address to listen on.
func checkAddr(flag, addr, example string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return usagef("%s %q: want host:port, %s say", flag, addr, example)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return usagef("%s %q: there is no port %q: use 1 to 65535, or 0 for any", flag, addr, port)
	}
	return nil
}

// raiseProcs lets twice as many goroutines run as there are cores, and returns
// the cores: event loops and fdatasync hold a processor of the Go scheduler
// while they wait in the kernel. GOMAXPROCS in the environment wins.
func raiseProcs() (cores int) {
	cores = runtime.GOMAXPROCS(0)
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * cores)
	}
	return cores
}
