package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/thronggrid/throng/bench/power"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/client"
)

const (
	// DiskBytes is the size of the disk that is filled.
	DiskBytes = 512 << 20
	// holdFor is how long it stays full, and recoverMax how long writes may need
	// to be taken again once it is free.
	holdFor    = 2 * time.Second
	recoverMax = 20 * time.Second
	// startedMax is how long a server that has started on a full disk may take to serve
	// reads and to refuse writes.
	startedMax = 20 * time.Second
	// lastBytes is how much may be left of a disk that is full to the last block.
	lastBytes = 64 << 10
)

// filled is a server on a disk that is filled, freed, and filled again while the
// server, killed with SIGKILL, is down.
type filled struct {
	*powered
	probe  *prober
	filler *power.Filler // while the server is down

	died      []string // how the server ended by itself
	odd       []string // answers that should not have been
	refused   []int64  // by cycle
	reads     []int64  // while the disk was full, by cycle
	fewest    []uint64 // bytes left at the least, by cycle
	recovered []float64
	starts    int // on a full disk
	late      int // cycles in which writes were not taken again
}

func openFilled(ctx context.Context, o *Options) (host, error) {
	p, err := openPowered(ctx, o, DiskBytes)
	if err != nil {
		return nil, err
	}
	h := &filled{powered: p}
	if err := h.begin(ctx); err != nil {
		h.end(ctx, &err)
		return nil, err
	}
	return h, nil
}

// crash kills the server and fills the disk: it has to start without space.
func (h *filled) crash(ctx context.Context, _ io.Writer) (err error) {
	h.throng.Kill()
	if h.filler, err = power.NewFiller(h.disk.Mount()); err != nil {
		return err
	}
	return h.filler.Fill(ctx, power.AtOnce)
}

// started looks how a server that has started on a full disk serves, and frees it.
func (h *filled) started(ctx context.Context, log io.Writer) error {
	refused, reads := h.probe.refused.Load(), h.probe.reads.Load()
	probing, end := context.WithCancel(ctx)
	var probe sync.WaitGroup
	probe.Go(func() { h.probe.run(probing) })
	for until := time.Now().Add(startedMax); time.Now().Before(until) && ctx.Err() == nil &&
		(h.probe.refused.Load() == refused || h.probe.reads.Load() == reads); {
		process.Pause(ctx, 5*time.Millisecond)
	}
	end()
	probe.Wait()
	refused, reads = h.probe.refused.Load()-refused, h.probe.reads.Load()-reads
	h.refused, h.reads = append(h.refused, refused), append(h.reads, reads)
	h.odd = append(h.odd, h.probe.took()...)
	h.starts++
	fmt.Fprintf(log, "started on the full disk: %d writes refused, %d reads served\n",
		refused, reads)
	err := h.filler.Release()
	h.filler = nil
	return err
}

// begin connects who probes.
func (h *filled) begin(ctx context.Context) error {
	c, err := h.throng.Dial(ctx, client.Options{BackoffMax: backoffMax})
	if err != nil {
		return err
	}
	h.probe = &prober{client: c, owner: grid.UserID("bench", "crash-probe")}
	return h.probe.create(ctx)
}

// episode fills the disk under load, keeps it full, and frees it again.
func (h *filled) episode(ctx context.Context, p power.Pace, log io.Writer) error {
	probing, end := context.WithCancel(ctx)
	var probe sync.WaitGroup
	probe.Go(func() { h.probe.run(probing) })
	defer probe.Wait()
	defer end()
	f, err := power.NewFiller(h.disk.Mount())
	if err != nil {
		return err
	}
	refused, unheard := h.probe.refused.Load(), h.probe.unheard.Load()
	err = f.Fill(ctx, p)
	reads := h.probe.reads.Load()
	if err == nil {
		err = f.Hold(ctx, holdFor)
	}
	reads = h.probe.reads.Load() - reads
	if released := f.Release(); err == nil {
		err = released
	}
	if err != nil {
		return err
	}
	took, ok := h.recover(ctx)
	if !ok {
		h.late++
	}
	refused = h.probe.refused.Load() - refused
	h.refused, h.reads = append(h.refused, refused), append(h.reads, reads)
	h.fewest = append(h.fewest, f.Fewest)
	h.recovered = append(h.recovered, took.Seconds())
	h.odd = append(h.odd, h.probe.took()...)
	fmt.Fprintf(log, "disk filled %s to %d KiB left: %d writes refused, %d unanswered in time, "+
		"%d reads served while it was full; writes taken again %.2f s after it was free\n",
		p, f.Fewest>>10, refused, h.probe.unheard.Load()-unheard, reads, took.Seconds())
	return ctx.Err()
}

// recover waits until a write is acknowledged that was sent after the disk was free.
func (h *filled) recover(ctx context.Context) (took time.Duration, ok bool) {
	begin, from := time.Now(), h.probe.sent.Load()
	for time.Since(begin) < recoverMax && ctx.Err() == nil {
		if child := h.throng.Process(); child != nil {
			select {
			case <-child.Done():
				h.died = append(h.died, child.Ended().Error())
				return time.Since(begin), false
			default:
			}
		}
		if h.probe.acked.Load() > from {
			return time.Since(begin), true
		}
		process.Pause(ctx, 5*time.Millisecond)
	}
	return time.Since(begin), false
}

func (h *filled) metrics(r *report.Report) {
	n := len(h.refused)
	r.Metric("times the disk was filled", float64(len(h.fewest)), "")
	r.Metric("starts on a full disk", float64(h.starts), "")
	r.Metric("size of the disk", DiskBytes, "B")
	if n == 0 {
		return
	}
	r.Metric("fewest writes refused while it was full", float64(slices.Min(h.refused)), "")
	r.Metric("fewest reads served while it was full", float64(slices.Min(h.reads)), "")
	r.Metric("slowest return of writes", slices.Max(h.recovered), "s")
	r.Check("the disk was full to the last block", slices.Max(h.fewest) <= lastBytes,
		"at the least %d bytes were left", slices.Max(h.fewest))
	r.Check("writes were refused with RESOURCE_EXHAUSTED, naming disk_free_min",
		slices.Min(h.refused) > 0, "at least %d each time", slices.Min(h.refused))
	r.Check("reads were served while it was full", slices.Min(h.reads) > 0,
		"at least %d each time", slices.Min(h.reads))
	r.Check("every answer meanwhile was done, refused or in time", len(h.odd) == 0,
		"%d not %s", len(h.odd), strings.Join(h.odd, "; "))
	r.Check("the server stayed up", len(h.died) == 0, "%d ends %s", len(h.died),
		strings.Join(h.died, "; "))
	r.Check("writes were taken again without a restart", h.late == 0,
		"%d of %d times not within %v", h.late, len(h.fewest), recoverMax)
}

// end closes the probe's client first.
func (h *filled) end(ctx context.Context, err *error) {
	if h.probe != nil {
		h.probe.client.Close()
	}
	if h.filler != nil { // it must not keep the disk from being unmounted
		*err = errors.Join(*err, h.filler.Release())
	}
	h.powered.end(ctx, err)
}
