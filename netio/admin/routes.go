package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/http/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thronggrid/throng/grid/fault"
)

// route is what is served under one path.
type route struct {
	open    bool     // without the token
	slow    bool     // may take WriteTimeout
	methods []string // HEAD is served wherever GET is
	serve   func(*Server, http.ResponseWriter, *http.Request)
}

var get = []string{http.MethodGet, http.MethodHead}

// routeOf returns what is served under a path; false: nothing.
func routeOf(path string) (route, bool) {
	switch path {
	case "/livez":
		return route{open: true, methods: get, serve: (*Server).live}, true
	case "/readyz":
		return route{open: true, methods: get, serve: (*Server).ready}, true
	case "/metrics":
		return route{open: true, methods: get, serve: (*Server).scrape}, true
	case "/admin/log-level":
		return route{methods: append(get, http.MethodPut), serve: (*Server).logLevel}, true
	case "/admin/hot":
		return route{slow: true, methods: get, serve: (*Server).hot}, true
	}
	if path == "/admin/backup" {
		return route{slow: true, methods: []string{http.MethodPost}, serve: (*Server).backup}, true
	}
	if profile, ok := strings.CutPrefix(path, "/debug/pprof/"); ok {
		return route{slow: true, methods: get, serve: profiler(profile)}, true
	}
	return route{}, false
}

// profiler returns what serves a profile of the Go runtime.
func profiler(name string) func(*Server, http.ResponseWriter, *http.Request) {
	serve := pprof.Index // those that have no function of their own, and their list
	switch name {
	case "cmdline":
		serve = pprof.Cmdline
	case "profile":
		serve = pprof.Profile
	case "symbol":
		serve = pprof.Symbol
	case "trace":
		serve = pprof.Trace
	}
	return func(_ *Server, w http.ResponseWriter, r *http.Request) {
		if err := checkSeconds(r.URL.Query().Get("seconds")); err != nil {
			fail(w, err)
			return
		}
		serve(w, r)
	}
}

// checkSeconds looks at how long a profile is to take, since pprof takes any number, and
// what is none for its default. No text is that, too.
func checkSeconds(text string) error {
	seconds, err := strconv.ParseFloat(text, 64)
	if text == "" || err == nil && seconds > 0 && seconds <= ProfileSecondsMax {
		return nil
	}
	return fault.New(fault.InvalidArgument, "want ?seconds= a number of at most %d",
		ProfileSecondsMax)
}

// ServeHTTP is called by net/http for each request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g := guestOf(r.Context()); g != nil {
		g.answering(1)
		defer g.answering(-1)
	}
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	r.Body = http.MaxBytesReader(w, r.Body, BodyBytesMax)
	to, found := routeOf(r.URL.Path)
	if !to.slow {
		// A connection that cannot be given a deadline has that of the server.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(AnswerTimeout))
	}
	switch {
	case !to.open && !s.mayPass(r):
		head.Set("WWW-Authenticate", `Bearer realm="throng admin"`)
		fail(w, fault.New(fault.Unauthenticated, "this path needs the admin token: send the "+
			"header 'Authorization: Bearer TOKEN' with the text of %s, a file on the node",
			s.options.TokenFile))
	case !found:
		fail(w, fault.New(fault.NotFound, "nothing is served under this path: "+
			"there are /livez, /readyz, /metrics, /admin/log-level, /admin/hot, "+
			"/admin/backup and /debug/pprof/"))
	case !slices.Contains(to.methods, r.Method):
		head.Set("Allow", strings.Join(to.methods, ", "))
		failAs(w, http.StatusMethodNotAllowed, fault.New(fault.Unimplemented,
			"this path takes %s", strings.Join(to.methods, ", ")))
	default:
		to.serve(s, w, r)
	}
}

// mayPass says whether a request shows the token. It takes as long for a wrong one as for
// the right one.
func (s *Server) mayPass(r *http.Request) bool {
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got := sha256.Sum256([]byte(strings.TrimSpace(shown)))
	want := sha256.Sum256([]byte(s.options.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func (s *Server) scrape(w http.ResponseWriter, r *http.Request) { s.metrics.ServeHTTP(w, r) }
