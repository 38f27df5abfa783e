package account

import (
	"context"
	"errors"
	"slices"
	"strings"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/privacy"
)

// An Issued secret is shown once to who made it, to be handed to the person.
type Issued struct {
	Account Account
	Secret  string // "" where the same form was sent before: it is not kept
}

// Add makes an account that holds no duty. A commune leader adds in the own commune, a province leader in the own province, an
// administrator everywhere. key makes a form that is sent twice add once.
func (d *Desk) Add(ctx context.Context, actor duty.Actor, key string, n Newcomer) (Issued, error) {
	n.Name = strings.ToLower(strings.TrimSpace(n.Name))
	n.Title = strings.TrimSpace(n.Title)
	if err := n.check(); err != nil {
		return Issued{}, err
	}
	if err := d.placed(n.Home); err != nil {
		return Issued{}, err
	}
	if err := d.policy.Permit(actor, duty.UserAdd, duty.Thing{Area: n.Home}); err != nil {
		return Issued{}, err
	}
	secret := issue(n.Kind)
	a := Account{ID: ID(newID()), Name: n.Name, Title: n.Title, Kind: n.Kind, Home: n.Home, State: Active, Demo: actor.Demo, Made: d.now(),
		secret: d.hasher.hash(secret), first: n.Kind == WithPassword}
	seal, err := d.privacy.Prepare(ctx, a.ID.Record())
	if err != nil {
		return Issued{}, err
	}
	err = d.change(ctx, func(s store) error {
		prior, repeated, err := s.once(ctx, key, string(a.ID))
		if err != nil {
			return err
		}
		if repeated {
			secret = ""
			a, err = s.byID(ctx, ID(prior))
			return err
		}
		if err := s.add(ctx, a, actor.ID); err != nil {
			if fault.Is(err, fault.Conflict) {
				return fault.Field("name", "account.name.taken")
			}
			return err
		}
		if err := putSealed(ctx, s, seal, d.now(), n); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.UserAdd), Thing: a.ID.Record(),
			Place: a.Home, After: a.Name})
	})
	return Issued{a, secret}, err
}

// placed tells whether an area is known.
func (d *Desk) placed(area string) error {
	if _, err := d.places.ByID(placeID(area)); err != nil {
		return fault.Field("home", "account.home.choose")
	}
	return nil
}

// List shows the accounts of the areas in which the actor may add people, by name. Names and telephones are not in lists.
func (d *Desk) List(ctx context.Context, actor duty.Actor, search string, page, size int) (accounts []Account, more bool, err error) {
	return d.list(ctx, actor, duty.UserAdd, search, page, size)
}

func (d *Desk) list(ctx context.Context, actor duty.Actor, act duty.Act, search string, page, size int) ([]Account, bool, error) {
	areas := d.policy.Areas(actor, act)
	if len(areas) == 0 {
		return nil, false, d.policy.Permit(actor, act, duty.Thing{})
	}
	var homes []string
	if areas[0] != "" {
		all, err := d.read().homes(ctx)
		if err != nil {
			return nil, false, err
		}
		homes = []string{}
		for _, home := range all {
			if d.withinAny(areas, home) {
				homes = append(homes, home)
			}
		}
	}
	accounts, err := d.read().list(ctx, homes, strings.ToLower(strings.TrimSpace(search)), page, size+1)
	more := len(accounts) > size
	if more {
		accounts = accounts[:size]
	}
	return accounts, more, err
}

func (d *Desk) withinAny(areas []string, place string) bool {
	for _, area := range areas {
		if d.policy.Within(area, place) {
			return true
		}
	}
	return false
}

// Person is an account with its duties, for who may add people where it belongs.
func (d *Desk) Person(ctx context.Context, actor duty.Actor, id ID) (Account, []Grant, error) {
	a, err := d.read().byID(ctx, id)
	if err != nil {
		return Account{}, nil, err
	}
	if err := d.policy.Permit(actor, duty.UserAdd, duty.Thing{Area: a.Home}); err != nil {
		return Account{}, nil, err
	}
	grants, err := d.read().grants(ctx, id)
	return a, grants, err
}

// Grants lists the actor's own duties, past ones too.
func (d *Desk) Grants(ctx context.Context, actor duty.Actor) ([]Grant, error) {
	if err := d.own(actor); err != nil {
		return nil, err
	}
	return d.read().grants(ctx, ID(actor.ID))
}

// Names gives the public names of accounts, for pages that show who did what.
func (d *Desk) Names(ctx context.Context, ids []string) (map[string]string, error) {
	return d.read().titles(ctx, ids)
}

// ByName finds the identifier of a sign-in name, for the filter of the record.
func (d *Desk) ByName(ctx context.Context, name string) (string, error) {
	a, err := d.read().byName(ctx, strings.ToLower(strings.TrimSpace(name)))
	return string(a.ID), err
}

// Disable ends an account at once: the next request of any of its sessions is refused. Who disables must reach every duty that the
// person holds, and nobody alone disables the last who holds dpo or province_leader: that waits for a second person.
func (d *Desk) Disable(ctx context.Context, actor duty.Actor, id ID, why string) (waits bool, err error) {
	if err := reason(why); err != nil {
		return false, err
	}
	return waits, d.change(ctx, func(s store) error {
		a, grants, err := d.reach(ctx, s, actor, duty.UserDisable, id)
		if err != nil {
			return err
		}
		if a.State != Active {
			return fault.New(fault.Conflict, "account.disabled.already")
		}
		if string(id) == actor.ID {
			return fault.New(fault.Forbidden, "account.disable.self")
		}
		for _, g := range grants {
			last, err := d.last(ctx, s, g)
			if err != nil {
				return err
			}
			if last {
				waits = true
				return d.propose(ctx, s, actor, Proposal{Kind: "disable", Account: id, Area: a.Home, Reason: why}, duty.UserDisable)
			}
		}
		return d.disable(ctx, s, actor, "", a, why)
	})
}

func (d *Desk) disable(ctx context.Context, s store, actor duty.Actor, second string, a Account, why string) error {
	if err := s.setState(ctx, a.ID, Disabled); err != nil {
		return err
	}
	if err := s.endAll(ctx, a.ID, d.now()); err != nil {
		return err
	}
	return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Second: second, Act: string(duty.UserDisable), Thing: a.ID.Record(),
		Place: a.Home, Before: Active, After: Disabled, Reason: strings.TrimSpace(why)})
}

// Enable opens a disabled account again. Its duties are as they were.
func (d *Desk) Enable(ctx context.Context, actor duty.Actor, id ID, why string) error {
	if err := reason(why); err != nil {
		return err
	}
	return d.change(ctx, func(s store) error {
		a, _, err := d.reach(ctx, s, actor, duty.UserDisable, id)
		if err != nil {
			return err
		}
		if a.State == Active {
			return fault.New(fault.Conflict, "account.enabled.already")
		}
		if err := s.setState(ctx, id, Active); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.UserDisable), Thing: id.Record(),
			Place: a.Home, Before: Disabled, After: Active, Reason: strings.TrimSpace(why)})
	})
}

// reach loads an account that the actor may do an act to: it belongs to their area, and so does every duty that it holds. A commune
// leader does not disable a province leader who lives in the commune.
func (d *Desk) reach(ctx context.Context, s store, actor duty.Actor, act duty.Act, id ID, hands ...string) (Account, []Grant, error) {
	a, err := s.byID(ctx, id)
	if err != nil {
		return Account{}, nil, err
	}
	if err := d.policy.Permit(actor, act, duty.Thing{Area: a.Home, Hands: hands}); err != nil {
		return Account{}, nil, err
	}
	all, err := s.grants(ctx, id)
	if err != nil {
		return Account{}, nil, err
	}
	var standing []Grant
	for _, g := range all {
		if g.Over(d.now()) {
			continue
		}
		if err := d.policy.Permit(actor, act, duty.Thing{Area: g.Area, Hands: hands}); err != nil {
			return Account{}, nil, err
		}
		standing = append(standing, g)
	}
	return a, standing, nil
}

// last tells whether a grant is the last of its duty in its area that somebody active holds in their own right.
func (d *Desk) last(ctx context.Context, s store, g Grant) (bool, error) {
	if g.Role != duty.DPO && g.Role != duty.ProvinceLeader || g.Via != "" {
		return false, nil
	}
	n, err := s.holders(ctx, g.Role, g.Area, g.Account, d.now())
	return n == 0, err
}

// Reset issues a new secret for who lost theirs, and ends their sessions and second factor. A commune officer resets the PIN of a
// relay of the commune alone; for everybody else one person asks and another confirms. Nobody resets their own.
func (d *Desk) Reset(ctx context.Context, actor duty.Actor, id ID, why string) (issued Issued, waits bool, err error) {
	if err := reason(why); err != nil {
		return Issued{}, false, err
	}
	if string(id) == actor.ID {
		return Issued{}, false, fault.New(fault.Forbidden, "account.reset.self")
	}
	fresh, err := d.fresh(ctx, id)
	if err != nil {
		return Issued{}, false, err
	}
	err = d.change(ctx, func(s store) error {
		a, grants, err := d.reach(ctx, s, actor, duty.AccountResetCredential, id)
		if err != nil {
			return err
		}
		issued.Account = a
		if d.aloneResets(actor, a, grants) {
			issued.Secret = fresh.secret
			return d.reset(ctx, s, actor, "", a, fresh, why)
		}
		if d.only(actor, duty.CommuneOfficer, duty.AccountResetCredential, a.Home) {
			return fault.New(fault.Forbidden, "account.reset.relay_only")
		}
		waits = true
		return d.propose(ctx, s, actor, Proposal{Kind: "reset", Account: id, Area: a.Home, Reason: why}, duty.AccountResetCredential)
	})
	return issued, waits, err
}

// A made secret is hashed before the transaction: hashing takes its time.
type made struct{ secret, hash string }

func (d *Desk) fresh(ctx context.Context, id ID) (made, error) {
	a, err := d.read().byID(ctx, id)
	if err != nil {
		return made{}, err
	}
	secret := issue(a.Kind)
	return made{secret, d.hasher.hash(secret)}, nil
}

func (d *Desk) reset(ctx context.Context, s store, actor duty.Actor, second string, a Account, m made, why string) error {
	if err := s.setSecret(ctx, a.ID, m.hash, a.Kind == WithPassword); err != nil {
		return err
	}
	if err := s.setSecond(ctx, a.ID, "", 0, nil); err != nil {
		return err
	}
	if err := s.forgive(ctx, d.subject("name", a.Name)); err != nil {
		return err
	}
	if err := s.endAll(ctx, a.ID, d.now()); err != nil {
		return err
	}
	return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Second: second, Act: string(duty.AccountResetCredential),
		Thing: a.ID.Record(), Place: a.Home, After: a.Kind, Reason: strings.TrimSpace(why)})
}

// aloneResets: a commune officer, for an account that is a relay and nothing else.
func (d *Desk) aloneResets(actor duty.Actor, a Account, grants []Grant) bool {
	if a.Kind != WithPIN || len(grants) == 0 {
		return false
	}
	for _, g := range grants {
		if g.Role != duty.Relay {
			return false
		}
	}
	for _, g := range d.policy.Holds(actor) {
		if g.Role == duty.CommuneOfficer && d.policy.Within(g.Area, a.Home) {
			return true
		}
	}
	return false
}

// only tells whether the actor may do an act in an area by that one duty.
func (d *Desk) only(actor duty.Actor, r duty.Role, act duty.Act, area string) bool {
	for _, g := range d.policy.Holds(actor) {
		if g.Role != r && duty.RuleOf(act, g.Role).Scope != duty.ScopeNone && d.policy.Within(g.Area, area) {
			return false
		}
	}
	return true
}

// Resettable lists the accounts in use whose secret the actor may help to reset: others', and for who is no more than a commune
// officer those with a PIN.
func (d *Desk) Resettable(ctx context.Context, actor duty.Actor, search string, page, size int) ([]Account, bool, error) {
	all, more, err := d.list(ctx, actor, duty.AccountResetCredential, search, page, size)
	return slices.DeleteFunc(all, func(a Account) bool {
		return a.State != Active || string(a.ID) == actor.ID ||
			a.Kind != WithPIN && d.only(actor, duty.CommuneOfficer, duty.AccountResetCredential, a.Home)
	}), more, err
}

// Openings lists who opened the actor's own sealed fields, and why.
func (d *Desk) Openings(ctx context.Context, actor duty.Actor) ([]privacy.Opening, error) {
	return d.privacy.Openings(ctx, actor, ID(actor.ID).Record(), duty.Thing{Owner: actor.ID})
}

// Mine is the actor's own account.
func (d *Desk) Mine(ctx context.Context, actor duty.Actor) (Account, error) {
	if err := d.own(actor); err != nil {
		return Account{}, err
	}
	return d.read().byID(ctx, ID(actor.ID))
}

// Private opens the actor's own sealed fields, as anybody may see what is kept about them; the opening is listed like every other.
func (d *Desk) Private(ctx context.Context, actor duty.Actor) (fullName, phone string, err error) {
	for field, to := range map[string]*string{"full_name": &fullName, "phone": &phone} {
		*to, err = d.privacy.Open(ctx, actor, privacy.Ask{Act: duty.AccountUse, Thing: duty.Thing{Owner: actor.ID}, Record: ID(actor.ID).Record(), Field: field,
			Reason: "chủ tài khoản xem thông tin của mình"})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return "", "", err
		}
	}
	return fullName, phone, nil
}

// SetPrivate corrects the actor's own sealed fields; an empty one is taken away.
func (d *Desk) SetPrivate(ctx context.Context, actor duty.Actor, fullName, phone string) error {
	if err := errors.Join(d.own(actor), d.policy.Fresh(actor)); err != nil {
		return err
	}
	n := Newcomer{Name: "own", Title: "own", Kind: WithPassword, FullName: fullName, Phone: strings.TrimSpace(phone)}
	if err := n.check(); err != nil {
		return err
	}
	id := ID(actor.ID)
	seal, err := d.privacy.Prepare(ctx, id.Record())
	if err != nil {
		return err
	}
	return d.change(ctx, func(s store) error {
		if err := putSealed(ctx, s, seal, d.now(), n); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.AccountUse), Thing: id.Record(), Note: "own sealed fields corrected"})
	})
}
