// Package privacy keeps what is personal: sealed fields under a key of their own, consents, the requests that people make about
// their own data, and the register of every column that holds personal data. It does not know what a record is about.
package privacy

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// An Ask is one look at one sealed field of one person, for one reason.
type Ask struct {
	Act    duty.Act   // the act that allows it: relay.read_sealed, privacy.handle_request, account.use for one's own
	Thing  duty.Thing // what the record belongs to
	Record string     // "account/01h…"
	Field  string
	Reason string
}

// An Opening is a look that was taken, as the person is shown it.
type Opening struct {
	Record, Field, Actor, Reason string
	Act                          duty.Act
	At                           time.Time
}

// Open reads a sealed field. The actor must be allowed the act, have given the password again a short while ago and state a
// reason; the opening is recorded before the field is shown.
func (d *Desk) Open(ctx context.Context, actor duty.Actor, a Ask) (string, error) {
	if err := d.policy.Permit(actor, a.Act, a.Thing); err != nil {
		return "", err
	}
	if err := d.policy.Fresh(actor); err != nil {
		return "", err
	}
	if utf8.RuneCountInString(strings.TrimSpace(a.Reason)) < 10 {
		return "", fault.Field("reason", "privacy.reason.short")
	}
	err := d.change(ctx, func(s store) error {
		if err := s.addOpening(ctx, actor, a, d.now()); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(a.Act), Thing: a.Record, Place: a.Thing.Area,
			Note: "sealed field " + a.Field, Reason: strings.TrimSpace(a.Reason)})
	})
	if err != nil {
		return "", err
	}
	return d.unseal(ctx, a.Record, a.Field)
}

func (d *Desk) unseal(ctx context.Context, record, field string) (string, error) {
	key, box, err := d.read().box(ctx, record, field)
	if err != nil {
		return "", err
	}
	c, err := d.keeper.open(key)
	if err != nil {
		return "", err
	}
	sealed, err := text.DecodeString(box)
	if err != nil {
		return "", err
	}
	plain, err := unseal(c, sealed, record+"\x00"+field)
	return string(plain), err
}

// Openings lists who opened which sealed field of a record and why, newest first: for the person whose record it is, and for the
// data-protection officer.
func (d *Desk) Openings(ctx context.Context, actor duty.Actor, record string, thing duty.Thing) ([]Opening, error) {
	if err := d.policy.Permit(actor, duty.AccountUse, thing); err != nil {
		if handles := d.policy.Permit(actor, duty.PrivacyHandleRequest, thing); handles != nil {
			return nil, err
		}
	}
	return d.read().openings(ctx, record)
}

// A Destruction is a key that one person proposes to destroy and another destroys.
type Destruction struct {
	ID, Record, Reason  string
	ProposedBy, session string
	Proposed            time.Time
	ConfirmedBy         string
	Confirmed           time.Time // zero while it waits
}

// ProposeDestruction asks that a record be made unreadable for ever. The data-protection officer proposes, a province leader
// confirms.
func (d *Desk) ProposeDestruction(ctx context.Context, actor duty.Actor, record, reason string) (string, error) {
	thing := duty.Thing{Area: d.home()}
	if err := d.policy.Permit(actor, duty.PrivacyDestroyKey, thing); err != nil {
		return "", err
	}
	if !d.holds(actor, duty.DPO) {
		return "", fault.New(fault.Forbidden, "privacy.destroy.dpo_first")
	}
	if utf8.RuneCountInString(strings.TrimSpace(reason)) < 10 {
		return "", fault.Field("reason", "privacy.reason.short")
	}
	var id string
	return id, d.change(ctx, func(s store) error {
		found, err := s.byRecord(ctx, record)
		if fault.Is(err, fault.NotFound) {
			return fault.Field("record", "privacy.destroy.no_record")
		}
		if err != nil {
			return err
		}
		if !found.destroyed.IsZero() {
			return fault.Field("record", "privacy.destroy.already")
		}
		x := Destruction{Record: record, Reason: strings.TrimSpace(reason), ProposedBy: actor.ID, session: actor.Session, Proposed: d.now()}
		if id, err = s.addDestruction(ctx, x); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.PrivacyDestroyKey), Thing: record,
			Place: thing.Area, After: "proposed", Reason: x.Reason})
	})
}

// ConfirmDestruction destroys the key of a proposed record: its sealed fields can then not be read by anybody, whatever backup is
// put back. The actor is a province leader and not the one who proposed.
func (d *Desk) ConfirmDestruction(ctx context.Context, actor duty.Actor, id string) error {
	var key string
	err := d.change(ctx, func(s store) error {
		x, err := s.destruction(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.PrivacyDestroyKey, duty.Thing{Area: d.home(), Hands: []string{x.ProposedBy}, State: "approved"}); err != nil {
			return err
		}
		switch {
		case !d.holds(actor, duty.ProvinceLeader):
			return fault.New(fault.Forbidden, "privacy.destroy.leader_confirms")
		case x.session == actor.Session:
			return fault.New(fault.Forbidden, "duty.same_person")
		case !x.Confirmed.IsZero():
			return fault.New(fault.Conflict, "privacy.destroy.already")
		}
		found, err := s.byRecord(ctx, x.Record)
		if err != nil {
			return err
		}
		key = found.key
		if err := s.confirm(ctx, id, actor.ID, d.now()); err != nil {
			return err
		}
		if err := s.destroy(ctx, key, d.now()); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: x.ProposedBy, Session: x.session, Second: actor.ID, Act: string(duty.PrivacyDestroyKey),
			Thing: x.Record, Place: d.home(), Before: "proposed", After: "destroyed", Reason: x.Reason, Note: "session of the second: " + actor.Session})
	})
	if err != nil {
		return err
	}
	// The table says so first: Reconcile finishes what a cut of power leaves here.
	return d.keeper.Destroy(key)
}

// Destructions lists what waits for a second person and what was destroyed, newest first.
func (d *Desk) Destructions(ctx context.Context, actor duty.Actor) ([]Destruction, error) {
	if err := d.policy.Permit(actor, duty.PrivacyDestroyKey, duty.Thing{Area: d.home()}); err != nil {
		return nil, err
	}
	return d.read().destructions(ctx)
}

// Reconcile makes the tables and the keys folder agree on what was destroyed. It runs at start: after a backup of either was put
// back, what was destroyed in the other stays destroyed.
func (d *Desk) Reconcile(ctx context.Context) error {
	marks, err := d.keeper.Sweep()
	if err != nil {
		return err
	}
	err = d.change(ctx, func(s store) error {
		for _, key := range marks {
			if err := s.destroy(ctx, key, d.now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	destroyed, err := d.read().destroyedKeys(ctx)
	if err != nil {
		return err
	}
	for _, key := range destroyed {
		if !d.keeper.Destroyed(key) {
			if err := d.keeper.Destroy(key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Desk) holds(a duty.Actor, r duty.Role) bool {
	for _, g := range d.policy.Holds(a) {
		if g.Role == r {
			return true
		}
	}
	return false
}
