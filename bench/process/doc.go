// Package process starts the servers that a benchmark needs, kills and restarts
// them, and reads what they cost: processor time and memory.
//
// A Process is any server in a child process; a Throng is one of this program,
// on a data directory, which keeps its port over restarts. Scratch is the
// temporary directory that all of it lies in. Own and Selection say which server a
// bench uses; a Host is that server with its directory, and its End leaves nothing
// of either, however the run went.
//
// A Cluster is several of this program that know each other, each a Node in a Place:
// on 127.0.0.1, or in a network namespace of its own. They share their secrets, and keep
// their places and data directories over restarts.
//
// A child runs in its own process group, so that an interrupt at the terminal
// reaches the benchmark alone, which then cleans up; should the benchmark die
// without doing so, the kernel kills the child.
//
// A Process starts two goroutines, one that reads its output and one that waits
// for its end; both end with it. Methods may be called from any goroutine, but
// Throng's Start, Kill and Stop only from one at a time.
//
// Limits: LogTailBytes of a child's last output are kept for error messages.
package process
