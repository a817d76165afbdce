package wire

import (
	"maps"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

// boardVectors are requests for a board, and what is answered.
func boardVectors(w *world) goldens {
	alice, bob := w.alice.User, w.bob.User
	create := &leaderboard.CreateRequest{
		Board: "weekly", Sort: leaderboard.Ascending, Operator: leaderboard.Set,
	}
	own := &leaderboard.SubmitRequest{Board: "weekly", Score: 4200, Subscore: -1}
	other := &leaderboard.SubmitRequest{Board: "weekly", Owner: bob, Score: -1 << 62}
	page := &leaderboard.PageRequest{Board: "weekly", Rank: 1, Limit: 100}
	around := &leaderboard.AroundRequest{Board: "weekly", Limit: 11}
	owners := &leaderboard.OwnersRequest{Board: "weekly", Owners: []grid.ID{alice, bob}}
	remove := &leaderboard.RemoveRequest{Board: "weekly", Owner: bob}
	submit := names("seq", "low", "board", "owner", "score", "subscore")
	submitted := names("score", "subscore", "changed")
	records := names("total", "records")
	all := goldens{}
	w.ask(all, "board_create", "a board is made", &w.server,
		writeOf(leaderboard.KindCreate, 8, 1, 1, create),
		names("seq", "low", "board", "sort", "operator"), names("created"))
	w.ask(all, "board_submit_own", "a player's own score", &w.alice,
		writeOf(leaderboard.KindSubmit, 10, 300, 299, own), submit, submitted)
	w.ask(all, "board_page", "a page of one record, read linearizably", &w.alice,
		readOf(leaderboard.KindPage, grid.Linearizable, 14, page),
		names("board", "rank", "limit"), records)
	w.ask(all, "board_submit", "a score of somebody, by the studio's server", &w.server,
		writeOf(leaderboard.KindSubmit, 11, 1<<40, 1<<40-63, other), submit, submitted)
	w.ask(all, "board_around", "the records around the caller's, from any replica", &w.alice,
		readOf(leaderboard.KindAround, grid.Stale, 15, around),
		names("board", "owner", "limit"), records)
	w.ask(all, "board_owners", "the records of two owners", &w.alice,
		readOf(leaderboard.KindOwners, grid.Leader, 16, owners), names("board", "owners"), records)
	w.ask(all, "board_info", "settings and size of a board", &w.alice,
		readOf(leaderboard.KindInfo, grid.Leader, 13, &leaderboard.InfoRequest{Board: "weekly"}),
		names("board"), names("sort", "operator", "records", "authoritative", "schedule", "keep",
			"metadata", "stripes", "end", "periods"))
	w.ask(all, "board_remove", "a record is removed", &w.server,
		writeOf(leaderboard.KindRemove, 12, 4, 4, remove),
		names("seq", "low", "board", "owner"), names("removed"))
	w.ask(all, "board_delete", "a board is deleted", &w.server,
		writeOf(leaderboard.KindDelete, 9, 2, 1, &leaderboard.DeleteRequest{Board: "weekly"}),
		names("seq", "low", "board"), names("deleted", "records"))
	maps.Copy(all, seasonVectors(newWorld(w.T)))
	return all
}

// seasonVectors are about a board with all that a board can have.
func seasonVectors(w *world) goldens {
	all := goldens{}
	alice, bob := w.alice.User, w.bob.User
	create := &leaderboard.CreateRequest{
		Board: "season", Authoritative: true, Schedule: "0 0 * * MON",
		Keep: 30 * 24 * time.Hour, Metadata: `{"theme":"ice"}`,
	}
	settings := names("seq", "low", "board", "sort", "operator", "authoritative", "schedule", "keep",
		"metadata")
	submit := names("seq", "low", "board", "owner", "score", "subscore", "metadata")
	submitted := names("score", "subscore", "changed")
	w.ask(all, "board_create_season", "a board is made that is reset every week", &w.server,
		writeOf(leaderboard.KindCreate, 1, 1, 1, create), settings, names("created"))
	wide := &leaderboard.CreateRequest{Board: "world", Stripes: 8}
	all["board_create_stripes"] = golden{"a board is made that is spread over 8 slots",
		writeOf(leaderboard.KindCreate, 2, 2, 1, wide), append(settings, "stripes")}
	for i, owner := range []grid.ID{alice, bob} {
		r := &leaderboard.SubmitRequest{
			Board: "season", Owner: owner, Score: int64(90 - i), Metadata: `{"map":"fjord"}`,
		}
		name := []string{"board_submit_metadata", "board_submit_metadata_other"}[i]
		w.ask(all, name, "a score with a text", &w.server,
			writeOf(leaderboard.KindSubmit, uint32(3+i), uint64(3+i), 1, r), submit, submitted)
	}
	first := &leaderboard.PageRequest{Board: "season", Rank: 1, Limit: 1}
	w.ask(all, "board_page_first", "a page that another follows", &w.alice,
		readOf(leaderboard.KindPage, grid.Leader, 5, first),
		names("board", "rank", "limit"), names("total", "records", "next"))
	next := &leaderboard.PageRequest{Board: "season", Rank: 1, Limit: 1, Cursor: w.next(all)}
	w.ask(all, "board_page_cursor", "the page that follows, by its cursor", &w.alice,
		readOf(leaderboard.KindPage, grid.Leader, 6, next),
		names("board", "rank", "limit", "period", "cursor"),
		names("total", "records", "next", "previous"))
	w.at += 7 * 24 * 3600 * 1_000_000 // a reset
	late := &leaderboard.SubmitRequest{Board: "season", Owner: bob, Score: 7}
	w.serve(&w.server, writeOf(leaderboard.KindSubmit, 7, 5, 1, late))
	w.ask(all, "board_info_season", "a board with a period that is over", &w.alice,
		readOf(leaderboard.KindInfo, grid.Leader, 8, &leaderboard.InfoRequest{Board: "season"}),
		names("board"), names("sort", "operator", "records", "authoritative", "schedule", "keep",
			"metadata", "stripes", "end", "periods"))
	const monday = 1_700_438_400 // 20 November 2023
	around := &leaderboard.AroundRequest{Board: "season", Limit: 3, Period: monday}
	w.ask(all, "board_around_period", "the records around the caller's, in a period that is over",
		&w.alice, readOf(leaderboard.KindAround, grid.Leader, 9, around),
		names("board", "owner", "limit", "period"), names("total", "records"))
	owners := &leaderboard.OwnersRequest{Board: "season", Owners: []grid.ID{bob}, Period: monday}
	w.ask(all, "board_owners_period", "the record of an owner, in a period that is over",
		&w.alice, readOf(leaderboard.KindOwners, grid.Leader, 10, owners),
		names("board", "owners", "period"), names("total", "records"))
	return all
}

// next returns the cursor behind the first page.
func (w *world) next(all goldens) []byte {
	f, _, err := Next(all["board_page_first_reply"].frame, FrameBytesMax)
	if err != nil {
		w.Fatal(err)
	}
	in := pack.NewCursor(f.Body)
	page, err := leaderboard.DecodePageReply(&in)
	if err != nil || page.Next == nil {
		w.Fatal(page, err)
	}
	return page.Next
}
