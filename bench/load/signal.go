package load

import (
	"bytes"
	"errors"
	"fmt"
	"net"

	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// signal is what publishers say to an audience: the same bytes each time.
func signal() string {
	b := []byte("signal ")
	for len(b) < ContentBytes {
		b = append(b, '.')
	}
	return string(b)
}

// ThrongSignals returns the dialect of publishers that signal to a room, which
// goes through no log, as the studio's own server.
func ThrongSignals(serverKey, room string) func(depth int) Dialect {
	return func(depth int) Dialect {
		return &throngSignals{
			key: serverKey, request: chat.SignalRequest{Key: roomKey(room), Content: signal()},
			depth: depth,
		}
	}
}

type throngSignals struct {
	key     string
	request chat.SignalRequest
	depth   int
}

func (t *throngSignals) Open(conn net.Conn) error {
	_, err := Greet(conn, wire.ProviderServer, t.key)
	return err
}

func (t *throngSignals) Append(b []byte, n, _ uint64, _ Op) []byte {
	start := len(b)
	b = pack.AppendArray(wire.Begin(b, chat.KindSignal, 0, uint32(n+1)), t.request.Fields())
	return wire.End(t.request.Append(b), start)
}

func (t *throngSignals) Again(b []byte, _ int) []byte { return b }

func (t *throngSignals) Next(b []byte) (Reply, error) {
	f, size, err := wire.Next(b, ReplyBytesMax)
	switch {
	case err != nil || size > len(b):
		return Reply{}, err
	case f.Kind == wire.KindGoodbye || f.Flags&wire.Error != 0:
		return Reply{}, refusal(f)
	case f.Kind != chat.KindSignal:
		return Reply{}, fmt.Errorf("a frame of kind %#x to a publisher", uint16(f.Kind))
	}
	return Reply{Size: size, Slot: int((f.ID - 1) % uint32(t.depth))}, nil
}

// ThrongListener returns a listener who is user i, in a room.
func ThrongListener(i int, room string) Listener { return &throngListener{user: i, room: room} }

type throngListener struct {
	user int
	room string
}

func (t *throngListener) Join(conn net.Conn) error {
	_, err := Greet(conn, wire.ProviderCustom, fmt.Sprintf("listener-%d", t.user))
	if err != nil {
		return err
	}
	return Enter(conn, roomKey(t.room), "")
}

func (t *throngListener) Count(b []byte) (messages, used int, err error) {
	for {
		f, size, err := wire.Next(b[used:], ReplyBytesMax)
		if err != nil || size > len(b)-used {
			return messages, used, err
		}
		switch f.Kind {
		case chat.KindSignaled:
			messages++
		case wire.KindMissed:
			return 0, 0, errors.New("pushes were dropped")
		case wire.KindGoodbye:
			return 0, 0, refusal(f)
		}
		used += size
	}
}

// RedisSignals returns the dialect of publishers to a channel of Redis.
func RedisSignals(room string) func(depth int) Dialect {
	return func(depth int) Dialect {
		var w redis
		b := w.bulk(w.bulk(w.bulk([]byte("*3\r\n"), "PUBLISH"), room), signal())
		return &redisSignals{request: b, depth: depth}
	}
}

type redisSignals struct {
	request []byte
	depth   int
	done    int // requests answered, which happens in order
}

func (r *redisSignals) Open(net.Conn) error { return nil }

func (r *redisSignals) Append(b []byte, _, _ uint64, _ Op) []byte { return append(b, r.request...) }

func (r *redisSignals) Again(b []byte, _ int) []byte { return b }

func (r *redisSignals) Next(b []byte) (Reply, error) {
	size, err := respSize(b)
	if size == 0 || err != nil {
		return Reply{}, err
	}
	n, err := respInt(b[:size])
	if err == nil && n < 1 {
		err = errors.New("redis published to nobody")
	}
	slot := r.done % r.depth
	r.done++
	return Reply{Size: size, Slot: slot}, err
}

// RedisListener returns a listener to a channel of Redis.
func RedisListener(room string) Listener {
	var w redis
	push := w.bulk(w.bulk(w.bulk([]byte(">3\r\n"), "message"), room), signal())
	return &redisListener{room: room, push: push}
}

type redisListener struct {
	room string
	push []byte // every message is these bytes
}

func (r *redisListener) Join(conn net.Conn) error { return subscribe(conn, r.room) }

func (r *redisListener) Count(b []byte) (messages, used int, err error) {
	for len(b)-used >= len(r.push) {
		if !bytes.Equal(b[used:used+len(r.push)], r.push) {
			return 0, 0, fmt.Errorf("redis pushed %q", b[used:min(len(b), used+40)])
		}
		messages++
		used += len(r.push)
	}
	return messages, used, nil
}
