package config

import (
	"fmt"
	"net/netip"

	"github.com/thronggrid/throng/netio"
)

// noNetwork stands for an empty list of networks.
const noNetwork = "none"

// clientKeys are the limits of one client, user or address.
func (l *Limits) clientKeys() []Key {
	d := netio.DefaultLimits()
	return []Key{{
		Name: "connections_per_ip_max",
		Doc: "`number` of connections of one IPv4 address, or of one /64 network of IPv6; " +
			"set connections_per_ip_exempt when players come through a proxy",
		Reloadable: true,
		value: whole(&l.ConnectionsPerIPMax, d.ConnectionsPerIP, 1, 1<<20,
			"any number"),
	}, {
		Name: "connections_per_ip_exempt",
		Doc: "`networks` that connections_per_ip_max does not count for, 10.1.0.0/16 say, " +
			"or none (default 127.0.0.0/8 and ::1/128)",
		Reloadable: true,
		value:      &list{at: &l.ConnectionsPerIPExempt, check: checkNetwork},
	}, {
		Name: "session_requests_per_second",
		Doc: "`number` of requests per second of one connection, in the long run; " +
			"the studio's own servers are not bounded",
		Reloadable: true,
		value: whole(&l.SessionRequestsRate, d.Session.PerSecond, 1, netio.PerSecondMax,
			"any number"),
	}, {
		Name:       "session_requests_burst",
		Doc:        "`number` of requests of one connection at once, after a rest",
		Reloadable: true,
		value:      whole(&l.SessionRequestsBurst, d.Session.Burst, 1, netio.BurstMax, ""),
	}, {
		Name:       "user_requests_per_second",
		Doc:        "`number` of requests per second of all connections of one user",
		Reloadable: true,
		value: whole(&l.UserRequestsRate, d.User.PerSecond, 1, netio.PerSecondMax,
			"any number"),
	}, {
		Name:       "user_requests_burst",
		Doc:        "`number` of requests of all connections of one user at once, after a rest",
		Reloadable: true,
		value:      whole(&l.UserRequestsBurst, d.User.Burst, 1, netio.BurstMax, ""),
	}}
}

// Edge returns what the edge can take over while it runs.
func (c *Config) Edge() netio.Limits {
	l, m := &c.Limits, netio.DefaultLimits()
	m.SlowRequest = c.Logs.SlowRequest
	m.ConnectionsPerIP = l.ConnectionsPerIPMax
	m.Session = netio.Rate{PerSecond: l.SessionRequestsRate, Burst: l.SessionRequestsBurst}
	m.User = netio.Rate{PerSecond: l.UserRequestsRate, Burst: l.UserRequestsBurst}
	if len(l.ConnectionsPerIPExempt) > 0 {
		m.Exempt = nil
	}
	for _, text := range l.ConnectionsPerIPExempt {
		if p, err := netip.ParsePrefix(text); err == nil { // else it is noNetwork
			m.Exempt = append(m.Exempt, p)
		}
	}
	return m
}

func checkNetwork(network string) error {
	if network == noNetwork {
		return nil
	}
	if _, err := netip.ParsePrefix(network); err != nil {
		return fmt.Errorf("want networks, 10.1.0.0/16 or 2001:db8::/32 say, or %s", noNetwork)
	}
	return nil
}
