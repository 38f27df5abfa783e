package ethnic

import (
	"context"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
)

// What a proposal is about.
const (
	groupKind    = "group"    // one field of a group; a province leader confirms
	fallbackKind = "fallback" // the two orders of a language; two speakers of it confirm
)

// The states of a proposal.
const (
	Draft   = "draft"
	InForce = "in_force"
	Refused = "refused"
)

// A Proposal waits for other persons than the one who made it.
type Proposal struct {
	ID         string
	Kind       string
	Subject    string // slug of a group, tag of a language
	Field      string
	Value      string
	Before     string
	Reason     string
	State      string
	ProposedBy string
	Proposed   time.Time
	FirstBy    string // who confirmed an order first
	SecondBy   string
}

// editable are the fields of a group that may be proposed anew.
var editable = []string{"name", "aliases", "aliases_search_only", "note"}

// ProposeEdit asks for another value of a field of a group. The actor must be allowed ethnic.edit and give a reason; a province
// leader confirms.
func (d *Desk) ProposeEdit(ctx context.Context, actor duty.Actor, slug Slug, field, value, reason string) (string, error) {
	g, err := d.BySlug(slug)
	if err != nil {
		return "", err
	}
	if err := d.policy.Permit(actor, duty.EthnicEdit, d.thing("", nil)); err != nil {
		return "", err
	}
	value, reason = strings.TrimSpace(value), strings.TrimSpace(reason)
	before := map[string]string{"name": g.Name, "aliases": join(g.Aliases), "aliases_search_only": join(g.searchOnly), "note": g.Note}[field]
	switch {
	case !slices.Contains(editable, field):
		return "", fault.Field("field", "ethnic.edit.field")
	case field == "name" && fold.Key(value) == "", len(value) > 2000:
		return "", fault.Field("value", "ethnic.edit.value")
	case value == before:
		return "", fault.Field("value", "ethnic.edit.same")
	case reason == "":
		return "", fault.Field("reason", "ethnic.edit.reason")
	}
	return d.insertProposal(ctx, actor, duty.EthnicEdit, Proposal{Kind: groupKind, Subject: string(slug), Field: field, Value: value, Before: before, Reason: reason})
}

// ProposeFallback asks for another order in which languages help a listener and a reader of one. The actor must speak it; two
// other speakers confirm.
func (d *Desk) ProposeFallback(ctx context.Context, actor duty.Actor, tag string, heard, read []string, reason string) (string, error) {
	l, err := d.Language(tag)
	if err != nil {
		return "", err
	}
	if err := d.policy.Permit(actor, duty.EthnicProposeFallback, d.thing(tag, nil)); err != nil {
		return "", err
	}
	for field, order := range map[string][]string{"heard": heard, "read": read} {
		if err := d.checkOrder(tag, field, order); err != nil {
			return "", err
		}
	}
	p := Proposal{Kind: fallbackKind, Subject: tag, Field: "orders", Value: orders(heard, read), Before: orders(l.Heard, l.Read), Reason: strings.TrimSpace(reason)}
	return d.insertProposal(ctx, actor, duty.EthnicProposeFallback, p)
}

// checkOrder refuses an order that names the language itself, an unknown one or one twice, or that does not end in Vietnamese.
func (d *Desk) checkOrder(tag, field string, order []string) error {
	seen := map[string]bool{tag: true}
	for _, other := range order {
		if _, err := d.Language(other); err != nil || seen[other] {
			return fault.Field(field, "ethnic.fallback.tag", "Tag", other)
		}
		seen[other] = true
	}
	if tag != "vi" && (len(order) == 0 || order[len(order)-1] != "vi") {
		return fault.Field(field, "ethnic.fallback.end")
	}
	return nil
}

// orders writes two orders as one text.
func orders(heard, read []string) string { return join(heard) + " | " + join(read) }

// ordersOf reads them back.
func ordersOf(s string) (heard, read string) {
	heard, read, _ = strings.Cut(s, " | ")
	return heard, read
}

// thing is what the policy is asked about: the catalogue is kept by the home province.
func (d *Desk) thing(lang string, hands []string) duty.Thing {
	return duty.Thing{Area: string(d.places.HomeUnit().ID), Lang: lang, Hands: hands}
}

func (p Proposal) hands() []string {
	return slices.DeleteFunc([]string{p.ProposedBy, p.FirstBy}, func(s string) bool { return s == "" })
}

// mayDecide tells whether the actor may confirm or refuse a proposal.
func (d *Desk) mayDecide(actor duty.Actor, p Proposal) error {
	if p.Kind == fallbackKind {
		return d.policy.Permit(actor, duty.EthnicConfirmFallback, d.thing(p.Subject, p.hands()))
	}
	return d.policy.Permit(actor, duty.EthnicConfirm, d.thing("", p.hands()))
}

// Waiting lists the proposals that the actor may decide on, oldest first, 200 at most.
func (d *Desk) Waiting(ctx context.Context, actor duty.Actor) ([]Proposal, error) {
	all, err := d.drafts(ctx)
	return slices.DeleteFunc(all, func(p Proposal) bool { return d.mayDecide(actor, p) != nil }), err
}

// Decide confirms or refuses a proposal. An edit comes into force with the leader's word, an order with that of the second speaker.
func (d *Desk) Decide(ctx context.Context, actor duty.Actor, id string, confirm bool) (Proposal, error) {
	p, err := d.proposal(ctx, id)
	if err != nil {
		return p, err
	}
	if err := d.mayDecide(actor, p); err != nil {
		return p, err
	}
	if p.State != Draft {
		return p, fault.New(fault.Conflict, "ethnic.decided_already")
	}
	seen := p.FirstBy
	switch {
	case !confirm:
		p.State, p.SecondBy = Refused, actor.ID
	case p.Kind == fallbackKind && p.FirstBy == "":
		p.FirstBy = actor.ID
	default:
		p.State, p.SecondBy = InForce, actor.ID
	}
	if err := d.setProposal(ctx, actor, p, seen); err != nil {
		return p, err
	}
	return p, d.renew(ctx)
}
