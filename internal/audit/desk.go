package audit

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// readingFor is how long a reason opens the record.
const readingFor = 30 * time.Minute

// A Filter chooses entries; an empty field chooses all.
type Filter struct {
	Actor, Act, Thing, Place string
	From, Until              time.Time // Until itself is outside
}

// A Reading is a person's look into the record with the reason given. It is itself an entry.
type Reading struct {
	Seq    int64
	Reason string
	Filter Filter
	Until  time.Time
}

// Ask opens the record for one purpose: the reason and the filter are recorded before anything is shown. The reading is of this
// person and session only and ends after half an hour.
func (d *Desk) Ask(ctx context.Context, actor duty.Actor, reason string, f Filter) (int64, error) {
	areas := d.policy.Areas(actor, duty.AuditRead)
	if len(areas) == 0 {
		return 0, d.policy.Permit(actor, duty.AuditRead, duty.Thing{})
	}
	if err := Reason(reason); err != nil {
		return 0, err
	}
	chosen, err := json.Marshal(f)
	if err != nil {
		return 0, err
	}
	return d.record(ctx, Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.AuditRead), Thing: "audit", Place: areas[0],
		After: string(chosen), Reason: strings.TrimSpace(reason)})
}

// Reason tells whether a written reason says anything: at least ten letters.
func Reason(text string) error {
	if utf8.RuneCountInString(strings.TrimSpace(text)) < 10 {
		return fault.Field("reason", "audit.reason.short")
	}
	return nil
}

// Reading finds what Ask opened, if it is the actor's own and still open.
func (d *Desk) Reading(ctx context.Context, actor duty.Actor, seq int64) (Reading, error) {
	r, err := d.bySeq(ctx, d.db, seq)
	if err != nil {
		return Reading{}, err
	}
	if r.Act != string(duty.AuditRead) || r.Actor != actor.ID || r.Session != actor.Session {
		return Reading{}, fault.New(fault.NotFound, "audit.reading.none")
	}
	until := r.At.Add(readingFor)
	if !d.now().Before(until) {
		return Reading{}, fault.New(fault.Gone, "audit.reading.over")
	}
	reading := Reading{Seq: seq, Reason: r.Reason, Until: until}
	return reading, json.Unmarshal([]byte(r.After), &reading.Filter)
}

// List shows a page of an open reading, newest first, within the actor's areas, and says whether there is more. Who reads by the
// duty of the machine (admin) sees who did what, when and where, not what it was about.
func (d *Desk) List(ctx context.Context, actor duty.Actor, reading Reading, page, size int) (rows []Row, more bool, err error) {
	areas := d.policy.Areas(actor, duty.AuditRead)
	if len(areas) == 0 {
		return nil, false, d.policy.Permit(actor, duty.AuditRead, duty.Thing{})
	}
	mine := func(place string) bool {
		for _, area := range areas {
			if area != "" && place != "" && d.policy.Within(area, place) {
				return true
			}
		}
		return false
	}
	everywhere := areas[0] == "" // Areas are sorted
	var places []string
	if !everywhere || reading.Filter.Place != "" {
		if places, err = d.visible(ctx, reading.Filter.Place, func(p string) bool { return everywhere || mine(p) }); err != nil {
			return nil, false, err
		}
	}
	rows, err = d.list(ctx, reading.Filter, places, page, size)
	if more = len(rows) > size; more {
		rows = rows[:size]
	}
	for i, r := range rows {
		if !mine(r.Place) && r.Actor != actor.ID {
			rows[i].Before, rows[i].After, rows[i].Reason, rows[i].Note = "", "", "", ""
		}
	}
	return rows, more, err
}

// visible lists the recorded places within the asked one that may be seen; it is never nil.
func (d *Desk) visible(ctx context.Context, asked string, may func(string) bool) ([]string, error) {
	all, err := d.places(ctx)
	seen := []string{}
	for _, p := range all {
		if may(p) && (asked == "" || d.policy.Within(asked, p)) {
			seen = append(seen, p)
		}
	}
	return seen, err
}

// Own lists what the actor did, newest first.
func (d *Desk) Own(ctx context.Context, actor duty.Actor, page, size int) (rows []Row, more bool, err error) {
	if err := d.policy.Permit(actor, duty.AuditReadOwn, duty.Thing{Owner: actor.ID}); err != nil {
		return nil, false, err
	}
	rows, err = d.list(ctx, Filter{Actor: actor.ID}, nil, page, size)
	if more = len(rows) > size; more {
		rows = rows[:size]
	}
	return rows, more, err
}

// Check verifies the chain, against a head kept outside if its text is given.
func (d *Desk) Check(ctx context.Context, actor duty.Actor, head string) (Report, error) {
	if !d.policy.May(actor, duty.AuditVerify) {
		return Report{}, fault.New(fault.Forbidden, "duty.forbidden")
	}
	var kept *Head
	if head = strings.TrimSpace(head); head != "" {
		h, err := ReadHead([]byte(head))
		if err != nil {
			return Report{}, errors.Join(fault.Field("head", "audit.head.unreadable"), err)
		}
		kept = &h
	}
	report, err := d.verify(ctx, kept)
	if err != nil {
		return Report{}, err
	}
	_, err = d.record(ctx, Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.AuditVerify), Thing: "audit",
		Note: strconv.FormatInt(report.Rows, 10) + " rows, " + strconv.Itoa(len(report.Findings)) + " findings"})
	return report, err
}
