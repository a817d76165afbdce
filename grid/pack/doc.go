// Package pack is the one msgpack codec of the project: under frames, commands,
// entries and snapshots.
//
// Encoding appends to a byte slice (AppendInt, AppendString, …), always in the
// shortest form, so that equal values give equal bytes on every replica.
//
// Decoding is a bounded cursor over a byte slice. It allocates nothing: strings
// and byte fields are views of the input. Its invariants:
//
//	I1  No length is believed before it was compared with the bytes that remain:
//	    a bin, str or ext of n bytes needs n, an array of n elements n, a map of
//	    n pairs 2n.
//	I2  Skip uses no recursion and refuses nesting deeper than DepthMax.
//	I3  The first error sticks: every later call returns a zero value, so a decoder
//	    reads all its fields and asks Err once.
//
// Chunks (ChunkWriter, ChunkReader) cut a long msgpack stream, a snapshot say,
// into pieces of bounded size, each read whole before it is decoded.
//
// Nothing here is safe for concurrent use; everything belongs to its caller.
package pack
