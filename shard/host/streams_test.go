package host

import "github.com/thronggrid/throng/shard/courier"

var _ courier.State = (*Host)(nil)
