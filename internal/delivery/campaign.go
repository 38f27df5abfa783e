package delivery

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// An Order says what is to be sent, where and how.
type Order struct {
	Ref      Ref
	Version  int64 // 0: the newest
	Replaces Ref   // the older bulletin whose campaigns this one takes over
	Class    Class
	Place    place.ID
	Topic    string
	Channels []subscriber.Channel // empty: every one
	Toneless bool
	Starts   time.Time // zero: now
	Expires  time.Time
	Demo     bool
	Drill    bool
	By       string // account
	Second   string // who signed an emergency as the second
}

// campaign is the order as a campaign that waits for its hour. The same order again makes the same campaign.
func (o Order) campaign(kind Kind, at time.Time) Campaign {
	c := Campaign{ID: made("campaign", string(kind), string(o.Ref), strconv.FormatInt(o.Version, 10), string(o.Place), o.Starts.UTC().String()),
		Kind: kind, Ref: o.Ref, Version: o.Version, Class: o.Class, Place: o.Place, Topic: o.Topic, Channels: o.Channels, Toneless: o.Toneless,
		Demo: o.Demo, Drill: o.Drill, State: Waiting, Starts: o.Starts, Expires: o.Expires, Made: at, By: o.By, Second: o.Second, Changed: at}
	if c.Starts.Before(at) {
		c.Starts = at
	}
	if len(c.Channels) == 0 {
		c.Channels = Channels()
	}
	c.Expires = c.end()
	return c
}

// sentFor is how long a campaign of a class is sent after its start. What no channel has carried by then is old news (our own rule:
// nothing says how long an authority may go on sending).
func sentFor(c Class) time.Duration {
	switch c {
	case Emergency:
		return 24 * time.Hour
	case Priority:
		return 3 * 24 * time.Hour
	}
	return 7 * 24 * time.Hour
}

// end is when a campaign ends: with what it tells, and after sentFor at the latest; an emergency that says how long it holds (expires of
// CAP 1.2) is sent as long as it holds.
func (c Campaign) end() time.Time {
	end := c.Starts.Add(sentFor(c.Class))
	if !c.Expires.IsZero() && (c.Class == Emergency || c.Expires.Before(end)) {
		return c.Expires
	}
	return end
}

// Channels are those by which a campaign goes, in the order of the ladder.
func Channels() []subscriber.Channel {
	return []subscriber.Channel{subscriber.Push, subscriber.Email, subscriber.Zalo, subscriber.Telegram, subscriber.SMS, subscriber.Call}
}

// Over says that nothing more is sent of a campaign.
func (c Campaign) Over() bool { return c.State == Done || c.State == Stopped || c.State == Renewed }

// thing is a campaign as rights see it.
func (c Campaign) thing() duty.Thing { return duty.Thing{Area: string(c.Place)} }

// Send orders a campaign of something that is published. The actor must be allowed delivery.send over the area that it goes to. An
// emergency is not sent so: its two signatures send it in the moment of its publication.
func (d *Desk) Send(ctx context.Context, actor duty.Actor, key string, o Order) (id string, err error) {
	item, err := d.check(ctx, actor, &o)
	if err != nil {
		return "", err
	}
	if item.Class == Emergency {
		return "", fault.New(fault.Conflict, "delivery.emergency.two")
	}
	o.By = actor.ID
	c := o.campaign(News, d.now())
	return c.ID, d.once(ctx, key, func(s store) error {
		isNew, err := s.beginNew(ctx, c)
		if err != nil {
			return err
		}
		if !isNew {
			return s.sameOrder(ctx, c)
		}
		return s.record(ctx, d.now(), actor, c, duty.DeliverySend, audit.Entry{After: string(c.State), Note: "bulletin/" + string(c.Ref)})
	})
}

// sameOrder refuses an order that is there already in another way, or over: it would say that it sends, and send nothing.
func (s store) sameOrder(ctx context.Context, c Campaign) error {
	there, err := s.campaign(ctx, c.ID)
	switch {
	case err != nil:
		return err
	case there.Over():
		return fault.New(fault.Conflict, "delivery.campaign.before", "Time", there.Made)
	case !slices.Equal(there.Channels, c.Channels) || there.Toneless != c.Toneless:
		return fault.New(fault.Conflict, "delivery.campaign.there", "Time", there.Made)
	}
	return nil
}

// check completes an order from what is published and asks whether the actor may send it.
func (d *Desk) check(ctx context.Context, actor duty.Actor, o *Order) (Item, error) {
	item, err := d.source.Item(ctx, o.Ref, o.Version)
	if err != nil {
		return Item{}, err
	}
	if o.Place == "" {
		o.Place = item.Place
	}
	if err := d.policy.Permit(actor, duty.DeliverySend, duty.Thing{Area: string(o.Place), State: "published"}); err != nil {
		return Item{}, err
	}
	now := d.now()
	var wrong faults
	wrong.say(!item.Ended.IsZero(), "ref", "delivery.item.ended")
	wrong.say(!item.Expires.IsZero() && !now.Before(item.Expires), "ref", "delivery.item.expired")
	wrong.say(!d.policy.Within(string(item.Place), string(o.Place)) && !d.policy.Within(string(o.Place), string(item.Place)), "place", "delivery.place.elsewhere")
	wrong.say(slices.ContainsFunc(o.Channels, func(c subscriber.Channel) bool { return !slices.Contains(Channels(), c) }), "channels", "delivery.channel.unknown")
	wrong.say(!o.Starts.IsZero() && o.Starts.Before(now.Add(-time.Hour)), "starts", "delivery.starts.past")
	wrong.say(!o.Starts.IsZero() && !item.Expires.IsZero() && !o.Starts.Before(item.Expires), "starts", "delivery.starts.late")
	o.Version, o.Class, o.Topic, o.Expires, o.Demo, o.Drill = item.Version, item.Class, item.Topic, item.Expires, item.Demo, item.Drill
	return item, errors.Join(wrong...)
}

// Campaign is one campaign, for those who may read its counts.
func (d *Desk) Campaign(ctx context.Context, actor duty.Actor, id string) (Campaign, error) {
	c, err := d.read().campaign(ctx, id)
	if err != nil {
		return Campaign{}, err
	}
	if err := d.policy.Permit(actor, duty.DeliveryReadCounts, c.thing()); err != nil {
		if stops := d.policy.Permit(actor, duty.DeliveryStop, c.thing()); stops != nil {
			return Campaign{}, err
		}
	}
	return c, nil
}

// Campaigns lists the campaigns of the areas in which the actor may read counts, newest first, and tells how many there are.
func (d *Desk) Campaigns(ctx context.Context, actor duty.Actor, page, size int) ([]Campaign, int, error) {
	return d.read().campaigns(ctx, d.policy.Areas(actor, duty.DeliveryReadCounts), page, size)
}

// Pause keeps what waits of a campaign from being sent.
func (d *Desk) Pause(ctx context.Context, actor duty.Actor, key, id, reason string) error {
	return d.stopWork(ctx, actor, key, id, reason, func(s store, c *Campaign) error {
		if c.Over() || c.State == Paused {
			return fault.New(fault.Conflict, "delivery.campaign.over")
		}
		c.State = Paused
		if err := s.save(ctx, *c); err != nil { // first, so that what comes back into the queue meanwhile waits for this transaction
			return err
		}
		return s.hold(ctx, c.ID, true)
	})
}

// Resume lets a paused campaign go on.
func (d *Desk) Resume(ctx context.Context, actor duty.Actor, key, id, reason string) error {
	return d.stopWork(ctx, actor, key, id, reason, func(s store, c *Campaign) error {
		if c.State != Paused {
			return fault.New(fault.Conflict, "delivery.campaign.not_paused")
		}
		c.State = Expanding // where it had stopped; it may have been paused before its hour
		if err := s.save(ctx, *c); err != nil {
			return err
		}
		if err := s.hold(ctx, c.ID, false); err != nil {
			return err
		}
		return s.expandSoon(ctx, *c)
	})
}

// Stop ends a campaign: what waits is not sent any more, and those who may have got it are told that it does not hold.
func (d *Desk) Stop(ctx context.Context, actor duty.Actor, key, id, reason string) error {
	return d.stopWork(ctx, actor, key, id, reason, func(s store, c *Campaign) error {
		if c.State == Stopped || c.State == Renewed || c.Kind != News {
			return fault.New(fault.Conflict, "delivery.campaign.over")
		}
		c.Reason = strings.TrimSpace(reason)
		return s.stop(ctx, d.now(), c, actor.ID)
	})
}

// How many letters a reason has: a word is none, and everybody who was sent to is told it, by SMS too.
const (
	shortestReason = 10
	longestReason  = 300
)

func enoughReason(reason string) error {
	switch n := len([]rune(strings.TrimSpace(reason))); {
	case n < shortestReason:
		return fault.Field("reason", "delivery.reason.required")
	case n > longestReason:
		return fault.Field("reason", "delivery.reason.long", "Most", longestReason)
	}
	return nil
}

// stopWork is what pausing, going on and stopping have in common: whoever sees something wrong in the own area may, and says why.
func (d *Desk) stopWork(ctx context.Context, actor duty.Actor, key, id, reason string, f func(store, *Campaign) error) error {
	return d.once(ctx, key, func(s store) error {
		c, err := s.campaign(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.DeliveryStop, c.thing()); err != nil {
			return err
		}
		if err := enoughReason(reason); err != nil {
			return err
		}
		before := c.State
		if err := f(s, &c); err != nil {
			return err
		}
		c.Changed = d.now()
		if err := s.save(ctx, c); err != nil {
			return err
		}
		return s.record(ctx, d.now(), actor, c, duty.DeliveryStop, audit.Entry{Before: string(before), After: string(c.State), Reason: strings.TrimSpace(reason)})
	})
}

// SendTest sends an item once to an address that the actor types, to see how it arrives. The address is kept with the attempt until it
// is sent, sealed, and nowhere else.
func (d *Desk) SendTest(ctx context.Context, actor duty.Actor, key string, o Order, ch subscriber.Channel, address string) error {
	item, err := d.check(ctx, actor, &o)
	if err != nil {
		return err
	}
	id := newID()
	to, err := subscriber.Address(d.keeper, id, ch, address)
	if err != nil {
		return err
	}
	c := o.campaign(Test, d.now())
	text := d.sms(c, item, d.readable(item, nil), "", nobody)
	return d.once(ctx, key, func(s store) error {
		n := subscriber.Notice{To: to, Channel: ch, Place: o.Place, Title: text.Title, Text: d.say("delivery.text.test", "Text", text.All), Demo: o.Demo || d.people.Demo}
		if err := d.Notify(ctx, s.tx, n); err != nil {
			return err
		}
		return s.record(ctx, d.now(), actor, c, duty.DeliverySend, audit.Entry{After: string(Test), Note: "bulletin/" + string(c.Ref)})
	})
}

// nobody stands for a message's name where there is none: as long as one.
const nobody = "00000000000000000000"
