package presence

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// Ops returns all requests of this feature.
func Ops() []grid.Op {
	return []grid.Op{
		{Kind: KindList, Name: "presence.list", Prepare: prepareList},
		{Kind: KindCount, Name: "presence.count", Prepare: prepareCount},
	}
}

func prepareList(
	_ *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	key, body, err = prepareKey(in, n, 3, out)
	if err != nil {
		return nil, out, err
	}
	var r ListRequest
	if err := r.decode(in); err != nil {
		return nil, out, err
	}
	return key, r.page(body), nil
}

func prepareCount(
	_ *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	return prepareKey(in, n, 1, out)
}

// prepareKey reads the stream that a request of at least want fields begins with,
// and begins a body of want fields with its key.
func prepareKey(in *pack.Cursor, n, want int, out []byte) (key, body []byte, err error) {
	if err := grid.CheckFields(n, want); err != nil {
		return nil, out, err
	}
	var buf [1 + grid.StreamNameBytesMax]byte
	stream, err := grid.ReadStream(in, buf[:0])
	if err != nil {
		return nil, out, err
	}
	body = pack.AppendBytes(pack.AppendArray(out, want), stream)
	return body[len(body)-len(stream):], body, nil
}
