package leaderboard

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Ops returns all requests of this feature, for one edge: what it learns of boards
// that are spread over slots is shared by them.
func Ops() []grid.Op {
	r := &routes{}
	read := func(k grid.Kind) grid.Scatter { return &scatter{r, k} }
	return []grid.Op{
		{Kind: KindCreate, Name: "board.create", Write: true, Prepare: prepareCreate},
		{Kind: KindDelete, Name: "board.delete", Write: true, Frees: true,
			Prepare: prepareDelete},
		{Kind: KindSubmit, Name: "board.submit", Write: true, Prepare: r.prepareSubmit,
			Scatter: read(KindSubmit)},
		{Kind: KindRemove, Name: "board.remove", Write: true, Frees: true,
			Prepare: r.prepareRemove, Scatter: read(KindRemove)},
		{Kind: KindInfo, Name: "board.info", Prepare: prepareInfo, Scatter: read(KindInfo)},
		{Kind: KindPage, Name: "board.page", Prepare: preparePage, Scatter: read(KindPage)},
		{Kind: KindAround, Name: "board.around", Prepare: prepareAround, Scatter: read(KindAround)},
		{Kind: KindOwners, Name: "board.owners", Prepare: prepareOwners, Scatter: read(KindOwners)},
	}
}

func prepareCreate(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r CreateRequest
	if key, err = r.decode(in, n); err == nil {
		err = onlyServer(c, "make boards")
	}
	if err == nil {
		err = c.Limits.Check(grid.BoardMetadataBytesBound, len(r.Metadata))
	}
	if err == nil {
		err = c.Limits.Check(grid.StripesBound, r.Stripes)
	}
	if err != nil {
		return nil, out, err
	}
	most := c.Limits.Of(grid.BoardsBound)
	if most == 0 {
		return key, r.Append(pack.AppendArray(out, r.Fields())), nil
	}
	body = r.append(pack.AppendArray(out, createFields+1), createFields)
	return key, pack.AppendUint(body, uint64(most)), nil
}

func prepareDelete(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r DeleteRequest
	if key, err = plain(r.decode(in, n)); err == nil {
		err = onlyServer(c, "delete boards")
	}
	if err != nil {
		return nil, out, err
	}
	return key, r.Append(pack.AppendArray(out, r.Fields())), nil
}

func (e *routes) prepareSubmit(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r SubmitRequest
	if key, err = plain(r.decode(in, n)); err == nil {
		err = onlyOwn(c, &r.Owner)
	}
	if err == nil {
		err = c.Limits.Check(grid.RecordMetadataBytesBound, len(r.Metadata))
	}
	if err != nil {
		return nil, out, err
	}
	s, away := e.stripe(r.Board, &r.Owner)
	if !away {
		return key, r.appendBody(out, sender{server: c.Server}), nil
	}
	var room [keyBytesMax]byte
	r.Board = view(s.append(room[:0]))
	body = r.appendBody(out, sender{server: c.Server})
	return keyOf(body[len(out):]), body, nil
}

func (e *routes) prepareRemove(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r RemoveRequest
	if key, err = plain(r.decode(in, n)); err == nil {
		err = onlyOwn(c, &r.Owner)
	}
	if err != nil {
		return nil, out, err
	}
	s, away := e.stripe(r.Board, &r.Owner)
	if !away {
		return key, r.appendBody(out, sender{server: c.Server}), nil
	}
	var room [keyBytesMax]byte
	r.Board = view(s.append(room[:0]))
	body = r.appendBody(out, sender{server: c.Server})
	return keyOf(body[len(out):]), body, nil
}

// keyOf returns the routing key in a body, which is its first field.
func keyOf(body []byte) []byte {
	in := pack.NewCursor(body)
	in.Array()
	return in.String()
}

func prepareInfo(
	_ *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r InfoRequest
	if key, err = plain(r.decode(in, n)); err != nil {
		return nil, out, err
	}
	return key, r.Append(pack.AppendArray(out, r.Fields())), nil
}

func preparePage(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r PageRequest
	if key, err = plain(r.decode(in, n)); err == nil {
		err = c.Limits.Check(grid.PageRecordsBound, r.Limit)
	}
	if err != nil {
		return nil, out, err
	}
	return key, r.Append(pack.AppendArray(out, r.Fields())), nil
}

func prepareAround(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r AroundRequest
	if key, err = plain(r.decode(in, n)); err == nil {
		err = orCaller(c, &r.Owner)
	}
	if err == nil {
		err = c.Limits.Check(grid.PageRecordsBound, r.Limit)
	}
	if err != nil {
		return nil, out, err
	}
	return key, r.Append(pack.AppendArray(out, r.Fields())), nil
}

// prepareOwners appends the owners as it reads them, so that none has to be
// kept anywhere.
func prepareOwners(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	key, count, ends, err := decodeOwners(in, n)
	if _, err := plain(key, err); err != nil {
		return nil, out, err
	}
	if err := c.Limits.Check(grid.PageRecordsBound, count); err != nil {
		return nil, out, err
	}
	r := OwnersRequest{Period: ends}
	body = pack.AppendString(pack.AppendArray(out, r.Fields()), key)
	body = pack.AppendArray(body, count)
	for range count {
		var id grid.ID
		if err := readOwner(in, &id); err != nil {
			return nil, out, err
		}
		body = pack.AppendBytes(body, id[:])
	}
	return key, appendPeriod(body, ends), nil
}

// orCaller puts the caller where no owner was named.
func orCaller(c *grid.Caller, owner *grid.ID) error {
	if *owner == (grid.ID{}) {
		*owner = c.User
	}
	if *owner == (grid.ID{}) {
		return fault.New(fault.InvalidArgument,
			"this session has no user: name the owner of the record")
	}
	return nil
}

// onlyOwn lets all but servers change nothing but their own record.
func onlyOwn(c *grid.Caller, owner *grid.ID) error {
	if err := orCaller(c, owner); err != nil {
		return err
	}
	if *owner != c.User && !c.Server {
		return fault.New(fault.PermissionDenied,
			"players may change only their own record: connect with a server key to change others")
	}
	return nil
}

func onlyServer(c *grid.Caller, what string) error {
	if !c.Server {
		return fault.New(fault.PermissionDenied,
			"players may not %s: connect with a server key", what)
	}
	return nil
}
