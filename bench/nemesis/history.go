package nemesis

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/thronggrid/throng/grid/leaderboard"
)

// checkWithin is how long the checker may take for one board. What takes longer is
// unknown, and that is not green.
const checkWithin = 30 * time.Second

// history is what clients asked of one board and were told, and when.
type history struct {
	name     string
	operator leaderboard.Operator

	mu     sync.Mutex
	done   []porcupine.Operation
	acked  int
	ledger ledger
	client int // names; a new one after each operation whose outcome stayed unknown
}

func newHistory(name string, o leaderboard.Operator) *history {
	return &history{name: name, operator: o, ledger: ledger{}}
}

// name gives a client its name in the history.
func (h *history) enter() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.client++
	return h.client
}

// known notes an operation that was answered.
func (h *history) known(client int, i input, o output, called, returned int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o.known = true
	h.done = append(h.done, porcupine.Operation{
		ClientId: client, Input: i, Output: o, Call: called, Return: returned,
	})
	if i.action == submits || i.action == removes {
		h.acked++
		h.ledger.answered(i)
	}
}

// unknown notes a write of which nobody knows whether it was done, or may yet be: it may
// take effect at any time from its call on. Its client goes on under the name returned.
func (h *history) unknown(client int, i input, called int64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done = append(h.done, porcupine.Operation{
		ClientId: client, Input: i, Output: output{}, Call: called, Return: math.MaxInt64,
	})
	h.ledger.doubted(i)
	h.client++
	return h.client
}

// verdict is what was found about one history.
type verdict struct {
	illegal int // histories that no board can have had
	unknown int // histories that the checker did not come to the end of
	lost    int // acknowledged writes that are not there
	doubled int // writes that were done twice
	texts   []string
}

func (v *verdict) add(o verdict) {
	v.illegal += o.illegal
	v.unknown += o.unknown
	v.lost += o.lost
	v.doubled += o.doubled
	v.texts = append(v.texts, o.texts...)
}

func (v *verdict) bad() bool { return v.illegal+v.unknown+v.lost+v.doubled > 0 }

func (v *verdict) say(format string, args ...any) {
	v.texts = append(v.texts, fmt.Sprintf(format, args...))
}

// check checks the history, and the board as it is in the end: its records, in the order
// of their ranks, read between two times.
func (h *history) check(final []seen, called, returned int64, within time.Duration) (v verdict) {
	read := input{action: pages, operator: h.operator}
	h.known(h.enter(), read, output{records: final}, called, returned)
	h.mu.Lock()
	defer h.mu.Unlock()
	v = h.ledger.check(h.name, h.operator, final)
	switch porcupine.CheckOperationsTimeout(model(), h.done, within) {
	case porcupine.Illegal:
		v.illegal++
		v.say("%s: no board can have had this history of %d operations", h.name, len(h.done))
	case porcupine.Unknown:
		v.unknown++
		v.say("%s: %d operations were too many to check in %v", h.name, len(h.done), within)
	}
	return v
}
