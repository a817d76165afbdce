// Package demo shows a server with a crowd in it: bots that log in, enter rooms, talk
// and score, and a screen of what happens, for somebody who sees Throng for the first
// time.
//
// A run has these steps:
//
//  1. start a server in a temporary directory, or use one that runs, and make a board
//  2. let the bots in, and each talk and score at its own pace
//  3. draw a Frame about once a second, until ctx ends or the time is over
//  4. let every bot finish what it has begun, and read everything back
//
// What a run checks, so that what the screen shows is no claim:
//
//	I1  Each room's history has as many messages as its bots had acknowledged.
//	I2  Each bot's record has the sum of the points that it had acknowledged.
//
// Calls whose outcome stays unknown may count or not; a run on a sound server has none.
//
// Each bot is one goroutine that acts and one that takes its pushes; what they count
// together is in tally. Frames are drawn by the goroutine that calls Run. When Run
// returns, all of them have ended, and a server of the demo's own is gone.
//
// Limits: BotsMax bots; the last LinesMax chat lines and the TopMax best are shown.
package demo
