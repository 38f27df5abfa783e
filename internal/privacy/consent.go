package privacy

import (
	"context"
	"errors"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// The manners in which a person may agree.
const (
	ByOneself = "self"     // on the page, by own hand
	Assisted  = "assisted" // a relay or officer wrote it down; a confirmation goes to the person's own phone
	BySMS     = "sms"
	ByCall    = "call"
)

// A Consent is one person's agreement to one purpose, provable. It is never a default and never ticked beforehand.
type Consent struct {
	ID       string
	Subject  string // record of who agreed: "subscriber/01h…"
	Purpose  string
	Wording  string // exactly what was shown or said
	Version  string // of the wording
	Lang     string // it was heard or read in
	Sound    string // hash of the recording, if there is one
	Manner   string
	Witness  string // account of who helped
	Given    time.Time
	Withdrew time.Time // zero while it stands
}

// GiveConsent records an agreement. A visitor or subscriber gives it for themselves (thing.Owner is the actor); a relay or commune
// officer records it for who asked for help, in the own village or commune and with a reason.
func (d *Desk) GiveConsent(ctx context.Context, actor duty.Actor, thing duty.Thing, c Consent, reason string) (string, error) {
	act := duty.ConsentGive
	if c.Manner == Assisted {
		act, c.Witness = duty.ConsentGiveAssisted, actor.ID
	}
	if err := d.policy.Permit(actor, act, thing); err != nil {
		return "", err
	}
	if err := c.check(reason); err != nil {
		return "", err
	}
	c.Given = d.now()
	var id string
	return id, d.change(ctx, func(s store) (err error) {
		if id, err = s.addConsent(ctx, c); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(act), Thing: c.Subject, Place: thing.Area,
			After: c.Purpose + " " + c.Version + " " + c.Lang, Reason: strings.TrimSpace(reason)})
	})
}

// enough stands for a reason where the caller has asked for one.
const enough = "the caller has asked"

func (c Consent) check(reason string) error {
	var faults []error
	for field, value := range map[string]string{"subject": c.Subject, "purpose": c.Purpose, "wording": c.Wording, "version": c.Version, "lang": c.Lang} {
		if strings.TrimSpace(value) == "" {
			faults = append(faults, fault.Field(field, "privacy.consent.incomplete"))
		}
	}
	switch c.Manner {
	case ByOneself, BySMS, ByCall:
	case Assisted:
		if len([]rune(strings.TrimSpace(reason))) < 10 {
			faults = append(faults, fault.Field("reason", "privacy.reason.short"))
		}
	default:
		faults = append(faults, fault.Field("manner", "privacy.consent.incomplete"))
	}
	return errors.Join(faults...)
}

// WithdrawConsent ends every standing agreement of a subject to a purpose, before the next sending.
func (d *Desk) WithdrawConsent(ctx context.Context, actor duty.Actor, thing duty.Thing, subject, purpose string) error {
	if err := d.policy.Permit(actor, duty.ConsentWithdraw, thing); err != nil {
		return err
	}
	return d.change(ctx, func(s store) error {
		n, err := s.withdraw(ctx, subject, purpose, actor.ID, d.now())
		if err != nil || n == 0 {
			return err // nothing stands: it is as the person wishes
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.ConsentWithdraw), Thing: subject,
			Place: thing.Area, Before: purpose, After: "withdrawn"})
	})
}

// Consented is the standing agreement of a subject to a purpose; a fault of kind NotFound says that there is none.
func (d *Desk) Consented(ctx context.Context, subject, purpose string) (Consent, error) {
	return d.read().consent(ctx, subject, purpose)
}
