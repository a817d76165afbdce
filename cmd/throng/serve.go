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

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/durable/disk"
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

func newServe() *cobra.Command {
	var flags *config.Flags
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run a node",
		Long:    serveHelp,
		Example: serveExample,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(flags.Sources(os.Environ()))
			if err != nil {
				return err
			}
			level := new(slog.LevelVar)
			level.Set(c.Logs.Level())
			log := newLogger(cmd.ErrOrStderr(), level, c.Logs.Format)
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // from now on a signal kills
			return serve(ctx, nodeOptions{config: c, level: level, log: log}, cmd.OutOrStdout())
		},
	}
	flags = config.AddFlags(cmd.Flags())
	return cmd
}

// serve runs a node until ctx is done or the node fails.
func serve(ctx context.Context, o nodeOptions, stdout io.Writer) error {
	c, log := o.config, o.log
	o.cores = raiseProcs()
	collectEarly(ctx)
	if err := checkFree("serve clients", "--client-addr", c.Clients.Addr); err != nil {
		return err
	}
	if err := checkFree("serve HTTP", "--http-addr", c.HTTP.Addr); err != nil {
		return err
	}
	if err := disk.MakeDir(vfs.Default, c.Node.DataDir); err != nil {
		return withRoom(fmt.Errorf("make the data directory: %w", err))
	}
	if err := backup.CheckFinished(vfs.Default, c.Node.DataDir); err != nil {
		return err
	}
	if err := o.readSecrets(); err != nil {
		return withRoom(err)
	}
	n, err := startNode(ctx, o)
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return nil // stopped while it started
	case err != nil:
		return withRoom(fmt.Errorf("start the node: %w", err))
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

// readSecrets reads all secrets; those that are not there are made.
func (o *nodeOptions) readSecrets() (err error) {
	c := o.config
	if o.studio, err = openStudio(&c.Tokens); err != nil {
		return err
	}
	o.serverKey, err = serverSecret.open(o.log, c.Node.ServerKeyFile, c.Node.DataDir)
	if err != nil {
		return err
	}
	if c.HTTP.Addr != "" {
		o.adminToken, err = adminSecret.open(o.log, c.HTTP.AdminTokenFile, c.Node.DataDir)
		if err != nil {
			return err
		}
	}
	o.tokens, err = openTokens(o.log, c)
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
