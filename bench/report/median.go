package report

import "slices"

// Median returns the middle of some numbers, of two middles their mean; 0 of none.
func Median(of []float64) float64 {
	v := slices.Sorted(slices.Values(of))
	n := len(v)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

// MedianOf returns the median of what get finds in each of some samples.
func MedianOf[T any](samples []T, get func(*T) float64) float64 {
	var v []float64
	for i := range samples {
		v = append(v, get(&samples[i]))
	}
	return Median(v)
}
