package client

import "github.com/thronggrid/throng/grid/fault"

// Retryable says whether another call like the one that failed with err may succeed
// without anything having been changed. The client has asked again already as often
// as was sound, so leave some time before. Of a write look at fault.Error.Unknown
// first: where it is true the write may have been done, and another call does it
// twice. docs/errors.md explains the codes.
func Retryable(err error) bool {
	if err == nil {
		return false
	}
	e := fault.Of(err)
	return e.Retry > 0 || e.Code.Again() == fault.Same
}
