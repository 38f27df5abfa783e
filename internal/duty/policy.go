package duty

import (
	"slices"
	"time"

	"banlang/internal/fault"
)

// StepUpFor is how long a password asked again opens what needs it.
const StepUpFor = 10 * time.Minute

// A Policy decides what an actor may do. What the table does not allow is refused.
type Policy struct {
	tree Tree
	now  func() time.Time
}

// New makes a policy over a tree of places. A nil tree knows only that a place lies in itself.
func New(tree Tree, now func() time.Time) *Policy { return &Policy{tree: tree, now: now} }

// Permit tells whether the actor may do the act to the thing, now: nil, or a fault of kind Unauthenticated or Forbidden whose
// key names the nearest reason. Where a result needs two persons, and where one may not judge own work, the actor must not be
// among t.Hands: persons are compared, never duties.
func (p *Policy) Permit(a Actor, act Act, t Thing) error {
	if act == Public {
		return nil
	}
	now := p.now()
	nearest := miss{}
	for _, g := range p.standing(a, act, now) {
		m := p.check(a, g, act, t, now)
		if m.rank == 0 {
			return nil
		}
		if m.rank > nearest.rank {
			nearest = m
		}
	}
	if a.ID == "" {
		return fault.New(fault.Unauthenticated, "duty.unauthenticated")
	}
	if nearest.rank <= 1 {
		return fault.New(fault.Forbidden, p.refusal(a, act, now))
	}
	return fault.New(fault.Forbidden, nearest.key)
}

// May tells whether the actor could be allowed the act on some thing: for menus and the guard of routes. It is never enough to
// do the act.
func (p *Policy) May(a Actor, act Act) bool {
	if act == Public {
		return true
	}
	for _, g := range p.standing(a, act, p.now()) {
		if RuleOf(act, g.Role).Scope != ScopeNone {
			return true
		}
	}
	return false
}

// Areas lists the areas in which the actor may do the act; "" among them means everywhere. Duties of one village and one's own
// record give no area: ask Villages, or for the owner.
func (p *Policy) Areas(a Actor, act Act) []string {
	var areas []string
	for _, g := range p.standing(a, act, p.now()) {
		switch RuleOf(act, g.Role).Scope {
		case ScopePublic, ScopeAll:
			areas = append(areas, "")
		case ScopeOwnCommune, ScopeOwnProvince:
			areas = append(areas, g.Area)
		}
	}
	slices.Sort(areas)
	return slices.Compact(areas)
}

// Villages lists the villages in which the actor may do the act by a duty of that village.
func (p *Policy) Villages(a Actor, act Act) []string {
	var villages []string
	for _, g := range p.standing(a, act, p.now()) {
		if RuleOf(act, g.Role).Scope == ScopeOwnVillage && g.Village != "" {
			villages = append(villages, g.Village)
		}
	}
	slices.Sort(villages)
	return slices.Compact(villages)
}

// Holds lists the actor's grants in force now.
func (p *Policy) Holds(a Actor) []Grant {
	now := p.now()
	return slices.DeleteFunc(slices.Clone(a.Grants), func(g Grant) bool { return !g.Holds(now) })
}

// Within tells whether place lies in area today; "" as area is everything.
func (p *Policy) Within(area, place string) bool { return p.within(area, place, p.now()) }

// Fresh asks that the actor gave the password again a short while ago: sealed fields, exports and emergencies need it.
func (p *Policy) Fresh(a Actor) error {
	if a.ID == "" {
		return fault.New(fault.Unauthenticated, "duty.unauthenticated")
	}
	if since := p.now().Sub(a.StepUp); a.StepUp.IsZero() || since < 0 || since > StepUpFor {
		return fault.New(fault.Forbidden, "duty.step_up")
	}
	return nil
}

// standing lists the grants that count for an act now. Who holds none reads as a visitor. A person whose duties may not stand
// together has none of them, but for own records.
func (p *Policy) standing(a Actor, act Act, now time.Time) []Grant {
	var held []Grant
	for _, g := range a.Grants {
		if g.Holds(now) && g.Role != Visitor {
			held = append(held, g)
		}
	}
	if len(held) == 0 {
		return []Grant{{Role: Visitor}}
	}
	separated := Compatible(held) != nil || barred(held, act)
	return slices.DeleteFunc(held, func(g Grant) bool {
		s := RuleOf(act, g.Role).Scope
		return s == ScopeNone || separated && s != ScopeOwnRecord && s != ScopePublic
	})
}

// A miss is why one grant does not allow: the higher the rank, the nearer it was. Rank 0 is no miss.
type miss struct {
	rank int
	key  string
}

func (p *Policy) check(a Actor, g Grant, act Act, t Thing, now time.Time) miss {
	rule := RuleOf(act, g.Role)
	switch {
	case rule.Scope == ScopeNone:
		return miss{1, "duty.forbidden"}
	case !p.reaches(a, g, rule.Scope, t, now):
		return miss{2, "duty.area"}
	case !speaks(a, g, act, t):
		return miss{3, "duty.language"}
	case t.State != "" && !exists(rule.State, t.State):
		return miss{4, "duty.state"}
	case (rule.Persons == 2 || judges[act]) && a.ID != "" && slices.Contains(t.Hands, a.ID):
		return miss{5, "duty.same_person"}
	}
	return miss{}
}

func (p *Policy) reaches(a Actor, g Grant, s Scope, t Thing, now time.Time) bool {
	switch s {
	case ScopePublic, ScopeAll:
		return true
	case ScopeOwnCommune, ScopeOwnProvince:
		return p.within(g.Area, t.Area, now)
	case ScopeOwnVillage:
		return g.Village != "" && g.Village == t.Village && p.within(g.Area, t.Area, now)
	case ScopeOwnRecord:
		return t.Owner == a.ID
	}
	return false
}

func (p *Policy) within(area, place string, now time.Time) bool {
	if area == "" || area == place {
		return true
	}
	return place != "" && p.tree != nil && p.tree.Within(area, place, now)
}

// refusal names why no grant counts at all.
func (p *Policy) refusal(a Actor, act Act, now time.Time) string {
	held := p.Holds(a)
	switch {
	case len(held) == 0:
		return "duty.no_duty"
	case Compatible(held) != nil || barred(held, act) && p.heldOtherwise(held, act):
		return "duty.separated"
	}
	return "duty.forbidden"
}

func (p *Policy) heldOtherwise(held []Grant, act Act) bool {
	return slices.ContainsFunc(held, func(g Grant) bool { return RuleOf(act, g.Role).Scope != ScopeNone })
}
