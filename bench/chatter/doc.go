// Package chatter measures chat: durable messages in small rooms, as fast as they
// go and at half the rate that is aimed for, and how long a large room takes to
// fill.
//
// A run has these steps, on one server:
//
//  1. closed loop: 64 senders in rooms of 4, 8 messages in flight each; every
//     message is on disk before it is acknowledged, and is pushed to the 4 members
//  2. open loop: the same senders at a fixed rate, for the latency
//  3. read every room's history from its first message to its last, from memory
//     and archive, and count
//  4. fill rooms of 1,000: sessions that are there already join all at once; the
//     time until the last has been told that it is in
//
// What members are pushed is checked as it comes: each room's numbers rise by one.
package chatter
