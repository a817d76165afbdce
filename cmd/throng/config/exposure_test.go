package config

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// lookup knows three hosts.
func lookup(host string) ([]netip.Addr, error) {
	switch host {
	case "here":
		return []netip.Addr{netip.MustParseAddr("127.0.1.1"), netip.MustParseAddr("::1")}, nil
	case "lan":
		return []netip.Addr{netip.MustParseAddr("192.168.1.7")}, nil
	case "both":
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.0.7")}, nil
	}
	return nil, errors.New("no such host")
}

func TestBeyondLoopback(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:7400": false, "127.8.9.1:7400": false, "[::1]:7400": false, "localhost:7400": false,
		"[::ffff:127.0.0.1]:7400": false, "here:7400": false, "nowhere:7400": false, "": false,
		"0.0.0.0:7400": true, "[::]:7400": true, ":7400": true, "192.168.1.7:7400": true,
		"[fe80::1%eth0]:7400": true, "lan:7400": true, "both:7400": true, "[::ffff:10.0.0.1]:7400": true,
	} {
		if got := beyondLoopback(addr, lookup); got != want {
			t.Errorf("%s is beyond loopback: %v, want %v", addr, got, want)
		}
	}
}

// TestExposure: each port wants the secrets that guard it, in the spelling of where
// the address is set.
func TestExposure(t *testing.T) {
	for name, tc := range map[string]struct {
		s    Sources
		want []string
	}{
		"loopback": {Sources{}, nil},
		"no HTTP":  {Sources{Flags: []Setting{{"http_addr", ""}}}, nil},
		"clients": {Sources{Flags: []Setting{{"client_addr", "0.0.0.0:7400"}}},
			[]string{`--client-addr "0.0.0.0:7400" lets the network in, and its secrets are those that a start ` +
				"makes up: name your own with --server-key-file and --token-keys-file ('throng keys DIR'"}},
		"one key": {Sources{Environ: []string{"THRONG_CLIENT_ADDR=:7400", "THRONG_SERVER_KEY_FILE=key"}},
			[]string{"name your own with THRONG_TOKEN_KEYS_FILE ("}},
		"HTTP": {Sources{Flags: []Setting{{"http_addr", ":7401"}}},
			[]string{"name your own with --admin-token-file ("}},
		"both": {Sources{Flags: []Setting{{"http_addr", ":7401"}, {"client_addr", ":7400"}}},
			[]string{"--client-addr", "--http-addr"}},
		"all keys": {Sources{Flags: []Setting{{"http_addr", ":7401"}, {"client_addr", ":7400"},
			{"server_key_file", "a"}, {"token_keys_file", "b"}, {"admin_token_file", "c"}}}, nil},
	} {
		c, err := Load(tc.s)
		if err != nil {
			t.Fatal(err)
		}
		wrong := c.Exposure(lookup)
		if len(wrong) != len(tc.want) {
			t.Errorf("%s: %v, want %d mistakes", name, wrong, len(tc.want))
			continue
		}
		for i, want := range tc.want {
			if got := wrong[i].String(); !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}
