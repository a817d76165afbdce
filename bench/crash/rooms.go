package crash

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
)

// heardIn is how long the last messages and presences may take to be so
// everywhere.
const heardIn = 20 * time.Second

// verifyRooms reads all rooms and compares them with what the talkers know. No
// talker may run, but for its ears.
func verifyRooms(ctx context.Context, talkers []*talker) (messages int, f faults, err error) {
	for i := range chatRooms {
		all, err := readRoom(ctx, talkers[0], i, &f)
		if err != nil {
			return messages, f, err
		}
		messages += len(all)
		compareRoom(i, all, talkers, &f)
		if err := awaitEars(ctx, i, uint64(len(all)), talkers, &f); err != nil {
			return messages, f, err
		}
		if err := verifyPresences(ctx, i, talkers, &f); err != nil {
			return messages, f, err
		}
	}
	for _, t := range talkers {
		f.add(&t.faults)
		t.faults = faults{}
		for _, e := range t.ears {
			heard := e.take()
			f.add(&heard)
		}
	}
	return messages, f, nil
}

// readRoom returns all messages of a room, as far as it is whole.
func readRoom(ctx context.Context, t *talker, room int, f *faults) ([]chat.Message, error) {
	var all []chat.Message
	last, err := readback.Messages(ctx, t.rooms[room], func(m chat.Message) {
		all = append(all, m)
	})
	if err != nil {
		return nil, fmt.Errorf("room %d: %w", room, err)
	}
	return numbered(room, all, last, f), nil
}

// numbered returns the messages up to the first that has not the next number, of 1,
// 2, 3 and so on to the last.
func numbered(room int, all []chat.Message, last uint64, f *faults) []chat.Message {
	for i, m := range all {
		if m.Seq != uint64(i)+1 {
			f.lost++
			f.example("room %d has number %d behind %d", room, m.Seq, i)
			return all[:i]
		}
	}
	if last != uint64(len(all)) {
		f.lost++
		f.example("room %d ends at number %d, and says %d", room, len(all), last)
	}
	return all
}

// compareRoom checks that each message is what its talker says it must be, and
// that nothing is there twice or from nobody.
func compareRoom(room int, all []chat.Message, talkers []*talker, f *faults) {
	seen := map[string]uint64{}
	owner := map[grid.ID]*talker{}
	for _, t := range talkers {
		owner[t.user] = t
		for seq := range t.said[room].messages {
			if seq > uint64(len(all)) {
				f.lost++
				f.example("room %d: number %d was acknowledged, the last is %d", room, seq,
					len(all))
			}
		}
	}
	for _, m := range all {
		if was := seen[m.Content]; was != 0 && !m.Removed {
			f.doubled++
			f.example("room %d: %q has numbers %d and %d", room, m.Content, was, m.Seq)
		}
		seen[m.Content] = m.Seq
		t := owner[m.Sender]
		if t == nil {
			f.other++
			f.example("room %d: number %d is of nobody who talked", room, m.Seq)
			continue
		}
		t.compare(room, &m, f)
	}
}

// compare checks one message of the talker's.
func (t *talker) compare(room int, m *chat.Message, f *faults) {
	s := &t.said[room]
	possible, acked := s.messages[m.Seq]
	switch {
	case !acked && s.doubtful[m.Content]: // it was sent after all
		delete(s.doubtful, m.Content)
	case !acked:
		f.other++
		f.example("room %d: number %d, %q, was not sent", room, m.Seq, m.Content)
	case !slices.Contains(possible, m.Content):
		f.lost++
		f.example("room %d: number %d is %q, possible are %q", room, m.Seq, m.Content, possible)
	}
	s.messages[m.Seq] = []string{m.Content}
}

// awaitEars waits until every talker was given all messages of a room.
func awaitEars(
	ctx context.Context, room int, last uint64, talkers []*talker, f *faults,
) error {
	for end := time.Now().Add(heardIn); ctx.Err() == nil; {
		late := slices.IndexFunc(talkers, func(t *talker) bool { return t.ears[room].at() < last })
		if late < 0 {
			return nil
		}
		if time.Now().After(end) {
			f.lost++
			f.example("room %d: talker %d was given number %d, the last is %d", room, late,
				talkers[late].ears[room].at(), last)
			return nil
		}
		process.Pause(ctx, time.Millisecond)
	}
	return ctx.Err()
}

// verifyPresences waits until exactly the talkers' sessions are present in a room.
func verifyPresences(ctx context.Context, room int, talkers []*talker, f *faults) error {
	var want []grid.SessionID
	for _, t := range talkers {
		want = append(want, t.client.Session())
	}
	slices.Sort(want)
	for end := time.Now().Add(heardIn); ; {
		got, err := readback.Sessions(ctx, talkers[0].rooms[room].Stream)
		if err != nil {
			return fmt.Errorf("room %d: %w", room, err)
		}
		if slices.Equal(got, want) {
			return nil
		}
		if time.Now().After(end) {
			f.other++
			f.example("room %d: sessions %v are present, want %v", room, got, want)
			return nil
		}
		process.Pause(ctx, time.Millisecond)
	}
}
