// Package cron says when schedules are due. A schedule is text: five fields
// (minute, hour, day of the month, month, day of the week), in UTC.
//
//	field   * | */step | item,item,…
//	item    value | value-value | value-value/step
//	value   a number; of months also JAN to DEC, of days of the week (0 to 7,
//	        Sunday is 0 and 7) also SUN to SAT
//
// or one of @hourly, @daily, @weekly, @monthly, @yearly and @annually. Letters
// may be of either case. A day must fit the day of the month and the day of the
// week, but if neither begins with a star one of both is enough, as cron has
// always had it.
//
// The calendar is adhocore/gronx. What it is given is checked here first, and
// narrower than it would take: whether it finds a mistake in a list depends on
// the time of day, a step of 2^63-1 keeps it busy for ever, and a day that never
// comes for milliseconds. Within the grammar above it is exact, which the tests
// show by counting minutes.
//
// Invariants:
//
//	I1  Next is a function of its arguments alone.
//	I2  What Check accepts is due again and again, and Next finds it. Check looks
//	    at the eight years in which a 29th of February is the farthest from the
//	    next, and refuses what is not due in them.
//
// Limits: BytesMax; Check and Next take less than a millisecond.
package cron
