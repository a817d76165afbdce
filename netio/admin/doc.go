// Package admin is the port for those who run a node: an HTTP server that says how the
// node is, what it has counted, and what it is busy with.
//
//	GET /livez              is the process to be left alone? 200, or 503 with reasons
//	GET /readyz             may clients be sent here? 200, or 503 with reasons
//	GET /metrics            what was counted, as Prometheus reads it
//	GET /debug/pprof/…      profiles of the Go runtime
//	GET /admin/log-level    from which level on the node logs
//	PUT /admin/log-level    the same, changed
//	GET /admin/hot          the busiest slots, boards or channels, sampled for a while
//	POST /admin/backup      a backup of the node, streamed; ?keys=1 with its keys
//
// The first three are open. All else, paths that do not exist included, takes the admin
// token: Authorization: Bearer TOKEN. Errors are JSON, with a canonical code of grid/fault
// and a sentence.
//
// # Metrics
//
// There is one table of them (Table): name, type, help, labels, and how each is read from
// a Sample, a plain struct that the node fills. What Prometheus is told and docs/metrics.md
// both come from that table, so neither can name what the other does not.
//
// # Who owns what
//
// net/http has a goroutine for each connection. What they share is the Options, which
// nobody changes, and the collector's Sample, which has a mutex. The functions of a Node
// are called on those goroutines, several at a time: they must be safe for that, and must
// not wait for anything that may be broken, since that is when they are asked.
//
// # Invariants
//
//	I1  Nothing but the three open paths is answered without the token, which is compared
//	    in constant time.
//	I2  What a client can make us hold is bounded: ConnectionsMax connections, each with a
//	    head of about HeadBytesMax and a body of BodyBytesMax, for WriteTimeout at most;
//	    a backup for as long as its client reads, BackupStall without. Connections that
//	    ask for nothing keep nobody out.
//	I3  Each metric that is exported under throng_ is in the table, and each in the table is
//	    exported once the node serves, with labels from fixed sets only: no name that a
//	    client chose ever becomes a label.
//
// # On failure
//
// A panic in a handler closes that connection. The end of the HTTP server that nobody asked
// for is logged, and the node goes on serving clients.
package admin
