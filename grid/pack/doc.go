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
// A stream of values that is too long for one slice, a snapshot say, goes through an
// Encoder and a Decoder. They cut it into chunks of bounded size, each read whole
// before it is decoded, and nothing else has to know of chunks:
//
//	I4  Equal values give equal bytes of an Encoder.
//	I5  A Decoder never holds more than one chunk, ChunkBytesMax, and takes no stream
//	    that was cut off for a whole one.
//
// Nothing here is safe for concurrent use; everything belongs to its caller.
package pack
