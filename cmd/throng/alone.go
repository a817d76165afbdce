package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard"
	"github.com/thronggrid/throng/shard/host"
)

// aloneNode is the number of a node that is alone.
const aloneNode = 1

// openAlone opens the shards of a node that is its own cluster, and starts all of them. A new
// data directory gets as many as want says, or fresh if that is 0; an old one must have want.
func openAlone(o host.Options, want, fresh int) (*host.Host, error) {
	o.Node = aloneNode
	h, err := host.Open(o)
	if err != nil {
		return nil, err
	}
	if err := startAlone(h, o.Dir, want, fresh); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func startAlone(h *host.Host, dir string, want, fresh int) error {
	t, err := tableAlone(h, cmp.Or(want, fresh))
	if err != nil {
		return err
	}
	if want != 0 && want != t.Shards() {
		return fmt.Errorf("the data directory %s has %d shards, not %d: leave --shards out",
			dir, t.Shards(), want)
	}
	h.SetTable(t)
	h.SetFloors(grid.Floors{h.Origin()})
	for i := range t.Shards() {
		if err := h.Start(i, []uint32{aloneNode}); err != nil {
			return err
		}
	}
	return nil
}

// tableAlone reads the slot table of the data directory, or makes its first.
func tableAlone(h *host.Host, shards int) (*shard.Table, error) {
	b, err := h.Setting(host.TableSetting)
	if err != nil {
		return nil, err
	}
	if b != nil {
		return shard.DecodeTable(b)
	}
	if shards < 1 || shards > shard.ShardsMax {
		return nil, fmt.Errorf("open the shards: %d shards; want 1 to %d", shards, shard.ShardsMax)
	}
	t := shard.NewTable(shards)
	return t, h.PutSetting(host.TableSetting, t.Append(nil))
}
