package config

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// State is what requests may bring into the state of the game.
type State struct {
	ChatContentBytesMax    int
	StatusBytesMax         int
	BoardMetadataBytesMax  int
	RecordMetadataBytesMax int
	PageRecordsMax         int
	StripesMax             int
	StreamsPerSessionMax   int
	BoardsMax              int // 0: none
	ChannelsMax            int // 0: none
	ChatTailBytes          int
}

// Bounds returns the limits as the edge takes them; but boards and channels only once
// there are as many.
func (s *State) Bounds() grid.Limits {
	return grid.Limits{
		grid.ContentBytesBound:        s.ChatContentBytesMax,
		grid.StatusBytesBound:         s.StatusBytesMax,
		grid.BoardMetadataBytesBound:  s.BoardMetadataBytesMax,
		grid.RecordMetadataBytesBound: s.RecordMetadataBytesMax,
		grid.PageRecordsBound:         s.PageRecordsMax,
		grid.StripesBound:             s.StripesMax,
		grid.StreamsPerSessionBound:   s.StreamsPerSessionMax,
		grid.BoardsBound:              s.BoardsMax,
		grid.ChannelsBound:            s.ChannelsMax,
		grid.TailBytesBound:           s.ChatTailBytes,
	}
}

func (s *State) keys() []Key {
	bytes := func(at *int, most int) value { return size(at, most, 1, most, "") }
	number := func(at *int, most int) value { return whole(at, most, 1, most, "") }
	return []Key{{
		Name:       "chat_content_bytes_max",
		Doc:        "`size` of the longest content of a message or signal",
		Reloadable: true,
		value:      bytes(&s.ChatContentBytesMax, chat.ContentBytesMax),
	}, {
		Name:       "status_bytes_max",
		Doc:        "`size` of the longest status of a presence",
		Reloadable: true,
		value:      bytes(&s.StatusBytesMax, presence.StatusBytesMax),
	}, {
		Name:       "board_metadata_bytes_max",
		Doc:        "`size` of the longest metadata of a board",
		Reloadable: true,
		value:      bytes(&s.BoardMetadataBytesMax, leaderboard.BoardMetadataBytesMax),
	}, {
		Name:       "record_metadata_bytes_max",
		Doc:        "`size` of the longest metadata of a record",
		Reloadable: true,
		value:      bytes(&s.RecordMetadataBytesMax, leaderboard.RecordMetadataBytesMax),
	}, {
		Name:       "page_records_max",
		Doc:        "`number` of records that one request may ask a board for",
		Reloadable: true,
		value:      number(&s.PageRecordsMax, leaderboard.PageRecordsMax),
	}, {
		Name:       "stripes_max",
		Doc:        "`number` of slots over which one board may be spread",
		Reloadable: true,
		value:      number(&s.StripesMax, leaderboard.StripesMax),
	}, {
		Name:       "streams_per_session_max",
		Doc:        "`number` of streams that one session may be on",
		Reloadable: true,
		value:      number(&s.StreamsPerSessionMax, session.StreamsMax),
	}, {
		Name: "boards_max",
		Doc: "`number` of boards in the state of the node, each stripe counting as one; " +
			"counted every second",
		Reloadable: true,
		value:      whole(&s.BoardsMax, 0, 1, 1<<30, "as many as the slots take"),
	}, {
		Name: "channels_max",
		Doc: "`number` of rooms that have messages in the state of the node; " +
			"counted every second",
		Reloadable: true,
		value:      whole(&s.ChannelsMax, 0, 1, 1<<30, "as many as the slots take"),
	}, {
		Name: "chat_tail_bytes",
		Doc: "`size` of the newest messages of a room that stay in memory; what is older is " +
			"read from the archive, and its senders can change it no more. A room takes " +
			"another size over with its next message",
		Reloadable: true,
		value: size(&s.ChatTailBytes, chat.TailBytes, chat.KeepBytesMin,
			chat.KeepBytesMax, ""),
	}}
}
