package host

import (
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/invariant"
)

// keptBytesMax is the largest buffer that a pool keeps.
const keptBytesMax = 256 << 10

// pools hold what the write path uses again for every entry. Safe for any
// goroutine.
type pools struct {
	batches  sync.Pool
	outcomes sync.Pool
	bytes    sync.Pool
	recycle  func(*grid.Outcomes)
}

func (p *pools) takeBatch() *batch {
	if b, ok := p.batches.Get().(*batch); ok {
		return b
	}
	return &batch{}
}

// putBatch takes a batch whose outcomes were handed on.
func (p *pools) putBatch(b *batch) {
	for i := range b.parts {
		p.putBytes(b.parts[i].commands)
	}
	clear(b.parts)
	*b = batch{parts: b.parts[:0]}
	p.batches.Put(b)
}

func (p *pools) takeBytes() []byte {
	if b, ok := p.bytes.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

func (p *pools) putBytes(b []byte) {
	if cap(b) == 0 || cap(b) > keptBytesMax {
		return
	}
	invariant.Poison(b)
	p.bytes.Put(&b)
}

func (p *pools) takeOutcomes() *grid.Outcomes {
	if o, ok := p.outcomes.Get().(*grid.Outcomes); ok {
		return o
	}
	return &grid.Outcomes{Recycle: p.recycle}
}

func (p *pools) putOutcomes(o *grid.Outcomes) {
	if cap(o.Bytes) > keptBytesMax {
		return
	}
	invariant.Poison(o.Bytes)
	*o = grid.Outcomes{Refs: o.Refs[:0], Ends: o.Ends[:0], Bytes: o.Bytes[:0], Recycle: p.recycle}
	p.outcomes.Put(o)
}
