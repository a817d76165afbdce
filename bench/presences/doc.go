// Package presences measures who-is-here: how fast sessions come and go in one
// large room, what its members are told of that, and how long a crowd takes that
// has lost its connections at once.
//
// A run has these steps, on one server:
//
//  1. a room of 1,000 members is filled
//  2. churn: a few other sessions enter and leave that room as fast as answers come;
//     what members are pushed is counted: joins and leaves are told together, so
//     the pushes per change must stay few
//  3. storm: all members lose their connections at once, and resume; nobody leaves,
//     so nothing is told to anybody, and all are there afterwards
//  4. all end their sessions; the room must be empty
//
// What a run checks:
//
//	I1  Behind each step exactly those are present who should be: none is missing,
//	    and there are no ghosts (see compare).
//	I2  What a member is told adds up: with each event the number present changes by
//	    those who joined and left, and in the end it is the number present
//	    (type account).
//	I3  A storm is told to nobody. To know, something harmless is told behind it, and
//	    waited for.
//
// One more session, the watcher, is in the room all the time and asks who is there.
// Each member has a goroutine that takes what it is pushed; its account is behind a
// mutex. The goroutine that calls Run does the rest, with a few workers.
package presences
