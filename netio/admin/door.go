package admin

import (
	"container/list"
	"context"
	"net"
	"sync"
	"time"
)

// door is a listener that lets so many connections in. When there are as many, the oldest
// that asks for nothing at the moment makes room: otherwise whoever opens some and says
// nothing could keep those out that ask whether the node lives, and would restart it. When
// all of them are being answered, a new one is told so: to leave it in the kernel's queue
// would make it wait for its time-out.
type door struct {
	net.Listener
	most int

	mu sync.Mutex
	in list.List // of *guest, the oldest first
}

func newDoor(l net.Listener, most int) *door { return &door{Listener: l, most: most} }

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
		if g := d.letIn(c); g != nil {
			return g, nil
		}
		_ = c.SetWriteDeadline(time.Now().Add(time.Second)) // a fresh socket takes it at once
		_, _ = c.Write([]byte(full))
		_ = c.Close()
	}
}

// letIn makes a connection a guest; nil: there is no room.
func (d *door) letIn(c net.Conn) *guest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.in.Len() >= d.most && !d.makeRoom() {
		return nil
	}
	g := &guest{Conn: c, door: d}
	g.place = d.in.PushBack(g)
	return g
}

// makeRoom closes the oldest connection that asks for nothing, if there is one.
func (d *door) makeRoom() bool {
	for e := d.in.Front(); e != nil; e = e.Next() {
		if g := e.Value.(*guest); g.asks == 0 {
			d.in.Remove(e)
			g.place = nil
			_ = g.Conn.Close() // its goroutine notices, and calls Close
			return true
		}
	}
	return false
}

// guest is a connection that was let in. The mutex of its door guards what it has.
type guest struct {
	net.Conn
	door  *door
	place *list.Element // nil: it has left
	asks  int           // requests that are being answered
}

// Close may be called more than once.
func (g *guest) Close() error {
	g.door.mu.Lock()
	if g.place != nil {
		g.door.in.Remove(g.place)
		g.place = nil
	}
	g.door.mu.Unlock()
	return g.Conn.Close()
}

// answering counts a request in, or out.
func (g *guest) answering(n int) {
	g.door.mu.Lock()
	defer g.door.mu.Unlock()
	g.asks += n
}

// guestKey is where the context of a request has its guest.
type guestKey struct{}

// greet is how net/http hands a connection to the requests on it.
func greet(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, guestKey{}, c)
}

// guestOf returns the connection of a request; nil in tests that have none.
func guestOf(ctx context.Context) *guest {
	g, _ := ctx.Value(guestKey{}).(*guest)
	return g
}
