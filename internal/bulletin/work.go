package bulletin

import (
	"context"
	"slices"

	"banlang/internal/duty"
)

// A Chore is something about a bulletin that waits for the actor.
type Chore struct {
	Bulletin Bulletin
	Act      duty.Act // what is to be done
	Lang     string   // in which edition; empty for the whole
	Back     bool     // it came back with a remark
	Urgent   bool     // an emergency
}

// Chores lists what waits for the actor: drafts to finish, languages to tell, editions to review, bulletins to approve.
func (d *Desk) Chores(ctx context.Context, actor duty.Actor) ([]Chore, error) {
	var chores []Chore
	for _, s := range []State{Draft, Translated, Reviewed, Published} {
		all, _, err := d.Copies(ctx, actor, Query{State: s, Size: 100})
		if err != nil {
			return nil, err
		}
		for _, b := range all {
			if b.Stage == Published && !slices.ContainsFunc(b.Editions, func(e Edition) bool { return e.State == Draft }) {
				continue // nothing is left to do
			}
			steps, err := d.read().steps(ctx, b.ID)
			if err != nil {
				return nil, err
			}
			p, err := d.Powers(ctx, actor, b, steps)
			if err != nil {
				return nil, err
			}
			for _, c := range b.waiting(p, actor) {
				if !slices.ContainsFunc(chores, func(o Chore) bool { return o.Bulletin.ID == b.ID && o.Act == c.Act && o.Lang == c.Lang }) {
					chores = append(chores, c)
				}
			}
		}
	}
	slices.SortStableFunc(chores, func(a, b Chore) int { return rank(b) - rank(a) })
	return chores, nil
}

func rank(c Chore) int {
	switch {
	case c.Urgent:
		return 2
	case c.Back:
		return 1
	}
	return 0
}

// waiting is what an actor with these powers is waited for.
func (b Bulletin) waiting(p Powers, actor duty.Actor) []Chore {
	chore := func(act duty.Act, lang string) Chore {
		return Chore{Bulletin: b, Act: act, Lang: lang, Urgent: b.Class == Emergency}
	}
	var all []Chore
	if p.Sign {
		all = append(all, chore(duty.BulletinApproveEmergency, ""))
	}
	if p.Approve {
		all = append(all, chore(duty.BulletinApprove, ""))
	}
	if p.Submit && b.Writer == actor.ID {
		all = append(all, chore(duty.BulletinWrite, ""))
	}
	for _, e := range b.Editions {
		ep := p.Editions[e.Lang]
		if ep.Review {
			all = append(all, chore(duty.BulletinReviewLanguage, e.Lang))
		}
		if (ep.Record || ep.Translate) && e.State == Draft && b.Editions[0].State != Draft {
			c := chore(duty.BulletinRecord, e.Lang)
			c.Back = e.Remark != ""
			all = append(all, c)
		}
	}
	return all
}
