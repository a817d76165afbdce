// Package grid is the domain's root: the few words that every feature shares,
// and the port (Shards) through which requests reach the state.
//
// A feature is a folder below this one. It declares its requests as a list of
// Ops, keeps its state in a type that package grid/slot composes into a slot,
// and is added to the lists in grid/slot/features.go; nothing else names it.
//
// How a request travels: an event loop of netio decodes the frame, finds the Op
// of its kind and calls Op.Prepare, which checks the request and turns it into
// the canonical body of a command (a write) or a query (a read) for one slot.
// Lane.Write queues a command, Lane.Read answers a query from memory.
//
// Nothing below this folder reads a clock, draws randomness or touches the
// network except through a port handed in, and nothing imports another folder
// of the project.
package grid
