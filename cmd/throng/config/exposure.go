package config

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Exposure finds addresses that the network reaches while the secrets that guard
// them are those that a first start makes up: nobody chose them, kept a copy of
// them, or gave them to the other nodes. lookup resolves the name of a host.
func (c *Config) Exposure(lookup func(host string) ([]netip.Addr, error)) Mistakes {
	var wrong Mistakes
	for _, port := range []struct {
		key, addr string
		secrets   []Key
	}{
		{"client_addr", c.Clients.Addr, c.unnamed("server_key_file", "token_keys_file")},
		{"http_addr", c.HTTP.Addr, c.unnamed("admin_token_file")},
		{"peer_addr", c.peerAddr(), c.unnamedPeerSecret()},
	} {
		if len(port.secrets) == 0 || !beyondLoopback(port.addr, lookup) {
			continue
		}
		origin := c.Origin(port.key)
		names := make([]string, len(port.secrets))
		for i, k := range port.secrets {
			names[i] = origin.spell(k.Name)
		}
		wrong = append(wrong, origin.mistake(port.key,
			" %q lets the network in, and its secrets are those that a start makes up: "+
				"name your own with %s ('throng keys DIR' makes them), or listen on 127.0.0.1",
			port.addr, strings.Join(names, " and ")))
	}
	return wrong
}

// peerAddr is where this node listens for others; "": nowhere.
func (c *Config) peerAddr() string {
	if !c.Cluster.Clustered() {
		return ""
	}
	return c.Cluster.PeerAddr
}

// unnamedPeerSecret is the key of what peers show each other, if it names no file.
func (c *Config) unnamedPeerSecret() []Key {
	if c.Cluster.TLSCertFile != "" {
		return nil
	}
	return c.unnamed("cluster_secret_file")
}

// unnamed returns those of the keys that name no file.
func (c *Config) unnamed(names ...string) []Key {
	var none []Key
	for _, k := range c.Keys() {
		for _, name := range names {
			if k.Name == name && k.Text() == "" {
				none = append(none, k)
			}
		}
	}
	return none
}

// beyondLoopback says whether other machines may reach an address. A name that
// cannot be resolved cannot be listened on either.
func beyondLoopback(addr string, lookup func(string) ([]netip.Addr, error)) bool {
	host, _, err := net.SplitHostPort(addr)
	switch {
	case err != nil || host == "localhost": // "" is no address
		return false
	case host == "":
		return true
	}
	ips, err := resolve(host, lookup)
	if err != nil {
		return false
	}
	for _, ip := range ips {
		if !ip.Unmap().IsLoopback() {
			return true
		}
	}
	return false
}

func resolve(host string, lookup func(string) ([]netip.Addr, error)) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	ips, err := lookup(host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	return ips, nil
}
