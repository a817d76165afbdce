package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
)

// verifyIn is how long reading everything back may take.
const verifyIn = 2 * time.Minute

// verify reads back all that was acknowledged.
func (d *demo) verify(ctx context.Context) (s Summary, err error) {
	ctx, cancel := context.WithTimeout(ctx, verifyIn)
	defer cancel()
	now := d.tally.mark()
	d.tally.frame(now, now) // the last times join the others
	s = Summary{
		Elapsed: time.Since(d.begin), Messages: now.messages, Scores: now.scores,
		Pushes: now.pushes, Unknown: d.tally.unknown.Load(),
		P50: float64(d.tally.total.ValueAtQuantile(50)) / 1000,
		P99: float64(d.tally.total.ValueAtQuantile(99)) / 1000,
	}
	if err := d.verifyRooms(ctx, &s); err != nil {
		return s, err
	}
	return s, d.verifyBoard(ctx, &s)
}

// verifyRooms compares what each room has with what its bots have sent.
func (d *demo) verifyRooms(ctx context.Context, s *Summary) error {
	for i := range d.rooms() {
		var acked, read int64
		unknown := false
		for j := i; j < len(d.bots); j += d.rooms() {
			acked += d.bots[j].messages
			unknown = unknown || d.bots[j].unknown
		}
		_, err := readback.Messages(ctx, d.bots[i].room, func(chat.Message) { read++ })
		if err != nil {
			return fmt.Errorf("room %s: %w", d.room(i), err)
		}
		s.MessagesRead += read
		s.compare("room "+d.room(i), acked, read, unknown)
	}
	return nil
}

// verifyBoard compares each bot's record with what it has scored.
func (d *demo) verifyBoard(ctx context.Context, s *Summary) error {
	records, err := readback.Board(ctx, d.studio, d.board)
	if err != nil {
		return err
	}
	points := map[grid.ID]int64{}
	for _, r := range records {
		points[r.Owner] = r.Score
		s.PointsRead += r.Score
	}
	for i := range d.bots {
		b := &d.bots[i]
		s.PointsAcked += b.points
		s.compare("points of "+b.name, b.points, points[b.player.User()], b.unknown)
	}
	return nil
}

// compare notes what was acknowledged and is not there, or the other way round. What
// is not known to be done may be there, or not.
func (s *Summary) compare(what string, acked, read int64, unknown bool) {
	if read < acked || read > acked && !unknown {
		s.Wrong = append(s.Wrong,
			fmt.Sprintf("%s: %d acknowledged, %d read back", what, acked, read))
	}
}
