package privacy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
)

// Kinds of request that a person may make about own data (Law 91/2025/QH15): to see, correct or delete it, to take a consent
// back, to object, or something else.
var Kinds = []string{"see", "correct", "delete", "withdraw", "object", "other"}

// A Request is one of them. What the person wrote and where to reach them is sealed, and so is the answer.
type Request struct {
	ID       string
	Kind     string
	Area     string
	State    string // received, answered
	Received time.Time
	Due      time.Time // end of the second working day after it came
	Answered time.Time
	By       string // account of who answered
	Demo     bool
}

// Record names the sealed part of the request.
func (r Request) Record() string { return "request/" + r.ID }

// Late tells whether it should have been answered by then.
func (r Request) Late(now time.Time) bool { return r.State == "received" && now.After(r.Due) }

// A Wish is what a person writes in the form.
type Wish struct {
	Kind, Text, Contact string
}

func (w Wish) check() error {
	var faults []error
	known := false
	for _, k := range Kinds {
		known = known || k == w.Kind
	}
	if !known {
		faults = append(faults, fault.Field("kind", "privacy.request.kind.choose"))
	}
	switch n := utf8.RuneCountInString(w.Text); {
	case strings.TrimSpace(w.Text) == "":
		faults = append(faults, fault.Field("text", "privacy.request.text.required"))
	case n > 5000:
		faults = append(faults, fault.Field("text", "privacy.request.text.long"))
	}
	if utf8.RuneCountInString(w.Contact) > 200 {
		faults = append(faults, fault.Field("contact", "privacy.request.contact.long"))
	}
	return errors.Join(faults...)
}

// Submit takes a request, with or without an account. The code that comes back is all that leads to the answer: it is not kept,
// and sending the same form again (the same key) gives the same code and no second request.
func (d *Desk) Submit(ctx context.Context, actor duty.Actor, key string, w Wish) (code string, err error) {
	if err := d.policy.Permit(actor, duty.PrivacyRequest, duty.Thing{Owner: actor.ID}); err != nil {
		return "", err
	}
	if err := w.check(); err != nil {
		return "", err
	}
	if code = d.code(key); key != "" {
		if _, err := d.read().requestByCode(ctx, hashed(code)); !fault.Is(err, fault.NotFound) {
			return code, err
		}
	}
	now := d.now()
	r := Request{ID: newID(), Kind: w.Kind, Area: d.home(), State: "received", Received: now, Due: WorkingDays(now, 2), Demo: actor.Demo}
	seal, err := d.Prepare(ctx, r.Record())
	if err != nil {
		return "", err
	}
	return code, d.change(ctx, func(s store) error {
		if err := s.addRequest(ctx, r, hashed(code)); err != nil {
			return err
		}
		for field, value := range map[string]string{"text": w.Text, "contact": w.Contact} {
			if err := seal.Put(ctx, s.tx, now, field, value); err != nil {
				return err
			}
		}
		return s.record(ctx, now, audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.PrivacyRequest), Thing: r.Record(), Place: r.Area, After: r.State + " " + r.Kind})
	})
}

// code is twelve digits that nobody guesses; the same key of a form makes the same.
func (d *Desk) code(key string) string {
	sum := random(8)
	if key != "" {
		sum = d.keeper.Mac("request", key)
	}
	n := fmt.Sprintf("%012d", binary.BigEndian.Uint64(sum)%1_000_000_000_000)
	return n[:4] + " " + n[4:8] + " " + n[8:]
}

func hashed(code string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, code)
	sum := sha256.Sum256([]byte("request code\n" + digits))
	return hex.EncodeToString(sum[:])
}

// Follow shows the person who has the code how the request stands and what was answered.
func (d *Desk) Follow(ctx context.Context, code string) (r Request, answer string, err error) {
	r, err = d.read().requestByCode(ctx, hashed(code))
	if fault.Is(err, fault.NotFound) {
		return r, "", fault.Field("code", "privacy.request.code.unknown")
	}
	if err != nil || r.State != "answered" {
		return r, "", err
	}
	err = d.change(ctx, func(s store) error {
		return s.record(ctx, d.now(), audit.Entry{Act: string(duty.PrivacyRequest), Thing: r.Record(), Place: r.Area, Note: "answer read with the code"})
	})
	if err != nil {
		return r, "", err
	}
	answer, err = d.unseal(ctx, r.Record(), "answer")
	return r, answer, err
}

// Requests lists those that wait, the most urgent first, then the answered ones.
func (d *Desk) Requests(ctx context.Context, actor duty.Actor, page, size int) ([]Request, error) {
	if err := d.policy.Permit(actor, duty.PrivacyHandleRequest, duty.Thing{Area: d.home()}); err != nil {
		return nil, err
	}
	return d.read().requests(ctx, page, size)
}

// Request is one of them without its sealed part.
func (d *Desk) Request(ctx context.Context, actor duty.Actor, id string) (Request, error) {
	r, err := d.read().requestByID(ctx, id)
	if err != nil {
		return r, err
	}
	return r, d.policy.Permit(actor, duty.PrivacyHandleRequest, duty.Thing{Area: r.Area})
}

// OpenRequest shows what the person wrote and how to reach them. It asks for a reason and is recorded like every opening.
func (d *Desk) OpenRequest(ctx context.Context, actor duty.Actor, id, reason string) (Wish, error) {
	r, err := d.Request(ctx, actor, id)
	if err != nil {
		return Wish{}, err
	}
	w := Wish{Kind: r.Kind}
	for field, to := range map[string]*string{"text": &w.Text, "contact": &w.Contact} {
		*to, err = d.Open(ctx, actor, Ask{Act: duty.PrivacyHandleRequest, Thing: duty.Thing{Area: r.Area}, Record: r.Record(), Field: field, Reason: reason})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return Wish{}, err
		}
	}
	return w, nil
}

// Answer answers a request that waits. reason says how it was made sure who asks.
func (d *Desk) Answer(ctx context.Context, actor duty.Actor, id, answer, reason string) error {
	r, err := d.Request(ctx, actor, id)
	if err != nil {
		return err
	}
	var faults []error
	if strings.TrimSpace(answer) == "" {
		faults = append(faults, fault.Field("answer", "privacy.request.answer.required"))
	}
	if utf8.RuneCountInString(strings.TrimSpace(reason)) < 10 {
		faults = append(faults, fault.Field("reason", "privacy.request.sure.required"))
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	seal, err := d.Prepare(ctx, r.Record())
	if err != nil {
		return err
	}
	now := d.now()
	return d.change(ctx, func(s store) error {
		r, err := s.requestByID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.PrivacyHandleRequest, duty.Thing{Area: r.Area, State: r.State}); err != nil {
			return err
		}
		if err := seal.Put(ctx, s.tx, now, "answer", answer); err != nil {
			return err
		}
		if err := s.setAnswered(ctx, id, actor.ID, now); err != nil {
			return err
		}
		return s.record(ctx, now, audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.PrivacyHandleRequest), Thing: r.Record(),
			Place: r.Area, Before: r.State, After: "answered", Reason: strings.TrimSpace(reason)})
	})
}

// WorkingDays is the end (17:00 in Vietnam) of the nth working day after t. Saturdays and Sundays are not counted; public holidays
// are, so that an answer is at worst due too early.
func WorkingDays(t time.Time, n int) time.Time {
	t = t.In(i18n.Zone)
	day := time.Date(t.Year(), t.Month(), t.Day(), 17, 0, 0, 0, i18n.Zone)
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			n--
		}
	}
	return day.UTC()
}
