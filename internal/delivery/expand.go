package delivery

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"banlang/internal/i18n"
	"banlang/internal/subscriber"
)

// errNotYet says that a job comes too early.
var errNotYet = errors.New("not yet")

// batch is how many subscribers are expanded in one transaction.
const batch = 500

// expand makes the messages of a campaign, some subscribers in each transaction. Identifiers are made, so that what was made before
// the process was killed is not made again.
func (d *Desk) expand(ctx context.Context, j campaignJob) error {
	for more := true; more; {
		lanes := map[queue]bool{}
		err := d.change(ctx, func(s store) error {
			more = false
			c, reached, err := s.unfold(ctx, j.Campaign)
			if err != nil || c.Over() || c.State == Paused || c.State == Running {
				return err
			}
			item, err := d.item(ctx, c.Ref, c.Version)
			if err != nil {
				return err
			}
			if reached == "" {
				if err := s.raise(ctx, c); err != nil {
					return err
				}
			}
			persons, err := s.persons(ctx, c, reached, batch)
			if err != nil {
				return err
			}
			messages, attempts := d.plan(c, item, persons)
			if _, err := s.addMessages(ctx, d.now(), messages); err != nil {
				return err
			}
			if _, err := s.addAttempts(ctx, d.now(), attempts); err != nil {
				return err
			}
			for _, a := range attempts {
				lanes[queue{a.Channel, a.Lane}] = true
			}
			c.State, c.Changed, more = Expanding, d.now(), len(persons) == batch
			if !more {
				c.State = Running
				if err := s.putJob(ctx, jobFinish, campaignJob{Campaign: c.ID}, d.now()); err != nil {
					return err
				}
			}
			if len(persons) > 0 {
				reached = persons[len(persons)-1].ID
			}
			return s.unfolded(ctx, c, reached)
		})
		if err != nil {
			return err
		}
		for q := range lanes {
			d.nudge(q)
		}
	}
	return nil
}

// plan makes the messages of some subscribers and the first attempts of each.
func (d *Desk) plan(c Campaign, item Item, persons []subscriber.Person) (messages []Message, attempts []Attempt) {
	parts := map[string]int64{}
	for _, p := range persons {
		if len(p.Endpoints) == 0 {
			continue // has it from the campaign that this one renews
		}
		m := Message{Campaign: c.ID, Subscriber: p.ID, Commune: p.Place, Village: p.Village, Lang: d.readable(item, p.Read), Heard: d.hearable(item, p.Heard), State: Queued}
		m.ID = made("message", c.ID, string(p.ID), strconv.FormatInt(c.Version, 10), m.Lang)
		usable := slices.DeleteFunc(slices.Clone(p.Endpoints), func(e subscriber.Endpoint) bool {
			return !slices.Contains(c.Channels, e.Channel) || e.Channel == subscriber.Call
		})
		if len(usable) == 0 {
			m.State, m.Reason = Suppressed, "delivery.reason.no_channel"
			if slices.ContainsFunc(p.Endpoints, func(e subscriber.Endpoint) bool { return e.Channel == subscriber.Call }) {
				m.Reason = "delivery.reason.no_voice"
			}
		}
		messages = append(messages, m)
		faster := slices.ContainsFunc(usable, func(e subscriber.Endpoint) bool { return fast(e.Channel) })
		for _, e := range usable {
			a := Attempt{ID: AttemptID(m.ID, e.ID, 1), Message: m.ID, Campaign: c.ID, Endpoint: e.ID, Channel: e.Channel, Lane: c.Class.Lane(), Commune: p.Place,
				Lang: m.Lang, Heard: m.Heard, N: 1, Parts: 1, Due: due(c.Starts, e.Channel, faster), Expires: c.Expires, Demo: c.Demo}
			if e.Channel == subscriber.SMS {
				if parts[m.Lang] == 0 {
					parts[m.Lang] = int64(d.sms(c, item, m.Lang, m.Heard, m.ID).Parts)
				}
				a.Parts = parts[m.Lang]
			}
			attempts = append(attempts, a)
		}
	}
	return messages, attempts
}

// readable is the language of the text that a person is sent: the first that they read and that somebody wrote, else Vietnamese.
func (d *Desk) readable(item Item, read []string) string {
	return first(read, d.languages.ReadFallback, func(lang string) bool { e, ok := item.In(lang); return ok && e.Body != "" })
}

// hearable is the language of the sound that a person is pointed to; empty where there is none.
func (d *Desk) hearable(item Item, heard []string) string {
	has := func(lang string) bool { e, ok := item.In(lang); return ok && e.MP3 != "" }
	if lang := first(heard, d.languages.HeardFallback, has); has(lang) {
		return lang
	}
	return ""
}

func first(wanted []string, help func(string) []string, has func(string) bool) string {
	for _, lang := range wanted {
		if has(lang) {
			return lang
		}
	}
	for _, lang := range wanted {
		for _, other := range help(lang) {
			if has(other) {
				return other
			}
		}
	}
	return i18n.Default
}

// clear takes what waits of a campaign that is over out of the queue.
func (d *Desk) clear(ctx context.Context, j campaignJob) error {
	for more := true; more; {
		err := d.change(ctx, func(s store) error {
			c, err := s.campaign(ctx, j.Campaign)
			if err != nil {
				return err
			}
			more, err = s.suppressSome(ctx, d.now(), c.ID, overReason(c.State))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// overReason is why nothing more is sent of a campaign that is over; empty while it goes on.
func overReason(s CampaignState) string {
	switch s {
	case Stopped:
		return "delivery.reason.recalled"
	case Renewed:
		return "delivery.reason.renewed"
	}
	return ""
}
