package ssp

import (
	"fmt"
	"time"
)

// List is one rating list of FIDE, named by the month it was published in.
//
// The file gives values by year only. Which months they stand for follows from
// how many values the groups of a year have, all but a few of them the same,
// together with the months in which FIDE published:
//
//	1971–1989   1 value    FIDE's list of July in 1971–1973, of May in 1974, of
//	                       January from 1975. From 1980 there was a second list
//	                       in July, which the file leaves out: it has Kasparov at
//	                       2710, 2715, 2720, 2735, 2750, 2775 for 1984–1989, his
//	                       ratings of each January.
//	1990–2000   2 values   January, July. (FIDE's extra list of October 2000 is
//	                       not in the file: no value stands between Kasparov's
//	                       2849 of July 2000 and his 2849 of January 2001.)
//	2001–2008   4 values   January, April, July, October
//	2009        5 values   January, April, July, then every two months:
//	                       September, November (Carlsen: 2776 2770 2772 2772 2801)
//	2010–2011   6 values   every two months from January
//	2012        9 values   January, March, May, July, then every month
//	2013–       12 values  every month
//
// The file says which list is its last: values behind it have no place.
type List struct {
	Year  int
	Month time.Month
}

// YearFirst is the year of FIDE's first list.
const YearFirst = 1971

func (l List) String() string { return fmt.Sprintf("%04d-%02d", l.Year, int(l.Month)) }

// after says whether l was published later than k.
func (l List) after(k List) bool {
	return l.Year > k.Year || l.Year == k.Year && l.Month > k.Month
}

// ParseList reads "2013-12". A year alone names its only list, if it has one.
func ParseList(s string) (List, error) {
	if t, err := time.Parse("2006-01", s); err == nil {
		return List{t.Year(), t.Month()}, nil
	}
	t, err := time.Parse("2006", s)
	if err != nil {
		return List{}, fmt.Errorf("%q is not a rating list: write year and month, as in 2013-12", s)
	}
	if ms := months(t.Year()); len(ms) == 1 {
		return List{t.Year(), ms[0]}, nil
	}
	return List{}, fmt.Errorf(
		"%s had several rating lists: write year and month, as in %s-01", s, s)
}

var (
	monthly = []time.Month{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}

	julyOnly    = []time.Month{7}
	mayOnly     = []time.Month{5}
	januaryOnly = []time.Month{1}
	halfYearly  = []time.Month{1, 7}
	quarterly   = []time.Month{1, 4, 7, 10}
	year2009    = []time.Month{1, 4, 7, 9, 11}
	twoMonthly  = []time.Month{1, 3, 5, 7, 9, 11}
	year2012    = []time.Month{1, 3, 5, 7, 8, 9, 10, 11, 12}
)

// months returns the months of a year's lists in order.
func months(year int) []time.Month {
	switch {
	case year < YearFirst:
		return nil
	case year <= 1973:
		return julyOnly
	case year == 1974:
		return mayOnly
	case year <= 1989:
		return januaryOnly
	case year <= 2000:
		return halfYearly
	case year <= 2008:
		return quarterly
	case year == 2009:
		return year2009
	case year <= 2011:
		return twoMonthly
	case year == 2012:
		return year2012
	}
	return monthly
}

// lists returns the lists of a year that are not after last.
func lists(year int, last List) []time.Month {
	ms := months(year)
	for len(ms) > 0 && (List{year, ms[len(ms)-1]}).after(last) {
		ms = ms[:len(ms)-1]
	}
	return ms
}
