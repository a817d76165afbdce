package ratings

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/ssp"
)

// Options says what to play.
type Options struct {
	File    string   // the rating file: spelling.ssp of Debian's scid-rating-data
	At      []string // lists whose top ten to show, "2013-12"; none: the last
	Restart bool     // SIGKILL and restart the server after half of the ratings
	Dump    string   // a file to write the final board to; "": none
	Conns   int      // connections, 1 to ConnsMax
	Server  process.Selection
	Log     io.Writer // progress for people
}

// ConnsMax bounds Options.Conns.
const ConnsMax = 256

// Defaults returns how a file is played when nothing else is asked for.
func Defaults() Options { return Options{Conns: 16, Log: io.Discard} }

// Check refuses what cannot be played, by the names of the command's flags.
func (o *Options) Check() error {
	switch {
	case o.File == "":
		return errors.New("--file is missing: name the rating file, " +
			"/usr/share/scid/data/spelling.ssp say (apt-get install scid-rating-data)")
	case o.Conns < 1 || o.Conns > ConnsMax:
		return fmt.Errorf("--conns %d: want 1 to %d", o.Conns, ConnsMax)
	case o.Restart && o.Server.Addr != "":
		return errors.New("--restart cannot kill the server of --addr: leave one of them out")
	}
	for _, at := range o.At {
		if _, err := ssp.ParseList(at); err != nil {
			return fmt.Errorf("--at: %w", err)
		}
	}
	return o.Server.Check()
}

// asked returns the lists named by Options.At.
func (o *Options) asked(f *ssp.File) (map[ssp.List]bool, error) {
	all := f.Lists()
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no ratings", o.File)
	}
	asked := map[ssp.List]bool{}
	for _, s := range o.At {
		l, err := ssp.ParseList(s)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(all, l) {
			return nil, fmt.Errorf("the file has no list of %v; its lists: %v", l, all)
		}
		asked[l] = true
	}
	if len(asked) == 0 {
		asked[all[len(all)-1]] = true
	}
	return asked, nil
}
