// Package presence holds everything about who is on which stream: the state,
// the duties that change it, queries and wire messages.
package presence
