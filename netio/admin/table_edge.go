package admin

// edgeTable is about connections with clients, and what they ask.
func edgeTable() []Metric {
	return []Metric{
		one("throng_connections", Gauge, "Connections that are open.",
			func(s *Sample) float64 { return float64(s.Edge.Connections) }),
		count("throng_connections_accepted_total", "Connections taken.",
			func(s *Sample) uint64 { return s.Edge.Accepted }),
		count("throng_connections_refused_total",
			"Connections turned away at the door: too many, or the node was stopping.",
			func(s *Sample) uint64 { return s.Edge.Turned }),
	}
}
