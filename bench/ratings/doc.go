// Package ratings plays fifty years of chess ratings into a leaderboard: every
// rating of every list that FIDE published, in order of time, over sockets, and
// then compares every rank with a sort of its own.
//
// # What the board holds
//
// One board, highest score first, operator set, one record per player: the
// rating last published. A player who leaves the lists keeps the record, as on
// any leaderboard. So the top ten of a list is read from the board right after
// that list, from rank 1 on, and whoever is not in the list is passed over;
// places are then counted among those who are. Equal ratings share a place, and
// all who share the tenth are named.
//
// # Order
//
// Lists go out one after the other: all ratings of one are acknowledged before
// the first of the next is sent. Within a list the players are spread over the
// connections, and who of two with the same rating comes first is chance. So the
// order expected at the end is: score; then the list in which the score was
// reached (setting an equal score keeps the record's place), both known from the
// file alone; and only inside such a group the stamp that the server put on the
// record. Stamps are checked too: distinct, and those of a later list later.
//
// Invariants:
//
//	I1. ratings acknowledged = ratings read = numbers counted in the file minus
//	    those inside text that was refused by name.
//	I2. No rating of a list is sent before all of the list before are acknowledged.
//
// The board is compared twice: page by page, and rank by rank of owners named.
// The goroutine that calls Run owns all; it starts one per connection for each
// list, which end with that list.
package ratings
