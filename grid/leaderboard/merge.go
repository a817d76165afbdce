package leaderboard

import (
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// talliesMax bounds the work of one read: owners times stripes, about a
// microsecond each.
const talliesMax = 4096

// owners answers an OwnersRequest whose owners, count of them, are next.
func (g *gather) owners(in pack.Cursor, count int, out []byte) ([]byte, error) {
	of := len(g.stripes)
	if count*of > talliesMax {
		return out, fault.New(fault.InvalidArgument,
			"%d owners: name at most %d in one request about board %q, which has %d stripes",
			count, talliesMax/of, g.name, of)
	}
	asked := make([]grid.ID, count)
	parts := make([][]grid.ID, of)
	for i := range asked {
		if err := readOwner(&in, &asked[i]); err != nil {
			return out, err
		}
		number := stripeOf(&asked[i], of)
		parts[number] = append(parts[number], asked[i])
	}
	found := make(map[grid.ID]*Record, count)
	var records []Record
	for i, owners := range parts {
		if len(owners) == 0 {
			continue
		}
		r := OwnersRequest{Board: g.stripes[i].key, Owners: owners, Period: g.end}
		page, err := g.records(i, KindOwners, &r)
		if err != nil {
			return out, err
		}
		records = append(records, page.Records...)
	}
	places := make([]ranking.Record, len(records))
	for i := range records {
		records[i].Rank = 1
		places[i] = g.sort.place(&records[i])
		found[records[i].Owner] = &records[i]
	}
	err := g.tally(places, func(_, place, before int) { records[place].Rank += before })
	if err != nil {
		return out, err
	}
	ordered := make([]Record, 0, count)
	for i := range asked {
		if r := found[asked[i]]; r != nil {
			ordered = append(ordered, *r)
		}
	}
	out = pack.AppendUint(pack.AppendArray(out, 2), uint64(g.total()))
	return appendRecords(out, ordered), nil
}

func appendRecords(b []byte, records []Record) []byte {
	b = pack.AppendArray(b, len(records))
	for i := range records {
		r := &records[i]
		b = appendRecord(b, &r.Owner, r.Score, r.Subscore, r.Stamp, r.Rank, r.Metadata)
	}
	return b
}

// info answers an InfoRequest: the root knows the settings, and each stripe its
// records, of a period that may be over here and run there.
func (g *gather) info(out []byte) ([]byte, error) {
	var all InfoReply
	records := map[int64]int{}
	for i := range g.stripes {
		in, there, err := g.ask(i, KindInfo, &InfoRequest{Board: g.stripes[i].key})
		if err != nil {
			return out, err
		}
		if !there {
			continue
		}
		r, err := DecodeInfoReply(&in)
		if err != nil {
			return out, err
		}
		if i == 0 {
			all = r
		}
		records[r.End] += r.Records
		for _, p := range r.Periods {
			records[p.End] += p.Records
		}
	}
	if all.Stripes == 0 {
		return out, noBoard(g.name) // it went meanwhile
	}
	all.Records, all.Periods = records[all.End], nil
	for end, n := range records {
		if end < all.End && n > 0 {
			all.Periods = append(all.Periods, Period{end, n})
		}
	}
	slices.SortFunc(all.Periods, func(a, b Period) int { return int(a.End - b.End) })
	return all.append(out), nil
}
