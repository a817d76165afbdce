package mesh

import (
	"encoding/binary"
	"fmt"

	"github.com/thronggrid/throng/shard/peer"
)

// A sort says what a frame is.
type sort uint8

const (
	sortTell    sort = 1
	sortCall    sort = 2
	sortAnswer  sort = 3
	sortUntaken sort = 4 // instead of an answer: nobody serves the channel
	sortUnsaid  sort = 5 // instead of an answer: it was too long
	sortPing    sort = 6 // body: the sender's clock
	sortPong    sort = 7 // body: the same, and the answerer's clock
)

const (
	headBytes = 16
	pingBytes = 8
	pongBytes = 16
)

// A head is what comes before the body of each frame.
type head struct {
	length  uint32 // of the body
	sort    sort
	channel peer.Channel // 0 of pings and pongs
	call    uint64       // which call is made or answered; 0 of all else
}

func (h head) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, h.length)
	b = append(b, byte(h.sort), byte(h.channel), 0, 0)
	return binary.BigEndian.AppendUint64(b, h.call)
}

// decodeHead reads a head from headBytes bytes, and checks all that can be checked of it.
func decodeHead(b []byte) (head, error) {
	h := head{
		length:  binary.BigEndian.Uint32(b),
		sort:    sort(b[4]),
		channel: peer.Channel(b[5]),
		call:    binary.BigEndian.Uint64(b[8:]),
	}
	switch h.sort {
	case sortTell:
		if h.call != 0 {
			return h, fmt.Errorf("a message without an answer has call %d", h.call)
		}
	case sortCall, sortAnswer:
	case sortUntaken, sortUnsaid:
		if h.length != 0 {
			return h, fmt.Errorf("a frame without a body says that it has %d bytes", h.length)
		}
	case sortPing, sortPong:
		want := uint32(pingBytes)
		if h.sort == sortPong {
			want = pongBytes
		}
		if h.length != want || h.channel != 0 || h.call != 0 {
			return h, fmt.Errorf("a ping or pong has %d bytes, channel %d, call %d",
				h.length, h.channel, h.call)
		}
		return h, nil
	default:
		return h, fmt.Errorf("frame of unknown sort %d", h.sort)
	}
	if h.length > peer.BodyBytesMax {
		return h, fmt.Errorf("a body of %d bytes, at most %d are allowed",
			h.length, peer.BodyBytesMax)
	}
	if h.channel == 0 || h.channel >= peer.ChannelsEnd {
		return h, fmt.Errorf("unknown channel %d", h.channel)
	}
	if h.sort != sortTell && h.call == 0 {
		return h, fmt.Errorf("a call or an answer without a number")
	}
	return h, nil
}
