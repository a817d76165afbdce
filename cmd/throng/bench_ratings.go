package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/ratings"
	"github.com/thronggrid/throng/bench/report"
)

const ratingsHelp = `Play fifty years of chess ratings into a leaderboard, and compare every rank.

The file is the spelling file of the chess database Scid, which has every rating
that FIDE published from 1971 on. On Debian:

  apt-get install scid-rating-data

Every rating of every list is submitted in order of time, over sockets. At the
end every rank is compared with a sort of the bench's own. A line that cannot be
read is counted and named, never guessed.`

func newBenchRatings() *cobra.Command {
	o := ratings.Defaults()
	cmd := &cobra.Command{
		Use:   "ratings",
		Short: "Play fifty years of chess ratings into a board",
		Long:  ratingsHelp,
		Example: `  throng bench ratings --file /usr/share/scid/data/spelling.ssp --restart
  throng bench ratings --file spelling.ssp --at 1999-07 --at 2013-12 --dump board.tsv`,
	}
	flags := cmd.Flags()
	flags.StringVar(&o.File, "file", o.File, "the rating `file`")
	flags.StringArrayVar(&o.At, "at", o.At,
		"show the top ten of a `month`'s list, 2013-12 say; may be repeated (default: the last)")
	flags.BoolVar(&o.Restart, "restart", o.Restart,
		"SIGKILL and restart the server after half of the ratings")
	flags.StringVar(&o.Dump, "dump", o.Dump,
		"`file` to write owner, score and rank of all records to")
	flags.IntVar(&o.Conns, "conns", o.Conns, "`number` of connections")
	addServer(cmd, &o.Server)
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return ratings.Run(ctx, o)
	}
	return benchCommand(cmd, o.Check, run)
}
