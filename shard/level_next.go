//go:build nextlevel

package shard

// Level is that of the next release, as tests of upgrades have it.
const Level = 2
