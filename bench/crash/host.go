package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/thronggrid/throng/bench/power"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

// host is the server and the way it crashes.
type host interface {
	server() *process.Throng
	// crash kills the server; what is left is where server().Start looks for it.
	crash(ctx context.Context, log io.Writer) error
	describe(e *report.Env)
	metrics(r *report.Report)
	// end ends a run whose error is *err: see process.Host.End.
	end(ctx context.Context, err *error)
}

func open(ctx context.Context, o *Options) (host, error) {
	if o.Full {
		return openFilled(ctx, o)
	}
	if o.Power {
		return openPowered(ctx, o, power.ImageBytes)
	}
	h, err := o.Server.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &killed{h}, nil
}

// killed is a server that gets SIGKILL.
type killed struct{ host *process.Host }

func (k *killed) server() *process.Throng { return k.host.Server }

func (k *killed) crash(context.Context, io.Writer) error {
	k.host.Server.Kill()
	return nil
}

func (k *killed) describe(e *report.Env)              { k.host.Describe(e) }
func (k *killed) metrics(*report.Report)              {}
func (k *killed) end(ctx context.Context, err *error) { k.host.End(ctx, err) }

// powered is a server whose data lies on a disk that loses its power.
type powered struct {
	throng  *process.Throng
	scratch *process.Scratch
	disk    *power.Disk
	copies  int // taken, dishonest ones included
	cuts    int
}

func openPowered(ctx context.Context, o *Options, bytes int64) (*powered, error) {
	if err := power.Check(); err != nil {
		return nil, err
	}
	scratch, err := process.NewScratch(o.Server.Dir)
	if err != nil {
		return nil, err
	}
	p := &powered{scratch: scratch}
	if p.disk, err = power.New(ctx, scratch.Path, bytes); err != nil {
		return nil, errors.Join(process.Outcome(ctx, err), scratch.Close())
	}
	dir := filepath.Join(p.disk.Mount(), "data")
	if err = os.Mkdir(dir, 0o700); err == nil {
		p.throng, err = process.StartThrong(ctx, process.ThrongOptions{
			Program: o.Server.Program, Dir: dir,
		})
	}
	if err != nil {
		return nil, errors.Join(process.Outcome(ctx, err), p.disk.Close(), scratch.Close())
	}
	return p, nil
}

func (p *powered) server() *process.Throng { return p.throng }

func (p *powered) crash(ctx context.Context, log io.Writer) error {
	cut, err := p.disk.Cut(ctx, p.throng.Kill)
	if err != nil {
		return err
	}
	p.cuts++
	p.copies += cut.Copies
	fmt.Fprintf(log, "power cut %d: %d MiB on the disk, %d copies taken\n",
		p.cuts, cut.Bytes>>20, cut.Copies)
	return nil
}

func (p *powered) describe(e *report.Env) {
	e.Versions["throng"] = p.throng.Version()
	e.Versions["data directory"] = "ext4 on a loop device, on " + process.FileSystem(p.scratch.Path)
}

func (p *powered) metrics(r *report.Report) {
	r.Metric("power cuts", float64(p.cuts), "")
	r.Metric("copies of the disk thrown away", float64(p.copies-p.cuts), "")
}

func (p *powered) end(ctx context.Context, err *error) {
	*err = process.Outcome(ctx, errors.Join(*err, p.throng.Stop(ctx)))
	*err = errors.Join(*err, p.disk.Close(), p.scratch.Close())
}
