package leaderboard

import (
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/cron"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
)

// The limits of this feature.
const (
	BoardNameBytesMax      = 128                // the longest name of a board
	BoardsPerSlotMax       = 10_000             // boards that share one of the world's slots
	StripesMax             = 64                 // slots over which one board is spread
	StripedPerSlotMax      = 64                 // boards of a slot that are spread over others
	StripesPerSlotMax      = 1 << 16            // parts of such boards in a slot
	BoardRecordsMax        = ranking.RecordsMax // records of one board in one period
	BoardMetadataBytesMax  = 4096               // the game's text about a board
	RecordMetadataBytesMax = 256                // the game's text about a record
	ScheduleBytesMax       = cron.BytesMax      // the longest schedule of resets
	PeriodsMax             = 100                // periods that a board keeps once they are over
	KeepMax                = 3650 * 24 * time.Hour
	PageRecordsMax         = 1000 // records of one reply
	OwnersMax              = 1000 // owners named in one OwnersRequest
	CursorBytesMax         = 64   // the longest cursor
)

// settings are what a board is made with; they never change.
type settings struct {
	sort          Sort
	operator      Operator
	authoritative bool
	schedule      string
	keep          int64 // seconds
	metadata      string
	stripes       int // 0: the board is not spread
}

// check returns an error for who made the settings.
func (s *settings) check() error {
	switch {
	case s.sort >= Sort(len(sorts)):
		return fault.New(fault.InvalidArgument,
			"there is no sort %d: use 0 (%v) or 1 (%v)", s.sort, Descending, Ascending)
	case s.operator >= Operator(len(operators)):
		return fault.New(fault.InvalidArgument,
			"there is no operator %d: use 0 to %d, for %q",
			s.operator, len(operators)-1, operators)
	case s.keep < 0 || s.keep > int64(KeepMax/time.Second):
		return fault.New(fault.InvalidArgument,
			"to keep periods for %d seconds: use 0 to %d", s.keep, KeepMax/time.Second)
	case s.keep > 0 && s.schedule == "":
		return fault.New(fault.InvalidArgument,
			"a board that is never reset has no periods to keep: give a schedule too")
	case s.stripes < 0 || s.stripes > StripesMax:
		return fault.New(fault.InvalidArgument,
			"a board of %d stripes: use 1 to %d", s.stripes, StripesMax)
	case s.schedule != "":
		if err := cron.Check(s.schedule); err != nil {
			return err
		}
	}
	return checkText("board's metadata", s.metadata, BoardMetadataBytesMax)
}

// Sort is the direction of a board.
type Sort uint8

// The directions, in the numbers that go over the wire and into snapshots.
const (
	Descending Sort = 0 // the highest score has rank 1: the default
	Ascending  Sort = 1 // the lowest score has rank 1: race times, say
)

var sorts = [...]string{"descending", "ascending"}

func (s Sort) String() string { return word(sorts[:], int(s)) }

// ParseSort returns the Sort whose String is given.
func ParseSort(text string) (Sort, error) {
	i, err := numberOf(sorts[:], "sort", text)
	return Sort(i), err
}

// Operator says what a submitted score does to the record that is there.
type Operator uint8

// The operators, in the numbers that go over the wire and into snapshots. The
// record of an owner who has none begins as it was submitted, Incr and Decr
// begin at 0.
const (
	Best Operator = 0 // keeps the better of both in the board's direction: the default
	Set  Operator = 1 // replaces
	Incr Operator = 2 // adds score and subscore
	Decr Operator = 3 // subtracts score and subscore
)

var operators = [...]string{"best", "set", "incr", "decr"}

func (o Operator) String() string { return word(operators[:], int(o)) }

// ParseOperator returns the Operator whose String is given.
func ParseOperator(text string) (Operator, error) {
	i, err := numberOf(operators[:], "operator", text)
	return Operator(i), err
}

func word(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return "unknown"
}

func numberOf(words []string, what, text string) (int, error) {
	for i, w := range words {
		if w == text {
			return i, nil
		}
	}
	return 0, fault.New(fault.InvalidArgument,
		"there is no %s %q: use one of %q", what, text, words)
}
