package duty

import "slices"

// A Scope is how far a duty reaches for one act.
type Scope string

// The scopes, from nothing to everybody.
const (
	ScopeNone        Scope = "none"
	ScopeOwnRecord   Scope = "own_record"
	ScopeOwnVillage  Scope = "own_village"
	ScopeOwnCommune  Scope = "own_commune"
	ScopeOwnProvince Scope = "own_province"
	ScopeAll         Scope = "all"
	ScopePublic      Scope = "public"
)

// A Rule is what the table says of one act and one duty.
type Rule struct {
	Scope     Scope
	Persons   int    // 2: the result needs two different persons
	Reason    bool   // a written reason is asked and kept
	State     string // "draft", "open|returned" or "reviewed->published"; "" in any state
	Log       string // "always": even a reading is recorded; "normal"; "" where nothing is allowed
	Condition string // message key of the sentence shown to who is refused, "" if there is none
}

// scopes names, for each scope, the duties that have it.
type scopes map[Scope][]Role

// everyone is the scope of what is published: every duty and none.
var everyone = scopes{ScopePublic: roles}

// line is one act of the table.
type line struct {
	Act       Act
	Room      string
	Persons   int
	Alone     []Role // duties for which one person suffices where Persons is 2
	Reason    bool
	State     string
	Always    bool // every use is recorded, readings too
	Condition bool // there is a message "duty.condition.<act>"
	Scopes    scopes
}

var (
	lines = byAct(table)
	rules = byActAndRole(table)
)

func byAct(table []line) map[Act]line {
	m := make(map[Act]line, len(table))
	for _, l := range table {
		m[l.Act] = l
	}
	return m
}

func byActAndRole(table []line) map[Act]map[Role]Rule {
	m := make(map[Act]map[Role]Rule, len(table))
	for _, l := range table {
		m[l.Act] = map[Role]Rule{}
		for scope, roles := range l.Scopes {
			for _, r := range roles {
				m[l.Act][r] = l.rule(r, scope)
			}
		}
	}
	return m
}

func (l line) rule(r Role, s Scope) Rule {
	rule := Rule{Scope: s, Persons: l.Persons, Reason: l.Reason, State: l.State, Log: "normal"}
	if slices.Contains(l.Alone, r) {
		rule.Persons = 1
	}
	if l.Always {
		rule.Log = "always"
	}
	if l.Condition {
		rule.Condition = "duty.condition." + string(l.Act)
	}
	return rule
}

// RuleOf tells what the table says of an act and a duty. What is not in the table has ScopeNone.
func RuleOf(a Act, r Role) Rule {
	if rule, ok := rules[a][r]; ok {
		return rule
	}
	return Rule{Scope: ScopeNone}
}
