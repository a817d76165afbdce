package snapshot

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

const (
	suffix          = ".snap"
	temporarySuffix = ".tmp"
)

// id names a snapshot within its group.
type id struct{ term, index uint64 }

func (a id) String() string { return fmt.Sprintf("%d-%d", a.term, a.index) }

// compare orders snapshots as raft does.
func (a id) compare(b id) int {
	return cmp.Or(cmp.Compare(a.term, b.term), cmp.Compare(a.index, b.index))
}

func parseID(s string) (a id, ok bool) {
	term, index, found := strings.Cut(s, "-")
	if !found {
		return id{}, false
	}
	var err1, err2 error
	a.term, err1 = strconv.ParseUint(term, 10, 64)
	a.index, err2 = strconv.ParseUint(index, 10, 64)
	return a, err1 == nil && err2 == nil && a.String() == s && a != id{}
}

func parseName(name string) (a id, ok bool) {
	s, found := strings.CutSuffix(name, suffix)
	if !found {
		return id{}, false
	}
	return parseID(s)
}
