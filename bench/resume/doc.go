// Package resume cuts the sockets of many sessions at random while they chat, and
// checks that nobody notices: every message that was sent to a room is delivered
// to every member, once and in order.
//
// The sessions are clients of the SDK, in rooms. All take turns in sending. In
// each drop the sockets of a part of all sessions are closed without a word, on
// the client's side. The clients connect again, resume, and read what they have
// missed.
//
// Invariants that a run checks:
//
//	I1  What a member is given has the numbers 1, 2, 3, … of its room.
//	I2  All members of a room are given the same content under a number.
//	I3  An acknowledged message is given to every member under the number that was
//	    acknowledged, with its content.
//	I4  A message whose outcome stayed unknown is given to all or to none, once.
//
// Each session has a goroutine that takes its events, and the SDK's; senders are a
// few more. A room's record of what was given is behind its mutex.
package resume
