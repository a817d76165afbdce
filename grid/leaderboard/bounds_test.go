package leaderboard

import (
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// TestBounds: requests up to what the server was told are taken, and what is beyond is
// refused with the key's name.
func TestBounds(t *testing.T) {
	c := server
	c.Limits = &grid.Limits{grid.BoardMetadataBytesBound: 4, grid.RecordMetadataBytesBound: 3,
		grid.PageRecordsBound: 10, grid.StripesBound: 2}
	me := person(1)
	for _, tc := range []struct {
		key            string
		kind           grid.Kind
		within, beyond request
	}{
		{"board_metadata_bytes_max", KindCreate,
			&CreateRequest{Board: "b", Metadata: "1234"}, &CreateRequest{Board: "b", Metadata: "12345"}},
		{"stripes_max", KindCreate,
			&CreateRequest{Board: "b", Stripes: 2}, &CreateRequest{Board: "b", Stripes: 3}},
		{"record_metadata_bytes_max", KindSubmit,
			&SubmitRequest{Board: "b", Owner: me, Metadata: "123"},
			&SubmitRequest{Board: "b", Owner: me, Metadata: "1234"}},
		{"page_records_max", KindPage,
			&PageRequest{Board: "b", Rank: 1, Limit: 10}, &PageRequest{Board: "b", Rank: 1, Limit: 11}},
		{"page_records_max", KindAround,
			&AroundRequest{Board: "b", Owner: me, Limit: 10}, &AroundRequest{Board: "b", Owner: me, Limit: 11}},
		{"page_records_max", KindOwners,
			&OwnersRequest{Board: "b", Owners: owners(10)}, &OwnersRequest{Board: "b", Owners: owners(11)}},
	} {
		if _, _, err := prepare(&c, tc.kind, tc.within); err != nil {
			t.Errorf("within %s: %v", tc.key, err)
		}
		_, _, err := prepare(&c, tc.kind, tc.beyond)
		if fault.CodeOf(err) != fault.InvalidArgument || !strings.Contains(err.Error(), tc.key) {
			t.Errorf("beyond %s: %v", tc.key, err)
		}
	}
}

func owners(n int) []grid.ID {
	out := make([]grid.ID, n)
	for i := range out {
		out[i] = person(i)
	}
	return out
}

// TestBoardsBound: while there are as many boards as may be, none is made, and to make
// one that is there is still no error.
func TestBoardsBound(t *testing.T) {
	c := server
	b := New()
	create := func(r CreateRequest) error {
		_, err := b.write(&c, KindCreate, 1, &r)
		return err
	}
	if err := create(CreateRequest{Board: "old", Metadata: "m"}); err != nil {
		t.Fatal(err)
	}
	c.Limits = &grid.Limits{grid.BoardsBound: 1}
	if err := create(CreateRequest{Board: "old", Metadata: "m"}); err != nil {
		t.Errorf("a board that is there: %v", err)
	}
	err := create(CreateRequest{Board: "new", Metadata: "m"})
	if fault.CodeOf(err) != fault.ResourceExhausted || !strings.Contains(err.Error(), "boards_max") {
		t.Errorf("another board: %v", err)
	}
	c.Limits = nil
	if err := create(CreateRequest{Board: "new", Metadata: "m"}); err != nil {
		t.Error(err)
	}
}
