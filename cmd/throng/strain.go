package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/thronggrid/throng/netio"
)

// strainEvery is how often strain is looked for.
const strainEvery = time.Minute

// watchStrain says in the log what clients lost and who was turned away since it
// last said so, every minute in which there was any, until ctx is done.
func (n *node) watchStrain(ctx context.Context, logs *nodeLogs) {
	ticks := time.NewTicker(strainEvery)
	defer ticks.Stop()
	var before netio.Stats
	for {
		select {
		case <-ctx.Done():
			logStrain(logs.Logger, before, n.edge.Stats())
			return
		case <-ticks.C:
			now := n.edge.Stats()
			logStrain(logs.Logger, before, now)
			logs.limiter.Flush()
			before = now
		}
	}
}

// logStrain logs what two counts differ in, if that is anything to worry about.
func logStrain(log *slog.Logger, before, now netio.Stats) {
	lost := now.PushesLost - before.PushesLost
	slow := now.SlowReaders - before.SlowReaders
	turned := now.Turned - before.Turned + now.Displaced - before.Displaced
	throttled := now.Throttled - before.Throttled
	floods := now.Floods - before.Floods
	if lost+slow+turned+throttled+floods == 0 {
		return
	}
	log.Warn("clients do not keep up with what they are sent, ask for too much, "+
		"or find no room",
		"pushes_dropped", lost, "closed_for_not_reading", slow, "turned_away", turned,
		"requests_throttled", throttled, "closed_for_flooding", floods,
		"connections", now.Connections)
}
