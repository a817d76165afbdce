package main

import (
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/netio"
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/shard/host"
)

// TestStateOf: shards are summed up, and the oldest of what waits is the oldest of all.
func TestStateOf(t *testing.T) {
	const now = 50_000_000
	size := func(n int64) grid.Size { return grid.Size{Count: n, Bytes: 100 * n} }
	one := slot.Sizes{
		Boards: size(1), Records: size(2), Sessions: size(3), Tokens: size(4), Streams: size(5),
		Presences: size(6), Channels: size(7), Messages: size(8), Requests: size(9), Duties: size(10),
		OldestDuty: now - 7, Unarchived: size(11), OldestUnarchived: now - 3,
	}
	other := one
	other.OldestDuty, other.OldestUnarchived = now-5, 0
	got := stateOf([]slot.Sizes{one, {}, other}, now)
	var kinds []string
	for i, h := range got.Held {
		kinds = append(kinds, h.Kind)
		if want := size(2 * int64(i+1)); h.Size != want {
			t.Errorf("of %s there are %v, want %v", h.Kind, h.Size, want)
		}
	}
	want := "boards records sessions tokens streams presences channels messages requests duties"
	if is := strings.Join(kinds, " "); is != want {
		t.Errorf("the kinds are %s", is)
	}
	if got.Unarchived != size(22) || got.DutyMicros != 7 || got.UnarchivedMicros != 3 {
		t.Errorf("what waits is %+v", got)
	}
	if late := stateOf([]slot.Sizes{{OldestDuty: now + 9}}, now); late.DutyMicros != 0 || late.UnarchivedMicros != 0 {
		t.Errorf("with a clock that was set back, and of nothing: %+v", late)
	}
}

// TestHealthOf: each part's trouble is told as that part's, and nothing when there is none.
func TestHealthOf(t *testing.T) {
	edge := netio.Stats{Connections: 4, Most: 5}
	for name, c := range map[string]struct {
		edge   netio.Stats
		space  disk.SpaceStats
		shards host.Health
		want   admin.Health
	}{
		"well": {edge, disk.SpaceStats{}, host.Health{}, admin.Health{}},
		"full": {netio.Stats{Connections: 5, Most: 5}, disk.SpaceStats{}, host.Health{},
			admin.Health{EdgeFull: true}},
		"stuck":  {netio.Stats{Most: 5, LoopsStuck: 2}, disk.SpaceStats{}, host.Health{}, admin.Health{LoopsStuck: 2}},
		"low":    {edge, disk.SpaceStats{Low: true}, host.Health{}, admin.Health{DiskFull: true}},
		"brim":   {edge, disk.SpaceStats{Full: true}, host.Health{}, admin.Health{DiskFull: true}},
		"failed": {edge, disk.SpaceStats{}, host.Health{Failed: true}, admin.Health{DiskFailed: true}},
		"shards": {edge, disk.SpaceStats{}, host.Health{Shards: []host.ShardHealth{
			{Shard: 0, Led: true}, {Shard: 1, Leader: "b"}, {Shard: 2, Led: true, Lag: 77}}},
			admin.Health{Shards: []admin.ShardHealth{{Served: true}, {Shard: 1}, {Shard: 2, Served: true, Lag: 77}}}},
	} {
		var got admin.Health
		healthOf(&got, &c.edge, &c.space, &c.shards)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestSampleParts: what shards and the disk say goes where it belongs.
func TestSampleParts(t *testing.T) {
	var s admin.Sample
	sampleShards(&s, &host.Stats{Shards: []host.ShardStats{{Shard: 0, QueueCommands: 3}, {Shard: 1, Entries: 9}}},
		[]host.ShardHealth{{Shard: 0, Leads: true, Lag: 5}, {Shard: 1}})
	want := []admin.Shard{{Served: true, QueueCommands: 3, Lag: 5}, {Number: 1, Entries: 9}}
	if !reflect.DeepEqual(s.Shards, want) {
		t.Errorf("the shards are %+v", s.Shards)
	}
	sampleSpace(&s, &disk.SpaceStats{FreeBytes: 1, TotalBytes: 2, Ballast: true})
	if want := (admin.Space{FreeBytes: 1, TotalBytes: 2, Ballast: true}); s.Space != want {
		t.Errorf("the disk is %+v", s.Space)
	}
	sampleWaiting(&s, &host.Stats{
		Errands: host.ErrandStats{Deliveries: 7, Bytes: 8, Resting: 2, Failed: 4},
		Archive: host.ArchiveStats{Rows: 5, Failed: 6, Failing: true},
	})
	if want := (admin.Duties{UnderWay: 5, Resting: 2, Bytes: 8, Failed: 4}); s.Duties != want {
		t.Errorf("duties are %+v", s.Duties)
	}
	if want := (admin.Archive{Rows: 5, Failed: 6, Failing: true}); s.Archive != want {
		t.Errorf("the archive is %+v", s.Archive)
	}
}

// TestReadyWithRoom: a node with as many connections as may be is not ready, says so, and
// is again when there is room.
func TestReadyWithRoom(t *testing.T) {
	serves, addr := startAdmin(t, t.TempDir(), "--shards", "1", "--connections-max", "2")
	until := func(status int, said string) {
		t.Helper()
		for began := time.Now(); ; {
			got, body := fetch(t, addr, "/readyz", "")
			if got == status && strings.Contains(body, said) {
				return
			}
			if time.Since(began) > time.Minute {
				t.Fatalf("readyz says %d %s, want %d %s", got, body, status, said)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	until(http.StatusOK, `"reasons":[]`)
	var open []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", serves)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	until(http.StatusServiceUnavailable, "as many connections as connections_max allows")
	if status, body := fetch(t, addr, "/livez", ""); status != http.StatusOK {
		t.Errorf("livez says %d %s: a restart would not help", status, body)
	}
	open[0].Close()
	until(http.StatusOK, `"reasons":[]`)
}
