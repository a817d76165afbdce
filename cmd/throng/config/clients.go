package config

import (
	"fmt"
	"net"
	"time"

	"github.com/thronggrid/throng/netio/websocket"
)

// Clients is how clients are served.
type Clients struct {
	Addr             string
	SessionGrace     time.Duration
	WebsocketOrigins []string
}

// SessionGraceMin and SessionGraceMax bound session_grace.
const (
	SessionGraceMin = time.Second
	SessionGraceMax = 24 * time.Hour
)

func (c *Clients) keys() []Key {
	return []Key{{
		Name:  "client_addr",
		Doc:   "`host:port` to serve clients on; an empty host is every address",
		value: &text{at: &c.Addr, def: "127.0.0.1:7400", check: checkAddr},
	}, {
		Name:  "session_grace",
		Doc:   "`time` for which a session whose connection was lost may be resumed",
		value: span(&c.SessionGrace, time.Minute, SessionGraceMin, SessionGraceMax, ""),
	}, {
		Name: "websocket_origins",
		Doc: "`origins` of the pages that may connect, https://game.example say " +
			"(default all)",
		value: &list{at: &c.WebsocketOrigins, check: checkOrigin},
	}}
}

// checkAddr wants an address to listen on.
func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("want host:port, 127.0.0.1:7400 say")
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return fmt.Errorf("there is no port %q: use 1 to 65535, or 0 for any", port)
	}
	return nil
}

func checkOrigin(origin string) error {
	_, err := websocket.NewPolicy([]string{origin})
	return err
}
