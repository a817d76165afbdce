// Package nemesis shows that a cluster which is killed, paused, cut apart, starved and
// wiped node by node keeps every promise to its clients.
//
// It starts real servers on a network of its own (package lan), each on a disk of its own
// where it may mount one, and lets clients write scores, read ranks and chat through the
// SDK, each preferring another node. Then faults come over the cluster, one at a time or
// two, drawn by a seed from a deck that has each sort once: see troubles.
//
// # What must hold
//
// A run is made of rounds, each with boards and rooms of its own, which begin and end while
// the cluster is whole, with a fault or two between. So each history is short enough to be
// checked to its end. At the end of a round, and for boards once more at the end of the
// run,
//
//	boards   must have a history that one board alone can have had (porcupine), and every
//	         acknowledged score, once: a second ledger, which knows nothing of order, says
//	         which writes are lost or doubled
//	rooms    must have the numbers 1, 2, 3 and so on, with every acknowledged message, no
//	         content twice, and nothing that was said to have failed; every member must
//	         have been given all of it, once and in order, whatever its node went through
//	lobby    in the end must have exactly the sessions of those who chat, as all of them
//	         see it
//	errors   that clients saw must be such that may be: nobody is told that a board is not
//	         there which was created
//
// A write of which the client never learned whether it was done may have been done, then or
// later. One that is said to have failed is believed. A history that the checker does not
// come to the end of in time counts as a failure, and so does a board or room that takes no
// write after a fault has ended.
//
// A run ends with the first round that finds something. So that a stall cannot pass for
// success there are floors: of faults and their sorts, of writes in each fault's window, of
// elections, and of snapshots installed.
//
// # Its own proof
//
// The checkers are tested with planted histories, and Options.Break builds the servers
// with a planted bug, which a run must find.
//
// # Limits
//
// Clocks are not turned: processes of one machine have the same. Where root is missing,
// proxies stand in for the network, no power is cut and no disk is filled.
//
// One goroutine runs the rounds; each client's work runs on one more, which ends before
// anything is checked. The seed decides operations and faults; moments and interleaving are
// the machine's.
package nemesis
