package resume

import (
	"time"

	"github.com/thronggrid/throng/bench/report"
)

const (
	// resumedMin is the part of the sockets that were cut whose sessions must have
	// been resumed.
	resumedMin = 0.9
	// sentMin is the part of the messages asked for that must have been sent.
	sentMin = 0.5

	examplesMax = 5
)

// outcome is what came of a run.
type outcome struct {
	took         time.Duration // for sending
	rate         float64       // messages a second that were asked for
	sent, failed int64         // messages acknowledged, and not
	given        uint64        // to all members together
	behind       int           // members that lack messages
	gone         int64         // messages that members were told are gone
	wrong        []error
	cut          int // sockets
	connects     int // connections made anew
	resumed      int // of these, how many took their session up again
}

// outcome sums up what all rooms and members know.
func (b *bench) outcome(took time.Duration) outcome {
	o := outcome{
		took: took, rate: b.options.Rate, sent: b.sent.Load(), failed: b.failed.Load(), cut: b.cut,
		behind: b.count((*member).behind),
	}
	for _, r := range b.rooms {
		o.wrong = append(o.wrong, r.problems()...)
	}
	for _, m := range b.members {
		o.given += m.at.Load()
		o.gone += m.gone.Load()
		s := m.client.Stats()
		o.resumed += s.Resumed
		o.connects += s.Connects - 1
	}
	return o
}

// examples describes the first few things that are wrong.
func (o *outcome) examples() (text string) {
	for _, err := range o.wrong[:min(len(o.wrong), examplesMax)] {
		text += "; " + err.Error()
	}
	return text
}

// note reports what was seen.
func (o *outcome) note(r *report.Report) {
	r.Check("every member was given every message of its room", o.behind == 0 && o.gone == 0,
		"%d members lack some, %d messages were said to be gone; %d were given",
		o.behind, o.gone, o.given)
	r.Check("once, in order, and the same to all", len(o.wrong) == 0, "%d were not%s",
		len(o.wrong), o.examples())
	r.Check("every message was acknowledged", o.failed == 0, "%d acknowledged, %d not",
		o.sent, o.failed)
	want := sentMin * o.rate * o.took.Seconds()
	r.Check("there was load", o.sent > 0 && float64(o.sent) >= want, "%d messages, want %.0f",
		o.sent, want)
	r.Check("cut sessions were resumed",
		o.cut > 0 && float64(o.resumed) >= resumedMin*float64(o.cut),
		"%d of %d sockets cut; %d connections made anew", o.resumed, o.cut, o.connects)
	r.Metric("messages acknowledged", float64(o.sent), "")
	r.Metric("messages given", float64(o.given), "")
	r.Metric("sockets cut", float64(o.cut), "")
	r.Metric("sessions resumed", float64(o.resumed), "")
	r.Metric("sessions opened anew", float64(o.connects-o.resumed), "")
	r.Metric("rate", float64(o.sent)/o.took.Seconds(), "1/s")
}
