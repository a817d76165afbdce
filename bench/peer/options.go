package peer

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

// Options says what to compare.
type Options struct {
	Members int         // on each of the two boards, at least 1
	Seconds float64     // measured time of each short run, up to load.SecondsMax
	Rounds  int         // alternations; 0: 5, and 7 for T4
	Only    []string    // of Comparisons; none: all
	Redis   string      // the redis-server program
	Server  process.Own // how to start Throng
	Log     io.Writer   // progress for people
}

// Comparisons returns the targets that can be compared.
func Comparisons() []string { return []string{"T3", "T4", "T5", "T8", "T9"} }

// Defaults returns what is compared when nothing else is asked for.
func Defaults() Options {
	return Options{Members: 1_000_000, Seconds: 2, Redis: "redis-server", Log: io.Discard}
}

// Check refuses what cannot be compared, by the names of the command's flags.
func (o *Options) Check() error {
	switch {
	case o.Members < 1:
		return fmt.Errorf("--members %d: want at least 1", o.Members)
	case o.Rounds < 0:
		return fmt.Errorf("--rounds %d: want at least 1, or 0 for the default", o.Rounds)
	}
	for _, target := range o.Only {
		if !slices.Contains(Comparisons(), target) {
			return fmt.Errorf("--only %s: want one of %s", target,
				strings.Join(Comparisons(), ", "))
		}
	}
	return load.CheckSeconds(o.Seconds)
}

func (o *Options) wants(target string) bool {
	return len(o.Only) == 0 || slices.Contains(o.Only, target)
}

// wantsBoards says whether any comparison needs the boards.
func (o *Options) wantsBoards() bool { return o.wants("T3") || o.wants("T4") || o.wants("T5") }

func (o *Options) rounds(target string) int {
	switch {
	case o.Rounds > 0:
		return o.Rounds
	case target == "T4":
		return 7
	}
	return 5
}
