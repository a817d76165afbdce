package ratings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/thronggrid/throng/bench/ssp"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// topPlaces is how many places of a list are shown.
const topPlaces = 10

// topPage is how many records are asked for at once.
const topPage = 50

// place is one line of a top ten.
type place struct {
	place  int
	tied   bool
	player int
	rating int
}

// top reads the best of a list, given by index, from the board: places 1 to 10
// and all who share the tenth.
func (m *model) top(ctx context.Context, c *client.Client, name string, list int) ([]place, error) {
	var out []place
	for rank := 1; ; rank += topPage {
		p, err := c.Page(ctx, leaderboard.PageRequest{Board: name, Rank: rank, Limit: topPage})
		if err != nil {
			return nil, fmt.Errorf("read the top ten: %w", err)
		}
		for i, r := range p.Records {
			player, ok := m.player[r.Owner]
			if !ok || r.Rank != rank+i {
				return nil, fmt.Errorf("read the top ten: rank %d of %v where rank %d was due",
					r.Rank, r.Owner, rank+i)
			}
			if m.state[player].last != int32(list) {
				continue // not in this list: does not count
			}
			if len(out) >= topPlaces && int(r.Score) != out[len(out)-1].rating {
				return places(out), nil
			}
			out = append(out, place{player: int(player), rating: int(r.Score)})
		}
		if len(p.Records) < topPage {
			return places(out), nil
		}
	}
}

// places numbers players that come best first; equal ratings share a place.
func places(out []place) []place {
	for i := range out {
		out[i].place = i + 1
		if i > 0 && out[i].rating == out[i-1].rating {
			out[i].place = out[i-1].place
			out[i].tied, out[i-1].tied = true, true
		}
	}
	return out
}

// wrong says how a top ten differs from the list in the file; "" if it does not.
func (m *model) wrong(top []place, l ssp.List) string {
	var ratings []int
	of := map[int]int{}
	for player, rating := range m.file.In(l) {
		ratings = append(ratings, rating)
		of[player] = rating
	}
	slices.Sort(ratings)
	slices.Reverse(ratings)
	want := len(ratings)
	if want > topPlaces {
		for want = topPlaces; want < len(ratings) && ratings[want] == ratings[want-1]; {
			want++
		}
	}
	if len(top) != want {
		return fmt.Sprintf("%d players, want %d", len(top), want)
	}
	for i, p := range top {
		if p.rating != ratings[i] || of[p.player] != p.rating {
			return fmt.Sprintf("%s with %d in line %d, where the list has %d",
				m.file.Players[p.player].Name, p.rating, i+1, ratings[i])
		}
	}
	return ""
}

// describe writes a top ten in one line; "=" marks a place that is shared.
func (m *model) describe(top []place) string {
	var parts []string
	for _, p := range top {
		mark := "."
		if p.tied {
			mark = "="
		}
		parts = append(parts, fmt.Sprintf("%d%s %s %d", p.place, mark,
			m.file.Players[p.player].Name, p.rating))
	}
	return strings.Join(parts, "; ")
}
