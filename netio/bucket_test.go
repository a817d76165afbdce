package netio

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A bucket lets through what a counter of tokens lets through, which gets one in each
// interval up to the burst. Refusals aside, which here cost nothing to make the two alike.
func TestBucketIsThatOfTokens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perSecond := rapid.IntRange(1, PerSecondMax).Draw(t, "per second")
		r := newRate(Rate{perSecond, rapid.IntRange(1, 50).Draw(t, "burst")}, "a_rate")
		now := int64(1)
		var bucket int64
		tokens, since := r.burst, now // in ns, as the bucket
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			now += rapid.Int64Range(0, 3*r.interval).Draw(t, "pause")
			tokens, since = min(r.burst, tokens+now-since), now
			want := tokens >= r.interval
			after, over := r.take(bucket, now)
			if (over == 0) != want {
				t.Fatalf("over %d with %d ns of tokens, an interval of %d", over, tokens, r.interval)
			}
			if want {
				bucket, tokens = after, tokens-r.interval
			} else if _, again := r.take(bucket, now+over); again != 0 {
				t.Fatalf("refused for %d ns, and after that for %d", over, again)
			}
		}
	})
}

// What is refused comes back, each as it was told, and none of it is taken for a flood:
// all is done in the end.
func TestHintsAreHeeded(t *testing.T) {
	for _, limit := range []Rate{{1, 1}, {10, 1}, {10, 20}, {1000, 2000}, {PerSecondMax, 1}} {
		const requests = 128 // at once: all that a connection may have unanswered
		r, bucket := newRate(limit, "a_rate"), int64(0)
		var due [requests]int64
		for i := range due {
			due[i] = 1
		}
		now, last := int64(0), int64(0)
		for left := requests; left > 0; {
			next := 0
			for i := range due {
				if due[i] > 0 && (due[next] == 0 || due[i] < due[next]) {
					next = i
				}
			}
			now = max(now, due[next])
			after, over := r.take(bucket, now)
			if bucket = after; r.floods(bucket, now) {
				t.Fatalf("%+v: who does as it was told is taken for a flood", limit)
			}
			if over > 0 {
				due[next] = now + hint(over).Nanoseconds()
				continue
			}
			due[next] = 0
			last = now
			left--
		}
		most := int64(32*requests)*r.interval + 8*requests*int64(time.Millisecond)
		if last > most {
			t.Errorf("%+v: all was done after %v", limit, time.Duration(last))
		}
	}
}

// Who asks less than FloodFactor times too fast is refused for ever; who asks faster is
// found out.
func TestFloods(t *testing.T) {
	r := newRate(Rate{PerSecond: 100, Burst: 10}, "a_rate")
	ask := func(interval int64) (admitted int, flood bool) {
		var bucket, over int64
		for now := int64(1); now < int64(time.Minute); now += interval {
			if bucket, over = r.take(bucket, now); over == 0 {
				admitted++
			}
			if r.floods(bucket, now) {
				return admitted, true
			}
		}
		return admitted, false
	}
	if n, flood := ask(r.interval); flood || n < 5990 {
		t.Errorf("at the rate: %d let through in a minute, a flood: %v", n, flood)
	}
	if n, flood := ask(r.interval/FloodFactor + 1000); flood || n < 10 {
		t.Errorf("four times too fast: %d let through, a flood: %v", n, flood)
	}
	if n, flood := ask(r.interval / 8); !flood || n > 300 {
		t.Errorf("eight times too fast: %d let through, a flood: %v", n, flood)
	}
	none := newRate(Rate{}, "a_rate")
	if after, over := none.take(0, 7); over != 0 || none.floods(after, 7) {
		t.Error("without a rate something is refused")
	}
}
