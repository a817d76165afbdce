package admin

// nodeTable is about the process.
func nodeTable() []Metric {
	return []Metric{
		{
			Name: "throng_build_info", Type: Gauge, Labels: []string{"version", "go"},
			Help: "Is 1; its labels say which version runs.",
			read: func(s *Sample, e *emitter) { e.value(1, []string{s.Version, s.Go}) },
		},
		one("throng_incarnation", Gauge,
			"How often the node was started on this data directory, this start included.",
			func(s *Sample) float64 { return float64(s.Incarnation) }),
		one("throng_start_time_seconds", Gauge,
			"When the process began to serve, in seconds since 1970.",
			func(s *Sample) float64 { return float64(s.Started.UnixMilli()) / 1000 }),
	}
}
