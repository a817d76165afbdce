package ranking

// Ordinal is the place of a record in its set: valid until the record is
// deleted.
type Ordinal uint32

const (
	pageRecords    = 256 // 10,240 bytes: exactly one of Go's size classes
	pageRecordsMin = 8   // a page begins so small, for there may be many small sets
)

// table holds records in pages.
type table struct {
	pages []page
	next  Ordinal   // the lowest never used
	free  []Ordinal // used before, and free again
}

type page struct {
	gen     uint64 // the only generation that may write records
	records []Record
}

// at returns a record to read.
func (t *table) at(o Ordinal) *Record {
	return &t.pages[o/pageRecords].records[o%pageRecords]
}

// own returns a record to write.
func (t *table) own(o Ordinal, gen uint64) *Record {
	p := &t.pages[o/pageRecords]
	if p.gen != gen {
		p.gen, p.records = gen, append(make([]Record, 0, cap(p.records)), p.records...)
	}
	return &p.records[o%pageRecords]
}

// add stores a record and returns its place.
func (t *table) add(r *Record, gen uint64) Ordinal {
	if n := len(t.free); n > 0 {
		o := t.free[n-1]
		t.free = t.free[:n-1]
		*t.own(o, gen) = *r
		return o
	}
	o := t.next
	t.next++
	if o%pageRecords == 0 {
		t.pages = append(t.pages, page{gen: gen})
	}
	p := &t.pages[len(t.pages)-1]
	if n := len(p.records); n == cap(p.records) || p.gen != gen {
		room := min(pageRecords, max(pageRecordsMin, 2*n))
		p.gen, p.records = gen, append(make([]Record, 0, room), p.records...)
	}
	p.records = append(p.records, *r)
	return o
}

// remove frees a record's place.
func (t *table) remove(o Ordinal) { t.free = append(t.free, o) }

// fork returns the table for a successor, which shares the pages but not the
// list of them.
func (t *table) fork() table {
	return table{pages: append([]page(nil), t.pages...), next: t.next, free: t.free}
}
