package peer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/thronggrid/throng/bench/process"
)

// redisWait is how long redis-server may take until it answers.
const redisWait = 30 * time.Second

// settings are the ones that decide how fast and how durable Redis is.
func settings() []string {
	return []string{"appendonly", "appendfsync", "no-appendfsync-on-rewrite",
		"auto-aof-rewrite-percentage", "save", "io-threads", "maxmemory", "hz", "tcp-backlog"}
}

// redis is a redis-server that the benchmark started.
type redis struct {
	addr    string
	child   *process.Process
	config  map[string]string // as it says itself
	version string
}

// startRedis runs redis-server in dir and waits until it answers.
func startRedis(ctx context.Context, program, dir string) (*redis, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &redis{addr: net.JoinHostPort("127.0.0.1", port)}
	r.child, err = process.Start(process.Command{Name: program, Dir: dir, Args: []string{
		"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--daemonize", "no",
		"--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--auto-aof-rewrite-percentage", "0",
	}})
	if err != nil {
		return nil, fmt.Errorf("%w (name it with --redis; Debian: apt-get install redis-server)",
			err)
	}
	ctx, cancel := context.WithTimeout(ctx, redisWait)
	defer cancel()
	for {
		if err = r.describe(ctx); err == nil {
			return r, nil
		}
		select {
		case <-r.child.Done():
			return nil, fmt.Errorf("start redis: %w", r.child.Ended())
		case <-ctx.Done():
			r.child.Kill()
			return nil, fmt.Errorf("start redis: %w", errors.Join(err, r.child.Ended()))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// freePort finds a port that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// describe reads the configuration and the version.
func (r *redis) describe(ctx context.Context) error {
	words, err := r.command(ctx, append([]string{"CONFIG", "GET"}, settings()...)...)
	if err != nil {
		return err
	}
	r.config = map[string]string{}
	for i := 0; i+1 < len(words); i += 2 {
		r.config[words[i]] = words[i+1]
	}
	info, err := r.command(ctx, "INFO", "server")
	if err != nil {
		return err
	}
	for line := range strings.Lines(strings.Join(info, "")) {
		if v, ok := strings.CutPrefix(line, "redis_version:"); ok {
			r.version = strings.TrimSpace(v)
		}
	}
	return nil
}

// command sends one command on a connection of its own and returns the words of
// the reply.
func (r *redis) command(ctx context.Context, args ...string) ([]string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", r.addr)
	if err != nil {
		return nil, fmt.Errorf("connect to redis: %w", err)
	}
	defer conn.Close()
	if end, ok := ctx.Deadline(); ok {
		conn.SetDeadline(end)
	}
	b := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := conn.Write(b); err != nil {
		return nil, fmt.Errorf("ask redis: %w", err)
	}
	return readWords(bufio.NewReader(conn))
}

// wordBytesMax bounds a word of a reply.
const wordBytesMax = 1 << 20

// readWords reads one reply; of an array, its elements one after the other.
func readWords(r *bufio.Reader) ([]string, error) {
	var words []string
	for left := 1; left > 0; left-- {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read redis's reply: %w", err)
		}
		head, text := line[0], strings.TrimRight(line[1:], "\r\n")
		switch head {
		case '+', ':':
			words = append(words, text)
			continue
		case '$', '*':
		default:
			return nil, fmt.Errorf("redis answered %q", line)
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > wordBytesMax {
			return nil, fmt.Errorf("redis answered with a length of %q", text)
		}
		if head == '*' {
			left += n
			continue
		}
		word := make([]byte, n+2)
		if _, err := io.ReadFull(r, word); err != nil {
			return nil, fmt.Errorf("read redis's reply: %w", err)
		}
		words = append(words, string(word[:n]))
	}
	return words, nil
}
