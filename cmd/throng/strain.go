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
	if lost+slow+turned == 0 {
		return
	}
	log.Warn("clients do not keep up with what they are sent, or there is no room for more",
		"pushes_dropped", lost, "closed_for_not_reading", slow, "turned_away", turned,
		"connections", now.Connections)
}
