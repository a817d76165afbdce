package grid

import (
	"crypto/sha1"
	"encoding/hex"

	"github.com/cespare/xxhash/v2"
)

// Slots is the number of hash slots of a world. It never changes.
const Slots = 4096

// Slot is the number of a hash slot, below Slots.
type Slot uint16

// SlotOf returns the slot of a routing key, the name of a board say.
func SlotOf[T string | []byte](key T) Slot {
	return Slot(xxhash.Sum64([]byte(key)) % Slots)
}

// Kind is the number of a kind of request, command or query; one number serves
// all three. Each feature owns a range: see docs/protocol.md.
type Kind uint16

// ID is a UUID: of a user, an owner, or a client.
type ID [16]byte

// String returns the usual form with dashes.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// SessionID names a session: the stamp of its user's slot when it was opened, and
// that slot. No other session ever has the same.
type SessionID uint64

// slotBits is where a session id's stamp begins.
const slotBits = 12

// SessionIDOf returns the id of a session that its user's slot opens at a stamp.
func SessionIDOf(stamp int64, slot Slot) SessionID {
	return SessionID(uint64(stamp)<<slotBits | uint64(slot))
}

// Slot returns the slot of the session's user.
func (s SessionID) Slot() Slot { return Slot(s % Slots) }

// users is the UUIDv5 namespace of user ids. It never changes: ids of users
// whose account record is not yet written are derived from it.
var users = ID{
	0x9c, 0x5e, 0x3b, 0x1d, 0x77, 0x4a, 0x4f, 0x0e,
	0x8d, 0x21, 0x6b, 0x1f, 0xe2, 0x90, 0x54, 0xc7,
}

// UserID derives the id of the user whom an identity provider ("custom", say)
// knows by an id: a UUIDv5, the same on every node and after every restart.
func UserID(provider, id string) ID { return derive(users, provider+":"+id) }

// ClientID derives the id under which request ids of one client are kept, from
// its user and a nonce that the client drew. Only sessions of the same user can
// name it, so no client can read or spoil another's request ids.
func ClientID(user ID, nonce []byte) ID { return derive(user, string(nonce)) }

// derive is RFC 9562's UUIDv5.
func derive(space ID, name string) ID {
	h := sha1.New()
	h.Write(space[:])
	h.Write([]byte(name))
	var id ID
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Level is how fresh a read must be.
type Level uint8

// The read levels, in the numbers that go over the wire.
const (
	Leader       Level = 0 // answered by the shard's leader under its lease: the default
	Linearizable Level = 1 // the leader confirms with a round to a majority first
	Stale        Level = 2 // any replica, whatever it knows
)
