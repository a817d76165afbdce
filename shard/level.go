//go:build !nextlevel

package shard

// Level is the highest feature level of commands that this program knows.
const Level = 1
