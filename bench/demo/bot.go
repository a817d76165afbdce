package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/client"
)

const (
	roomBots = 20 // bots to a room
	// pause is how long a bot waits between two things that it does, on average.
	pause = 250 * time.Millisecond
	// lastWait is how long the last call of a bot may take once the run is over.
	lastWait  = 20 * time.Second
	pointsMax = 100 // of one score
)

var names = []string{"ada", "bob", "cleo", "dan", "eve", "finn", "gus", "hana", "ivo", "june"}

var phrases = []string{
	"anyone for a round?", "well played", "who took the tower?", "one more?", "gg",
	"I am nearly there", "what is your rank?", "look behind you", "brb", "that was close",
}

// bot is one player.
type bot struct {
	name   string
	player *client.Client
	room   *client.Room
	shown  bool // its room's chat is on the screen

	messages, points int64 // acknowledged
	unknown          bool  // something is not known to be done
}

// enter logs a bot in.
func (d *demo) enter(ctx context.Context, i int) (err error) {
	b := &d.bots[i]
	b.name, b.shown = fmt.Sprintf("%s-%d", names[i%len(names)], i/len(names)), i == 0
	b.player, err = d.server.Dial(ctx, client.Options{
		Credential: client.Custom(fmt.Sprintf("demo-%s-%s", d.run, b.name)),
	})
	if err != nil {
		return err
	}
	d.tally.sessions.Add(1)
	b.room, err = b.player.Join(ctx, d.roomOf(i), client.JoinOptions{Status: b.name})
	return err
}

// listen takes what a bot is pushed, until ctx ends.
func (d *demo) listen(ctx context.Context, b *bot) {
	_ = readback.Follow(ctx, b.room, func(e client.Event) {
		d.tally.pushes.Add(1)
		if b.shown && e.Kind == client.MessageSent {
			d.tally.heard(e.Message.Content)
		}
	})
}

// act talks and scores until ctx ends, and finishes what it has begun by then.
func (d *demo) act(ctx context.Context, b *bot) error {
	for {
		process.Pause(ctx, rand.N(2*pause))
		if ctx.Err() != nil {
			return nil
		}
		err := d.once(ctx, b)
		switch {
		case err == nil:
		case fault.Of(err).Unknown:
			b.unknown = true
			d.tally.unknown.Add(1)
		case fault.Of(err).Retry == 0:
			return fmt.Errorf("bot %s: %w", b.name, err)
		}
	}
}

// once says something, or scores.
func (d *demo) once(ctx context.Context, b *bot) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWait)
	defer cancel()
	begin := time.Now()
	if rand.N(3) == 0 {
		_, err := b.room.Send(ctx, b.name+": "+phrases[rand.N(len(phrases))])
		if err == nil {
			b.messages++
			d.tally.messages.Add(1)
			d.tally.acked(begin)
		}
		return err
	}
	points := 1 + rand.Int64N(pointsMax)
	_, err := b.player.Submit(ctx, leaderboard.SubmitRequest{
		Board: d.board, Score: points, Metadata: b.name,
	})
	if err == nil {
		b.points += points
		d.tally.scores.Add(1)
		d.tally.acked(begin)
	}
	return err
}

// leave ends a bot's session, so that a server that goes on does not keep it.
func (b *bot) leave(ctx context.Context) {
	if b.player != nil {
		_, _ = b.player.EndSession(ctx, session.EndRequest{})
		_ = b.player.Close()
	}
}
