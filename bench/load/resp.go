package load

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Redis returns the dialect of Redis: a board is a sorted set.
//
// Around takes two commands, because Redis has none that gives the members
// around one: ZREVRANK, and with the rank that comes back ZREVRANGE from five
// before to five behind, with scores. Both are pipelined like everything else.
func Redis(boards []string, members int) func(depth int) Dialect {
	return func(depth int) Dialect {
		return &redis{boards: boards, members: members, flight: make([]asked, depth)}
	}
}

type redis struct {
	boards  []string
	members int
	flight  []asked // by slot
	order   []int   // slots in the order of their replies, from head on
	head    int
	number  [24]byte
	owner   [OwnerBytes]byte
}

// asked is an operation under way.
type asked struct {
	op    Op
	rank  int  // of the owner, from 0
	again bool // the second command is under way
}

func (r *redis) Open(net.Conn) error { return nil }

func (r *redis) Append(b []byte, n, _ uint64, op Op) []byte {
	slot := int(n % uint64(len(r.flight)))
	r.flight[slot] = asked{op: op}
	r.order = append(r.order, slot)
	if op.Kind == Submit {
		b = append(b, "*4\r\n$4\r\nZADD\r\n"...)
		b = r.bulk(b, r.boards[op.Board])
		b = r.integer(b, op.Score)
	} else {
		b = append(b, "*3\r\n$8\r\nZREVRANK\r\n"...)
		b = r.bulk(b, r.boards[op.Board])
	}
	b = append(b, "$16\r\n"...)
	return append(AppendOwner(b, op.Member), "\r\n"...)
}

func (r *redis) Again(b []byte, slot int) []byte {
	a := &r.flight[slot]
	a.again = true
	r.order = append(r.order, slot)
	b = append(b, "*5\r\n$9\r\nZREVRANGE\r\n"...)
	b = r.bulk(b, r.boards[a.op.Board])
	b = r.integer(b, int64(max(0, a.rank-aroundRecords/2)))
	b = r.integer(b, int64(a.rank+aroundRecords/2))
	return append(b, "$10\r\nWITHSCORES\r\n"...)
}

func (r *redis) bulk(b []byte, s string) []byte {
	b = strconv.AppendInt(append(b, '$'), int64(len(s)), 10)
	b = append(append(b, "\r\n"...), s...)
	return append(b, "\r\n"...)
}

func (r *redis) integer(b []byte, v int64) []byte {
	digits := strconv.AppendInt(r.number[:0], v, 10)
	b = strconv.AppendInt(append(b, '$'), int64(len(digits)), 10)
	b = append(append(b, "\r\n"...), digits...)
	return append(b, "\r\n"...)
}

func (r *redis) Next(b []byte) (Reply, error) {
	size, err := respSize(b)
	if size == 0 || err != nil {
		return Reply{}, err
	}
	if r.head == len(r.order) {
		return Reply{}, errors.New("redis sent a reply that nobody asked for")
	}
	slot := r.order[r.head]
	if r.head++; r.head == len(r.order) || r.head > 2*DepthMax {
		r.order, r.head = r.order[:copy(r.order, r.order[r.head:])], 0
	}
	a := &r.flight[slot]
	if a.again {
		return Reply{Size: size, Slot: slot}, r.verifyRange(b[:size], a)
	}
	n, err := respInt(b[:size])
	if err != nil {
		return Reply{}, err
	}
	switch {
	case a.op.Kind == Submit && n != 0 && n != 1:
		return Reply{}, fmt.Errorf("redis added %d members for one", n)
	case a.op.Kind != Submit && (n < 0 || r.members > 0 && n >= r.members):
		return Reply{}, fmt.Errorf("redis gave rank %d of %d", n, r.members)
	}
	a.rank = n
	return Reply{Size: size, Slot: slot, More: a.op.Kind == Around}, nil
}

// verifyRange says whether the reply has the owner and as many members as lie
// around its rank.
func (r *redis) verifyRange(reply []byte, a *asked) error {
	AppendOwner(r.owner[:0], a.op.Member)
	from, to := max(0, a.rank-aroundRecords/2), a.rank+aroundRecords/2
	if r.members > 0 {
		to = min(to, r.members-1)
	}
	head := strconv.AppendInt(append(r.number[:0], '*'), int64(2*(to-from+1)), 10)
	if r.members > 0 && !bytes.HasPrefix(reply, append(head, '\r')) {
		return fmt.Errorf("redis gave %q… for ranks %d to %d",
			reply[:min(16, len(reply))], from, to)
	}
	if !bytes.Contains(reply, r.owner[:]) {
		return errors.New("redis gave a range without the owner it was made for")
	}
	return nil
}

// respInt reads an integer reply.
func respInt(reply []byte) (int, error) {
	if reply[0] != ':' {
		return 0, fmt.Errorf("redis answered %q", reply[:min(100, len(reply))])
	}
	n, err := strconv.Atoi(string(reply[1 : len(reply)-2]))
	if err != nil {
		return 0, fmt.Errorf("redis answered with a number: %w", err)
	}
	return n, nil
}

// respSize returns the size of the reply at the start of b, 0 when it is not
// whole. Error replies are errors.
func respSize(b []byte) (int, error) {
	at := 0
	for left := 1; left > 0; left-- {
		end := bytes.IndexByte(b[at:], '\n')
		if end < 0 {
			if len(b)-at > ReplyBytesMax {
				return 0, errors.New("redis sent a line without end")
			}
			return 0, nil
		}
		line := b[at : at+end+1]
		at += len(line)
		if len(line) < 3 || line[len(line)-2] != '\r' {
			return 0, fmt.Errorf("redis sent %q, which is no reply", line)
		}
		switch line[0] {
		case ':', '+', '_', '#', ',':
			continue
		case '-':
			return 0, fmt.Errorf("redis answered %q", line[1:len(line)-2])
		case '$', '*', '>', '%':
		default:
			return 0, fmt.Errorf("redis sent %q, which is no reply", line)
		}
		n, err := strconv.Atoi(string(line[1 : len(line)-2]))
		if err != nil || n > ReplyBytesMax {
			return 0, fmt.Errorf("redis sent a length of %q", line)
		}
		if line[0] == '*' || line[0] == '>' {
			left += max(0, n)
		} else if line[0] == '%' { // a map: keys and values
			left += 2 * max(0, n)
		} else if n >= 0 {
			if at += n + 2; at > len(b) {
				return 0, nil
			}
		}
	}
	return at, nil
}
