package admin

// Memory is what the process has in use.
type Memory struct {
	UsedBytes, LimitBytes int64
	High                  bool // new data and new sessions are refused
}

// memoryTable is about the memory of the process, as memory_limit sees it.
func memoryTable() []Metric {
	return []Metric{
		one("throng_memory_used_bytes", Gauge,
			"Bytes in use, not counting garbage: what memory_limit limits.",
			func(s *Sample) float64 { return float64(s.Memory.UsedBytes) }),
		one("throng_memory_limit_bytes", Gauge, "Bytes that may be in use: memory_limit.",
			func(s *Sample) float64 { return float64(s.Memory.LimitBytes) }),
		one("throng_memory_high", Gauge,
			"1 while new data and new sessions are refused for want of memory, else 0.",
			func(s *Sample) float64 { return number(s.Memory.High) }),
	}
}
