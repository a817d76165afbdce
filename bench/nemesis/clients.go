package nemesis

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/client"
)

const (
	// answerIn is how long a client waits for an answer, through all that the SDK tries.
	answerIn = 20 * time.Second
	// How a client notices that its node is gone, and how soon it tries the next one.
	helloIn    = 2 * time.Second
	pingEvery  = time.Second
	backoffMax = 250 * time.Millisecond
	// restMax is the longest that a client rests between two operations.
	restMax = 30 * time.Millisecond
	// dialTries is how often a client tries to connect for the first time.
	dialTries = 20
)

// lobby is a stream on which all who chat are present all the time.
const lobby = "nemesis/lobby"

// crowd is the clients of a run. Half of them write scores, as the studio's own servers,
// and half chat, as players. Each prefers another node, and goes on with the next one.
type crowd struct {
	players []*client.Client
	talkers []*talker
	lobby   []*client.Stream // by talker
}

// gather connects all clients.
func gather(ctx context.Context, w *world, o *Options) (c *crowd, err error) {
	c = &crowd{}
	for i := range o.Clients {
		p, err := connect(ctx, w, i, client.ServerKey(w.cluster.Key))
		if err != nil {
			return c, err
		}
		c.players = append(c.players, p)
		t, err := connect(ctx, w, i, client.Custom(fmt.Sprintf("nemesis-talker-%d", i)))
		if err != nil {
			return c, err
		}
		c.talkers = append(c.talkers, &talker{number: i, client: t})
		s, err := t.Track(ctx, lobby, "here")
		if err != nil {
			return c, fmt.Errorf("enter the lobby: %w", err)
		}
		c.lobby = append(c.lobby, s)
	}
	return c, nil
}

// connect connects a client that prefers a node.
func connect(
	ctx context.Context, w *world, prefers int, as client.Credential,
) (c *client.Client, err error) {
	addrs := w.cluster.Addrs()
	at := prefers % len(addrs)
	addrs = slices.Concat(addrs[at:], addrs[:at])
	for range dialTries {
		c, err = client.Dial(ctx, strings.Join(addrs, ","), client.Options{
			Credential: as, Agent: "throng-bench", HelloIn: helloIn, PingEvery: pingEvery,
			BackoffMax: backoffMax,
		})
		if err == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(backoffMax):
		}
	}
	return nil, fmt.Errorf("connect: %w", err)
}

// close ends all sessions.
func (c *crowd) close() {
	for _, p := range c.players {
		p.Close()
	}
	for _, t := range c.talkers {
		t.client.Close()
	}
}

// sessions are those of all who chat, rising.
func (c *crowd) sessions() (all []grid.SessionID) {
	for _, t := range c.talkers {
		all = append(all, t.client.Session())
	}
	slices.Sort(all)
	return all
}

// stats adds up how often clients connected again, and how often that took their session
// up again.
func (c *crowd) stats() (again, resumed int) {
	for _, x := range c.all() {
		s := x.Stats()
		again += s.Connects - 1
		resumed += s.Resumed
	}
	return again, resumed
}

func (c *crowd) all() []*client.Client {
	all := slices.Clone(c.players)
	for _, t := range c.talkers {
		all = append(all, t.client)
	}
	return all
}
