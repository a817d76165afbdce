package netio

import "github.com/thronggrid/throng/grid"

// SetBounds puts other limits on what requests may bring into the state in force, for
// requests that are read from now on.
func (s *Server) SetBounds(b grid.Limits) { s.bounds.Store(&b) }
