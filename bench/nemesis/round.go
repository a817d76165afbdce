package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

const (
	boardsEach = 2 // boards of each operator in a round
	roomsEach  = 2 // rooms in a round
	// heardIn is how long the last messages may take to be with everybody.
	heardIn = 20 * time.Second
	// createIn is how long boards and rooms may take to be there.
	createIn = 30 * time.Second
)

// round is the boards and rooms that clients use around one fault or two. Each round has
// its own, so that no history becomes too long to be checked, and one begins and ends
// while the cluster is whole.
type round struct {
	number int
	begin  time.Time // of the run: histories count from it
	boards []*history
	owners [ownersEach]grid.ID
	rooms  []*transcript
	seats  [][]*seat // by talker, and room

	stop   atomic.Bool
	work   sync.WaitGroup
	ears   sync.WaitGroup
	deafen context.CancelFunc
}

func newRound(number int, begin time.Time) *round {
	r := &round{number: number, begin: begin, deafen: func() {}}
	for i := range r.owners {
		r.owners[i] = grid.UserID("bench", fmt.Sprintf("nemesis-%d-%d", number, i))
	}
	for i := range boardsEach {
		for _, o := range []struct {
			word     string
			operator leaderboard.Operator
		}{{"set", leaderboard.Set}, {"best", leaderboard.Best}, {"incr", leaderboard.Incr}} {
			name := fmt.Sprintf("nemesis/%d/%s/%d", number, o.word, i)
			r.boards = append(r.boards, newHistory(name, o.operator))
		}
	}
	for i := range roomsEach {
		r.rooms = append(r.rooms, newTranscript(fmt.Sprintf("nemesis/%d/%d", number, i)))
	}
	return r
}

// now is the time of histories: nanoseconds since the begin of the run.
func (r *round) now() int64 { return time.Since(r.begin).Nanoseconds() }

// keys name all boards and rooms.
func (r *round) keys() (all []string) {
	for _, h := range r.boards {
		all = append(all, h.name)
	}
	for _, t := range r.rooms {
		all = append(all, t.name)
	}
	return all
}

// open makes the boards and lets everybody into the rooms.
func (r *round) open(ctx context.Context, c *crowd) error {
	creating, cancel := context.WithTimeout(ctx, createIn)
	defer cancel()
	for i, h := range r.boards {
		_, err := c.players[i%len(c.players)].CreateBoard(creating, leaderboard.CreateRequest{
			Board: h.name, Sort: leaderboard.Descending, Operator: h.operator,
		})
		if err != nil {
			return fmt.Errorf("create board %s: %w", h.name, err)
		}
	}
	for _, t := range c.talkers {
		var seats []*seat
		for _, text := range r.rooms {
			s, err := t.take(ctx, text)
			if err != nil {
				return err
			}
			seats = append(seats, s)
		}
		r.seats = append(r.seats, seats)
	}
	return nil
}

// start lets the clients work, until halt.
func (r *round) start(ctx context.Context, c *crowd, w *watch, seed uint64) {
	hearing, deafen := context.WithCancel(ctx)
	r.deafen = deafen
	for _, seats := range r.seats {
		for _, s := range seats {
			r.ears.Go(func() { s.listen(hearing, w) })
		}
	}
	draws := func(i int) *rand.Rand {
		return rand.New(rand.NewPCG(seed, uint64(r.number)<<32|uint64(i)))
	}
	for i, x := range c.players {
		p := &player{client: x, random: draws(2 * i), watch: w, round: r}
		r.work.Go(func() { p.run(ctx, &r.stop) })
	}
	for i, t := range c.talkers {
		r.work.Go(func() { t.speak(ctx, draws(2*i+1), r, w, &r.stop) })
	}
}

// halt waits until all clients have finished what they had begun.
func (r *round) halt() {
	r.stop.Store(true)
	r.work.Wait()
}

// leave ends what is left of the round.
func (r *round) leave(ctx context.Context) {
	r.halt()
	r.deafen()
	r.ears.Wait()
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	for _, seats := range r.seats {
		for _, s := range seats {
			_ = s.room.Leave(ctx) // who cannot leave is with the dead soon enough
		}
	}
	r.seats = nil
}

// checkRooms compares what everybody was told, was given, and can read.
func (r *round) checkRooms(ctx context.Context) (v verdict, err error) {
	for at, text := range r.rooms {
		r.awaitEars(ctx, at)
		// Two who prefer different nodes read it all.
		for _, seats := range r.seats[:min(2, len(r.seats))] {
			if err := seats[at].read(ctx); err != nil {
				return v, err
			}
		}
		for _, seats := range r.seats {
			if had, want := seats[at].last.Load(), text.end(); had < want {
				text.short(seats[at].who, had, want)
			}
		}
		v.add(text.take())
	}
	return v, nil
}

// awaitEars waits until everybody has been given all messages of a room.
func (r *round) awaitEars(ctx context.Context, at int) {
	for end := time.Now().Add(heardIn); time.Now().Before(end) && ctx.Err() == nil; {
		last := r.rooms[at].end()
		if !slices.ContainsFunc(r.seats, func(s []*seat) bool { return s[at].last.Load() < last }) {
			return
		}
		process.Pause(ctx, 5*time.Millisecond)
	}
}

// checkBoards reads all boards through a client and checks their histories.
func (r *round) checkBoards(ctx context.Context, c *client.Client) (v verdict, err error) {
	ctx, cancel := context.WithTimeout(ctx, createIn)
	defer cancel()
	for _, h := range r.boards {
		called := r.now()
		all, err := readback.Board(ctx, c, h.name)
		if err != nil {
			return v, err
		}
		v.add(h.check(r.seen(all), called, r.now(), checkWithin))
	}
	return v, nil
}

// seen is what records say, with the numbers of their owners; -1 is nobody's.
func (r *round) seen(records []leaderboard.Record) (all []seen) {
	for _, x := range records {
		all = append(all, seen{slices.Index(r.owners[:], x.Owner), x.Score, x.Rank})
	}
	return all
}
