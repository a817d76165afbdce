package netio

import (
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// crowd is more than a turn writes to of each of two rounds.
const crowd = writesTurn/2 + 10

// Whatever comes up while rounds are under way, and whoever comes, goes, does not read
// or breaks down meanwhile: all on a stream hear everything in order, or are told that
// they missed some, before those who said it are answered; and each round ends.
func TestSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) { // without the deadline of the real clock
			a := newAudience(t, 2)
			for _, l := range a.loops {
				for range crowd {
					a.connect(l, 0)
				}
				for range 8 {
					a.connect(l, 0, 1, 2, 3, 4, 5, 6)
				}
			}
			for range 3 {
				t.Repeat(a.acts())
				for _, c := range a.clients {
					c.unread = 0
				}
				a.settle()
			}
			a.fan.close()
		})
	})
}

// acts are what may happen to an audience.
func (a *audience) acts() map[string]func(*rapid.T) {
	stream := rapid.IntRange(0, audienceStreams-1)
	size := rapid.SampledFrom([]int{0, 0, 0, 30_000})
	who := func(t *rapid.T) *client {
		return a.clients[rapid.IntRange(0, len(a.clients)-1).Draw(t, "client")]
	}
	few := func(t *rapid.T) *client { // of those on many streams
		c := rapid.IntRange(0, 15).Draw(t, "client")
		return a.clients[(1+c/8)*(crowd+8)-1-c%8]
	}
	turn := func(t *rapid.T) { a.turn(a.loops[rapid.IntRange(0, 1).Draw(t, "loop")]) }
	return map[string]func(*rapid.T){
		"": func(*rapid.T) { a.checkRounds() },
		"tell": func(t *rapid.T) {
			for range rapid.IntRange(1, 6).Draw(t, "times") {
				a.tell(stream.Draw(t, "stream"), size.Draw(t, "size"))
			}
		},
		"burst": func(t *rapid.T) {
			n := stream.Draw(t, "stream")
			for range rapid.IntRange(1, 5).Draw(t, "times") {
				a.tell(n, 30_000)
			}
		},
		"say":     func(t *rapid.T) { few(t).say(stream.Draw(t, "stream"), size.Draw(t, "size")) },
		"say 0":   func(t *rapid.T) { who(t).say(0, size.Draw(t, "size")) },
		"turn":    turn,
		"another": turn,
		"rest":    func(*rapid.T) { a.rest() },
		"join":    func(t *rapid.T) { who(t).join(stream.Draw(t, "stream")) },
		"leave":   func(t *rapid.T) { few(t).leave(stream.Draw(t, "stream")) },
		"full":    func(*rapid.T) { a.full() },
		"read":    func(t *rapid.T) { few(t).unread = 0 },
		"choke":   func(t *rapid.T) { few(t).choke() },
		"end": func(t *rapid.T) {
			c := who(t)
			if rapid.Bool().Draw(t, "of many streams") {
				c = few(t)
			}
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				c.end()
			case 1:
				c.broken = true
			default:
				c.fault = true
			}
		},
	}
}

// Who gets something of a round has got it when the round is over, and its frames are
// written over, even if another round was to be written to it first.
func TestSmallRoundOverBeforeLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAudience(t, 1)
		defer a.fan.close()
		for range crowd {
			a.connect(a.loops[0], 0)
		}
		a.connect(a.loops[0], 0, 1)
		a.connect(a.loops[0], 2)
		for range RoundsMax - 1 {
			for stream := range 3 {
				a.tell(stream, 0)
				a.rest()
			}
			a.turn(a.loops[0])
			a.rest()
		}
		a.settle()
	})
}

// A fault in writing costs nobody else what was to be written, of that round and of
// others, and a round that was through before is not begun again.
func TestFaultInARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAudience(t, 1)
		defer a.fan.close()
		first, second, third := a.connect(a.loops[0], 1), a.connect(a.loops[0], 2), a.connect(a.loops[0], 2)
		for stream := range 3 {
			a.tell(stream, 0)
			a.rest()
		}
		second.fault = true
		a.turn(a.loops[0])
		if first.streams[1].heard != 1 || second.streams[2].heard != 0 || third.streams[2].heard != 0 {
			t.Fatal("the fault was not between two rounds")
		}
		a.settle()
		if third.streams[2].heard != 1 || second.k.state == open {
			t.Error("the one behind the fault heard nothing, or the connection stayed")
		}
	})
}

// A turn writes to so many connections and no more, and to as many of each round.
func TestTurnOfSeveralRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAudience(t, 1)
		defer a.fan.close()
		for stream := range 2 {
			for range writesTurn + 1 {
				a.connect(a.loops[0], stream)
			}
			a.tell(stream, 0)
			a.rest()
		}
		a.turn(a.loops[0])
		var heard [2]int
		for _, c := range a.clients {
			heard[0] += c.streams[0].heard
			heard[1] += c.streams[1].heard
		}
		if heard != [2]int{writesTurn / 2, writesTurn / 2} {
			t.Errorf("a turn wrote to %v members", heard)
		}
		a.settle()
	})
}
