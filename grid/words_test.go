package grid

import (
	"strconv"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// TestUserIDGolden holds the ids that are stored: a change here loses players.
func TestUserIDGolden(t *testing.T) {
	for _, tc := range []struct{ provider, id, want string }{
		{"custom", "carlsen", "3bba2a60-2e1f-5158-bc46-d12c023a70c2"},
		{"custom", "", "3a37c012-52a7-5cfd-9ca8-1e9e3f9397ca"},
		{"", "", "b59fc885-94da-5d60-9d87-e2b594d280d6"},
		{"device", "0d6d3e2e-…", "e1fb31b2-caaa-5bdb-a149-9b3e22781350"},
	} {
		if got := UserID(tc.provider, tc.id).String(); got != tc.want {
			t.Errorf("UserID(%q, %q) = %s, want %s", tc.provider, tc.id, got, tc.want)
		}
	}
}

// TestDerivedIDs: user and client ids are the UUIDv5 that any other library
// derives.
func TestDerivedIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		provider, id := rapid.String().Draw(t, "provider"), rapid.String().Draw(t, "id")
		user := UserID(provider, id)
		if want := uuid.NewSHA1(uuid.UUID(users), []byte(provider+":"+id)); uuid.UUID(user) != want {
			t.Fatalf("user %s, want %s", user, want)
		}
		nonce := rapid.SliceOf(rapid.Byte()).Draw(t, "nonce")
		client := ClientID(user, nonce)
		if want := uuid.NewSHA1(uuid.UUID(user), nonce); uuid.UUID(client) != want {
			t.Fatalf("client %s, want %s", client, want)
		}
		if user.String() != uuid.UUID(user).String() {
			t.Fatalf("user prints as %s, want %s", user, uuid.UUID(user))
		}
	})
}

// TestSlotGolden holds the slots of keys: a change here loses boards.
func TestSlotGolden(t *testing.T) {
	for key, want := range map[string]Slot{
		"":               2457, // xxhash64 ef46db3751d8e999
		"a":              3675, // xxhash64 d24ec4f1a98c6e5b
		"world":          495,
		"weekly/2026-47": 2165,
		"board/1":        692,
	} {
		if got := SlotOf(key); got != want {
			t.Errorf("SlotOf(%q) = %d, want %d", key, got, want)
		}
		if got := SlotOf([]byte(key)); got != want {
			t.Errorf("SlotOf of the bytes of %q = %d, want %d", key, got, want)
		}
	}
}

// TestSlotSpread: names that people give do not crowd on few slots. With 256
// keys a slot on average the standard deviation is 16: half or double would be
// 8 of them away.
func TestSlotSpread(t *testing.T) {
	var counts [Slots]int
	const mean = 256
	for i := range mean * Slots {
		counts[SlotOf("weekly/"+strconv.Itoa(i))]++
	}
	for slot, n := range counts {
		if n < mean/2 || n > mean*2 {
			t.Errorf("slot %d holds %d of %d keys, about %d expected", slot, n, mean*Slots, mean)
		}
	}
}
