package load

import (
	"bytes"
	"errors"
	"fmt"
	"net"
)

// RedisChat returns the dialect of a chat on Redis, with the connections and
// messages of ThrongChat. To send a message takes two commands, pipelined: XADD,
// which keeps it in the room's stream, cut to about chatTail, and PUBLISH, which
// brings it to the members. Each connection is subscribed to its room (RESP3, so
// that it can send commands too).
func RedisChat(rooms []string) func(depth int) Dialect {
	next := speakers()
	return func(depth int) Dialect {
		s := next()
		return &redisChat{speaker: s, room: rooms[s.user%len(rooms)], depth: depth}
	}
}

// chatTail is about how many messages a stream of Redis keeps: what Throng keeps
// in memory of a channel. Throng's archive has the rest.
const chatTail = "256"

type redisChat struct {
	speaker
	room  string
	depth int
	write redis // makes words
	done  int   // messages answered, which happens in order
}

func (r *redisChat) Open(conn net.Conn) error { return subscribe(conn, r.room) }

// subscribe switches a connection to RESP3 and subscribes it to a channel.
func subscribe(conn net.Conn, room string) error {
	var w redis
	b := w.bulk(w.bulk([]byte("*2\r\n"), "HELLO"), "3")
	b = w.bulk(w.bulk(append(b, "*2\r\n"...), "SUBSCRIBE"), room)
	if _, err := conn.Write(b); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	var in []byte
	buf := make([]byte, 4<<10)
	for replies := 0; replies < 2; {
		n, err := conn.Read(buf)
		if err != nil {
			return fmt.Errorf("wait to be subscribed: %w", err)
		}
		in = append(in, buf[:n]...)
		for {
			size, err := respSize(in)
			if err != nil {
				return err
			}
			if size == 0 {
				break
			}
			in = in[size:]
			replies++
		}
	}
	return nil
}

func (r *redisChat) Append(b []byte, n, _ uint64, _ Op) []byte {
	text := r.text(n)
	for _, words := range [2][]string{
		{"XADD", r.room, "MAXLEN", "~", chatTail, "*", "m", text}, {"PUBLISH", r.room, text},
	} {
		b = fmt.Appendf(b, "*%d\r\n", len(words))
		for _, w := range words {
			b = r.write.bulk(b, w)
		}
	}
	return b
}

func (r *redisChat) Again(b []byte, _ int) []byte { return b }

func (r *redisChat) Next(b []byte) (Reply, error) {
	size, err := respSize(b)
	if size == 0 || err != nil {
		return Reply{}, err
	}
	switch b[0] {
	case '>':
		if !bytes.HasPrefix(b, []byte(">3\r\n$7\r\nmessage\r\n")) {
			return Reply{}, fmt.Errorf("redis pushed %q", b[:min(40, size)])
		}
		return Reply{Size: size, Push: true}, nil
	case '$': // of XADD: the message's id
		return Reply{Size: size, Aside: true}, nil
	case ':': // of PUBLISH, which comes behind it
		n, err := respInt(b[:size])
		if err == nil && n < 1 {
			err = errors.New("redis published to nobody: not even to the sender")
		}
		slot := r.done % r.depth
		r.done++
		return Reply{Size: size, Slot: slot}, err
	}
	return Reply{}, fmt.Errorf("redis answered %q", b[:min(40, size)])
}
