package config

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
