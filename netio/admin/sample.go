package admin

import (
	"time"

	"github.com/thronggrid/throng/netio"
)

// Sample is what a node has counted, and how much of everything it has at the moment.
type Sample struct {
	Version     string // of this program,
	Go          string // and of what it was built with
	Node        uint32
	Incarnation uint64 // counts the starts of the node on this data directory
	Started     time.Time

	Edge netio.Stats
}
