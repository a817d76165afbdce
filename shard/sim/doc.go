// Package sim runs the shards of a small cluster in a simulated world and checks
// what its clients saw. It consists of tests.
//
// Real are: Raft, Pebble, packages shard/raftnet and shard/host and all below them.
// Simulated are, in a testing/synctest bubble: time (a minute takes a second), the
// network (network_test.go: delay, connections that break, partitions), the disks
// (disk_test.go: a crash loses what was not synced, writes fail or hang;
// space_test.go: there is no space for a while), and
// the nodes' clocks (offsets).
//
// One seed is one run (world_test.go): clients (client_test.go) submit scores
// and read ranks while faults (faults_test.go) strike; their histories are
// checked for linearizability with porcupine against a naive board
// (model_test.go). Afterwards the world heals, writes must succeed again within
// ten seconds, and all replicas' digests must be equal.
//
// Raft draws from global randomness, so a seed replays its faults and requests
// exactly but Raft's elections only roughly.
package sim
