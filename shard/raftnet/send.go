package raftnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/shard/peer"
)

const (
	// pieceBytesMax is the size of a piece of a snapshot.
	pieceBytesMax = 256 << 10
	// windowMax is how many pieces may be on their way.
	windowMax = 4
	// piecePatience is how long a piece may take to be read on the other side, and how long
	// the next one may take to come. A replica that loads a large snapshot is slow.
	piecePatience = time.Minute
	// loadPatience is how long a replica may take to load a snapshot that it has.
	loadPatience = 15 * time.Minute
)

// Pieces of a snapshot: group, the snapshot's id, the piece's number, its sort, and then
// the request (first), the bytes (data), or nothing.
type sort byte

const (
	pieceFirst sort = 1 // answered once Raft has the request
	pieceData  sort = 2 // answered once it was read
	pieceLast  sort = 3 // answered with what Raft answers to all of it
	pieceAbort sort = 4 // who sends it has given up
)

// piece is the head of a piece.
type piece struct {
	group  uint32
	id     uint64
	number uint64
	sort   sort
}

func (p *piece) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(p.group))
	b = binary.AppendUvarint(b, p.id)
	b = binary.AppendUvarint(b, p.number)
	return append(b, byte(p.sort))
}

func (p *piece) read(in *reader) {
	p.group = uint32(min(in.uint(), 1<<32-1))
	p.id, p.number, p.sort = in.uint(), in.uint(), sort(in.byte())
}

func appendSnapshot(b []byte, r *raft.InstallSnapshotRequest) []byte {
	b = binary.AppendUvarint(b, uint64(r.SnapshotVersion))
	b = binary.AppendUvarint(b, r.Term)
	b = binary.AppendUvarint(b, r.LastLogIndex)
	b = binary.AppendUvarint(b, r.LastLogTerm)
	b = binary.AppendUvarint(b, r.ConfigurationIndex)
	b = binary.AppendUvarint(b, uint64(r.Size))
	return appendBytes(b, r.Configuration)
}

func decodeSnapshot(in *reader, from raft.RPCHeader) (*raft.InstallSnapshotRequest, error) {
	r := &raft.InstallSnapshotRequest{RPCHeader: from, Leader: from.Addr,
		SnapshotVersion: raft.SnapshotVersion(in.uint()),
		Term:            in.uint(), LastLogIndex: in.uint(), LastLogTerm: in.uint(),
		ConfigurationIndex: in.uint(), Size: int64(in.uint() & (1<<63 - 1))}
	r.Configuration = append([]byte(nil), in.bytes()...)
	return r, in.end()
}

// sending is a snapshot on its way out. It belongs to the goroutine of Raft's that sends it.
type sending struct {
	t      *Transport
	node   uint32
	piece  piece // the next
	window chan reply
	flying int
}

// InstallSnapshot sends a snapshot, piece by piece, and waits until the other node has it.
func (t *Transport) InstallSnapshot(_ raft.ServerID, to raft.ServerAddress,
	args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	node, err := nodeOf(to)
	if err != nil {
		return err
	}
	raise(&t.led, args.Term)
	s := &sending{t: t, node: node, window: make(chan reply, 2*windowMax),
		piece: piece{group: t.number, id: uint64(t.net.options.Random(1 << 62))}}
	last, err := s.all(args, io.LimitReader(data, args.Size))
	if err != nil {
		if !errors.Is(err, errAnswered) {
			s.piece.sort = pieceAbort
			t.net.options.Peers.Call(node, peer.Snapshot, s.piece.append(nil),
				func([]byte, error) {})
		}
		return fmt.Errorf("send a snapshot: %w", err)
	}
	return last.read(node, resp)
}

// all sends everything, and returns the answer to the last piece.
func (s *sending) all(args *raft.InstallSnapshotRequest, data io.Reader) (last reply, err error) {
	s.send(pieceFirst, appendSnapshot(nil, args))
	if _, err = s.wait(piecePatience); err != nil {
		return last, err
	}
	buf := make([]byte, pieceBytesMax)
	for {
		n, err := io.ReadFull(data, buf)
		if n > 0 {
			if s.flying == windowMax {
				if _, err := s.wait(piecePatience); err != nil {
					return last, err
				}
			}
			s.send(pieceData, buf[:n])
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return last, err
		}
	}
	for s.flying > 0 {
		if _, err := s.wait(piecePatience); err != nil {
			return last, err
		}
	}
	s.send(pieceLast, nil)
	return s.wait(loadPatience)
}

// send sends the next piece; its bytes are copied.
func (s *sending) send(as sort, body []byte) {
	s.piece.sort = as
	b := s.piece.append(make([]byte, 0, 32+len(body)))
	s.piece.number++
	s.flying++
	b = append(b, body...)
	s.t.net.options.Peers.Call(s.node, peer.Snapshot, b, func(answer []byte, err error) {
		if err == nil && len(answer) > 0 && answer[0] == failed {
			err = fmt.Errorf("%w: %s", errAnswered, answer[1:])
		}
		s.window <- reply{append([]byte(nil), answer...), err}
	})
}

// wait waits for the next answer.
func (s *sending) wait(patience time.Duration) (reply, error) {
	late := make(chan struct{})
	timer := s.t.net.options.Clock.AfterFunc(patience, func() { close(late) })
	defer timer.Stop()
	select {
	case r := <-s.window:
		s.flying--
		return r, r.err
	case <-late:
		return reply{}, errLate
	case <-s.t.stop:
		return reply{}, raft.ErrTransportShutdown
	}
}
