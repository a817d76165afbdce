package router

import (
	"encoding/binary"
	"errors"
)

// The messages between routers. All numbers are big-endian and of fixed size.
//
// Requests: u8 1, u8 own, u32 lane, u32 batch, and for each request u8 level, u32 length,
// the command (slot.Command; a query has no request id). Its place numbers it.
// Or u8 2, and for each shard that the sender leads u16 shard, u64 term.
//
// Outcomes: u64 the origin they are for, and for each of them u32 lane, u32 batch,
// u32 place, u32 length, the status byte and the body. Status refused is followed by
// u8 unknown, u32 leader, u64 term.
const (
	batchMessage = 1
	leadsMessage = 2

	requestsHeadBytes = 10
	requestHeadBytes  = 5
	outcomeHeadBytes  = 16

	// command, in place of a level, is that of a write.
	command = 0xff
	// refused is the status of what was not served because of who leads.
	refused = 0xfd
	// refusalBytes is the length of such an outcome.
	refusalBytes = 14
)

var errShort = errors.New("a message of another node's router is shorter than it says")

// name says what an outcome is for.
type name struct{ lane, batch, place uint32 }

func appendHead(b []byte, own bool, lane, batch uint32) []byte {
	flag := byte(0)
	if own {
		flag = 1
	}
	b = append(b, batchMessage, flag)
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, lane), batch)
}

// readHead reads what appendHead wrote.
func readHead(b []byte) (own bool, lane, batch uint32, rest []byte, err error) {
	if len(b) < requestsHeadBytes {
		return false, 0, 0, nil, errShort
	}
	return b[1] != 0, binary.BigEndian.Uint32(b[2:]), binary.BigEndian.Uint32(b[6:]),
		b[requestsHeadBytes:], nil
}

// readRequest takes the next request off a message.
func readRequest(b []byte) (level byte, request, rest []byte, err error) {
	if len(b) < requestHeadBytes {
		return 0, nil, nil, errShort
	}
	n := uint64(binary.BigEndian.Uint32(b[1:]))
	if uint64(len(b)-requestHeadBytes) < n {
		return 0, nil, nil, errShort
	}
	end := requestHeadBytes + int(n)
	return b[0], b[requestHeadBytes:end], b[end:], nil
}

// beginOutcome appends the head of an outcome, whose length endOutcome fills in.
func beginOutcome(b []byte, n name) []byte {
	b = binary.BigEndian.AppendUint32(b, n.lane)
	b = binary.BigEndian.AppendUint32(b, n.batch)
	b = binary.BigEndian.AppendUint32(b, n.place)
	return append(b, 0, 0, 0, 0)
}

// endOutcome ends the outcome whose body begins at an offset.
func endOutcome(b []byte, from int) []byte {
	binary.BigEndian.PutUint32(b[from-4:], uint32(len(b)-from))
	return b
}

// readOutcome takes the next outcome off a message; it has a status byte.
func readOutcome(b []byte) (n name, body, rest []byte, err error) {
	if len(b) < outcomeHeadBytes {
		return n, nil, nil, errShort
	}
	n.lane, n.batch = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	n.place = binary.BigEndian.Uint32(b[8:])
	size := uint64(binary.BigEndian.Uint32(b[12:]))
	if size == 0 || uint64(len(b)-outcomeHeadBytes) < size {
		return n, nil, nil, errShort
	}
	end := outcomeHeadBytes + int(size)
	return n, b[outcomeHeadBytes:end], b[end:], nil
}

func appendRefusal(b []byte, unknown bool, l leadership) []byte {
	flag := byte(0)
	if unknown {
		flag = 1
	}
	b = binary.BigEndian.AppendUint32(append(b, refused, flag), l.node())
	return binary.BigEndian.AppendUint64(b, l.term())
}

func readRefusal(b []byte) (unknown bool, l leadership, err error) {
	if len(b) < refusalBytes {
		return false, 0, errShort
	}
	node, term := binary.BigEndian.Uint32(b[2:]), binary.BigEndian.Uint64(b[6:])
	return b[1] != 0, leads(node&(1<<nodeBits-1), term), nil
}
