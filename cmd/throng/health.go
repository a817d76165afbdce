package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/cmd/throng/config"
)

const healthHelp = `Ask the node on this machine whether it is alive, or with --ready whether
clients may be sent to it. It prints what the node says; the exit code is 0 when
that is yes. It is made for health checks of containers, where there is no curl.

The address is --http-addr, or what throng serve would take it from: the variable
THRONG_HTTP_ADDR, the file that THRONG_CONFIG names, or 127.0.0.1:7401. A file with a
mistake in it is passed over, since the node goes on with what it has.`

const (
	// httpAddrDefault is where a node's HTTP port is if nothing else is set.
	httpAddrDefault = "127.0.0.1:7401"
	// healthBytesMax is how much of the answer is read.
	healthBytesMax = 64 << 10
)

func newHealth() *cobra.Command {
	var addr string
	var ready bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "health", Short: "Ask a node how it is", Long: healthHelp, Args: noArgs,
		Example: "  throng health\n  throng health --ready --http-addr 127.0.0.1:7401",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if addr == "" {
				addr = configuredHTTP()
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return health(ctx, cmd.OutOrStdout(), addr, ready)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&addr, "http-addr", "", "`host:port` of the node's HTTP port")
	flags.BoolVar(&ready, "ready", false, "ask whether clients may be sent to it")
	flags.DurationVar(&timeout, "timeout", 2*time.Second, "`time` to wait for an answer")
	return cmd
}

// configuredHTTP returns where a node with this environment has its HTTP port, "" when it
// is to have none.
func configuredHTTP() string {
	c, err := config.Load(new(config.Flags).Sources(os.Environ()))
	if err == nil {
		return c.HTTP.Addr
	}
	return cmp.Or(os.Getenv("THRONG_HTTP_ADDR"), httpAddrDefault)
}

// health prints what the node says at addr; an error says that it is not well.
func health(ctx context.Context, out io.Writer, addr string, ready bool) error {
	if addr == "" {
		return usagef("http_addr is empty, so the node has no HTTP port to ask")
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return usagef("--http-addr %q: want host:port, %s say", addr, httpAddrDefault)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // where one listens that listens everywhere
	}
	path := "/livez"
	if ready {
		path = "/readyz"
	}
	url := "http://" + net.JoinHostPort(host, port) + path
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the node: %w", err)
	}
	direct := &http.Transport{DisableKeepAlives: true} // and no proxy
	a, err := direct.RoundTrip(q)
	if err != nil {
		return fmt.Errorf("ask the node at %s: %w; is it running, with an HTTP port?", url, err)
	}
	defer a.Body.Close()
	said, err := io.ReadAll(io.LimitReader(a.Body, healthBytesMax))
	if err != nil {
		return fmt.Errorf("read what the node says: %w", err)
	}
	fmt.Fprintln(out, strings.TrimSpace(string(said)))
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("the node says %s", a.Status)
	}
	return nil
}
