package config

import (
	"net"
	"net/netip"
)

// HTTP is the HTTP port.
type HTTP struct {
	Addr           string // "": there is none
	AdminTokenFile string
}

func (h *HTTP) keys() []Key {
	return []Key{{
		Name: "http_addr",
		Doc: "`host:port` of the HTTP port, for health, metrics and the admin API; " +
			"empty is none",
		value: &text{at: &h.Addr, def: "127.0.0.1:7401", check: checkAddrIfAny},
	}, {
		Name: "admin_token_file",
		Doc: "`file` with the admin token " +
			"(default <data_dir>/admin.token, made at the first start)",
		Secret: true,
		value:  &text{at: &h.AdminTokenFile},
	}}
}

func checkAddrIfAny(addr string) error {
	if addr == "" {
		return nil
	}
	return checkAddr(addr)
}

// checkPorts finds one port that both clients and HTTP are to be served on.
func (c *Config) checkPorts() Mistakes {
	host, port, err := net.SplitHostPort(c.Clients.Addr)
	httpHost, httpPort, httpErr := net.SplitHostPort(c.HTTP.Addr)
	switch {
	case err != nil || httpErr != nil: // a mistake by itself, or no HTTP port
		return nil
	case port != httpPort || port == "0":
		return nil
	case host != httpHost && !isEvery(host) && !isEvery(httpHost):
		return nil
	}
	return Mistakes{c.mistake("http_addr",
		" %s: clients are served on port %s of %s: choose another port, or \"\" for none",
		shortened(c.HTTP.Addr), port, shortened(c.Clients.Addr))}
}

// isEvery says whether a host is every address of this machine.
func isEvery(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}
