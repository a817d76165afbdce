package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// holding is how much there is of one kind of thing.
type holding struct {
	kind string
	grid.Size
}

// holdings are what a slot holds, or a number of them, without what it has none of.
type holdings []holding

func holdingsOf(z *slot.Sizes) (out holdings) {
	for _, h := range (holdings{
		{"boards", z.Boards}, {"records", z.Records}, {"sessions", z.Sessions},
		{"tokens", z.Tokens}, {"streams", z.Streams}, {"presences", z.Presences},
		{"channels", z.Channels}, {"messages", z.Messages}, {"clients", z.Requests},
		{"duties", z.Duties}, {"unarchived", z.Unarchived},
	}) {
		if h.Count > 0 || h.Bytes > 0 {
			out = append(out, h)
		}
	}
	return out
}

func (h holdings) String() string {
	var out []string
	for _, h := range h {
		out = append(out, fmt.Sprintf("%d %s", h.Count, h.kind))
	}
	return strings.Join(out, ", ")
}

// MarshalJSON implements json.Marshaler.
func (h holdings) MarshalJSON() ([]byte, error) {
	type size struct {
		Count int64 `json:"count"`
		Bytes int64 `json:"bytes"`
	}
	all := map[string]size{}
	for _, h := range h {
		all[h.kind] = size(h.Size)
	}
	return json.Marshal(all)
}

// state reads the state of a shard and prints what its slots hold: as many as are wanted of
// them one by one, and all together.
func (d *dumper) state(r io.Reader, number uint64, list bool) (shard.Content, *slot.Sizes, error) {
	var all slot.Sizes
	slots := d.list("slot")
	content, err := shard.ReadDigest(r, func(n int, s *slot.Slot) {
		z := s.Sizes()
		all.Add(&z)
		if d.slot >= 0 && n != d.slot || !list || !slots.next() {
			return
		}
		d.row("slot", []field{{"shard", number}, {"slot", n}, {"stamp", timeOf(s.Stamp())},
			{"digest", hexOf(s.Digest())}, {"holds", holdingsOf(&z)}})
		if n == d.slot {
			d.found = true
			d.kinds(&z)
		}
	})
	slots.end()
	if err == nil {
		_, err = io.Copy(io.Discard, r) // up to its own end
	}
	return content, &all, err
}

// missing says so when the slot that was asked for is not there.
func (d *dumper) missing() {
	if d.slot >= 0 && !d.found {
		d.say("missing", fmt.Sprintf("nothing was found at slot %d", d.slot))
	}
}

// kinds prints what there is of each kind.
func (d *dumper) kinds(z *slot.Sizes) {
	for _, h := range holdingsOf(z) {
		var since any
		switch h.kind {
		case "duties":
			since = timeOf(z.OldestDuty)
		case "unarchived":
			since = timeOf(z.OldestUnarchived)
		}
		d.row("kind", []field{{"kind", h.kind}, {"count", h.Count}, {"memory_bytes", h.Bytes},
			{"oldest", since}})
	}
}

// floorsOf says which incarnation of each node is the lowest that lives.
func floorsOf(floors grid.Floors) []string {
	var out []string
	for _, o := range floors {
		out = append(out, originOf(o))
	}
	return out
}

func originOf(o grid.Origin) string {
	return fmt.Sprintf("node %d, start %d", o.Node(), o.Incarnation())
}
