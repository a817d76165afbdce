// Package ssp reads the rating history of chess players out of the spelling
// file of the Scid chess database (Debian package scid-rating-data): every
// rating that FIDE published from 1971 on, by player.
//
// # The format
//
// Lines of the section that "@PLAYER" opens and the next "@" line closes:
//
//	Carlsen, Magnus #GM NOR [2847] 1990.11.30         a player
//	   %Bio FIDEID 1503014                            the player's id at FIDE
//	   = Carlsen, Magnus Oen                          another spelling
//	   %Elo 2001:?,2064,2084,2072 2002:2127,2163      ratings, a group per year
//
// A group has one value for each list of its year, in order; "?" says that the
// player is not in that list, and values at the end may be missing. Which months
// the lists of a year stand for is written, with the evidence, at List.
//
// # What cannot be read
//
// Nothing is guessed. A value, a group or a line that does not fit is refused:
// counted, and named with its line number, its text and the reason. A value
// that cannot be read costs only itself, because the others keep their place;
// a group with more values than its year had lists is refused whole, because
// nobody can say which value belongs to which list. Where a player has two
// groups for one year, an equal one is refused as a repeat; if they differ, both
// are refused.
//
// Invariants:
//
//	I1. Ratings accepted + ratings inside refused text = Tokens(the same file).
//	I2. A player has at most one rating in a list.
//	I3. Player keys are unique.
//
// The file (181 MB) is streamed; what stays in memory is about three bytes a
// rating and a hundred a player. The text is Latin-1 and is handed out as UTF-8.
// Nothing here starts a goroutine; a File may be read from any of them once
// Read has returned.
package ssp
