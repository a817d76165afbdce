// Package chatter measures chat: durable messages in small rooms, as fast as they
// go and at half the rate that is aimed for, and how long a large room takes to
// fill.
//
// A run has these steps, on one server:
//
//  1. closed loop: 64 senders in rooms of 4, 8 messages in flight each; every
//     message is on disk before it is acknowledged, and is pushed to the 4 members
//  2. open loop: the same senders at a fixed rate, for the latency
//  3. read every room's history from its first message to its last, from memory
//     and archive
//  4. fill rooms of 1,000: sessions that are there already join all at once; the
//     time until the last has been told that it is in
//
// What a run checks:
//
//	I1  A member is pushed the messages of its room without a gap (package load), and
//	    in each load nearly all that are sent: what is under way at its end is not
//	    waited for.
//	I2  A room's history has the numbers 1, 2, 3 and so on, and under each a message
//	    of one of its senders that is nowhere else in it (type transcript).
//	I3  All histories together have as many messages as were acknowledged.
//
// Since no two messages are the same, I2 and I3 say that each acknowledged message is
// there once. The goroutine that calls Run does all but the connections' work.
package chatter
