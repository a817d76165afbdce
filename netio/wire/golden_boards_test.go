package wire

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
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
			"metadata", "end", "periods"))
	w.ask(all, "board_remove", "a record is removed", &w.server,
		writeOf(leaderboard.KindRemove, 12, 4, 4, remove),
		names("seq", "low", "board", "owner"), names("removed"))
	w.ask(all, "board_delete", "a board is deleted", &w.server,
		writeOf(leaderboard.KindDelete, 9, 2, 1, &leaderboard.DeleteRequest{Board: "weekly"}),
		names("seq", "low", "board"), names("deleted", "records"))
	return all
}
