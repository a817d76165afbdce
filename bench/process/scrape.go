package process

import (
	"fmt"
	"strconv"
	"strings"
)

// parseMetrics reads the text format of Prometheus, and adds up all values of one name.
func parseMetrics(text string) (map[string]float64, error) {
	sums := map[string]float64{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest := line, ""
		if at := strings.IndexAny(line, "{ "); at >= 0 {
			name, rest = line[:at], line[at:]
		}
		if strings.HasPrefix(rest, "{") {
			rest = rest[strings.LastIndex(rest, "}")+1:]
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return nil, fmt.Errorf("read metrics: no value in %q", line)
		}
		value, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			return nil, fmt.Errorf("read metrics: %q is no number in %q", fields[0], line)
		}
		sums[name] += value
	}
	return sums, nil
}
