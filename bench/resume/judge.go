package resume

import (
	"errors"
	"time"
)

const (
	// resumedMin is the part of all new connections that must have taken their
	// session up again, of those that were cut.
	resumedMin = 0.9
	// sentMin is the part of the messages asked for that must have been sent.
	sentMin = 0.5
)

// judge notes what was seen.
func (b *bench) judge(took time.Duration) {
	var wrong []error
	var given, resumed, again int
	var gaps int64
	for _, r := range b.rooms {
		wrong = append(wrong, r.wrong...)
	}
	for _, m := range b.members {
		given += int(m.at.Load())
		gaps += m.gaps.Load()
		s := m.client.Stats()
		resumed += s.Resumed
		again += s.Connects - 1
	}
	r := b.report
	behind := b.behind()
	r.Check("every member was given every message of its room", behind == 0 && gaps == 0,
		"%d members lack some, %d messages were said to be gone; %d were given",
		behind, gaps, given)
	r.Check("once, in order, and the same to all", len(wrong) == 0, "%d were not: %v",
		len(wrong), errors.Join(wrong...))
	r.Check("every message was acknowledged", b.failed.Load() == 0, "%d acknowledged, %d not",
		b.sent.Load(), b.failed.Load())
	want := sentMin * b.options.Rate * took.Seconds()
	r.Check("there was load", float64(b.sent.Load()) >= want, "%d messages, want %.0f",
		b.sent.Load(), want)
	r.Check("cut sessions were resumed", float64(resumed) >= resumedMin*float64(b.cut),
		"%d of %d sockets cut; %d connections made anew", resumed, b.cut, again)
	r.Metric("messages acknowledged", float64(b.sent.Load()), "")
	r.Metric("messages given", float64(given), "")
	r.Metric("sockets cut", float64(b.cut), "")
	r.Metric("sessions resumed", float64(resumed), "")
	r.Metric("sessions opened anew", float64(again-resumed), "")
	r.Metric("rate", float64(b.sent.Load())/took.Seconds(), "1/s")
}
