package netio

import (
	"time"

	"github.com/thronggrid/throng/grid/fault"
)

// rate is a Rate in nanoseconds. What it bounds is kept as one number, the bucket: the
// time at which that is full again, in nanoseconds since the server began. So a bucket
// that nobody takes from needs no care, and one of zero is full.
type rate struct {
	interval int64       // in which one request comes in; 0: there is no bound
	burst    int64       // in which an empty bucket is full again
	flood    int64       // a bucket that needs longer than this is that of a flood
	refusal  fault.Error // of what is beyond it, but for when to ask again
}

// take takes a request out of a bucket and returns what it is then. over is 0 if the
// request was in it. If not, over is how long it takes until one is, and the bucket has
// lost some of a request nevertheless, so that who does not heed that gets less.
func (r *rate) take(bucket, now int64) (after, over int64) {
	bucket = max(bucket, now)
	if r.interval == 0 {
		return bucket, 0
	}
	over = bucket + r.interval - now - r.burst
	if over <= 0 {
		return bucket + r.interval, 0
	}
	return min(bucket+r.interval/FloodFactor, now+r.flood+1), over
}

// floods says whether so much was asked beyond the rate that nothing more is heard.
func (r *rate) floods(bucket, now int64) bool { return bucket-now > r.flood }

// hint is when to ask again what was refused. Each refusal makes over longer by a part of
// the interval, so that requests which were refused together come back one after the
// other, no faster than the rate.
func hint(over int64) time.Duration {
	ms := (FloodFactor*time.Duration(over) + time.Millisecond - 1) / time.Millisecond
	return ms * time.Millisecond
}
