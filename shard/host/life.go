package host

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/thronggrid/throng/durable/snapshot"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard"
)

// SetTable says which shard serves each slot. It does nothing if a newer table, or the same
// one, is known. It is called before the first shard starts.
func (h *Host) SetTable(t *shard.Table) {
	for {
		was := h.table.Load()
		if was != nil && was.Version >= t.Version || h.table.CompareAndSwap(was, t) {
			return
		}
	}
}

// Table returns the newest table; nil: none is known yet. Nobody may change it.
func (h *Host) Table() *shard.Table { return h.table.Load() }

// SetFloors says which incarnations are dead, all over the cluster: those below the floors.
// The leader of each shard sweeps its slots against them. Floors never sink.
func (h *Host) SetFloors(f grid.Floors) {
	h.floors.Store(&f)
	h.errands.in.raised()
}

// SetLevel sets the feature level that entries carry from now on; at first it is 1.
func (h *Host) SetLevel(level uint64) { h.level.Store(level) }

// Start starts this node's replica of a group, with what the data directory has of it. If
// that is nothing, the founders, if any are named, are the group's first voters, which all
// of them must be told; a replica without founders waits until the group adds it. So does
// one that was dropped before, whoever is named. Start returns once the log and the newest
// snapshot are loaded; it is an error if the replica is there.
func (h *Host) Start(number int, founders []uint32) error {
	if err := h.begin(); err != nil {
		return err
	}
	defer h.end()
	switch {
	case number < 0 || number > MetaGroup:
		return fmt.Errorf("start group %d: they are numbered 0 to %d", number, MetaGroup)
	case h.groups[number].Load() != nil:
		return fmt.Errorf("start %s: it runs already", groupName(number))
	case h.node == 0:
		return fmt.Errorf("start %s: this node has no number yet", groupName(number))
	case number == MetaGroup && h.options.Meta == nil:
		return errors.New("start the meta group: it has no machine")
	case number != MetaGroup && h.table.Load() == nil:
		return fmt.Errorf("start %s: there is no slot table yet", groupName(number))
	}
	h.runOwn()
	g, err := h.openGroup(number, founders)
	if err != nil {
		return fmt.Errorf("open %s: %w", groupName(number), err)
	}
	h.groups[number].Store(g)
	all := append(slices.Clone(*h.roster.Load()), g)
	slices.SortFunc(all, func(a, b *Group) int { return cmp.Compare(a.number, b.number) })
	h.roster.Store(&all)
	g.run()
	return nil
}

// begin waits for the turn to start or drop a replica.
func (h *Host) begin() error {
	select {
	case h.changing <- struct{}{}:
	case <-h.stop:
		return errStopping
	}
	select {
	case <-h.stop:
		<-h.changing
		return errStopping
	default:
		return nil
	}
}

func (h *Host) end() { <-h.changing }

// runOwn starts the host's own goroutines, once.
func (h *Host) runOwn() {
	if h.running {
		return
	}
	h.running = true
	h.pacing.Go(func() { h.pacer.run(h.stop) })
	h.working.Go(func() { h.errands.run(h.stop) })
	h.working.Go(func() { h.helm.run(h.stop) })
	if a := h.errands.archiver; a != nil {
		h.archiving.Go(func() { a.run(h.stop) })
	}
}

// Drop ends this node's replica of a group, which its group must not count on any more, and
// deletes its log and its snapshots. Its term and its vote stay, so that it cannot vote a
// second time when it comes back. If the node stops in between, Drop goes on with it the
// next time; it deletes what there is of a replica that does not run, too.
func (h *Host) Drop(number int) error {
	if err := h.begin(); err != nil {
		return err
	}
	defer h.end()
	g := h.Group(number)
	if g == nil && (number < 0 || number > MetaGroup) {
		return fmt.Errorf("drop group %d: they are numbered 0 to %d", number, MetaGroup)
	}
	if g != nil {
		h.groups[number].Store(nil)
		rest := slices.DeleteFunc(slices.Clone(*h.roster.Load()),
			func(o *Group) bool { return o == g })
		h.roster.Store(&rest)
		if err := h.retire([]*Group{g}); err != nil {
			return err
		}
	}
	if err := h.erase(number); err != nil {
		return fmt.Errorf("drop %s: %w", groupName(number), err)
	}
	if number == MetaGroup && h.options.Meta != nil {
		h.options.Meta.Reset()
	}
	h.changed()
	return nil
}

// erase deletes the log of a group first: a snapshot without a log is what a replica may
// begin with, but not the other way round.
func (h *Host) erase(number int) error {
	log, err := h.db.Log(uint32(number))
	if err != nil {
		return err
	}
	if err := log.Delete(); err != nil {
		return fmt.Errorf("delete the log: %w", err)
	}
	return snapshot.Remove(h.options.FS, h.options.Dir, uint32(number))
}

// retire stops replicas in an order that leaves nobody waiting: Raft never answers what it
// still holds when it is shut down, so it is first asked nothing more, then given the time
// to answer. A leader without a quorum steps down by itself, which answers too.
func (h *Host) retire(groups []*Group) error {
	for _, g := range groups {
		g.quiesce()
	}
	if h.running {
		h.pacer.pass()
	}
	for _, g := range groups {
		for _, b := range g.queue.drain() {
			g.fail(b, errNotServing)
		}
	}
	for _, g := range groups {
		g.crew.dismiss()
	}
	for _, g := range groups {
		for _, b := range g.pending.drain() { // of a node that died: nobody applied them
			g.fail(b, errUnknown)
		}
	}
	var errs []error
	for _, g := range groups {
		errs = append(errs, g.shutDown())
	}
	for _, g := range groups {
		<-g.led
	}
	return errors.Join(errs...)
}

// Close stops all replicas and closes the log. Commands that were not
// acknowledged get an outcome: failed or unknown. If Options.Archive is storing
// something, Close waits for it.
func (h *Host) Close() error {
	h.closed.Do(func() { h.err = h.close() })
	return h.err
}

func (h *Host) close() error {
	close(h.stop)
	h.changing <- struct{}{} // for good
	err := h.retire(*h.roster.Load())
	h.pacing.Wait()
	h.working.Wait()
	h.archiving.Wait()
	return errors.Join(err, h.db.Close())
}

// groupName is what messages call a group.
func groupName(number int) string {
	if number == MetaGroup {
		return "the meta group"
	}
	return fmt.Sprintf("shard %d", number)
}
