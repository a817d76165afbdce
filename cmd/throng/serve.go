package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/shard/cluster"
)

const serveHelp = `Run one node: serve clients until SIGINT or SIGTERM.

Everything the node keeps is in the data directory, which one process at a time
may use. What a client was told is done is on disk: after a crash or a power cut
the same command brings it all back.

When the node serves, it prints one line to stdout:

  ready client=127.0.0.1:7400 http=127.0.0.1:7401

Each flag is a key of the configuration too, which can be set in a file and in the
environment: see 'throng config'. SIGHUP reads both again, takes over what may
change while the node runs, and says in the log what changed.

A node that listens beyond this machine wants secrets of your own, not those that
a first start makes: name their files, which 'throng keys DIR' makes for you.

Logs go to stderr. The first SIGINT or SIGTERM stops cleanly, the second at once.
Once a minute they count the pushes that were dropped, the clients that were closed
because they do not read, or turned away for lack of room, and the requests that were
refused because they came too fast, if there were any.
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
  throng serve --data-dir /var/lib/throng --config /etc/throng.yaml
  throng serve --client-addr :7400 $(throng keys ./keys)    # open to the network
  throng serve --client-addr 127.0.0.1:0 --http-addr 127.0.0.1:0    # any free ports
  throng serve --jwt-key-file studio.pem --jwt-algorithms ES256 --jwt-audience game
  throng serve --log-level debug --log-format text`

// stopTimeout is how long a clean stop may take.
const stopTimeout = 15 * time.Second

func newServe() *cobra.Command {
	var flags *config.Flags
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run a node",
		Long:    serveHelp,
		Example: serveExample,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load := func() (*config.Config, error) {
				return loadToServe(cmd.Context(), flags.Sources(os.Environ()))
			}
			c, err := load()
			if err != nil {
				return err
			}
			crashBySignal()
			logs := newLogs(cmd.ErrOrStderr(), &c.Logs)
			defer logs.limiter.Close()
			hangups := make(chan os.Signal, 1)
			signal.Notify(hangups, syscall.SIGHUP)
			defer signal.Stop(hangups)
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // from now on a signal kills
			r := &reloader{load: load, now: c, log: logs.Logger}
			err = cluster.ErrDead
			for errors.Is(err, cluster.ErrDead) {
				err = serveOnce(ctx, cmd.OutOrStdout(), hangups, logs, r)
			}
			return err
		},
	}
	flags = config.AddFlags(cmd.Flags())
	return cmd
}

// serveOnce runs a node from its start to its end. One that was declared dead by the others,
// while it was paused or cut off, ends with cluster.ErrDead: it goes on as a new incarnation.
func serveOnce(
	ctx context.Context, stdout io.Writer, hangups <-chan os.Signal, logs *nodeLogs, r *reloader,
) error {
	n, err := start(ctx, nodeOptions{config: r.now, logs: logs, log: logs.Logger})
	if n == nil {
		return err
	}
	r.apply = n.reload
	fmt.Fprintln(stdout, n.readyLine())
	return n.attend(ctx, hangups, r)
}

// start starts a node. When it was stopped before it served, there is none, and no
// error.
func start(ctx context.Context, o nodeOptions) (*node, error) {
	c := o.config
	o.cores = raiseProcs()
	collectEarly(ctx)
	if err := checkFree("serve clients", "--client-addr", c.Clients.Addr); err != nil {
		return nil, err
	}
	if err := checkFree("serve HTTP", "--http-addr", c.HTTP.Addr); err != nil {
		return nil, err
	}
	if err := disk.MakeDir(vfs.Default, c.Node.DataDir); err != nil {
		return nil, withRoom(fmt.Errorf("make the data directory: %w", err))
	}
	if err := backup.CheckFinished(vfs.Default, c.Node.DataDir); err != nil {
		return nil, err
	}
	if err := o.readSecrets(); err != nil {
		return nil, withRoom(err)
	}
	n, err := startNode(ctx, o)
	switch {
	case ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, disk.ErrGivenUp)):
		return nil, nil
	case err != nil:
		return nil, withRoom(fmt.Errorf("start the node: %w", err))
	}
	return n, nil
}

// attend looks after a node until ctx is done or the node fails, and stops it.
func (n *node) attend(ctx context.Context, hangups <-chan os.Signal, r *reloader) error {
	watching, stop := context.WithCancel(ctx)
	var watches sync.WaitGroup
	watches.Go(func() { n.watchStrain(watching, n.logs) })
	watches.Go(func() { r.run(watching, hangups) })
	var failed error
	select {
	case <-ctx.Done():
		n.logs.Info("stopping")
	case <-n.failed():
		failed = n.edge.Err()
	case <-n.cluster.Done():
		failed = n.cluster.Err()
		n.logs.Error("stopping", "reason", failed)
	}
	stop()
	watches.Wait()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(failed, n.stop(stopping))
}

// readSecrets reads all secrets; those that are not there are made.
func (o *nodeOptions) readSecrets() (err error) {
	c := o.config
	warnOpen(o.log, c)
	if o.studio, err = openStudio(&c.Tokens); err != nil {
		return err
	}
	if o.joins() {
		return o.readAdmin() // the cluster has the other keys
	}
	o.serverKey, err = serverSecret.open(o.log, c.Node.ServerKeyFile, c.Node.DataDir)
	if err != nil {
		return err
	}
	if err := o.readAdmin(); err != nil {
		return err
	}
	o.tokens, err = openTokens(o.log, c)
	return err
}

// readAdmin reads the admin token, which each node has for itself.
func (o *nodeOptions) readAdmin() (err error) {
	c := o.config
	if c.HTTP.Addr != "" {
		o.adminToken, err = adminSecret.open(o.log, c.HTTP.AdminTokenFile, c.Node.DataDir)
	}
	return err
}

// checkFree listens on an address for a moment. gnet is not clear about why it
// cannot listen, and what is wrong is best said before the data is opened. No address
// is none to look at.
func checkFree(what, flag, addr string) error {
	if addr == "" {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%s: %w; choose another %s, or stop what listens there", what, err, flag)
	}
	return l.Close()
}

// crashBySignal makes a panic end the process by SIGABRT. By itself a Go program would
// end with exit code 2, which says that it was used wrongly: no supervisor would start
// it again.
func crashBySignal() { debug.SetTraceback("crash") }

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
