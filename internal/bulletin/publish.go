package bulletin

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"banlang/internal/audit"
	"banlang/internal/delivery"
	"banlang/internal/delivery/loudspeaker"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/search"
)

// Approve publishes a reviewed bulletin: the editions that are ready become its next issue. The actor must be allowed
// bulletin.approve where it belongs and have had no hand in it. revision is what the actor read: a word changed since then is
// read again first.
func (d *Desk) Approve(ctx context.Context, actor duty.Actor, key string, id ID, revision int64) error {
	return d.once(ctx, key, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		hands, err := d.hands(ctx, s, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.BulletinApprove, b.thing(b.Stage, "", hands)); err != nil {
			return err
		}
		switch {
		case b.Class == Emergency:
			return fault.New(fault.Conflict, "bulletin.emergency.two")
		case b.Revision != revision:
			return fault.New(fault.Conflict, "bulletin.changed")
		}
		role := d.role(actor, duty.BulletinApprove, b)
		return d.publish(ctx, s, actor, &b, []string{string(role)}, audit.Entry{Before: string(b.Stage)}, duty.BulletinApprove)
	})
}

// hands lists everybody who wrote, translated, recorded or reviewed a bulletin: none of them approves it.
func (d *Desk) hands(ctx context.Context, s store, id ID) ([]string, error) {
	steps, err := s.steps(ctx, id)
	return persons(steps, "", duty.BulletinWrite, duty.BulletinTranslate, duty.BulletinRecord, duty.BulletinReviewLanguage), err
}

// role names the duty by which an actor may do an act to a bulletin; a leader's counts before an officer's.
func (d *Desk) role(actor duty.Actor, act duty.Act, b Bulletin) duty.Role {
	var found duty.Role
	for _, g := range d.policy.Holds(actor) {
		if duty.RuleOf(act, g.Role).Scope == duty.ScopeNone || !d.policy.Within(g.Area, string(b.Place)) {
			continue
		}
		if found == "" || g.Role == duty.CommuneLeader || g.Role == duty.ProvinceLeader {
			found = g.Role
		}
	}
	return found
}

// ApproveEmergency signs an emergency, straight from the draft. The first signature waits, the second publishes: by another
// person in another session, a leader of the area where it is sent, who has not written it. Who wrote it may sign first, so that
// an officer and a leader of a commune suffice. Each gave the password again a short while ago. A word of the source changed in
// between makes the first signature void; a language that is added does not, for its own reviewer answers for it.
func (d *Desk) ApproveEmergency(ctx context.Context, actor duty.Actor, key string, id ID, revision int64, reason string) (published bool, err error) {
	reason = tidy(reason)
	err = d.once(ctx, key, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		signed, err := s.signatures(ctx, id, b.Words())
		if err != nil {
			return err
		}
		hands := []string{}
		if len(signed) > 0 {
			if hands, err = d.hands(ctx, s, id); err != nil {
				return err
			}
			hands = append(hands, signed[0].Person)
		}
		mine, err := d.policy.SignEmergency(actor, b.thing(Draft, "", hands))
		if err != nil {
			return err
		}
		switch {
		case b.Class != Emergency || b.Stage == Published:
			return fault.New(fault.Conflict, "bulletin.emergency.none")
		case b.Words() != revision:
			return fault.New(fault.Conflict, "bulletin.changed")
		case utf8.RuneCountInString(reason) < shortestReason:
			return fault.Field("reason", "bulletin.reason.required")
		}
		if err := d.policy.Fresh(actor); err != nil {
			return err
		}
		yes := Signature{Signature: mine, Role: d.role(actor, duty.BulletinApproveEmergency, b), Reason: reason, At: d.now()}
		if len(signed) == 0 {
			if err := s.sign(ctx, id, b.Words(), yes); err != nil {
				return err
			}
			return d.record(ctx, s, actor, b, duty.BulletinApproveEmergency, audit.Entry{Before: string(b.Stage), After: string(b.Stage), Reason: reason}, "")
		}
		if err := duty.EmergencyPair(signed[0].Signature, mine); err != nil {
			return err
		}
		if !mine.Leader {
			return fault.New(fault.Forbidden, "bulletin.emergency.leader")
		}
		published = true
		b.Editions[0].State = Reviewed // straight from the draft
		return d.publish(ctx, s, actor, &b, []string{string(signed[0].Role), string(yes.Role)},
			audit.Entry{Before: string(Draft), Second: signed[0].Person, Reason: reason}, duty.BulletinApproveEmergency)
	})
	return published, err
}

const shortestReason = 10 // letters: a word is not a reason

// publish makes the next issue out of what is ready, and puts it wherever it is read and heard.
func (d *Desk) publish(ctx context.Context, s store, actor duty.Actor, b *Bulletin, approved []string, e audit.Entry, act duty.Act) error {
	now := d.now()
	if expired(b.Expires, now) {
		return fault.New(fault.Conflict, "bulletin.expires.over")
	}
	told := ready(b.Editions)
	first := now
	if b.Issue > 0 {
		before, err := s.issue(ctx, b.ID, b.Issue)
		if err != nil {
			return err
		}
		if err := d.unlist(ctx, s, before); err != nil {
			return err
		}
		first = before.First
	}
	b.Issue++
	b.Life, b.Changed = Published, now
	for _, t := range told {
		t.State, t.Remark = Published, ""
		b.put(t)
	}
	issue := Issue{ID: b.ID, Number: b.Issue, Place: b.Place, Topic: b.Topic, Class: b.Class, Basis: b.Basis, Expires: b.Expires,
		Published: now, First: first, Approved: approved, Demo: b.Demo, Drill: b.Drill, Editions: told}
	if err := s.addIssue(ctx, issue); err != nil {
		return err
	}
	if err := d.saveAll(ctx, s, *b); err != nil {
		return err
	}
	if err := d.list(ctx, s, issue); err != nil {
		return err
	}
	if err := d.queue(ctx, s, issue); err != nil {
		return err
	}
	if err := d.send(ctx, s, *b, issue, actor.ID, e.Second); err != nil {
		return err
	}
	if b.Replaces != "" && b.Issue == 1 {
		if err := d.supersede(ctx, s, actor, b.Replaces, b.ID); err != nil {
			return err
		}
	}
	e.After = string(Published)
	return d.record(ctx, s, actor, *b, act, e, "")
}

// queue leaves the work that follows a publication to the jobs.
func (d *Desk) queue(ctx context.Context, s store, i Issue) error {
	payload, err := json.Marshal(issueJob{i.ID, i.Number})
	if err != nil {
		return err
	}
	if source, _ := i.Told(Source); !source.Sound.Ready() {
		if err := job.Put(ctx, s.tx, job.Job{Kind: jobVoice, Key: string(i.ID), Payload: payload}); err != nil {
			return err
		}
	}
	if i.Expires.IsZero() {
		return job.Drop(ctx, s.tx, jobExpire, string(i.ID))
	}
	return job.Put(ctx, s.tx, job.Job{Kind: jobExpire, Key: string(i.ID), Payload: payload, At: i.Expires})
}

// takeOff takes an expired issue out of the search index. Pages, lists and the feed do not wait for it: they look at the clock.
func (d *Desk) takeOff(ctx context.Context, payload []byte) error {
	var j issueJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return err
	}
	return d.change(ctx, func(s store) error {
		b, err := s.byID(ctx, j.ID)
		if err != nil || b.Issue != j.Number {
			return err
		}
		i, err := s.issue(ctx, j.ID, j.Number)
		if err != nil {
			return err
		}
		return d.unlist(ctx, s, i)
	})
}

// entryID names an edition in the search index.
func entryID(id ID, lang string) string { return "bulletin/" + string(id) + "/" + lang }

// unlist takes the entries of an issue out of the search index.
func (d *Desk) unlist(ctx context.Context, s store, i Issue) error {
	for _, e := range i.Editions {
		if err := search.Remove(ctx, s.tx, entryID(i.ID, e.Lang)); err != nil {
			return err
		}
	}
	return nil
}

// list puts an issue into the search index: an entry for each edition that can be read. What can only be heard is found through
// the source.
func (d *Desk) list(ctx context.Context, s store, i Issue) error {
	source, _ := i.Told(Source)
	for _, e := range i.Editions {
		if !e.Text() {
			continue
		}
		entry := search.Entry{ID: entryID(i.ID, e.Lang), Kind: "bulletin", Title: cmp.Or(e.Title, source.Title), Body: strings.Join(paragraphs(e.Body), "\n\n"),
			Lang: e.Lang, URL: i.ID.In(e.Lang), Date: i.First, Area: string(i.Place), Facets: map[string][]string{
				"topic": {string(i.Topic)}, "place": {string(i.Place)}, "year": {i.First.In(i18n.Zone).Format("2006")}, "sound": {"no"}}}
		if e.Sound.Ready() {
			entry.Sound, entry.Facets["sound"] = i.ID.SoundURL(e.Lang, "mp3"), []string{"yes"}
		}
		if err := search.Put(ctx, s.tx, entry); err != nil {
			return err
		}
	}
	return nil
}

// Recall takes a published bulletin back at once, wherever it is read or heard. One person suffices; the reason is kept and
// shown.
func (d *Desk) Recall(ctx context.Context, actor duty.Actor, key string, id ID, reason string) error {
	reason = tidy(reason)
	return d.once(ctx, key, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		stands := b.Stage
		if b.Life != "" {
			stands = b.Life
		}
		if err := d.policy.Permit(actor, duty.BulletinRecall, b.thing(stands, "", nil)); err != nil {
			return err
		}
		if utf8.RuneCountInString(reason) < shortestReason {
			return fault.Field("reason", "bulletin.reason.required")
		}
		b.Reason = reason
		return d.end(ctx, s, actor, &b, Recalled, duty.BulletinRecall, audit.Entry{Reason: reason})
	})
}

// supersede ends the bulletin that a new one replaces, in the moment of the new one's publication.
func (d *Desk) supersede(ctx context.Context, s store, actor duty.Actor, old, by ID) error {
	b, err := s.byID(ctx, old)
	if err != nil {
		return err
	}
	if b.Life != Published {
		return nil // recalled meanwhile: it stays so
	}
	b.ReplacedBy = by
	return d.end(ctx, s, actor, &b, Replaced, duty.BulletinApprove, audit.Entry{Note: "bulletin/" + string(by)})
}

func (d *Desk) end(ctx context.Context, s store, actor duty.Actor, b *Bulletin, how State, act duty.Act, e audit.Entry) error {
	i, err := s.issue(ctx, b.ID, b.Issue)
	if err != nil {
		return err
	}
	if err := d.unlist(ctx, s, i); err != nil {
		return err
	}
	if err := job.Drop(ctx, s.tx, jobExpire, string(b.ID)); err != nil {
		return err
	}
	b.Life, b.Ended, b.Changed = how, d.now(), d.now()
	if err := s.save(ctx, *b); err != nil {
		return err
	}
	if err := loudspeaker.Changed(ctx, s.tx, d.now(), b.Place); err != nil {
		return err
	}
	if how == Recalled {
		if err := delivery.Withdraw(ctx, s.tx, d.now(), delivery.Ref(b.ID), actor.ID, b.Reason); err != nil {
			return err
		}
	}
	e.Before, e.After = string(Published), string(how)
	return d.record(ctx, s, actor, *b, act, e, "")
}
