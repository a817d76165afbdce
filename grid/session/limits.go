package session

// The limits of this feature.
const (
	SessionsPerUserMax   = 64      // sessions of one user, attached and detached,
	SessionsOfServersMax = 4096    // and of the one user whom all servers are
	SessionsPerSlotMax   = 1 << 18 // sessions of all users who share a slot
	StreamsMax           = 128     // streams that one session is on
	SpentPerUserMax      = 256     // used refresh tokens of one user that have not expired,
	SpentPerSlotMax      = 1 << 18 // and of all users who share a slot
	ListMax              = 100     // sessions in one ListReply
	TickMax              = 256     // sessions, streams and tokens that one Tick lets go

	// GraceMax is how long a session may stay detached, in µs: a week. Whoever asks
	// for more gets that.
	GraceMax = 7 * 24 * 3600 * 1_000_000
)
