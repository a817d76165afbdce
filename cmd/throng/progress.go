package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progressEvery is how often a bar is drawn.
const progressEvery = 200 * time.Millisecond

// progress shows on a terminal how far something is that takes a while. To what is no
// terminal it writes nothing.
type progress struct {
	to    io.Writer // nil: to nobody
	what  string
	at    string // the part at hand
	size  int64  // bytes in all; 0: not known
	bytes int64
	begun time.Time
	drawn time.Time
}

func newProgress(stderr io.Writer, what string) *progress {
	p := &progress{begun: time.Now()}
	if f, ok := stderr.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.to = stderr
		}
	}
	p.begin(what, 0)
	return p
}

// begin goes on with the next thing to do, of so many bytes; 0: not known.
func (p *progress) begin(what string, size int64) {
	p.what, p.at, p.size, p.bytes, p.begun = what, "", size, 0, time.Now()
}

// part says what is at hand.
func (p *progress) part(name string) { p.at = name }

// reader counts what is read through it.
func (p *progress) reader(r io.Reader) io.Reader { return &counted{r, p} }

type counted struct {
	r io.Reader
	p *progress
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.bytes += int64(n)
	c.p.draw()
	return n, err
}

const barCells = 20

func (p *progress) draw() {
	if p.to == nil || time.Since(p.drawn) < progressEvery {
		return
	}
	p.drawn = time.Now()
	line := p.what
	if p.size > 0 {
		cells := int(min(barCells, barCells*p.bytes/p.size))
		line += " [" + strings.Repeat("=", cells) + strings.Repeat(" ", barCells-cells) + "]"
	}
	mib := float64(p.bytes) / (1 << 20)
	line += fmt.Sprintf(" %.1f MiB, %.1f MiB/s %s", mib, mib/time.Since(p.begun).Seconds(), p.at)
	fmt.Fprintf(p.to, "\r%-78s", line)
}

// clear takes the bar away.
func (p *progress) clear() {
	if p.to != nil {
		fmt.Fprintf(p.to, "\r%78s\r", "")
	}
}
