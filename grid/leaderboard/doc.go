// Package leaderboard holds everything about boards: their state, commands,
// queries and wire messages.
package leaderboard
