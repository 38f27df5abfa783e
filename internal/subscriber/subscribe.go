package subscriber

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/privacy"
)

// A Wish is what somebody who wants news says.
type Wish struct {
	Channel Channel
	Address string
	Place   place.ID // commune
	Village string
	Heard   []string // languages, the dearest first; empty: Vietnamese
	Read    []string
	Topics  []string // empty: all
	Lang    string   // in which the wording was read or heard
	Sound   string   // hash of the recording that was heard
	Manner  string   // privacy.ByOneself, privacy.Assisted, privacy.BySMS
	Reason  string   // of the assistance
	Agreed  bool
}

// Wording is what a subscriber agrees to, in a language in which it is written, and its version. A language without a wording of
// its own is told the Vietnamese one.
func (d *Desk) Wording(lang string) (text, version string) {
	if lang != "en" {
		lang = i18n.Default
	}
	return d.text.Text(lang, "subscriber.wording"), "1/" + lang
}

const (
	codeFor  = 10 * time.Minute
	tries    = 5
	mostLang = 6
)

// Subscribe takes a wish. By oneself, a code goes to the address and nothing else is sent there before Confirm. A browser proves
// itself. With the help of a relay or an officer in the own village or commune it holds at once, and a notice of it goes to the
// person's own address. Whether the address was known already is not told.
func (d *Desk) Subscribe(ctx context.Context, actor duty.Actor, w Wish) (ID, error) {
	address, wrong := d.check(&w)
	act, thing := duty.ConsentGive, duty.Thing{Owner: actor.ID, Area: string(w.Place), Village: w.Village}
	if w.Manner == privacy.Assisted {
		act, thing.Owner = duty.ConsentGiveAssisted, ""
		if len([]rune(strings.TrimSpace(w.Reason))) < 10 {
			wrong = errors.Join(wrong, fault.Field("reason", "privacy.reason.short"))
		}
	}
	if actor.ID != "" || w.Manner == privacy.Assisted { // a visitor gives it for themselves
		if err := d.policy.Permit(actor, act, thing); err != nil {
			return "", err
		}
	}
	elsewhere, err := d.elsewhere(ctx, w)
	if err != nil {
		return "", err
	}
	if elsewhere {
		wrong = errors.Join(wrong, fault.Field("village", "subscriber.village.elsewhere"))
	}
	if wrong != nil {
		return "", wrong
	}
	s := d.newSubscriber(w, actor.Demo)
	return s.ID, d.change(ctx, func(t change) error {
		if err := t.addSubscriber(ctx, s, d.consent(s, w, actor)); err != nil {
			return err
		}
		e, err := t.endpoint(ctx, w.Channel, address, s.ID)
		if err != nil {
			return err
		}
		if w.Manner == privacy.ByOneself && w.Channel != Push {
			return t.ask(ctx, e, s, "join")
		}
		if err := t.join(ctx, e, address, s.ID); err != nil {
			return err
		}
		if w.Manner == privacy.Assisted {
			if err := t.notify(ctx, e, s, "subscriber.notice.joined"); err != nil {
				return err
			}
		}
		return t.record(ctx, actor, act, s, "", string(Active), w.Reason)
	})
}

// check puts a wish in order and says what is wrong with it, field by field.
func (d *Desk) check(w *Wish) (address string, wrong error) {
	address, wrong = normal(w.Channel, w.Address)
	u, err := d.places.ByID(w.Place)
	if err != nil || u.Level != place.Commune {
		wrong = errors.Join(wrong, fault.Field("place", "subscriber.place.required"))
	}
	if !w.Agreed {
		wrong = errors.Join(wrong, fault.Field("agreed", "subscriber.agreed.required"))
	}
	for field, list := range map[string]*[]string{"heard": &w.Heard, "read": &w.Read} {
		*list = distinct(*list)
		if len(*list) == 0 {
			*list = []string{i18n.Default}
		}
		for _, tag := range *list {
			if _, err := d.languages.Language(tag); err != nil || len(*list) > mostLang {
				wrong = errors.Join(wrong, fault.Field(field, "subscriber.lang.unknown"))
				break
			}
		}
	}
	w.Topics = distinct(w.Topics)
	if slices.ContainsFunc(w.Topics, func(t string) bool { return strings.ContainsAny(t, " %_") || len(t) > 20 }) || len(w.Topics) > 30 {
		wrong = errors.Join(wrong, fault.Field("topics", "subscriber.topic.unknown"))
	}
	if w.Lang == "" {
		w.Lang = i18n.Default
	}
	return address, wrong
}

// elsewhere tells whether the village of a wish is none of its commune.
func (d *Desk) elsewhere(ctx context.Context, w Wish) (bool, error) {
	if w.Village == "" {
		return false, nil
	}
	all, err := d.places.VillagesIn(ctx, w.Place, d.places.Today())
	return !slices.ContainsFunc(all, func(v place.Village) bool { return v.ID == w.Village }), err
}

func distinct(list []string) []string {
	var all []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

func (d *Desk) newSubscriber(w Wish, demo bool) Subscriber {
	return Subscriber{ID: ID(newID()), Place: w.Place, Village: w.Village, Heard: w.Heard, Read: w.Read, Topics: w.Topics,
		Demo: demo || d.Demo, Made: d.now()}
}

func (d *Desk) consent(s Subscriber, w Wish, actor duty.Actor) privacy.Consent {
	text, version := d.Wording(w.Lang)
	if w.Manner == privacy.BySMS { // what the answer to DK said
		text, version = d.offerTo(s.Place), "sms/1"
	}
	c := privacy.Consent{Subject: s.ID.Record(), Purpose: Purpose, Wording: text, Version: version, Lang: w.Lang, Sound: w.Sound, Manner: w.Manner}
	if w.Manner == privacy.Assisted {
		c.Witness = actor.ID
	}
	return c
}

// Confirm takes the code that came to an address. A wrong one, one too late and an address that nobody named are answered alike.
func (d *Desk) Confirm(ctx context.Context, ch Channel, address, code string) error {
	address, err := normal(ch, address)
	if err != nil {
		return err
	}
	return d.withCode(ctx, ch, address, "join", code, func(t change, e entry, s Subscriber) error {
		if err := t.join(ctx, e, address, s.ID); err != nil {
			return err
		}
		return t.record(ctx, duty.Actor{}, duty.ConsentGive, s, "", string(Active), "")
	})
}

// AskStop sends a code to an address that is subscribed, and nothing to another; the answer is the same.
func (d *Desk) AskStop(ctx context.Context, ch Channel, address string) error {
	address, err := normal(ch, address)
	if err != nil {
		return err
	}
	return d.change(ctx, func(t change) error {
		e, s, err := t.active(ctx, ch, address)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return t.ask(ctx, e, s, "stop")
	})
}

// StopWithCode ends what is sent to an address. It holds before the next message is handed to a network.
func (d *Desk) StopWithCode(ctx context.Context, ch Channel, address, code string) error {
	address, err := normal(ch, address)
	if err != nil {
		return err
	}
	return d.withCode(ctx, ch, address, "stop", code, func(t change, e entry, s Subscriber) error {
		return t.stop(ctx, duty.Actor{}, e, s)
	})
}

// StopFor ends what is sent to an address for a person who asks a relay or an officer for it, in the own village or commune.
// An address that nobody has there is a fault of kind NotFound, wherever else it may be.
func (d *Desk) StopFor(ctx context.Context, actor duty.Actor, ch Channel, address string) error {
	address, err := normal(ch, address)
	if err != nil {
		return err
	}
	return d.change(ctx, func(t change) error {
		e, s, err := t.active(ctx, ch, address)
		if err == nil {
			err = d.policy.Permit(actor, duty.ConsentWithdraw, duty.Thing{Area: string(s.Place), Village: s.Village})
		}
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
			return fault.Field("address", "subscriber.stop.unknown")
		}
		if err != nil {
			return err
		}
		return t.stop(ctx, actor, e, s)
	})
}

// StopEndpoint ends what is sent to an endpoint: whoever has a message of it, or its one-click address, may.
func (d *Desk) StopEndpoint(ctx context.Context, endpoint string) error {
	return d.change(ctx, func(t change) error {
		e, err := endpointByID(ctx, t.tx, endpoint)
		if err != nil || e.State == Stopped {
			return err
		}
		s, err := byID(ctx, t.tx, e.subscriber)
		if err != nil {
			return err
		}
		return t.stop(ctx, duty.Actor{}, e, s)
	})
}

// newCode draws six digits.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // never since Go 1.24
	}
	return fmt.Sprintf("%06d", n)
}

// record writes an act down, without the address.
func (t change) record(ctx context.Context, actor duty.Actor, act duty.Act, s Subscriber, before, after, reason string) error {
	return audit.Write(ctx, t.tx, t.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(act), Thing: s.ID.Record(),
		Place: string(s.Place), Before: before, After: after, Reason: strings.TrimSpace(reason)})
}

// notify sends a sentence of ours to an endpoint.
func (t change) notify(ctx context.Context, e entry, s Subscriber, key string, args ...any) error {
	return t.tell(ctx, e, s, t.text.Text(i18n.Default, key, args...))
}

// tell sends a short text to an endpoint.
func (t change) tell(ctx context.Context, e entry, s Subscriber, text string) error {
	if t.Notify == nil || t.silent {
		return nil
	}
	return t.Notify(ctx, t.tx, t.noticeTo(e, s, text))
}

func (t change) noticeTo(e entry, s Subscriber, text string) Notice {
	return Notice{To: Sealed{e.ID, e.box}, Channel: e.Channel, Place: s.Place, Title: t.text.Text(i18n.Default, "subscriber.notice.title"), Text: text, Demo: s.Demo}
}
