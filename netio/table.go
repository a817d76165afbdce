package netio

// The number of a connection tells where it is, so that neither an outcome nor a
// push for a session needs a map to find it: the loop in the highest 8 bits, the
// generation in the next 24, the row of the loop's table in the low 32. No two
// connections of one run of the server have the same number, and none has 0.
const (
	loopsMax        = 1 << 8
	loopShift       = 56
	generationShift = 32
	generationMax   = 1<<24 - 1
)

// table finds the connections of a loop by their numbers.
type table struct {
	loop uint64 // the loop's number
	rows []row
	free []uint32
	live int
}

type row struct {
	conn       *conn // nil: free
	generation uint32
}

// add takes a connection in, and gives it its number.
func (t *table) add(k *conn) {
	var i uint32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		i = uint32(len(t.rows))
		t.rows = append(t.rows, row{})
	}
	r := &t.rows[i]
	r.conn = k
	r.generation++
	k.id = t.loop<<loopShift | uint64(r.generation)<<generationShift | uint64(i)
	t.live++
}

// get returns the connection of a number, nil when it is gone.
func (t *table) get(number uint64) *conn {
	i, generation := uint32(number), uint32(number>>generationShift)&generationMax
	if int(i) >= len(t.rows) || t.rows[i].generation != generation {
		return nil
	}
	return t.rows[i].conn
}

// remove lets a connection go. A row whose generations are used up is not used
// again.
func (t *table) remove(k *conn) {
	i := uint32(k.number())
	t.rows[i].conn = nil
	if t.rows[i].generation < generationMax {
		t.free = append(t.free, i)
	}
	t.live--
}

func (t *table) len() int { return t.live }

// loopOfNumber returns the number of the loop that a connection belongs to.
func loopOfNumber(number uint64) int { return int(number >> loopShift) }
