package main

import (
	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/crash"
)

const diskfullHelp = `Fill the server's disk to the last block under a load of scores, boards and
chat, keep it full, and free it again; then kill the server, start it on a disk that
is full again, free that, and show that every acknowledged write is there. Meanwhile
writes must be refused with RESOURCE_EXHAUSTED, reads be served, the server stay up,
and writes be taken again without a restart.

The disk is filled in turn at once, so that nobody can see it coming, as fast as it
can be written, and slowly. It is an image of 512 MiB with ext4, behind a loop
device: that needs root, losetup and mkfs.ext4. A cycle takes about eight seconds.
What an operator does about a full disk is in docs/howto/full-disk.md.`

func newBenchDiskfull() *cobra.Command {
	o := crash.Defaults()
	o.Full, o.Cycles = true, 6
	cmd := &cobra.Command{
		Use:   "diskfull",
		Short: "Fill the disk under load, free it, look for lost writes",
		Long:  diskfullHelp,
		Example: `  sudo throng bench diskfull
  sudo throng bench diskfull --cycles 30 -o json`,
	}
	cmd.Flags().IntVar(&o.Cycles, "cycles", o.Cycles, "`number` of times to fill the disk")
	return crashCommand(cmd, &o, func() string { return "bench diskfull" })
}
