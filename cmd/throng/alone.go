package main

import (
	"errors"
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard"
	"github.com/thronggrid/throng/shard/host"
)

// aloneNode is the number of a node that is alone.
const aloneNode = 1

// openAtRest opens the shards of a node that was alone, and starts all of them without its
// meta group: nobody but who looks at them is served.
func openAtRest(o host.Options) (*host.Host, error) {
	o.Node, o.AtRest = aloneNode, true
	h, err := host.Open(o)
	if err != nil {
		return nil, err
	}
	if err := startAtRest(h, o.Dir); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func startAtRest(h *host.Host, dir string) error {
	t, err := tableOf(h)
	if err != nil {
		return err
	}
	if t == nil {
		return fmt.Errorf("the data directory %s is not that of a node alone: its shards are "+
			"those of several nodes, and only these can start them", dir)
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

// tableOf reads the slot table that the data directory of a node alone has beside that of
// its meta group, nil if it has none.
func tableOf(h *host.Host) (*shard.Table, error) {
	b, err := h.Setting(host.TableSetting)
	if err != nil || b == nil {
		return nil, err
	}
	return shard.DecodeTable(b)
}

// keepTable stores the slot table of a node alone there, for backups of it at rest.
func keepTable(h *host.Host, t *shard.Table) error {
	was, err := tableOf(h)
	if err != nil || was != nil && was.Version >= t.Version {
		return err
	}
	return h.PutSetting(host.TableSetting, t.Append(nil))
}
