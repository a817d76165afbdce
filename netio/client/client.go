package client

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// Client is a session with a server. Its methods may be called from any
// goroutine.
type Client struct {
	nodes   addresses // of run's goroutine
	options Options
	user    grid.ID
	close   context.CancelFunc
	closed  chan struct{} // run has ended
	kick    chan struct{} // holds a token when there may be something to send
	pool    sync.Pool     // of *call, with done made

	mu struct {
		sync.Mutex
		writes, reads window
		again         []*call // to be sent again on this connection, because the server said so
		epoch         uint64  // counts connections, so that old timers do nothing
		leaving       bool    // the server said goodbye: send nothing more on this connection
		ping          bool    // send a ping
		frameMax      int     // bytes of a frame that the server takes
		err           error   // why the client is of no more use; nil: it is

		session grid.SessionID
		trace   uint64             // of the connection; 0: the server does not say
		streams map[string]*Stream // by key: those the session is on, or will be
		hold    int                // streams to enter before writes may be sent
		stats   Stats
	}
}

// Dial connects and says hello, once; its error is a *fault.Error. From then on
// the client keeps the connection up by itself, until Close.
//
// The address is that of a server, host:port, or those of several nodes of one
// cluster, with commas between. They are tried in this order, once each; when the
// connection is lost later, the next one resumes the session.
func Dial(ctx context.Context, addr string, o Options) (*Client, error) {
	o.defaults()
	if o.Nonce == nil {
		o.Nonce = make([]byte, 16)
		rand.Read(o.Nonce) // never fails
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	nodes, err := newAddresses(addr)
	if err != nil {
		return nil, err
	}
	l, err := nodes.dial(ctx, &o, nil)
	if err != nil {
		return nil, fault.Of(err)
	}
	c := &Client{
		nodes:   nodes,
		options: o,
		user:    l.welcome.User,
		closed:  make(chan struct{}),
		kick:    make(chan struct{}, 1),
	}
	c.pool.New = func() any { return &call{done: make(chan struct{}, 1)} }
	c.mu.writes, c.mu.reads = newWindow(), newWindow()
	c.mu.streams = make(map[string]*Stream)
	c.mu.session, c.mu.trace = l.welcome.Session, l.welcome.Trace
	c.mu.frameMax = int(l.welcome.FrameBytesMax)
	c.renew(l)
	var life context.Context
	life, c.close = context.WithCancel(context.Background())
	go c.run(life, l)
	return c, nil
}

// User is the id of the user that the credential stands for.
func (c *Client) User() grid.ID { return c.user }

// Session returns the id of the present session. It changes when one was lost and
// could not be resumed.
func (c *Client) Session() grid.SessionID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.session
}

// Trace names the present connection in the server's log, in hexadecimal; "" if the server
// does not name connections. The trace of one request, which fault.Error.Trace has, begins
// with that of the connection on which it was answered.
func (c *Client) Trace() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.trace == 0 {
		return ""
	}
	return wire.TraceText(c.mu.trace)
}

// Stats counts what the client did to stay connected.
type Stats struct {
	Connects int // connections on which hello was answered
	Resumed  int // of these, how many took the session up again
}

// Stats returns the counts so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.stats
}

// Close ends the session. Calls that are not answered yet return an error.
func (c *Client) Close() error {
	c.close()
	<-c.closed
	return nil
}

// begin returns a fresh call whose fields the caller appends to body.
func (c *Client) begin(kind grid.Kind, write bool, fields int) *call {
	k := c.pool.Get().(*call)
	*k = call{
		kind: kind, write: write, fields: fields,
		body: k.body[:0], done: k.done, reply: k.reply[:0],
	}
	return k
}

// submit queues calls, unless the client has ended.
func (c *Client) submit(calls ...*call) error {
	c.mu.Lock()
	err := c.mu.err
	if err == nil {
		for _, k := range calls {
			c.enqueue(k)
		}
	}
	c.mu.Unlock()
	c.wake()
	return err
}

// enqueue is called under mu.
func (c *Client) enqueue(k *call) {
	if n := len(k.body) + frameExtra; n > c.mu.frameMax {
		k.finish(nil, fault.New(fault.InvalidArgument,
			"the request has %d bytes: the server takes at most %d", n, c.mu.frameMax))
		return
	}
	c.window(k).push(k)
}

func (c *Client) window(k *call) *window {
	if k.write && !k.again {
		return &c.mu.writes
	}
	return &c.mu.reads
}

// wake tells the writer that there may be something to send.
func (c *Client) wake() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// abandon stops waiting for a call and returns its error, nil when it was
// answered meanwhile.
func (c *Client) abandon(k *call, cause error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.finished {
		return nil
	}
	err := k.giveUp(contextCode(cause), "no answer before the call's context ended")
	k.abandoned = true
	if k.seq != 0 && !k.flying { // waits to be sent again: it need not
		c.window(k).remove(k)
		c.wake()
	}
	return err
}

// finish sends a call, waits for its answer and decodes it.
func finish[T any](
	ctx context.Context, c *Client, k *call, decode func(*pack.Cursor) (T, error),
) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, k.giveUp(contextCode(err), "the call's context had ended before the call")
	}
	if err := c.submit(k); err != nil {
		return none, err
	}
	select {
	case <-k.done:
	case <-ctx.Done():
		if err := c.abandon(k, ctx.Err()); err != nil {
			return none, err
		}
		<-k.done
	}
	defer c.pool.Put(k)
	if k.err != nil {
		return none, k.err
	}
	return decoded(k, decode)
}

// contextCode is the code for why a context ended.
func contextCode(cause error) fault.Code {
	if errors.Is(cause, context.DeadlineExceeded) {
		return fault.DeadlineExceeded
	}
	return fault.Cancelled
}

// decoded decodes a reply. A write whose reply makes no sense was done.
func decoded[T any](k *call, decode func(*pack.Cursor) (T, error)) (v T, err error) {
	reply := k.reply
	if !k.write && k.level == grid.Stale {
		var ms uint32
		if ms, reply, err = grid.CutStale(reply); k.age != nil {
			*k.age = time.Duration(ms) * time.Millisecond
		}
	}
	if err == nil {
		in := pack.NewCursor(reply)
		v, err = decode(&in)
	}
	if err != nil {
		f := fault.New(fault.Internal, "the server's reply cannot be decoded: %v", err)
		f.Unknown = k.write
		return v, f
	}
	return v, nil
}

// answer handles one frame from the server, under mu.
func (c *Client) answer(f wire.Frame, now time.Time) {
	if f.Flags&wire.Reply == 0 {
		c.pushed(f)
		return
	}
	w := &c.mu.writes
	if f.ID&1 == 1 {
		w = &c.mu.reads
	}
	k := w.find(f.ID >> 1)
	if k == nil || k.kind != f.Kind {
		return
	}
	if f.Flags&wire.Error == 0 {
		w.remove(k)
		k.finish(f.Body, nil)
		return
	}
	c.refused(w, k, f, now)
}

// refused handles an error reply, under mu: it is final, or tried again.
func (c *Client) refused(w *window, k *call, f wire.Frame, now time.Time) {
	in := pack.NewCursor(f.Body)
	e, err := fault.Decode(&in)
	if err != nil {
		e = fault.New(fault.Internal, "the server's error cannot be decoded: %v", err)
		e.Unknown = k.write
	}
	if c.mu.trace != 0 {
		e.Trace = wire.RequestTrace(c.mu.trace, f.ID)
	}
	k.flying = false
	again := e.Retry
	switch {
	case k.write && e.Code == fault.Aborted:
		e.Unknown = true // the server has forgotten the number and will not do it
	case !k.write && e.Code == fault.FailedPrecondition && c.mu.hold > 0:
		again = c.options.BackoffMin // a signal to a stream that is being entered again
	case k.write && e.Unknown:
		again = max(again, c.options.BackoffMin) // asking under its number makes it certain
	}
	if again > 0 && !k.abandoned {
		if now.Sub(k.first) < RetryFor {
			k.doubt, k.last = k.doubt || e.Unknown, e
			c.askAgain(k, again)
			return
		}
		e.Unknown = e.Unknown || k.uncertain()
	}
	w.remove(k)
	k.finish(nil, e)
}

// askAgain sends a call again after a while, under mu.
func (c *Client) askAgain(k *call, after time.Duration) {
	epoch := c.mu.epoch
	time.AfterFunc(after, func() {
		c.mu.Lock()
		if c.mu.epoch == epoch && !k.abandoned { // else it was sent again already
			c.mu.again = append(c.mu.again, k)
		}
		c.mu.Unlock()
		c.wake()
	})
}
