// Package memory is a record store that forgets everything: for tests of
// features, and for the simulation.
//
// Its tables are copy-on-write trees from encoded keys to rows. A View reads
// copies that were taken when it began. An Update writes to copies, which take
// the place of the tables when it succeeds; there is one at a time.
//
// Update calls its function twice and throws away what the first call did: a
// database may do that whenever transactions meet, and a function that is not
// made for it shall be found here.
//
// A Store may be used from any goroutine. Who waits for the turn to write waits
// on a channel, so that a simulation's clock goes on meanwhile.
package memory
