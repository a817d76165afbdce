package host

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestAtRest: shards that are at rest leave sessions as they were when the node ended,
// however long they are looked at.
func TestAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users = 5
		fs := vfs.NewCrashableMem()
		h := open(t, fs, nil)
		c := newCaller(t, h)
		for u := range users {
			c.open(h, userOf(u), uint64(u+1), false).track(0, "")
		}
		synctest.Wait()
		fs = fs.CrashClone(vfs.CrashCloneCfg{})
		for range 2 {
			h = open(t, fs, func(o *Options) { o.AtRest, o.SessionGrace = true, time.Second })
			time.Sleep(time.Minute)
			synctest.Wait()
			for u := range users {
				s := sessionsOf(t, h, userOf(u))
				if len(s) != 1 || !s[0].Attached {
					t.Errorf("user %d has the sessions %+v, want the one that was connected", u, s)
				}
			}
			if s := h.Stats(); s.Shards[0].Entries != 0 || !h.leads() {
				t.Errorf("%+v, leads %v", s.Shards[0], h.leads())
			}
			fs = fs.CrashClone(vfs.CrashCloneCfg{})
		}
		h = open(t, fs, func(o *Options) { o.SessionGrace = time.Second })
		time.Sleep(time.Minute)
		synctest.Wait()
		for u := range users {
			if s := sessionsOf(t, h, userOf(u)); len(s) != 0 {
				t.Errorf("user %d has the sessions %+v, want none: the start behind swept them", u, s)
			}
		}
	})
}
