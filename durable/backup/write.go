package backup

import (
	"io"

	"github.com/thronggrid/throng/grid/record"
)

// Shard is the frozen state of a shard, for one goroutine.
type Shard struct {
	Term, Index uint64 // the point of its log that it shows
	// Encode writes the state as package shard does, and returns its digest.
	Encode func(io.Writer) (digest uint64, err error)
}

// Source is what a backup is made of. All of it shows one moment: I1.
type Source struct {
	Made    int64 // when that is, µs since 1970
	Node    Node
	Shards  []Shard // by number
	Records record.Reader
	Tables  []*record.Table // in the order of their names
	Secrets []Secret        // nil: none go into the backup
	Pause   func() error    // nil, or called now and then; its error ends the backup
}

// Summary says what a backup holds.
type Summary struct {
	Made  int64 // when the moment was that it shows, µs since 1970
	Node  Node
	Parts []Part
	Bytes uint64 // of the whole file
}

// Write writes a backup. Each shard is let go of once it is written.
func Write(w io.Writer, s *Source) (sum Summary, err error) {
	to, err := NewWriter(w, s.Made)
	if err != nil {
		return sum, err
	}
	if err := to.writeSmall(KindNode, s.Node.encode()); err != nil {
		return sum, err
	}
	for i := range s.Shards {
		if err := to.writeShard(uint64(i), &s.Shards[i]); err != nil {
			return sum, err
		}
		s.Shards[i].Encode = nil
	}
	if err := to.writeRows(s); err != nil {
		return sum, err
	}
	if len(s.Secrets) > 0 {
		if err := to.writeSmall(KindKeys, encodeSecrets(s.Secrets)); err != nil {
			return sum, err
		}
	}
	parts, err := to.Close()
	return Summary{Made: s.Made, Node: s.Node, Parts: parts, Bytes: to.Bytes()}, err
}

func (w *Writer) writeShard(number uint64, s *Shard) error {
	err := w.Begin(Part{Kind: KindShard, Shard: number, Term: s.Term, Index: s.Index})
	if err != nil {
		return err
	}
	digest, err := s.Encode(w)
	if err != nil {
		return err
	}
	return w.End(0, digest)
}
