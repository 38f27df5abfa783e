package account

import (
	"context"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// A Proposal is the first half of an act that needs two persons.
type Proposal struct {
	ID       string
	Kind     string // grant, revoke, disable, reset
	Account  ID
	Role     duty.Role
	Area     string
	Until    time.Time // of a grant
	Duty     string    // the grant to be revoked
	Reason   string
	By       string // account
	session  string
	Proposed time.Time
	State    string // waiting, done, refused
}

// lapse is how long a proposal may wait; then nobody remembers why.
const lapse = 14 * 24 * time.Hour

func (p Proposal) act() duty.Act {
	switch p.Kind {
	case "grant":
		return duty.RoleGrant
	case "revoke":
		return duty.RoleRevoke
	case "disable":
		return duty.UserDisable
	}
	return duty.AccountResetCredential
}

func (d *Desk) propose(ctx context.Context, s store, actor duty.Actor, p Proposal, act duty.Act) error {
	p.ID, p.By, p.session, p.Proposed, p.Reason = newID(), actor.ID, actor.Session, d.now(), strings.TrimSpace(p.Reason)
	same, err := s.sameProposal(ctx, p, d.now().Add(-lapse))
	if err != nil {
		return err
	}
	if same {
		return fault.New(fault.Conflict, "account.proposal.already")
	}
	if err := s.addProposal(ctx, p); err != nil {
		return err
	}
	return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(act), Thing: p.Account.Record(), Place: p.Area,
		After: "proposed " + p.Kind + " " + string(p.Role), Reason: p.Reason})
}

// Proposals lists what waits for a second person and the actor could decide, oldest first.
func (d *Desk) Proposals(ctx context.Context, actor duty.Actor) ([]Proposal, error) {
	all, err := d.read().proposals(ctx, d.now().Add(-lapse))
	if err != nil {
		return nil, err
	}
	var mine []Proposal
	for _, p := range all {
		if p.By == actor.ID || d.policy.Permit(actor, p.act(), duty.Thing{Area: p.Area}) == nil {
			mine = append(mine, p)
		}
	}
	return mine, nil
}

// Confirm is the second person's yes: a different person, in a different session, who may do the act themselves. What was true when
// it was proposed must still be true, and who proposed must still hold the duty.
func (d *Desk) Confirm(ctx context.Context, actor duty.Actor, id string) (issued Issued, err error) {
	p, err := d.read().proposal(ctx, id)
	if err != nil {
		return Issued{}, err
	}
	fresh, err := d.fresh(ctx, p.Account)
	if err != nil {
		return Issued{}, err
	}
	err = d.change(ctx, func(s store) error {
		p, err := s.proposal(ctx, id)
		if err != nil {
			return err
		}
		first, err := d.pair(ctx, s, actor, p)
		if err != nil {
			return err
		}
		if err := s.decide(ctx, id, actor.ID, "done", d.now()); err != nil {
			return err
		}
		switch p.Kind {
		case "grant":
			w := Wish{Role: p.Role, Area: p.Area, Until: p.Until, Reason: p.Reason}
			if err := d.leads(first, duty.RoleGrant, p.Account, w); err != nil {
				return err
			}
			if err := d.leads(actor, duty.RoleGrant, p.Account, w, p.By); err != nil {
				return err
			}
			if err := d.fits(ctx, s, p.Account, w); err != nil {
				return err
			}
			return d.give(ctx, s, first, actor.ID, p.Account, w)
		case "revoke":
			g, err := s.grant(ctx, p.Duty)
			if err != nil {
				return err
			}
			if err := d.leads(actor, duty.RoleRevoke, "", Wish{Role: g.Role, Area: g.Area}, p.By); err != nil {
				return err
			}
			return d.revoke(ctx, s, first, actor.ID, g, p.Reason)
		case "disable":
			a, _, err := d.reach(ctx, s, actor, duty.UserDisable, p.Account, p.By)
			if err != nil {
				return err
			}
			return d.disable(ctx, s, first, actor.ID, a, p.Reason)
		}
		a, grants, err := d.reach(ctx, s, actor, duty.AccountResetCredential, p.Account, p.By)
		if err != nil {
			return err
		}
		if err := d.leaderAmong(first, actor, grants); err != nil {
			return err
		}
		issued = Issued{a, fresh.secret}
		return d.reset(ctx, s, first, actor.ID, a, fresh, p.Reason)
	})
	if err != nil {
		return Issued{}, err
	}
	return issued, nil
}

// pair checks that two persons stand behind a proposal, and gives the first with the duties they hold now.
func (d *Desk) pair(ctx context.Context, s store, actor duty.Actor, p Proposal) (duty.Actor, error) {
	switch {
	case p.State != "waiting" || d.now().Sub(p.Proposed) > lapse:
		return duty.Actor{}, fault.New(fault.Conflict, "account.proposal.over")
	case p.By == actor.ID, p.session == actor.Session:
		return duty.Actor{}, fault.New(fault.Forbidden, "duty.same_person")
	case string(p.Account) == actor.ID:
		return duty.Actor{}, fault.New(fault.Forbidden, "account.grant.self")
	}
	first, err := d.proposer(ctx, s, p)
	if err != nil {
		return duty.Actor{}, err
	}
	if d.policy.Permit(first, p.act(), duty.Thing{Area: p.Area}) != nil {
		return duty.Actor{}, fault.New(fault.Conflict, "account.proposal.first_gone")
	}
	return first, d.policy.Permit(actor, p.act(), duty.Thing{Area: p.Area, Hands: []string{p.By}})
}

// proposer is who proposed, with the duties they hold now; who was disabled holds none.
func (d *Desk) proposer(ctx context.Context, s store, p Proposal) (duty.Actor, error) {
	if p.By == system {
		return Operator(d.home()), nil
	}
	by, err := s.byID(ctx, ID(p.By))
	if err != nil || by.State != Active {
		return duty.Actor{ID: p.By}, err
	}
	grants, err := d.duties(ctx, s, by.ID, d.now())
	return duty.Actor{ID: p.By, Session: p.session, Grants: grants}, err
}

// leaderAmong: the secret of who holds a duty that only leaders give is not reset by two administrators.
func (d *Desk) leaderAmong(first, second duty.Actor, grants []Grant) error {
	for _, g := range grants {
		if !g.Role.TwoLeaders() {
			continue
		}
		for _, a := range []duty.Actor{first, second} {
			for _, h := range d.policy.Holds(a) {
				if h.Role == duty.ProvinceLeader && d.policy.Within(h.Area, g.Area) {
					return nil
				}
			}
		}
		return fault.New(fault.Forbidden, "account.reset.needs_leader")
	}
	return nil
}

// Refuse is the second person's no; who proposed may take it back.
func (d *Desk) Refuse(ctx context.Context, actor duty.Actor, id string) error {
	return d.change(ctx, func(s store) error {
		p, err := s.proposal(ctx, id)
		if err != nil {
			return err
		}
		if p.State != "waiting" {
			return fault.New(fault.Conflict, "account.proposal.over")
		}
		if p.By != actor.ID {
			if err := d.policy.Permit(actor, p.act(), duty.Thing{Area: p.Area}); err != nil {
				return err
			}
		}
		if err := s.decide(ctx, id, actor.ID, "refused", d.now()); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(p.act()), Thing: p.Account.Record(), Place: p.Area,
			Before: "proposed " + p.Kind, After: "refused", Second: p.By})
	})
}
