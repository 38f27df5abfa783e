package subscriber

import (
	"context"
	_ "embed"
	"encoding/csv"
	"slices"
	"strings"
	"time"
	"unicode"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/privacy"
)

// words.csv holds the words that are understood, folded, one a line with its language. Words of a language are given by people who
// speak it; none is made up.
//
//go:embed words.csv
var words string

// A Says is what a word says.
type Says string

// What is understood; whatever is none of it is a question.
const (
	SaysStop       Says = "stop"
	SaysSubscribe  Says = "subscribe"
	SaysHelp       Says = "help"
	SaysAgree      Says = "agree"
	SaysUnderstood Says = "understood"
	Asks           Says = "question"
)

// A Word is what came in by SMS or chat.
type Word struct {
	Channel Channel
	From    string
	Text    string
	ID      string // of the provider: the same again is ignored
	At      time.Time
}

// A Reading is what was made of a word.
type Reading struct {
	Kind       Says
	Endpoint   string // empty where nobody is subscribed at the address
	Subscriber ID     // empty likewise
	To         Sealed // where an answer goes
	Place      place.ID
	Demo       bool
	Repeated   bool
}

var understood = readWords()

func readWords() map[string]Says {
	rows, err := csv.NewReader(strings.NewReader(words)).ReadAll()
	if err != nil {
		panic("subscriber: words.csv: " + err.Error())
	}
	all := map[string]Says{}
	for _, r := range rows[1:] {
		all[fold.Key(r[1])] = Says(r[2])
	}
	return all
}

// read tells what a text says: the longest word that it begins with, with marks or without, in any case, and what follows it.
// A word with something after it is only a word where that is expected, so that "thôi thì cho tôi hỏi" is a question; who stops may be
// polite about it.
func read(text string) (says Says, rest string) {
	tokens := strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.Cf) })
	for n := min(len(tokens), 3); n > 0; n-- {
		says, ok := understood[fold.Key(strings.Join(tokens[:n], " "))]
		if rest := strings.Join(tokens[n:], " "); ok && (rest == "" || says == SaysSubscribe) {
			return says, rest
		}
		if ok && says == SaysStop && !slices.ContainsFunc(tokens[n:], func(word string) bool { return !slices.Contains(polite, fold.Key(word)) }) {
			return says, ""
		}
	}
	return Asks, ""
}

// polite are words after a stop that change nothing of it, folded.
var polite = strings.Fields("nhe nha a di roi xin cam on em anh chi ban ad tin nhan dum giup please now all")

// Word does what a word says and answers it. Stopping holds before the next message is handed to a network. "DK", with the commune
// after it, asks for news: the reply tells what is agreed to, and "CO" agrees. Whatever is no word is a question for a person: take has it,
// and has "understood" and the "CO" of who is subscribed already, all in the same transaction.
func (d *Desk) Word(ctx context.Context, w Word, take Taker) (Reading, error) {
	address, err := normal(w.Channel, w.From)
	if err != nil { // a short code or a name: nobody who could be answered
		return Reading{Repeated: true}, nil //nolint:nilerr // what has no sender is not answered
	}
	says, rest := read(w.Text)
	r := Reading{Kind: says}
	return r, d.change(ctx, func(t change) error {
		if repeated, err := t.repeated(ctx, "word/"+t.sum("word", "", w.ID)); err != nil || repeated {
			r.Repeated = repeated
			return err
		}
		e, s, err := t.active(ctx, w.Channel, address)
		here := err == nil
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if here {
			r.Endpoint, r.Subscriber = e.ID, s.ID
		} else { // somebody else: where the answer goes is kept with the answer alone
			e = entry{Endpoint: Endpoint{ID: newID(), Channel: w.Channel}}
			e.box = t.keeper.Wrap(bound(e.ID), address)
			s = Subscriber{Place: d.home(), Demo: d.Demo}
		}
		r.To, r.Place, r.Demo = Sealed{e.ID, e.box}, s.Place, s.Demo
		more, err := t.more(ctx, e, "reply", mostReplies)
		if err != nil {
			return err
		}
		t.silent = !more
		switch {
		case says == SaysStop && here:
			return t.stop(ctx, duty.Actor{}, e, s)
		case says == SaysStop:
			return t.notify(ctx, e, s, "subscriber.notice.stopped")
		case says == SaysSubscribe:
			return t.offer(ctx, e, s, here, address, rest)
		case says == SaysAgree && here:
			return t.given(ctx, e, s, take, r, "subscriber.notice.already")
		case says == SaysAgree:
			return t.agree(ctx, e, s, address)
		case says == SaysHelp:
			return t.notify(ctx, e, s, "subscriber.notice.help")
		case says == SaysUnderstood:
			return t.given(ctx, e, s, take, r, "")
		}
		return t.given(ctx, e, s, take, r, "subscriber.notice.asked")
	})
}

// given lets a text be taken, and answers it with what the taker says or else with a sentence of ours, if there is one.
func (t change) given(ctx context.Context, e entry, s Subscriber, take Taker, r Reading, sentence string) error {
	if take != nil {
		reply, answered, err := take(ctx, t.tx, r)
		if err != nil || answered && reply == "" {
			return err
		}
		if answered {
			return t.tell(ctx, e, s, reply)
		}
	}
	if sentence == "" {
		return nil
	}
	return t.notify(ctx, e, s, sentence)
}

// home is the province: where somebody stands who has not said where.
func (d *Desk) home() place.ID { return d.places.HomeUnit().ID }

// offer answers who asks for news by SMS: what is agreed to, and how to agree. Nothing is agreed yet.
func (t change) offer(ctx context.Context, e entry, s Subscriber, here bool, address, commune string) error {
	if here {
		return t.notify(ctx, e, s, "subscriber.notice.already")
	}
	if t.silent { // who is not told what is agreed to agrees to nothing
		return nil
	}
	u, ok := t.communeCalled(commune)
	if !ok {
		return t.notify(ctx, e, s, "subscriber.notice.commune")
	}
	var err error
	s = Subscriber{ID: ID(newID()), Place: u.ID, Heard: []string{i18n.Default}, Read: []string{i18n.Default}, Demo: t.Demo, Made: t.now()}
	if err := putSubscriber(ctx, t.tx, s); err != nil {
		return err
	}
	if e, err = t.endpoint(ctx, e.Channel, address, s.ID); err != nil {
		return err
	}
	if err := t.keepCode(ctx, e.ID, "sms", s.ID, "-", 24*time.Hour); err != nil {
		return err
	}
	return t.notify(ctx, e, s, "subscriber.notice.offer", "Place", u.FullName())
}

// offerTo is what somebody is told who asks for news by SMS: what is agreed to.
func (d *Desk) offerTo(commune place.ID) string {
	u, err := d.places.ByID(commune)
	if err != nil {
		return ""
	}
	return d.text.Text(i18n.Default, "subscriber.notice.offer", "Place", u.FullName())
}

// agree takes the agreement of who was told what it is about.
func (t change) agree(ctx context.Context, e entry, s Subscriber, address string) error {
	asked, err := byHash(ctx, t.tx, e.Channel, t.hash(e.Channel, address))
	id := ID("")
	if err == nil {
		id, err = t.offered(ctx, asked.ID)
	}
	if fault.Is(err, fault.NotFound) {
		return t.notify(ctx, e, s, "subscriber.notice.help")
	}
	if err != nil {
		return err
	}
	if s, err = byID(ctx, t.tx, id); err != nil {
		return err
	}
	w := Wish{Lang: i18n.Default, Manner: privacy.BySMS}
	if err := privacy.Agree(ctx, t.tx, t.now(), t.consent(s, w, duty.Actor{})); err != nil {
		return err
	}
	if err := t.join(ctx, asked, address, s.ID); err != nil {
		return err
	}
	if err := t.notify(ctx, e, s, "subscriber.notice.joined"); err != nil {
		return err
	}
	return t.record(ctx, duty.Actor{}, duty.ConsentGive, s, "", string(Active), "")
}
