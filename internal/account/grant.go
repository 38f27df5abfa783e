package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/place"
)

// A Wish is a duty that is to be given, as a form has it.
type Wish struct {
	Role        duty.Role
	Area        string
	Village     string
	Langs       []string
	From, Until time.Time
	Reason      string
}

func placeID(area string) place.ID { return place.ID(area) }

// longestDeputy is how long a deputy may stand in.
const longestDeputy = 92 * 24 * time.Hour

// check tells whether the wish makes sense, whoever has it.
func (d *Desk) check(w Wish) error {
	var faults []error
	if w.Role.Level() == "" || !slices.Contains(duty.Roles(), w.Role) {
		faults = append(faults, fault.Field("role", "account.grant.role.choose"))
	}
	want := w.Role.Level()
	if want == "village" {
		want = place.Commune
		if strings.TrimSpace(w.Village) == "" {
			faults = append(faults, fault.Field("village", "account.grant.village.required"))
		}
	} else if w.Village != "" {
		faults = append(faults, fault.Field("village", "account.grant.village.none"))
	}
	if u, err := d.places.ByID(placeID(w.Area)); err != nil || u.Level != want && want != "" {
		faults = append(faults, fault.Field("area", "account.grant.area."+levelKey(want)))
	}
	if w.Role.SpeaksLanguage() && len(w.Langs) == 0 {
		faults = append(faults, fault.Field("langs", "account.grant.langs.required"))
	}
	if !w.Until.IsZero() && (!w.Until.After(w.From) || !w.Until.After(d.now())) {
		faults = append(faults, fault.Field("until", "account.grant.until.past"))
	}
	return errors.Join(append(faults, reason(w.Reason))...)
}

func levelKey(level string) string {
	if level == place.Province {
		return "province"
	}
	return "commune"
}

// leads checks rule 8 for a wish: a person gives only what they lead in their own right, over no wider area, and never to
// themselves. A deputy stands in for the work, not for the giving of duties.
func (d *Desk) leads(actor duty.Actor, act duty.Act, to ID, w Wish, hands ...string) error {
	if string(to) == actor.ID {
		return fault.New(fault.Forbidden, "account.grant.self")
	}
	inOwnRight := actor
	inOwnRight.Grants = slices.DeleteFunc(slices.Clone(actor.Grants), func(g duty.Grant) bool { return g.Via != "" })
	if err := d.policy.Permit(inOwnRight, act, duty.Thing{Area: w.Area, Hands: hands}); err != nil {
		return err
	}
	for _, g := range d.policy.Holds(inOwnRight) {
		if duty.Leads(g.Role, w.Role) && d.policy.Within(g.Area, w.Area) {
			return nil
		}
	}
	return fault.New(fault.Forbidden, "account.grant.exceeds")
}

// fits checks that a person may hold one more duty beside those they hold or will hold.
func (d *Desk) fits(ctx context.Context, s store, to ID, w Wish) error {
	a, err := s.byID(ctx, to)
	if err != nil {
		return err
	}
	if a.State != Active {
		return fault.New(fault.Conflict, "account.disabled.already")
	}
	grants, err := s.grants(ctx, to)
	if err != nil {
		return err
	}
	held := []duty.Grant{{Role: w.Role, Area: w.Area, Village: w.Village}}
	for _, g := range grants {
		if g.Over(d.now()) {
			continue
		}
		if g.Role == w.Role && g.Area == w.Area && g.Village == w.Village && g.Via == "" {
			return fault.Field("role", "account.grant.already")
		}
		held = append(held, g.Grant)
	}
	return duty.Compatible(held)
}

// Grant gives a duty. dpo, admin and province_leader wait for a second province leader.
func (d *Desk) Grant(ctx context.Context, actor duty.Actor, to ID, w Wish) (waits bool, err error) {
	if err := d.check(w); err != nil {
		return false, err
	}
	return w.Role.TwoLeaders(), d.change(ctx, func(s store) error {
		if err := errors.Join(d.leads(actor, duty.RoleGrant, to, w)); err != nil {
			return err
		}
		if err := d.fits(ctx, s, to, w); err != nil {
			return err
		}
		if w.Role.TwoLeaders() {
			return d.propose(ctx, s, actor, Proposal{Kind: "grant", Account: to, Role: w.Role, Area: w.Area, Until: w.Until, Reason: w.Reason}, duty.RoleGrant)
		}
		return d.give(ctx, s, actor, "", to, w)
	})
}

func (d *Desk) give(ctx context.Context, s store, actor duty.Actor, second string, to ID, w Wish) error {
	g := Grant{Account: to, GivenBy: actor.ID, Second: second, Reason: strings.TrimSpace(w.Reason), Given: d.now(),
		Grant: duty.Grant{Role: w.Role, Area: w.Area, Village: w.Village, Langs: w.Langs, From: w.From, Until: w.Until}}
	if err := s.addGrant(ctx, g); err != nil {
		return err
	}
	return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Second: second, Act: string(duty.RoleGrant), Thing: to.Record(),
		Place: w.Area, After: string(w.Role) + " " + w.Area, Reason: g.Reason})
}

// Delegate lets another stand in for the actor for a time, in a duty that the actor holds in their own right and only where they
// hold it. The deputy already has a duty at that place. It ends by itself, and at once when the actor's own duty ends.
func (d *Desk) Delegate(ctx context.Context, actor duty.Actor, to ID, w Wish) error {
	if err := d.check(w); err != nil {
		return err
	}
	if w.From.IsZero() || w.Until.IsZero() || w.Until.Sub(w.From) > longestDeputy {
		return fault.Field("until", "account.delegate.until")
	}
	return d.change(ctx, func(s store) error {
		if string(to) == actor.ID {
			return fault.New(fault.Forbidden, "account.grant.self")
		}
		holds := slices.ContainsFunc(d.policy.Holds(actor), func(g duty.Grant) bool {
			return g.Via == "" && g.Role == w.Role && d.policy.Within(g.Area, w.Area)
		})
		if !holds || duty.RuleOf(duty.RoleDelegate, w.Role).Scope == duty.ScopeNone {
			return fault.New(fault.Forbidden, "account.delegate.exceeds")
		}
		if err := d.policy.Permit(actor, duty.RoleDelegate, duty.Thing{Area: w.Area}); err != nil {
			return err
		}
		if err := d.fits(ctx, s, to, w); err != nil {
			return err
		}
		theirs, err := d.duties(ctx, s, to, d.now())
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(theirs, func(g duty.Grant) bool { return d.policy.Within(w.Area, g.Area) }) {
			return fault.Field("to", "account.delegate.elsewhere")
		}
		g := Grant{Account: to, GivenBy: actor.ID, Reason: strings.TrimSpace(w.Reason), Given: d.now(),
			Grant: duty.Grant{Role: w.Role, Area: w.Area, From: w.From, Until: w.Until, Via: actor.ID}}
		if err := s.addGrant(ctx, g); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.RoleDelegate), Thing: to.Record(),
			Place: w.Area, After: string(w.Role) + " " + w.Area, Reason: g.Reason})
	})
}

// Deputies lists who might stand in for the actor in an area: active accounts that hold a duty there.
func (d *Desk) Deputies(ctx context.Context, actor duty.Actor) ([]Account, error) {
	areas := d.policy.Areas(actor, duty.RoleDelegate)
	if len(areas) == 0 {
		return nil, d.policy.Permit(actor, duty.RoleDelegate, duty.Thing{})
	}
	holders, err := d.read().holding(ctx, d.now())
	if err != nil {
		return nil, err
	}
	var out []Account
	for _, h := range holders {
		if string(h.account.ID) != actor.ID && d.withinAny(areas, h.area) && !slices.ContainsFunc(out, func(a Account) bool { return a.ID == h.account.ID }) {
			out = append(out, h.account)
		}
	}
	return out, nil
}

// Revoke takes a duty back, at once. A delegated duty may be taken back by who delegated it. The duties that two leaders give, two
// take back.
func (d *Desk) Revoke(ctx context.Context, actor duty.Actor, grant, why string) (waits bool, err error) {
	if err := reason(why); err != nil {
		return false, err
	}
	return waits, d.change(ctx, func(s store) error {
		g, err := s.grant(ctx, grant)
		if err != nil {
			return err
		}
		if g.Over(d.now()) {
			return fault.New(fault.Conflict, "account.revoke.already")
		}
		if g.Via != "" && g.Via == actor.ID {
			return d.revoke(ctx, s, actor, "", g, why)
		}
		if err := d.leads(actor, duty.RoleRevoke, "", Wish{Role: g.Role, Area: g.Area}); err != nil {
			return err
		}
		if g.Role.TwoLeaders() && g.Via == "" {
			waits = true
			return d.propose(ctx, s, actor, Proposal{Kind: "revoke", Account: g.Account, Role: g.Role, Area: g.Area, Duty: g.ID, Reason: why}, duty.RoleRevoke)
		}
		return d.revoke(ctx, s, actor, "", g, why)
	})
}

func (d *Desk) revoke(ctx context.Context, s store, actor duty.Actor, second string, g Grant, why string) error {
	if err := s.revoke(ctx, g.ID, actor.ID, d.now()); err != nil {
		return err
	}
	return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Second: second, Act: string(duty.RoleRevoke), Thing: g.Account.Record(),
		Place: g.Area, Before: string(g.Role) + " " + g.Area, Reason: strings.TrimSpace(why)})
}

// duties lists the grants of an account that count at a time. A delegated one counts as long as who delegated it holds the duty
// there in their own right.
func (d *Desk) duties(ctx context.Context, s store, id ID, at time.Time) ([]duty.Grant, error) {
	held, err := s.inForce(ctx, id, at)
	if err != nil {
		return nil, err
	}
	var out []duty.Grant
	for _, g := range held {
		if g.Via != "" {
			theirs, err := s.inForce(ctx, ID(g.Via), at)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(theirs, func(o duty.Grant) bool { return o.Via == "" && o.Role == g.Role && d.policy.Within(o.Area, g.Area) }) {
				continue
			}
		}
		out = append(out, g)
	}
	return out, nil
}

// Grantable lists the duties that the actor could give somewhere.
func (d *Desk) Grantable(actor duty.Actor) []duty.Role {
	var roles []duty.Role
	for _, r := range duty.Roles() {
		if slices.ContainsFunc(d.policy.Holds(actor), func(g duty.Grant) bool { return g.Via == "" && duty.Leads(g.Role, r) }) {
			roles = append(roles, r)
		}
	}
	return roles
}

// Choices lists the areas of the installation's province in which the actor may do an act: the province itself, then its communes
// by name.
func (d *Desk) Choices(actor duty.Actor, act duty.Act) []place.Unit {
	var units []place.Unit
	areas := d.policy.Areas(actor, act)
	if u, err := d.places.ByID(placeID(d.home())); err == nil && d.withinAny(areas, d.home()) {
		units = append(units, u)
	}
	for _, u := range d.places.Units(placeID(d.home()), place.Commune, d.places.Today()) {
		if d.withinAny(areas, string(u.ID)) {
			units = append(units, u)
		}
	}
	return units
}

// Village finds a village of a commune by its name or identifier.
func (d *Desk) Village(ctx context.Context, area, name string) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", fault.Field("village", "account.grant.village.required")
	}
	villages, err := d.places.VillagesIn(ctx, placeID(area), d.places.Today())
	if err != nil {
		return "", err
	}
	for _, v := range villages {
		if v.ID == name || fold.Key(v.Name) == fold.Key(name) || fold.Key(v.FullName()) == fold.Key(name) {
			return v.ID, nil
		}
	}
	return "", fault.Field("village", "account.grant.village.unknown")
}
