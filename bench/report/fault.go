package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Fault is what a bench did to its servers, and what its clients saw of that until all
// was well again.
type Fault struct {
	At         float64        `json:"at"`     // seconds since the bench began to work
	Sort       string         `json:"sort"`   // "killed"
	Target     string         `json:"target"` // "node 3"
	Operations int64          `json:"operations"`
	NextWrite  float64        `json:"next_write"` // seconds to the next one acknowledged; -1: none
	AllWrites  float64        `json:"all_writes"` // to one everywhere; -1: never
	Errors     map[string]int `json:"errors"`     // that clients saw, by code
}

func faultRows(fs []Fault) [][]string {
	if len(fs) == 0 {
		return nil
	}
	rows := [][]string{{"at", "what", "sort", "writes", "next write", "everywhere", "errors"}}
	for _, f := range fs {
		rows = append(rows, []string{
			number(f.At) + " s", f.Target, f.Sort, number(float64(f.Operations)),
			number(f.NextWrite) + " s", number(f.AllWrites) + " s", f.errors(),
		})
	}
	return rows
}

func (f *Fault) errors() string {
	var all []string
	for _, code := range slices.Sorted(maps.Keys(f.Errors)) {
		all = append(all, fmt.Sprintf("%d %s", f.Errors[code], code))
	}
	return strings.Join(all, ", ")
}
