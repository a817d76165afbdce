// Package connect measures what connections and sessions cost the server: how
// fast new connections log in and what that takes beyond the bare connect, and
// how much memory an idle session with one presence holds.
//
// A run has these steps, on one server:
//
//  1. warm up: submit scores for a while, so that the log's memtables and caches
//     have the size that they keep
//  2. bare connects: open connections that say nothing, and close them
//  3. logins: new connections that say hello with a custom id that has been seen
//     before, in alternation with bare connects; then they end their sessions
//  4. crowds: open sessions, each present on a status stream of its own, and read
//     the server's memory at two sizes of the crowd, once it has come to rest
//
// The connections of the crowd belong to no goroutine; a few workers open them.
package connect
