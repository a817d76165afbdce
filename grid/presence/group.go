package presence

import (
	"cmp"
	"slices"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
)

const (
	fewMax = 32 // members in a slice; beyond, in a tree
	fewMin = 16 // members with which a tree becomes a slice again
)

// group is the members of one stream, in order of sessions: few, or if that is
// nil, many.
type group struct {
	gen    uint64 // the only generation that may write it
	few    []*member
	many   *btree.Map[grid.SessionID, *member]
	shares shares
}

// fork returns a copy for a later generation to write.
func (g *group) fork(gen uint64) *group {
	c := &group{gen: gen, shares: slices.Clone(g.shares)}
	if g.many != nil {
		c.many = g.many.Copy()
	} else {
		c.few = slices.Clone(g.few)
	}
	return c
}

func (g *group) len() int {
	if g.many != nil {
		return g.many.Len()
	}
	return len(g.few)
}

// search returns where a session stands in few, or would.
func (g *group) search(session grid.SessionID) (int, bool) {
	return slices.BinarySearchFunc(g.few, session, func(m *member, id grid.SessionID) int {
		return cmp.Compare(m.session, id)
	})
}

func (g *group) find(session grid.SessionID) *member {
	if g.many != nil {
		m, _ := g.many.Get(session)
		return m
	}
	if i, ok := g.search(session); ok {
		return g.few[i]
	}
	return nil
}

func (g *group) each(from grid.SessionID, f func(*member) bool) {
	if g.many != nil {
		g.many.Ascend(from, func(_ grid.SessionID, m *member) bool { return f(m) })
		return
	}
	i, _ := g.search(from)
	for i < len(g.few) && f(g.few[i]) {
		i++
	}
}

// set adds a member, or puts it in the place of its predecessor.
func (g *group) set(m *member) {
	g.shares.add(m.origin)
	if g.many != nil {
		if old, found := g.many.Set(m.session, m); found {
			g.shares.remove(old.origin)
		}
		return
	}
	i, found := g.search(m.session)
	switch {
	case found:
		g.shares.remove(g.few[i].origin)
		g.few[i] = m
	case len(g.few) < fewMax:
		g.few = slices.Insert(g.few, i, m)
	default:
		g.grow()
		g.many.Set(m.session, m)
	}
}

// grow makes a tree of the slice.
func (g *group) grow() {
	g.many = new(btree.Map[grid.SessionID, *member])
	for _, m := range g.few {
		g.many.Load(m.session, m)
	}
	g.few = nil
}

// append adds a member behind all others.
func (g *group) append(m *member) {
	g.shares.add(m.origin)
	if g.many == nil && len(g.few) == fewMax {
		g.grow()
	}
	if g.many != nil {
		g.many.Load(m.session, m)
		return
	}
	g.few = append(g.few, m)
}

// delete takes away a session, which is there.
func (g *group) delete(session grid.SessionID) {
	if g.many == nil {
		i, _ := g.search(session)
		g.shares.remove(g.few[i].origin)
		g.few = slices.Delete(g.few, i, i+1)
		return
	}
	m, _ := g.many.Delete(session)
	g.shares.remove(m.origin)
	if g.many.Len() <= fewMin {
		g.few, g.many = g.many.Values(), nil
	}
}
