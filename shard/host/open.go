package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/snapshot"
	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/shard"
)

// keyTerm is the key under which Raft keeps its term.
var keyTerm = []byte("CurrentTerm")

const (
	// trailingLogs is the least number of entries that Raft keeps behind a
	// snapshot; the log itself keeps more, by bytes.
	trailingLogs = 128
	// commitTimeout is how often a leader without news sends entries to
	// followers; it costs idle nodes more than heartbeats do.
	commitTimeout = 250 * time.Millisecond
	// snapshotPause is when a snapshot is tried again after one has failed.
	snapshotPause = time.Minute
	// never is a time-out for what Raft should not do by itself.
	never = 10 * 365 * 24 * time.Hour
)

// openGroup opens a replica and starts its Raft. Its own goroutines start with run.
func (h *Host) openGroup(number int, founders []uint32) (*Group, error) {
	log, err := h.db.Log(uint32(number))
	if err != nil {
		return nil, err
	}
	snapshots, err := snapshot.Open(snapshot.Options{FS: h.options.FS, Dir: h.options.Dir,
		Group: uint32(number), Clock: h.clock, Fatal: h.fatal, Logger: h.options.Logger})
	if err != nil {
		return nil, err
	}
	g := &Group{host: h, number: number, log: log, snapshots: snapshots,
		stop: make(chan struct{}), leading: make(chan bool, 8), again: make(chan struct{}, 1),
		led: make(chan struct{}), reigning: make(chan struct{}, 1)}
	if number == MetaGroup {
		g.state = h.options.Meta
	} else {
		g.machine = shard.NewMachine()
		g.state = g.machine
	}
	g.flights.watcher, g.confirms.worker = newWorker(), newWorker()
	g.reigning <- struct{}{}
	g.fsm = newFSM(g)
	if err := g.checkStart(snapshots); err != nil {
		return nil, err
	}
	if err := g.start(snapshots, founders); err != nil {
		return nil, err
	}
	return g, nil
}

// checkStart makes sure that log and snapshot meet: a snapshot that was deleted
// together with its name leaves nothing that its store could miss.
func (g *Group) checkStart(snapshots raft.SnapshotStore) error {
	metas, err := snapshots.List()
	if err != nil {
		return err
	}
	if len(metas) > 0 {
		g.snapshotIndex, g.snapshotBytes = metas[0].Index, metas[0].Size
	}
	first, err := g.log.FirstIndex()
	if err != nil {
		return err
	}
	if first > g.snapshotIndex+1 {
		return fmt.Errorf("the log begins at entry %d and the newest snapshot ends at %d: "+
			"a snapshot is missing from %s; restore the data directory", first, g.snapshotIndex,
			g.host.options.Dir)
	}
	return nil
}

// start starts Raft on what the data directory holds.
func (g *Group) start(snapshots raft.SnapshotStore, founders []uint32) error {
	h := g.host
	conf, log := h.raftConfig(g), raftLog{g.log, &h.dead}
	if err := g.found(log, founders); err != nil {
		return fmt.Errorf("begin its log: %w", err)
	}
	votesAt := h.clock.Micros() + h.options.HeartbeatTimeout.Microseconds()
	g.lease = newLease(h.clock, conf.LocalID, h.options.HeartbeatTimeout, g.voters)
	g.trans = newTransport(h.innerTransport(g.number), g.lease, h.db.Stalled, votesAt,
		g.fsm.applied)
	r, err := raft.NewRaft(conf, g.fsm, log, log, snapshots, g.trans)
	if err != nil {
		if g.fsm.restored != nil {
			err = g.fsm.restored
		}
		return errors.Join(fmt.Errorf("load its state: %w", err), g.trans.Close())
	}
	g.raft.Store(r)
	if f, ok := g.trans.Transport.(follower); ok {
		f.Follow(g.standing)
	}
	return nil
}

// found writes what the log of a new group begins with: the first configuration, in term 1.
// A log that is empty and has a term is not a new one: the replica was dropped, or waited
// for a group that exists, and must not found that anew.
//
// raft.BootstrapCluster would write the term first, and takes a log that has a
// term for begun. A power cut between its two writes would leave a shard without
// voters, for ever. Here each start writes what is not there yet.
func (g *Group) found(log raftLog, founders []uint32) error {
	last, err := log.LastIndex()
	if err != nil {
		return err
	}
	term, err := log.GetUint64(keyTerm)
	if err != nil && !errors.Is(err, wal.ErrNotFound) {
		return err
	}
	if term > 0 || len(founders) == 0 {
		return nil
	}
	if last == 0 && g.snapshotIndex == 0 {
		first := raft.Configuration{Servers: servers(founders...)}
		err := log.StoreLog(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration,
			Data: raft.EncodeConfiguration(first)})
		if err != nil {
			return err
		}
	}
	return log.SetUint64(keyTerm, 1)
}

func (h *Host) innerTransport(group int) raft.Transport {
	if h.options.Transport != nil {
		return h.options.Transport(uint32(group))
	}
	_, t := raft.NewInmemTransport(raft.ServerAddress(serverID(h.node)))
	return t
}

func (h *Host) raftConfig(g *Group) *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = serverID(h.node)
	c.HeartbeatTimeout = h.options.HeartbeatTimeout
	c.ElectionTimeout = h.options.HeartbeatTimeout
	c.LeaderLeaseTimeout = h.options.HeartbeatTimeout / 2
	c.CommitTimeout = commitTimeout
	c.BatchApplyCh = true
	c.ShutdownOnRemove = false // the node learns from the topology what it has to drop
	c.TrailingLogs = trailingLogs
	c.SnapshotThreshold = 1 << 62 // snapshots are taken by bytes: see keepLogShort
	c.SnapshotInterval = never
	c.NotifyCh = g.leading
	c.Logger = hclog.New(&hclog.LoggerOptions{
		Name: groupName(g.number), Level: hclog.Warn, DisableTime: true,
		Output: slogWriter{h.options.Logger},
	})
	return c
}

// run starts to follow Raft. A sole voter stands at once: nobody else can lead.
func (g *Group) run() {
	go g.lead()
	if v := g.voters(); len(v) == 1 && v[0] == g.lease.self {
		g.trans.stand()
	}
}

// keepLogShort takes the snapshot that the applier has asked for; if that fails, for want of
// space most likely, which it frees, it is asked for again after a while.
func (g *Group) keepLogShort() {
	err := g.raft.Load().Snapshot().Error()
	g.fsm.snapshooting.Store(false)
	select {
	case <-g.stop: // which ends a snapshot that is being written
		return
	default:
	}
	if err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		g.host.options.Logger.Warn("a snapshot was not taken; the next is tried in a while",
			"group", groupName(g.number), "in", snapshotPause, "error", err)
		g.host.clock.AfterFunc(snapshotPause, g.fsm.askSnapshot)
	}
}

// quiesce refuses all that is asked from now on and wakes who waits here.
func (g *Group) quiesce() {
	close(g.stop)
	g.queue.close(errNotServing)
	g.confirms.close(errNotServing)
	g.lease.close()
	g.fsm.close()
	<-g.reigning // no reign begins any more
	if r := g.serving.Load(); r != nil {
		g.resign(r)
	}
}

// shutDown stops Raft, of which nobody expects an answer any more.
func (g *Group) shutDown() error {
	err := g.raft.Load().Shutdown().Error()
	close(g.leading)
	if err != nil {
		return fmt.Errorf("shut down %s: %w", groupName(g.number), err)
	}
	return nil
}

// slogWriter writes the lines of Raft's logger to ours.
type slogWriter struct{ to *slog.Logger }

var _ io.Writer = slogWriter{}

func (w slogWriter) Write(b []byte) (int, error) {
	line := strings.TrimSpace(string(b))
	if strings.Contains(line, "no known peers") || strings.Contains(line, "not part of") {
		return len(b), nil // as is right for a replica that waits to be added, or only learns
	}
	level := slog.LevelInfo
	switch {
	case isOld(line):
		level = slog.LevelDebug
	case strings.HasPrefix(line, "[ERROR]"):
		level = slog.LevelWarn
	}
	w.to.Log(context.Background(), level, "raft", "line", line)
	return len(b), nil
}

// isOld says whether a line tells, again and again and for each group, what is said once by
// who lost the connection to a node, or that a replica which has just begun has no log yet.
func isOld(line string) bool {
	for _, old := range []string{
		"failed to heartbeat to", "failed to appendEntries to", "failed to contact",
		"failed to make requestVote RPC", "appendEntries rejected", "failed to get previous log",
	} {
		if strings.Contains(line, old) {
			return true
		}
	}
	return false
}
