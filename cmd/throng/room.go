package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/memory"
)

// watchRoom watches disk and memory from now on; they close the node's gate. Once ctx is
// done nothing waits for space any more, not even what a start writes.
func (n *node) watchRoom(ctx context.Context, o *nodeOptions, c clock.Clock) (err error) {
	n.space, err = disk.OpenSpace(disk.SpaceOptions{
		FS: vfs.Default, Dir: o.config.Node.DataDir, Clock: c, Gate: &n.gate, Logger: o.log,
		FreeMin: o.config.Room.DiskFreeMin, BallastBytes: o.config.Room.BallastBytes,
	})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, n.space.GiveUp)
	n.memory, err = memory.Watch(memory.Options{
		Clock: c, Gate: &n.gate, Logger: o.log, LimitBytes: o.config.Room.MemoryLimit,
	})
	return err
}

// fatal hears of what the parts that keep state cannot go on with. Only a stop gives up
// what waits for space on the disk, and goes on.
func (n *node) fatal(err error) {
	if !errors.Is(err, disk.ErrGivenUp) {
		die(n.logs.Logger, err)
		return
	}
	n.logs.Warn("the node stops while a write waits for space on the disk: the write is given "+
		"up, and was not acknowledged", "error", err)
}

// forgive takes back what was given up for want of space, which is no failure of a stop.
func forgive(err error) error {
	if errors.Is(err, disk.ErrGivenUp) {
		return nil
	}
	return err
}

// withRoom adds to an error that a start met what to do about it, if it is a full disk.
func withRoom(err error) error {
	if !disk.IsFull(err) {
		return err
	}
	return fmt.Errorf("%w; a start writes a few MiB: free space on the disk of the data "+
		"directory", err)
}

// leaveRoom ends the watch; nothing waits for space any more.
func (n *node) leaveRoom() {
	n.memory.Close()
	n.space.Close()
}
