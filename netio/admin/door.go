package admin

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// door is a listener that turns connections away while there are too many. To leave them
// in the kernel's queue would make every client wait for its time-out.
type door struct {
	net.Listener
	most int64
	open atomic.Int64
}

func newDoor(l net.Listener, most int64) *door { return &door{Listener: l, most: most} }

// full is what who is turned away is answered, whatever it asked.
const full = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n" +
	"Content-Type: application/json\r\nContent-Length: 96\r\n\r\n" +
	`{"error":{"code":"RESOURCE_EXHAUSTED","message":"too many connections: close some, ` +
	`then retry"}}`

// Accept waits for a connection there is room for.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if d.open.Add(1) <= d.most {
			return &guest{Conn: c, door: d}, nil
		}
		d.open.Add(-1)
		_ = c.SetWriteDeadline(time.Now().Add(time.Second)) // a fresh socket takes it at once
		_, _ = c.Write([]byte(full))
		_ = c.Close()
	}
}

// guest is a connection that was let in.
type guest struct {
	net.Conn
	door *door
	once sync.Once
}

// Close may be called more than once.
func (g *guest) Close() error {
	g.once.Do(func() { g.door.open.Add(-1) })
	return g.Conn.Close()
}
