package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thronggrid/throng/grid/fault"
)

const (
	// HotSecondsMax bounds how long is sampled.
	HotSecondsMax     = 60
	hotSecondsDefault = 5
)

// hotKinds are what may be asked for.
var hotKinds = [...]string{"slots", "boards", "channels"}

// HotQuery asks what the node is busy with.
type HotQuery struct {
	Kind string        // slots, boards or channels
	For  time.Duration // 1 s to HotSecondsMax
}

// Hot is what a node was busy with.
type Hot struct {
	Kind     string   `json:"kind"`
	Seconds  float64  `json:"seconds"`  // sampled
	Requests uint64   `json:"requests"` // commands applied meanwhile, whatever they were about
	Top      []HotRow `json:"top"`      // the busiest first
}

// HotRow is one slot, board or channel.
type HotRow struct {
	Name     string `json:"name"` // the number of a slot, the name of a board or a stream
	Slot     int    `json:"slot"`
	Requests uint64 `json:"requests"` // at most so many,
	Over     uint64 `json:"over"`     // and at least so many fewer
}

func (s *Server) hot(w http.ResponseWriter, r *http.Request) {
	if s.options.Node.Hot == nil {
		fail(w, fault.New(fault.Unimplemented, "this node does not sample what it is busy with"))
		return
	}
	q, err := readHot(r.URL.Query())
	if err != nil {
		fail(w, err)
		return
	}
	found, err := s.options.Node.Hot(r.Context(), q)
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, found)
}

// readHot reads ?kind=boards&seconds=5.
func readHot(in url.Values) (q HotQuery, err error) {
	q.Kind = in.Get("kind")
	if !slices.Contains(hotKinds[:], q.Kind) {
		return q, fault.New(fault.InvalidArgument, "want ?kind= one of %s",
			strings.Join(hotKinds[:], ", "))
	}
	seconds := hotSecondsDefault
	if text := in.Get("seconds"); text != "" {
		seconds, err = strconv.Atoi(text)
		if err != nil || seconds < 1 || seconds > HotSecondsMax {
			return q, fault.New(fault.InvalidArgument, "want ?seconds= a number of 1 to %d",
				HotSecondsMax)
		}
	}
	q.For = time.Duration(seconds) * time.Second
	return q, nil
}
