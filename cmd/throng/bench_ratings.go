package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/ratings"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/bench/ssp"
)

const ratingsHelp = `Play fifty years of chess ratings into a leaderboard, and compare every rank.

The file is the spelling file of the chess database Scid, which has every rating
that FIDE published from 1971 on. On Debian:

  apt-get install scid-rating-data

Every rating of every list is submitted in order of time, over sockets. At the
end every rank is compared with a sort of the bench's own. A line that cannot be
read is counted and named, never guessed.`

func newBenchRatings() *cobra.Command {
	var o ratings.Options
	cmd := newBenchCommand("ratings", "Play fifty years of chess ratings into a board",
		func(ctx context.Context, cmd *cobra.Command) (*report.Report, error) {
			if o.File == "" {
				return nil, usagef("--file is missing: name the rating file, " +
					"/usr/share/scid/data/spelling.ssp say (apt-get install scid-rating-data)")
			}
			if o.Conns < 1 || o.Conns > ratings.ConnsMax {
				return nil, usagef("--conns %d: want 1 to %d", o.Conns, ratings.ConnsMax)
			}
			for _, at := range o.At {
				if _, err := ssp.ParseList(at); err != nil {
					return nil, usagef("--at: %w", err)
				}
			}
			if o.Restart && !o.Server.Own() {
				return nil, usagef("--restart cannot kill the server of --addr: " +
					"leave one of them out")
			}
			if err := checkServer(&o.Server); err != nil {
				return nil, err
			}
			o.Log = cmd.ErrOrStderr()
			return ratings.Run(ctx, o)
		})
	cmd.Long = ratingsHelp
	cmd.Example = `  throng bench ratings --file /usr/share/scid/data/spelling.ssp --restart
  throng bench ratings --file spelling.ssp --at 1999-07 --at 2013-12 --dump board.tsv`
	flags := cmd.Flags()
	flags.StringVar(&o.File, "file", "", "the rating `file`")
	flags.StringArrayVar(&o.At, "at", nil,
		"show the top ten of a `month`'s list, 2013-12 say; may be repeated (default: the last)")
	flags.BoolVar(&o.Restart, "restart", false,
		"SIGKILL and restart the server after half of the ratings")
	flags.StringVar(&o.Dump, "dump", "", "`file` to write owner, score and rank of all records to")
	flags.IntVar(&o.Conns, "conns", 16, "`number` of connections")
	addServer(cmd, &o.Server)
	return cmd
}
