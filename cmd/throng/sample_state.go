package main

import (
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/shard/host"
)

// stateOf sums up what shards hold at a time, µs since 1970.
func stateOf(shards []slot.Sizes, now int64) admin.State {
	var z slot.Sizes
	for i := range shards {
		z.Add(&shards[i])
	}
	return admin.State{
		Held: []admin.Held{
			{Kind: "boards", Size: z.Boards}, {Kind: "records", Size: z.Records},
			{Kind: "sessions", Size: z.Sessions}, {Kind: "tokens", Size: z.Tokens},
			{Kind: "streams", Size: z.Streams}, {Kind: "presences", Size: z.Presences},
			{Kind: "channels", Size: z.Channels}, {Kind: "messages", Size: z.Messages},
			{Kind: "requests", Size: z.Requests}, {Kind: "duties", Size: z.Duties},
		},
		DutyMicros: ageOf(z.OldestDuty, now),
		Unarchived: z.Unarchived, UnarchivedMicros: ageOf(z.OldestUnarchived, now),
	}
}

// ageOf returns how long ago something was, µs; 0 if it never was, or if the clock was
// set back since.
func ageOf(at, now int64) uint64 {
	if at == 0 {
		return 0
	}
	return uint64(max(0, now-at))
}

// sampleWaiting fills in what is on its way to other slots, and to the archive.
func sampleWaiting(s *admin.Sample, from *host.Stats) {
	s.Duties = admin.Duties{
		UnderWay: max(0, from.Errands.Deliveries-from.Errands.Resting),
		Resting:  from.Errands.Resting, Bytes: from.Errands.Bytes, Failed: from.Errands.Failed,
	}
	s.Archive = admin.Archive{Stores: from.Archive.Stores, Rows: from.Archive.Rows,
		Failed: from.Archive.Failed, Failing: from.Archive.Failing}
}
