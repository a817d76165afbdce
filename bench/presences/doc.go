// Package presences measures who-is-here: how fast sessions come and go in one
// large room, what its members are told of that, and how long a crowd takes that
// has lost its connections at once.
//
// A run has these steps, on one server:
//
//  1. a room of 1,000 members is filled
//  2. churn: a few other sessions enter and leave that room as fast as answers come;
//     what members are pushed is counted: joins and leaves are told together, so
//     the pushes per change must stay few
//  3. storm: all members lose their connections at once, and resume; nobody leaves,
//     so nothing is told to anybody, and all are there afterwards
//  4. all end their sessions; the room must be empty
package presences
