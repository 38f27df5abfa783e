package bulletin

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// Powers say what an actor may do to a bulletin as it stands, and for what is not allowed the message key of the reason. The
// pages show them; the use cases ask again.
type Powers struct {
	Write, Submit, Approve, Sign, Recall, Replace, Send bool
	WhyNot                                              string // why the actor, whose duty it would be, may not approve or sign
	Editions                                            map[string]EditionPowers
}

// EditionPowers say what an actor may do to one edition.
type EditionPowers struct {
	Translate, Record, Review, SetAside bool
	WhyNot                              string // why the actor, whose duty it would be, may not review
}

// Powers looks at what the actor may do. steps are the history of the bulletin.
func (d *Desk) Powers(ctx context.Context, actor duty.Actor, b Bulletin, steps []Step) (Powers, error) {
	may := func(act duty.Act, s State, lang string, hands []string) error {
		return d.policy.Permit(actor, act, b.thing(s, lang, hands))
	}
	all := persons(steps, "", duty.BulletinWrite, duty.BulletinTranslate, duty.BulletinRecord, duty.BulletinReviewLanguage)
	var p Powers
	p.Write = may(duty.BulletinWrite, Draft, "", nil) == nil
	p.Submit = p.Write && len(b.Editions) > 0 && b.Editions[0].State == Draft
	p.Recall = may(duty.BulletinRecall, b.Life, "", nil) == nil && b.Life == Published
	p.Replace = p.Write && b.Life == Published
	p.Send = may(duty.DeliverySend, b.Life, "", nil) == nil && b.State(d.now()) == Published && b.Class != Emergency
	switch {
	case b.Over() || b.Stage == Published:
	case b.Class == Emergency:
		signed, err := d.read().signatures(ctx, b.ID, b.Words())
		if err != nil {
			return p, err
		}
		var hands []string
		if len(signed) > 0 {
			hands = append(all, signed[0].Person)
		}
		err = may(duty.BulletinApproveEmergency, Draft, "", hands)
		p.Sign, p.WhyNot = err == nil, d.reason(actor, duty.BulletinApproveEmergency, err)
	case b.Stage == Reviewed:
		err := may(duty.BulletinApprove, b.Stage, "", all)
		p.Approve, p.WhyNot = err == nil, d.reason(actor, duty.BulletinApprove, err)
	}
	p.Editions = map[string]EditionPowers{}
	for _, e := range b.Editions {
		p.Editions[e.Lang] = d.editionPowers(actor, b, e, steps, p.Write)
	}
	return p, nil
}

func (d *Desk) editionPowers(actor duty.Actor, b Bulletin, e Edition, steps []Step, writes bool) EditionPowers {
	hands := append(persons(steps, "", duty.BulletinWrite), persons(steps, e.Lang, duty.BulletinTranslate, duty.BulletinRecord)...)
	var p EditionPowers
	p.Translate = e.Lang != Source && d.policy.Permit(actor, duty.BulletinTranslate, b.thing(Draft, e.Lang, nil)) == nil
	p.Record = d.policy.Permit(actor, duty.BulletinRecord, b.thing(Draft, e.Lang, nil)) == nil && (e.Lang != Source || e.State != Draft)
	p.SetAside = writes && e.State == Translated
	if e.State == Translated {
		err := d.policy.Permit(actor, duty.BulletinReviewLanguage, b.thing(e.State, e.Lang, hands))
		p.Review, p.WhyNot = err == nil, d.reason(actor, duty.BulletinReviewLanguage, err)
	}
	return p
}

// reason is the message of a refusal, for who might have been allowed.
func (d *Desk) reason(actor duty.Actor, act duty.Act, err error) string {
	if err == nil || !d.policy.May(actor, act) {
		return ""
	}
	return fault.All(err)[0].Key
}
