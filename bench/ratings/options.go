package ratings

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/ssp"
)

// Options says what to play.
type Options struct {
	File    string            // the rating file: spelling.ssp of Debian's scid-rating-data
	At      []string          // lists whose top ten to show, "2013-12"; none: the last
	Restart bool              // SIGKILL and restart the server after half of the ratings
	Dump    string            // a file to write the final board to; "": none
	Conns   int               // connections, 1 to ConnsMax; 0: 16
	Server  process.Selection // which server
	Log     io.Writer         // progress for people; nil: none
}

// ConnsMax bounds Options.Conns.
const ConnsMax = 256

const connsDefault = 16

func (o *Options) defaults() error {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Conns == 0 {
		o.Conns = connsDefault
	}
	switch {
	case o.File == "":
		return errors.New("no rating file: apt-get install scid-rating-data, " +
			"then --file /usr/share/scid/data/spelling.ssp")
	case o.Conns < 1 || o.Conns > ConnsMax:
		return fmt.Errorf("%d connections: choose 1 to %d", o.Conns, ConnsMax)
	case o.Restart && !o.Server.Own():
		return errors.New("--restart kills the server, so it must be the benchmark's own: " +
			"leave --addr out")
	}
	return nil
}

func (o *Options) flags() map[string]string {
	return map[string]string{
		"file": o.File, "at": fmt.Sprint(o.At), "restart": strconv.FormatBool(o.Restart),
		"dump": o.Dump, "conns": strconv.Itoa(o.Conns), "addr": o.Server.Addr,
	}
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
