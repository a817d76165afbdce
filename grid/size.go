package grid

// Size is how many things of a kind there are, and about how many bytes of memory they
// take: what their texts have, and for the rest an average that was measured.
type Size struct{ Count, Bytes int64 }

// Plus returns the sum of two sizes.
func (s Size) Plus(o Size) Size { return Size{s.Count + o.Count, s.Bytes + o.Bytes} }
