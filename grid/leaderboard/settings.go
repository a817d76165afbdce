package leaderboard

import (
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
)

// The limits of this feature.
const (
	BoardNameBytesMax = 128                // the longest name of a board
	BoardsPerSlotMax  = 10_000             // boards that share one of the world's slots
	BoardRecordsMax   = ranking.RecordsMax // records of one board
	PageRecordsMax    = 1000               // records of one reply
	OwnersMax         = 1000               // owners named in one OwnersRequest
)

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
	i, err := number(sorts[:], "sort", text)
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
	i, err := number(operators[:], "operator", text)
	return Operator(i), err
}

func word(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return "unknown"
}

func number(words []string, what, text string) (int, error) {
	for i, w := range words {
		if w == text {
			return i, nil
		}
	}
	return 0, fault.New(fault.InvalidArgument,
		"there is no %s %q: use one of %q", what, text, words)
}
