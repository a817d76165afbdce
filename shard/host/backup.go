package host

import (
	"context"
	"io"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/record"
	"github.com/thronggrid/throng/shard"
)

// BackupOptions say what goes into a backup beside the shards. All but Secrets must be set.
type BackupOptions struct {
	Version string // of the program
	Records Records
	Secrets []backup.Secret
}

// Records are record tables that can be read: those of durable/record.
type Records interface {
	View(context.Context, func(record.Reader) error) error
	Tables() []*record.Table
}

// Backup writes a backup of the node while it serves: the state of all shards and the
// records at one moment. It works in spells, as who writes a snapshot does, and waits for w
// as long as that takes. A second one at a time is refused. It ends early when ctx ends,
// when w fails, and when the node stops; what was written is no backup then. Any goroutine
// may call it, before Close.
func (h *Host) Backup(
	ctx context.Context, w io.Writer, o BackupOptions,
) (sum backup.Summary, err error) {
	if !h.backingUp.CompareAndSwap(false, true) {
		return sum, fault.New(fault.ResourceExhausted,
			"another backup of this node is being taken: wait for its end, then ask again")
	}
	defer h.backingUp.Store(false)
	if !h.leads() {
		return sum, fault.New(fault.Unavailable,
			"this node does not serve all shards: ask again once it is ready")
	}
	source := backup.Source{Tables: o.Records.Tables(), Secrets: o.Secrets}
	if source.Node, err = h.backupNode(o.Version); err != nil {
		return sum, err
	}
	if trim := h.options.Trim; trim != nil {
		defer trim() // what only the clones still held
	}
	work := newSpells(h.clock, h.stop)
	source.Pause = func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return work.pause()
	}
	m := h.hold()
	defer m.release()
	err = o.Records.View(ctx, func(r record.Reader) error {
		source.Made, source.Records = h.clock.Micros(), r
		clones := m.clone()
		m.release()
		work.since = h.clock.Micros()
		if source.Shards, err = frozenShards(clones, source.Pause); err != nil {
			return err
		}
		sum, err = backup.Write(&outlet{w, work, source.Pause}, &source)
		return err
	})
	return sum, err
}

// backupNode says what a backup has of the node itself.
func (h *Host) backupNode(version string) (n backup.Node, err error) {
	n = backup.Node{Version: version, Number: h.node}
	incarnation, err := h.Setting(keyIncarnation)
	if err != nil {
		return n, err
	}
	n.Settings = []backup.Setting{{Key: keyIncarnation, Value: incarnation},
		{Key: TableSetting, Value: h.table.Load().Append(nil)}}
	return n, nil
}

// moment is one at which no group of the node is executing an entry. What shards show
// then fits together: a duty that one has carried out is there in the slot that left it,
// and one that was acknowledged was carried out. The record tables of then fit, too: they
// have what slots know to be archived, and no message that a slot does not have yet.
//
// To clone each shard by itself, at a point of its own, is the simpler design. The slot
// that left a duty could then be older than the one that carried it out, would give the
// duty's number to another one, and that would be taken for a repetition and dropped.
type moment struct {
	groups []*Group // held, in their order
}

// hold waits until each group is between two entries, and keeps all of them there.
func (h *Host) hold() *moment {
	groups := h.Groups()
	for _, g := range groups {
		g.fsm.between.Lock()
	}
	return &moment{groups}
}

// release lets the groups go on. Further calls do nothing.
func (m *moment) release() {
	for _, g := range m.groups {
		g.fsm.between.Unlock()
	}
	m.groups = nil
}

// cloned is the state of a group at a moment.
type cloned struct {
	group   *Group
	term    uint64
	machine *shard.Machine
}

func (m *moment) clone() []cloned {
	var out []cloned
	for _, g := range m.groups {
		out = append(out, cloned{g, g.fsm.term, g.machine.Clone()})
	}
	return out
}

// frozenShards makes parts of a backup of clones, which it takes away from the caller.
func frozenShards(clones []cloned, pause func() error) ([]backup.Shard, error) {
	shards := make([]backup.Shard, len(clones))
	for i := range clones {
		c := clones[i]
		clones[i] = cloned{}
		if c.term == 0 {
			// Nothing was applied since the snapshot that the group was started from.
			metas, err := c.group.snapshots.List()
			if err != nil {
				return nil, err
			}
			if len(metas) > 0 {
				c.term = metas[0].Term
			}
		}
		shards[i] = backup.Shard{Term: c.term, Index: c.machine.Applied(),
			Encode: func(w io.Writer) (uint64, error) { return c.machine.EncodeDigest(w, pause) }}
	}
	return shards, nil
}

// outlet writes to who takes a backup, which is not the node's work however long it
// takes, and rests if it is time to.
type outlet struct {
	w     io.Writer
	work  *spells
	pause func() error
}

func (o *outlet) Write(b []byte) (int, error) {
	begin := o.work.clock.Micros()
	n, err := o.w.Write(b)
	o.work.since += o.work.clock.Micros() - begin
	if err == nil {
		err = o.pause()
	}
	return n, err
}
