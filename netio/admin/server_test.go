package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreCurrent(), // the pool that gnet has whether it runs or not
		// net/http leaves a client it refuses half a second to read why.
		goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

const token = "0123456789abcdef0123456789abcdef"

// started is a server whose node is as health says.
func started(t *testing.T, change func(*Options)) *Server {
	t.Helper()
	o := Options{
		Addr: "127.0.0.1:0", Token: token, TokenFile: "/var/lib/throng/admin.token",
		Level: new(slog.LevelVar),
		Node:  Node{Health: func() Health { return Health{} }, Sample: func(*Sample) {}},
	}
	if change != nil {
		change(&o)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

// ask sends a request, with the token if bearer says so, and returns what came back.
func ask(t *testing.T, s *Server, method, path, body, authorization string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Addr().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, a.Header, string(text)
}

// codeOf is the code of an error, which must have a sentence.
func codeOf(t *testing.T, body string) string {
	t.Helper()
	var f failure
	if err := json.Unmarshal([]byte(body), &f); err != nil || f.Error.Message == "" {
		t.Errorf("the error %q: want JSON with a sentence", body)
	}
	return f.Error.Code
}

// Everything but the three open paths takes the token, and what is refused says why in JSON.
func TestPaths(t *testing.T) {
	s := started(t, nil)
	bearer := "Bearer " + token
	for _, c := range []struct {
		method, path, authorization string
		status                      int
		code                        string
	}{
		{"GET", "/livez", "", 200, ""},
		{"GET", "/readyz", "", 200, ""},
		{"GET", "/metrics", "", 200, ""},
		{"HEAD", "/livez", "", 200, ""},
		{"GET", "/debug/pprof/", bearer, 200, ""},
		{"GET", "/debug/pprof/profile?seconds=61", bearer, 400, "INVALID_ARGUMENT"},
		{"GET", "/debug/pprof/trace?seconds=-1", bearer, 400, "INVALID_ARGUMENT"},
		{"GET", "/debug/pprof/trace?seconds=0.01", bearer, 200, ""},
		{"GET", "/debug/pprof/heap?seconds=NaN", bearer, 400, "INVALID_ARGUMENT"},
		{"GET", "/debug/pprof/goroutine?debug=1", bearer, 200, ""},
		{"GET", "/debug/pprof/cmdline", "bearer " + token, 200, ""},
		{"GET", "/admin/log-level", bearer, 200, ""},
		{"GET", "/", "", 401, "UNAUTHENTICATED"},
		{"GET", "/nothing", "", 401, "UNAUTHENTICATED"},
		{"GET", "/livez/", "", 401, "UNAUTHENTICATED"},
		{"GET", "/debug/pprof/", "", 401, "UNAUTHENTICATED"},
		{"GET", "/debug/pprof/heap", "Bearer ", 401, "UNAUTHENTICATED"},
		{"GET", "/debug/pprof/heap", "Bearer " + token[1:], 401, "UNAUTHENTICATED"},
		{"GET", "/debug/pprof/heap", "Basic " + token, 401, "UNAUTHENTICATED"},
		{"PUT", "/admin/log-level", token, 401, "UNAUTHENTICATED"},
		{"GET", "/admin/hot?kind=slots", "", 401, "UNAUTHENTICATED"},
		{"GET", "/nothing", bearer, 404, "NOT_FOUND"},
		{"GET", "/debug/pprof", bearer, 404, "NOT_FOUND"},
		{"GET", "/livez/../admin/hot", bearer, 404, "NOT_FOUND"},
		{"TRACE", "/livez", "", 405, "UNIMPLEMENTED"},
		{"POST", "/metrics", "", 405, "UNIMPLEMENTED"},
		{"OPTIONS", "/readyz", "", 405, "UNIMPLEMENTED"},
		{"DELETE", "/admin/log-level", bearer, 405, "UNIMPLEMENTED"},
		{"GET", "/admin/hot?kind=slots", bearer, 501, "UNIMPLEMENTED"},
	} {
		status, head, body := ask(t, s, c.method, c.path, "", c.authorization)
		if status != c.status || c.code != "" && codeOf(t, body) != c.code {
			t.Errorf("%s %s with %q: %d %s", c.method, c.path, c.authorization, status, body)
		}
		if status == 401 && (!strings.Contains(body, "/var/lib/throng/admin.token") ||
			!strings.HasPrefix(head.Get("WWW-Authenticate"), "Bearer") || strings.Contains(body, token)) {
			t.Errorf("%s %s is refused with %s: want where the token is", c.method, c.path, body)
		}
	}
}

// A node is alive unless a restart would help it, and ready unless clients should not come.
func TestHealth(t *testing.T) {
	var h Health
	s := started(t, func(o *Options) { o.Node.Health = func() Health { return h } })
	lost := make([]ShardHealth, 100)
	for _, c := range []struct {
		h      Health
		live   int
		ready  int
		said   string // by readyz,
		unsaid string // and what it must not say
	}{
		{Health{Shards: []ShardHealth{{Served: true}, {Shard: 1, Served: true, Lag: LagMax}}}, 200, 200,
			`"reasons":[]`, ""},
		{Health{Starting: true}, 200, 503, "does not serve yet", ""},
		{Health{Stopping: true}, 200, 503, "stopping", ""},
		{Health{DiskFull: true}, 200, 503, "disk is full", ""},
		{Health{MemoryFull: true}, 200, 503, "above memory_limit", ""},
		{Health{EdgeFull: true}, 200, 503, "connections_max", ""},
		{Health{Shards: []ShardHealth{{Served: true}, {Shard: 7}}}, 200, 503, "shard 7 has no leader", "shard 0"},
		{Health{Shards: []ShardHealth{{Shard: 3, Served: true, Lag: LagMax + 1}}}, 200, 503, "1001 committed", ""},
		{Health{Shards: lost}, 200, 503, `"more":80`, ""},
		{Health{LoopsStuck: 1}, 503, 503, "event loops", ""},
		{Health{DiskFailed: true}, 503, 503, "fsync failed", ""},
		{Health{EdgeEnded: true}, 503, 503, "not served any more", ""},
	} {
		h = c.h
		if status, _, body := ask(t, s, "GET", "/livez", "", ""); status != c.live {
			t.Errorf("%+v: livez says %d %s", c.h, status, body)
		}
		status, _, body := ask(t, s, "GET", "/readyz", "", "")
		if status != c.ready || !strings.Contains(body, c.said) ||
			c.unsaid != "" && strings.Contains(body, c.unsaid) {
			t.Errorf("%+v: readyz says %d %s, want %q", c.h, status, body, c.said)
		}
	}
}

// The level of the log is changed by its name.
func TestLogLevel(t *testing.T) {
	level := new(slog.LevelVar)
	s := started(t, func(o *Options) { o.Level = level })
	bearer := "Bearer " + token
	for body, want := range map[string]slog.Level{
		`{"level":"debug"}`: slog.LevelDebug, "WARN\n": slog.LevelWarn, "error": slog.LevelError,
	} {
		status, _, said := ask(t, s, "PUT", "/admin/log-level", body, bearer)
		if status != 200 || level.Level() != want {
			t.Errorf("put %s: %d %s, the level is %v", body, status, said, level.Level())
		}
	}
	level.Set(slog.LevelInfo)
	for _, body := range []string{"", "{", `{"level":7}`, "loud", strings.Repeat("x", BodyBytesMax+1)} {
		status, _, said := ask(t, s, "PUT", "/admin/log-level", body, bearer)
		if status != 400 || codeOf(t, said) != "INVALID_ARGUMENT" || level.Level() != slog.LevelInfo {
			t.Errorf("put %.20q: %d %s", body, status, said)
		}
	}
	if _, _, said := ask(t, s, "GET", "/admin/log-level", "", bearer); said != `{"level":"info"}`+"\n" {
		t.Errorf("the level is %s", said)
	}
}

// knock opens a connection and sends a request on it.
func knock(t *testing.T, s *Server, request string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprint(c, request)
	return c
}

// Who keeps connections and asks for nothing keeps nobody out: the oldest makes room.
func TestIdleMakeRoom(t *testing.T) {
	s := started(t, nil)
	var all []net.Conn
	for i := range 2 * ConnectionsMax {
		c := knock(t, s, "GET /livez HTTP/1.1\r\nHost: throng\r\n\r\n")
		if a, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || a.StatusCode != 200 {
			t.Fatalf("connection %d is answered %v, %v", i, a, err)
		}
		all = append(all, c)
	}
	for range ConnectionsMax { // nor do they who have not said what they want
		knock(t, s, "GET /li")
	}
	if said := tell(t, s, "GET /readyz HTTP/1.0\r\n\r\n"); !strings.Contains(said, " 200 ") {
		t.Errorf("behind connections that ask for nothing is answered %q", said)
	}
	if n, err := all[0].Read(make([]byte, 1)); err == nil {
		t.Errorf("the oldest connection was told %d bytes, and is open", n)
	}
}

// Connections beyond the most that are being answered are told so, and there is room again
// once one of these is.
func TestConnectionsMax(t *testing.T) {
	asked, enough := make(chan struct{}), make(chan struct{})
	s := started(t, func(o *Options) {
		o.Node.Hot = func(ctx context.Context, _ HotQuery) (h Hot, err error) {
			asked <- struct{}{}
			select {
			case <-enough:
			case <-ctx.Done():
			}
			return h, nil
		}
	})
	for range ConnectionsMax {
		knock(t, s, "GET /admin/hot?kind=slots HTTP/1.1\r\nHost: throng\r\nAuthorization: Bearer "+token+"\r\n\r\n")
		<-asked
	}
	// It is told without being asked, so the client of net/http would not do.
	if said := tell(t, s, ""); !strings.Contains(said, " 503 ") || !strings.Contains(said, "RESOURCE_EXHAUSTED") {
		t.Errorf("one connection too many is told %q", said)
	}
	enough <- struct{}{}
	for end := time.Now().Add(time.Minute); ; { // the server is done with it in its own time
		if strings.Contains(tell(t, s, "GET /livez HTTP/1.0\r\n\r\n"), " 200 ") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("a connection that was answered made no room")
		}
	}
	close(enough)
}

// tell sends a request on a connection of its own, and returns all that is said until the
// server closes it, in whatever way.
func tell(t *testing.T, s *Server, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(c, request)
	said, _ := io.ReadAll(c)
	return string(said)
}

// A head that is too large is refused, and a request that is none.
func TestBadRequests(t *testing.T) {
	s := started(t, nil)
	for what, request := range map[string]string{
		"431": "GET /livez HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 4*HeadBytesMax) + "\r\n\r\n",
		"400": "hello\r\n\r\n",
		"401": "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	} {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(c, request) // it may be refused before it has come whole
		line, _ := bufio.NewReader(c).ReadString('\n')
		c.Close()
		if !strings.Contains(line, " "+what+" ") {
			t.Errorf("%.20q is answered %q, want %s", request, line, what)
		}
	}
}

// What cannot work is refused before anything listens.
func TestStartRefuses(t *testing.T) {
	good := Options{Addr: "127.0.0.1:0", Token: token, TokenFile: "x",
		Node: Node{Health: func() Health { return Health{} }, Sample: func(*Sample) {}}}
	for what, change := range map[string]func(*Options){
		"host:port":   func(o *Options) { o.Addr = "7401" },
		"admin token": func(o *Options) { o.Token = "short" },
		"no node":     func(o *Options) { o.Node = Node{} },
	} {
		o := good
		change(&o)
		if _, err := Start(o); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("without %s: %v", what, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	good.Addr = l.Addr().String()
	if _, err := Start(good); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("on a port in use: %v", err)
	}
}
