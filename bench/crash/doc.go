// Package crash shows that a server which dies loses nothing that it has
// acknowledged, does nothing twice and nothing by half.
//
// Several clients write through the SDK, which asks again under the same request
// id whenever it does not know whether a write was done: scores on boards of
// every operator, removals, boards created and deleted. In each cycle the server
// is killed at a random moment, started again on what is left, and the clients
// finish what they had begun. Then everything is read and compared. In one of four
// cycles the server is killed once more while it starts.
//
// # What must hold
//
// Each client owns its owners and boards, so it knows what each record must be:
// its model applies every write once, when its answer comes. An answer that says
// unknown leaves both outcomes possible until a later answer or the next reading
// tells. A write counts as
//
//	lost     a record is older than its last acknowledged write; on boards that
//	         add up, the sum is too small
//	doubled  on boards that add up, the sum is too large (so is a sum that goes on
//	         from before a removal that was lost)
//	halved   score and subscore, always written together, do not belong together
//
// Ranks must be 1, 2, 3 … in the board's order, and nobody may be on a board
// whom nobody put there.
//
// As many players chat: each is in all rooms, sends, updates and removes messages,
// and takes what the rooms bring. A room's history must have the numbers 1, 2, 3
// and so on, each acknowledged message with its last content, and no content twice;
// every player must be given all of it, once and in order, across all crashes; and
// those present in a room must be exactly the players' sessions.
//
// # Two ways to die
//
// SIGKILL, where everything the server has written survives in the kernel's
// memory: it shows that recovery is right, and says little about fsync. And a
// power cut (package power), where only what has reached the disk survives.
//
// # A full disk
//
// With Options.Full, the disk is filled before each SIGKILL: at once, so that
// nobody can see it coming, or as fast as it can be written, or slowly. It stays
// full for a while, what the server gives up included, and is freed again. The
// clients go on all the time. A probe sees what they do not, because they ask until
// it is done: writes must be refused by the right name, reads served, the server
// must stay up, and take writes again without a restart. The killed server is then
// started on a full disk: its ballast must do for that, and it must serve reads.
//
// The run ends with the first cycle that finds a fault. Writes acknowledged in a
// cycle have a floor, so that a stall cannot pass for success. The seed decides
// the operations; moments and interleaving are the machine's.
//
// One goroutine runs the cycles; each client's writes run on one more, which owns
// its model and hands it over by ending.
package crash
