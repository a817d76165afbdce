package cluster

import (
	"sync"
)

// orders are the transfers of leadership that the meta leader has ordered here.
type orders struct {
	wake chan struct{}

	mu  sync.Mutex
	all map[int]transfer // by group: the newest counts
}

func (o *orders) add(t transfer) {
	o.mu.Lock()
	if o.all == nil {
		o.all = make(map[int]transfer)
	}
	o.all[t.group] = t
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *orders) take() map[int]transfer {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.all
	o.all = nil
	return all
}

// obey hands over what was ordered. A transfer that fails is ordered again, if it is still
// wanted.
func (n *Node) obey() {
	for _, t := range n.orders.take() {
		if s, ok := n.host.Status(t.group); !ok || !s.Serves || s.Term != t.term {
			continue
		}
		n.running.Go(func() {
			if err := n.host.Transfer(t.group, t.to); err != nil {
				n.log.Debug("a leadership was not handed over", "shard", t.group, "to", t.to,
					"error", err)
			}
		})
	}
}
