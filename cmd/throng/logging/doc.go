// Package logging makes the logger of a node: text for people, JSON for machines,
// and no message so often that it hides the others.
//
// A Limiter stands before the handler that writes. Of each message (its level and
// text, whatever its attributes) it lets so many through within a Window, counts the
// rest, and says when the window has ended how many there were:
//
//	… and 1234 more like it were dropped
//
// # Invariants
//
//	I1  Of one message at most as many records as allowed are written within a
//	    window, and one that counts the others.
//	I2  What is dropped is counted, and the count is written: with the first record
//	    of any message after the window, at a Flush after it, or at Close.
//	I3  At most MessagesMax messages are remembered. Beyond them, all others share
//	    one allowance and one count.
//
// The level is a slog.LevelVar, so that a reload and the admin API can change it
// while the node runs. All methods may be called from any goroutine. A Limiter has
// no goroutine and no timer; its clock is handed in.
package logging
