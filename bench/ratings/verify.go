package ratings

import (
	"context"
	"fmt"
	"strings"

	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/bench/ssp"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// sums checks that no rating was dropped in silence, I1.
func (p *play) sums(tokens int) {
	f := p.model.file
	refused := 0
	for _, x := range f.Refused {
		refused += x.Ratings
	}
	acked := int(p.sent.acked.Load())
	p.report.Metric("players", float64(len(f.Players)), "")
	p.report.Metric("lists", float64(len(f.Lists())), "")
	p.report.Metric("pieces of the file refused", float64(len(f.Refused)), "")
	said, ok := whole(f)
	p.report.Check("the file is whole", ok, "%s", said)
	p.report.Check("every rating of the file was submitted",
		acked == f.Ratings && f.Ratings+refused == tokens,
		"%d acknowledged, %d read; counted in the file %d numbers of four digits, "+
			"%d of them in %d pieces refused by name",
		acked, f.Ratings, tokens, refused, len(f.Refused))
}

// whole says whether the file has as many players as its head says: one that was
// cut off has fewer, and every other check would hold for what is left of it.
func whole(f *ssp.File) (said string, ok bool) {
	if f.Stated == 0 {
		return "not checked: its head does not say how many players it has", true
	}
	return fmt.Sprintf("%d players read, its head says %d", len(f.Players), f.Stated),
		len(f.Players) == f.Stated
}

// verify reads the board back and compares every rank.
func (p *play) verify(ctx context.Context) error {
	c := p.clients[0]
	b, err := readback.Board(ctx, c, boardName)
	if err != nil {
		return err
	}
	differences, first := p.model.compare(b)
	p.report.Metric("records compared", float64(len(b)), "")
	p.report.Metric("differences", float64(differences), "")
	p.report.Check("every rank as in an independent sort", differences == 0,
		"%d records, %d differences%s", len(b), differences, examples(first))
	wrong := p.model.stamps(b)
	p.report.Check("stamps in order of the lists", wrong == 0, "%d of %d wrong", wrong, len(b))
	if differences, err = askOwners(ctx, c, boardName, b); err != nil {
		return err
	}
	p.report.Check("ranks by owner as on the pages", differences == 0,
		"%d owners asked for, %d differences", len(b), differences)
	if p.dump != nil {
		if err := p.model.dump(p.dump, b); err != nil {
			return err
		}
	}
	if p.host.Server.Owned() {
		return nil
	}
	if _, err := c.DeleteBoard(ctx, leaderboard.DeleteRequest{Board: boardName}); err != nil {
		return fmt.Errorf("delete the board: %w", err)
	}
	return nil
}

func examples(first []string) string {
	if len(first) == 0 {
		return ""
	}
	return ": " + strings.Join(first, "; ")
}
