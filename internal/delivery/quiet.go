package delivery

import (
	"time"

	"banlang/internal/i18n"
	"banlang/internal/subscriber"
)

// Quiet reports whether a channel rests at a moment: SMS from 22 to 7 h, calls from 17 to 8 h (Decree 91/2020, which says so of
// advertising, taken for everything but emergencies).
func Quiet(c subscriber.Channel, at time.Time) bool {
	hour := at.In(i18n.Zone).Hour()
	switch c {
	case subscriber.SMS:
		return hour >= 22 || hour < 7
	case subscriber.Call:
		return hour >= 17 || hour < 8
	}
	return false
}

// QuietUntil is when a channel that rests may be used again; zero where it does not rest.
func QuietUntil(c subscriber.Channel, at time.Time) time.Time {
	if !Quiet(c, at) {
		return time.Time{}
	}
	t := at.In(i18n.Zone).Truncate(time.Hour)
	for Quiet(c, t) {
		t = t.Add(time.Hour)
	}
	return t
}
