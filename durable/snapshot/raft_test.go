package snapshot

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid/clock"
)

// sumFSM keeps the number of commands and a sum over them.
type sumFSM struct {
	mu         sync.Mutex
	count, sum uint64
	restored   int
}

func (f *sumFSM) Apply(l *raft.Log) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	f.sum = f.sum*31 + binary.BigEndian.Uint64(l.Data)
	return nil
}

func (f *sumFSM) state() [2]uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return [2]uint64{f.count, f.sum}
}

func (f *sumFSM) Snapshot() (raft.FSMSnapshot, error) {
	s := f.state()
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, s[0]), s[1])
	return sumSnapshot(b), nil
}

func (f *sumFSM) Restore(r io.ReadCloser) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count, f.sum = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	f.restored++
	return nil
}

type sumSnapshot []byte

func (s sumSnapshot) Persist(k raft.SnapshotSink) error {
	if _, err := io.Copy(k, bytes.NewReader(s)); err != nil {
		return err
	}
	return k.Close()
}

func (s sumSnapshot) Release() {}

type node struct {
	id        string
	disk      *vfs.MemFS
	db        *wal.DB
	log       *wal.Log
	transport *raft.InmemTransport
	fsm       *sumFSM
	raft      *raft.Raft
}

func (n *node) start(t *testing.T) {
	t.Helper()
	var err error
	n.db, err = wal.Open(wal.Options{
		FS: n.disk, Dir: "data", Clock: clock.Real(), RetainBytes: 1 << 10, RingBytes: 1 << 10,
		Fatal: func(err error) { t.Errorf("node %s: %v", n.id, err) },
	})
	must(t, err)
	n.log, err = n.db.Log(group)
	must(t, err)
	n.fsm = &sumFSM{}
	_, n.transport = raft.NewInmemTransport(raft.ServerAddress(n.id))
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(n.id)
	c.TrailingLogs = 2
	c.Logger = hclog.NewNullLogger()
	n.raft, err = raft.NewRaft(c, n.fsm, n.log, n.log, mustOpen(t, n.disk), n.transport)
	must(t, err)
}

func (n *node) stop(t *testing.T) {
	t.Helper()
	must(t, n.raft.Shutdown().Error())
	must(t, n.transport.Close())
	must(t, n.db.Close())
}

type cluster []*node

func (c cluster) connect() {
	for _, a := range c {
		for _, b := range c {
			a.transport.Connect(raft.ServerAddress(b.id), b.transport)
		}
	}
}

func (c cluster) leader() *node {
	for {
		for _, n := range c {
			if n.raft.State() == raft.Leader && n.raft.Barrier(time.Second).Error() == nil {
				return n
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (c cluster) apply(t *testing.T, from, to uint64) {
	t.Helper()
	leader := c.leader()
	for i := from; i <= to; i++ {
		must(t, leader.raft.Apply(binary.BigEndian.AppendUint64(nil, i), time.Second).Error())
	}
}

// agree waits until all replicas are where the leader is.
func (c cluster) agree(t *testing.T, count uint64) {
	t.Helper()
	time.Sleep(10 * time.Second)
	want := c.leader().fsm.state()
	for _, n := range c {
		if got := n.fsm.state(); got != want || got[0] != count {
			t.Fatalf("node %s is at %v, the leader at %v, want count %d", n.id, got, want, count)
		}
	}
}

// Raft itself over both packages: a follower that was cut off is brought back
// by a snapshot, behind which its log jumps; then all restart, cleanly and out
// of a crash.
func TestRaftLivesOnLogAndSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c cluster
		var all raft.Configuration
		for i := range 3 {
			n := &node{id: fmt.Sprint(i), disk: newDisk(t)}
			c = append(c, n)
			n.start(t)
			all.Servers = append(all.Servers, raft.Server{
				ID: raft.ServerID(n.id), Address: raft.ServerAddress(n.id)})
		}
		c.connect()
		must(t, c[0].raft.BootstrapCluster(all).Error())
		c.apply(t, 1, 100)
		c.agree(t, 100)

		leader := c.leader()
		var cut *node
		for _, n := range c {
			if n != leader {
				cut = n
			}
		}
		cut.transport.DisconnectAll()
		for _, n := range c {
			n.transport.Disconnect(raft.ServerAddress(cut.id))
		}
		c.apply(t, 101, 400)
		must(t, leader.raft.Snapshot().Error())
		if first, _ := leader.log.FirstIndex(); first <= 102 {
			t.Fatalf("the leader's log still begins at %d", first)
		}
		c.connect()
		c.agree(t, 400)
		if cut.fsm.restored != 1 {
			t.Fatalf("the follower was brought back by %d snapshots", cut.fsm.restored)
		}
		c.apply(t, 401, 500)

		for _, n := range c {
			n.stop(t)
			n.start(t)
		}
		c.connect()
		c.agree(t, 500)
		for _, n := range c {
			disk := n.disk.CrashClone(vfs.CrashCloneCfg{})
			n.stop(t)
			n.disk = disk
			n.start(t)
		}
		c.connect()
		c.agree(t, 500)
		c.apply(t, 501, 510)
		c.agree(t, 510)
		for _, n := range c {
			n.stop(t)
		}
	})
}
