package chat

// The limits of this feature.
const (
	ContentBytesMax    = 4096      // the longest content of a message or signal
	TailMessages       = 256       // messages that a tail keeps once they are archived
	TailBytes          = 256 << 10 // of them together, as they are stored, if not told otherwise
	KeepBytesMin       = 4 << 10   // the least, and the most, that may be told in its place;
	KeepBytesMax       = 512 << 10 // so half of TailBytesMax is left for what waits
	TailBytesMax       = 1 << 20   // of a tail that waits for the archive
	AmendmentsBytesMax = 64 << 10  // of a channel's changes to messages that only the archive has
	ChannelsPerSlotMax = 1 << 16   // channels that share one of the world's slots
	HistoryMessagesMax = 100       // messages of one HistoryReply
	HistoryBytesMax    = 256 << 10 // of them together, but for the first
	AheadMessagesMax   = 512       // messages that a Reader holds
)
