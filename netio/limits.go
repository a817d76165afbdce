package netio

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// Bounds of Rate.
const (
	PerSecondMax = 1_000_000
	BurstMax     = 1_000_000
)

// FloodFactor is how many times faster than its rate a client may ask, and be refused,
// for as long as it likes. Who asks faster still is told goodbye.
const FloodFactor = 4

// Limits are those that may be changed while the server runs. Start with DefaultLimits.
type Limits struct {
	// ConnectionsPerIP is how many connections one IPv4 address, or the /64 network of
	// an IPv6 address, may have at once; 0: as many as there may be in all.
	ConnectionsPerIP int
	// Exempt are networks whose addresses may have as many as there may be in all: that
	// of a proxy, say, behind which the players are.
	Exempt []netip.Prefix

	// Session bounds the requests of one connection, User those of all connections of a
	// user. The studio's own servers are not bounded.
	Session, User Rate

	// SlowRequest is how long a request may take until it is logged; 0: none is.
	SlowRequest time.Duration
}

// Rate bounds how often something may be done.
type Rate struct {
	PerSecond int // in the long run, up to PerSecondMax; 0: any number
	Burst     int // at once, after a rest; 1 to BurstMax
}

// DefaultLimits are far above what players do, and stop what would hurt others.
func DefaultLimits() Limits {
	return Limits{
		ConnectionsPerIP: 1000,
		Exempt: []netip.Prefix{
			netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"),
		},
		Session: Rate{PerSecond: 1000, Burst: 2000},
		User:    Rate{PerSecond: 2000, Burst: 4000},

		SlowRequest: 500 * time.Millisecond,
	}
}

// Validate says what is wrong with the limits.
func (m *Limits) Validate() error {
	if n := m.ConnectionsPerIP; n < 0 {
		return fmt.Errorf("%d connections per address: want 1 or more, or 0 for any number", n)
	}
	if m.SlowRequest < 0 {
		return fmt.Errorf("%v until a request is slow: want more than 0, or 0 for never",
			m.SlowRequest)
	}
	for _, p := range m.Exempt {
		if !p.IsValid() {
			return fmt.Errorf("a network without address: want 10.0.0.0/8, say")
		}
	}
	for _, r := range []struct {
		of string
		Rate
	}{{"session", m.Session}, {"user", m.User}} {
		if n := r.PerSecond; n < 0 || n > PerSecondMax {
			return fmt.Errorf("%d requests per second of a %s: want 1 to %d, or 0 for any number",
				n, r.of, PerSecondMax)
		}
		if n := r.Burst; r.PerSecond > 0 && (n < 1 || n > BurstMax) {
			return fmt.Errorf("a burst of %d requests of a %s: want 1 to %d", n, r.of, BurstMax)
		}
	}
	return nil
}

// SetLimits puts other limits in force, from the next connection and the next request
// on. It may be called from any goroutine.
func (s *Server) SetLimits(m Limits) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("the limits of the listener: %w", err)
	}
	s.limits.Store(newLimits(&m))
	return nil
}

// limits are Limits as they are looked at.
type limits struct {
	perIP         int64
	exempt        []netip.Prefix
	session, user rate
	slow          int64 // ns
}

func newLimits(m *Limits) *limits {
	slow := m.SlowRequest
	setDefault(&slow, math.MaxInt64)
	return &limits{
		perIP: int64(m.ConnectionsPerIP), exempt: m.Exempt,
		session: newRate(m.Session, "session_requests_per_second"),
		user:    newRate(m.User, "user_requests_per_second"),
		slow:    int64(slow),
	}
}

// newRate returns a rate as it is looked at. key is what configures it.
func newRate(r Rate, key string) rate {
	if r.PerSecond == 0 {
		return rate{}
	}
	interval := int64(time.Second) / int64(r.PerSecond)
	burst := int64(r.Burst) * interval
	return rate{
		interval: interval, burst: burst,
		// All that a connection may have unanswered may be refused once beside that.
		flood: 2*burst + grid.RequestsMax*interval,
		refusal: *fault.New(fault.ResourceExhausted,
			"more than the %d requests per second that %s allows: ask again after the time "+
				"that this error names, and less often", r.PerSecond, key),
	}
}
