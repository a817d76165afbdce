package main

import (
	"context"
	"errors"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/shard/host"
)

// hotMax is how many slots, boards or channels are told at the most.
const hotMax = 20

// hot watches what commands are about, for who asks over HTTP.
func (n *node) hot(ctx context.Context, q admin.HotQuery) (admin.Hot, error) {
	if !n.serves.Load() {
		return admin.Hot{}, fault.New(fault.Unavailable, "the node does not serve yet: ask later")
	}
	heat, err := n.shards.Watch(ctx, q.For)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return admin.Hot{}, err
	}
	rows := heat.Slots
	switch q.Kind {
	case "boards":
		rows = heat.Boards
	case "channels":
		rows = heat.Channels
	}
	return hotAnswer(q.Kind, heat, rows), nil
}

func hotAnswer(kind string, heat *host.Heat, rows []host.Hot) admin.Hot {
	out := admin.Hot{Kind: kind, Seconds: float64(heat.Micros) / 1e6,
		Requests: heat.Commands, Top: []admin.HotRow{}}
	for _, r := range rows[:min(len(rows), hotMax)] {
		out.Top = append(out.Top, admin.HotRow{
			Name: r.Name, Slot: int(r.Slot), Requests: r.Commands, Over: r.Over})
	}
	return out
}
