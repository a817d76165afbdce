// Package gridtest is what the tests of features have in common: the bytes of a
// state and back, and benchmarks that count CPU time and memory.
//
// Nothing but tests imports it. What cannot happen panics.
package gridtest
