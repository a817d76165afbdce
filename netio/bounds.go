package netio

import "github.com/thronggrid/throng/grid"

// SetBounds puts limits on what requests may bring into the state in force, for requests
// that are read from now on. Before, those of the code count alone.
func (s *Server) SetBounds(b grid.Limits) { s.bounds.Store(&b) }
