package peer

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thronggrid/throng/bench/process"
)

// Options says what to compare.
type Options struct {
	Members int               // on each of the two boards; 0: 1,000,000
	Seconds float64           // measured time of each short run; 0: 2
	Rounds  int               // alternations; 0: 5, and 7 for T4
	Only    []string          // of Comparisons; none: all
	Redis   string            // the redis-server program; "": the one in PATH
	Server  process.Selection // how to start Throng; a running one cannot be used
	Log     io.Writer         // progress for people; nil: none
}

// Comparisons returns the targets that can be compared.
func Comparisons() []string { return []string{"T3", "T4", "T5", "T8", "T9"} }

// The defaults, and the warm-up before each measured time.
const (
	membersDefault  = 1_000_000
	secondsDefault  = 2
	roundsDefault   = 5
	roundsDefaultT4 = 7
	warmUp          = time.Second
)

func (o *Options) defaults() error {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Members == 0 {
		o.Members = membersDefault
	}
	if o.Seconds == 0 {
		o.Seconds = secondsDefault
	}
	if o.Redis == "" {
		o.Redis = "redis-server"
	}
	if o.Members < 1 || o.Seconds < 0 || o.Rounds < 0 {
		return fmt.Errorf("%d members, %g seconds, %d rounds: none may be negative",
			o.Members, o.Seconds, o.Rounds)
	}
	if !o.Server.Own() {
		return fmt.Errorf("a comparison starts both servers itself: leave --addr out")
	}
	for _, t := range o.Only {
		if !slices.Contains(Comparisons(), t) {
			return fmt.Errorf("there is no comparison %q: choose of %s", t,
				strings.Join(Comparisons(), ", "))
		}
	}
	return nil
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
		return roundsDefaultT4
	}
	return roundsDefault
}

func (o *Options) flags() map[string]string {
	return map[string]string{
		"members": strconv.Itoa(o.Members), "seconds": fmt.Sprint(o.Seconds),
		"rounds": strconv.Itoa(o.Rounds), "only": strings.Join(o.Only, ","), "redis": o.Redis,
	}
}
