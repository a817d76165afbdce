package raftnet

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// kind is the sort of a request. The numbers go over the wire.
type kind byte

const (
	kindAppend   kind = 1
	kindVote     kind = 2
	kindPreVote  kind = 3
	kindStand    kind = 4
	kindSnapshot kind = 5 // on a channel of its own
)

// reader reads a message. After the first thing that does not fit all it returns is zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) bool() bool {
	v := r.byte()
	if v > 1 {
		r.bad = true
	}
	return v == 1
}

// bytes returns a view of a length and so many bytes.
func (r *reader) bytes() []byte {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

var errMalformed = errors.New("a message between Rafts is not as it should be")

// end returns an error unless all was read, and all was well.
func (r *reader) end() error {
	if r.bad || len(r.b) > 0 {
		return errMalformed
	}
	return nil
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendBytes(b, v []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// entryBytesMin is the size of the smallest entry, so that a count of entries can be
// checked before there is room for them.
const entryBytesMin = 5

func appendEntries(b []byte, r *raft.AppendEntriesRequest) []byte {
	b = binary.AppendUvarint(b, r.Term)
	b = binary.AppendUvarint(b, r.PrevLogEntry)
	b = binary.AppendUvarint(b, r.PrevLogTerm)
	b = binary.AppendUvarint(b, r.LeaderCommitIndex)
	b = binary.AppendUvarint(b, uint64(len(r.Entries)))
	for _, l := range r.Entries {
		b = binary.AppendUvarint(b, l.Index)
		b = binary.AppendUvarint(b, l.Term)
		b = append(b, byte(l.Type))
		b = appendBytes(b, l.Data)
		b = appendBytes(b, l.Extensions)
	}
	return b
}

// entriesBytes is about how large a request becomes.
func entriesBytes(r *raft.AppendEntriesRequest) int {
	n := 64
	for _, l := range r.Entries {
		n += 32 + len(l.Data) + len(l.Extensions)
	}
	return n
}

// decodeEntries copies all that the entries hold in one piece.
func decodeEntries(in *reader, from raft.RPCHeader) (*raft.AppendEntriesRequest, error) {
	r := &raft.AppendEntriesRequest{RPCHeader: from, Term: in.uint(),
		PrevLogEntry: in.uint(), PrevLogTerm: in.uint(), LeaderCommitIndex: in.uint()}
	n := in.uint()
	if n > uint64(len(in.b)/entryBytesMin) {
		return nil, errMalformed
	}
	if n > 0 {
		in.b = append([]byte(nil), in.b...) // I2
		logs := make([]raft.Log, n)
		r.Entries = make([]*raft.Log, n)
		for i := range logs {
			l := &logs[i]
			l.Index, l.Term, l.Type = in.uint(), in.uint(), raft.LogType(in.byte())
			l.Data, l.Extensions = in.bytes(), in.bytes()
			r.Entries[i] = l
		}
	}
	return r, in.end()
}

func appendVote(b []byte, r *raft.RequestVoteRequest) []byte {
	b = binary.AppendUvarint(b, r.Term)
	b = binary.AppendUvarint(b, r.LastLogIndex)
	b = binary.AppendUvarint(b, r.LastLogTerm)
	return appendBool(b, r.LeadershipTransfer)
}

func appendPreVote(b []byte, r *raft.RequestPreVoteRequest) []byte {
	b = binary.AppendUvarint(b, r.Term)
	b = binary.AppendUvarint(b, r.LastLogIndex)
	return binary.AppendUvarint(b, r.LastLogTerm)
}

// decodeRequest reads the fields of a request; of one to stand it returns the term, too.
func decodeRequest(k kind, in *reader, from raft.RPCHeader) (command any, term uint64, err error) {
	switch k {
	case kindAppend:
		command, err = decodeEntries(in, from)
	case kindVote:
		command = &raft.RequestVoteRequest{RPCHeader: from, Term: in.uint(),
			LastLogIndex: in.uint(), LastLogTerm: in.uint(), LeadershipTransfer: in.bool()}
	case kindPreVote:
		command = &raft.RequestPreVoteRequest{RPCHeader: from, Term: in.uint(),
			LastLogIndex: in.uint(), LastLogTerm: in.uint()}
	case kindStand:
		command, term = &raft.TimeoutNowRequest{RPCHeader: from}, in.uint()
	default:
		return nil, 0, fmt.Errorf("%w: a request of kind %d", errMalformed, k)
	}
	if err == nil {
		err = in.end()
	}
	return command, term, err
}

// How answers begin.
const (
	answered = 0
	failed   = 1
)

// appendAnswer appends what Raft has answered.
func appendAnswer(b []byte, response any) []byte {
	b = append(b, answered)
	switch r := response.(type) {
	case *raft.AppendEntriesResponse:
		b = binary.AppendUvarint(b, r.Term)
		b = binary.AppendUvarint(b, r.LastLog)
		b = appendBool(b, r.Success)
		b = appendBool(b, r.NoRetryBackoff)
	case *raft.RequestVoteResponse:
		b = appendBool(binary.AppendUvarint(b, r.Term), r.Granted)
	case *raft.RequestPreVoteResponse:
		b = appendBool(binary.AppendUvarint(b, r.Term), r.Granted)
	case *raft.InstallSnapshotResponse:
		b = appendBool(binary.AppendUvarint(b, r.Term), r.Success)
	}
	return b
}

func appendFailure(b []byte, err error) []byte { return append(append(b, failed), err.Error()...) }

// decodeAnswer reads an answer into the response that Raft waits for. An error that the
// other node has met is one of errAnswered.
func decodeAnswer(b []byte, into any, from raft.RPCHeader) error {
	if len(b) > 0 && b[0] == failed {
		return fmt.Errorf("%w: %s", errAnswered, b[1:])
	}
	in := &reader{b: b}
	if in.byte() != answered {
		return errMalformed
	}
	switch r := into.(type) {
	case *raft.AppendEntriesResponse:
		*r = raft.AppendEntriesResponse{RPCHeader: from, Term: in.uint(), LastLog: in.uint(),
			Success: in.bool(), NoRetryBackoff: in.bool()}
	case *raft.RequestVoteResponse:
		*r = raft.RequestVoteResponse{RPCHeader: from, Term: in.uint(), Granted: in.bool()}
	case *raft.RequestPreVoteResponse:
		*r = raft.RequestPreVoteResponse{RPCHeader: from, Term: in.uint(), Granted: in.bool()}
	case *raft.InstallSnapshotResponse:
		*r = raft.InstallSnapshotResponse{RPCHeader: from, Term: in.uint(), Success: in.bool()}
	case *raft.TimeoutNowResponse:
		*r = raft.TimeoutNowResponse{RPCHeader: from}
	}
	return in.end()
}

var errAnswered = errors.New("the other node could not serve the request")
