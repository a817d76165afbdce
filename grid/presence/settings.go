package presence

// The limits of this feature.
const (
	StatusBytesMax    = 512     // the longest status of a presence
	MembersMax        = 1 << 20 // presences on one stream
	StreamsPerSlotMax = 1 << 18 // streams that share one of the world's slots
	MembersPerSlotMax = 1 << 21 // presences on all of these
	PageMembersMax    = 100     // presences in one ListReply
	EventNamesMax     = 16      // sessions that each list of a ChangedEvent names
)
