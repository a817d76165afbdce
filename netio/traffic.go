package netio

import "sync/atomic"

// traffic is what went in and out in one event, until its end: so that counting each
// frame costs no atomic operation.
type traffic struct{ framesIn, bytesIn, framesOut, bytesOut uint64 }

// trafficCount is the sum of all traffic of a loop.
type trafficCount struct{ framesIn, bytesIn, framesOut, bytesOut atomic.Uint64 }

// add counts the traffic of an event, and empties it.
func (c *trafficCount) add(t *traffic) {
	if t.bytesIn > 0 {
		c.framesIn.Add(t.framesIn)
		c.bytesIn.Add(t.bytesIn)
	}
	if t.framesOut > 0 || t.bytesOut > 0 {
		c.framesOut.Add(t.framesOut)
		c.bytesOut.Add(t.bytesOut)
	}
	*t = traffic{}
}
