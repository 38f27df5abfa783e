package delivery

import (
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"unicode/utf8"

	"banlang/internal/delivery/gsm"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/subscriber"
)

// mostParts is how long an SMS may be: what does not fit is read and heard at its address.
const mostParts = 3

// A Text is what is sent of an item in one language.
type Text struct {
	Title string // with the marks of a drill, a demonstration, a recall
	Body  string
	Lang  string // of the words
	Sound string // absolute address of what is heard of it
	Parts int    // of an SMS
	Latin bool   // an SMS of 160 letters a part
	All   string // an SMS as it goes out
}

// A shelf keeps issues that are being sent: what stands in one never changes.
type shelf struct {
	mu    sync.Mutex
	items map[issue]Item
}

type issue struct {
	ref     Ref
	version int64
}

const mostKept = 64

// item is one issue of a bulletin, asked for once.
func (d *Desk) item(ctx context.Context, ref Ref, version int64) (Item, error) {
	key := issue{ref, version}
	d.shelf.mu.Lock()
	i, ok := d.shelf.items[key]
	d.shelf.mu.Unlock()
	if ok {
		return i, nil
	}
	i, err := d.source.Item(ctx, ref, version)
	if err != nil {
		return Item{}, err
	}
	d.shelf.mu.Lock()
	defer d.shelf.mu.Unlock()
	if d.shelf.items == nil || len(d.shelf.items) >= mostKept {
		d.shelf.items = map[issue]Item{}
	}
	d.shelf.items[key] = i
	return i, nil
}

func (d *Desk) say(key string, args ...any) string { return d.text.Text(i18n.Default, key, args...) }

// mark puts before a title what a reader must know first.
func (d *Desk) mark(c Campaign, title string) string {
	if c.Kind == Recall {
		title = d.say("delivery.text.recall", "Title", title, "Reason", c.Reason)
	}
	if c.Drill {
		title = d.say("delivery.text.drill", "Title", title)
	}
	if c.Demo {
		title = d.say("delivery.text.demo", "Title", title)
	}
	return title
}

// words are an item in one language, as it is sent by push, mail or chat.
func (d *Desk) words(c Campaign, item Item, lang, heard string) Text {
	e, ok := item.In(lang)
	t := Text{Lang: lang}
	if !ok || e.Body == "" {
		e, _ = item.In(i18n.Default)
		t.Lang = i18n.Default
	}
	if e.Title == "" {
		source, _ := item.In(i18n.Default)
		e.Title = source.Title
	}
	t.Title = d.mark(c, e.Title)
	if c.Kind != Recall {
		t.Body, t.Sound = e.Body, d.soundOf(item, heard)
	}
	if heard != "" && heard != t.Lang { // heard in a language in which nobody has written it: the words say so
		t.Body = d.say("delivery.text.heard", "Lang", d.language(heard)) + "\n" + t.Body
	}
	return t
}

// soundOf is the address of a recording; empty where there is none, or while nobody has said what addresses begin with.
func (d *Desk) soundOf(item Item, lang string) string {
	e, ok := item.In(lang)
	if !ok || e.Heard == "" || d.Origin == "" {
		return ""
	}
	return d.Origin + e.Heard
}

func (d *Desk) language(tag string) string {
	l, err := d.languages.Language(tag)
	if err != nil {
		return tag
	}
	return l.Name
}

// sms is an item as an SMS: what must be known first, the title, as much of the text as fits, and where to read and hear the rest.
func (d *Desk) sms(c Campaign, item Item, lang, heard, message string) Text {
	t := d.words(c, item, lang, heard)
	link := d.linkTo(message)
	fit := func(body string) string {
		text := strings.Join(strings.Fields(t.Title), " ")
		if body != "" {
			text = ended(text) + " " + body
		}
		text = strings.TrimSpace(text + " " + link)
		if c.Toneless {
			text = gsm.Toneless(text)
		}
		return text
	}
	body := strings.Join(strings.Fields(t.Body), " ")
	for t.All = fit(body); ; t.All = fit(body + "…") {
		if t.Parts, t.Latin = gsm.Count(t.All); t.Parts <= mostParts || body == "" {
			return t
		}
		body = shorter(body)
	}
}

// ended is a sentence with its end.
func ended(s string) string {
	if strings.ContainsAny(s[max(0, len(s)-1):], ".!?…") {
		return s
	}
	return s + "."
}

// shorter is a text without its last words, a tenth of it at least.
func shorter(s string) string {
	s = strings.TrimSuffix(s, "…")
	n := utf8.RuneCountInString(s) * 9 / 10
	cut := string([]rune(s)[:n])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		return cut[:i]
	}
	return ""
}

// A window that is being composed: each campaign is asked for once, each text is written once.
type composing struct {
	*Desk
	channel   subscriber.Channel
	campaigns map[string]Campaign
	texts     map[told]Text
}

// told names a text of a window.
type told struct{ campaign, lang, heard string }

func (d *Desk) composing(channel subscriber.Channel) composing {
	return composing{d, channel, map[string]Campaign{}, map[told]Text{}}
}

// campaign is the campaign of an attempt as it stands now; that of a notice says nothing.
func (w composing) campaign(ctx context.Context, a Attempt) (c Campaign, err error) {
	c, ok := w.campaigns[a.Campaign]
	if ok || a.Campaign == "" {
		return c, nil
	}
	c, err = w.read().campaign(ctx, a.Campaign)
	w.campaigns[a.Campaign] = c
	return c, err
}

// outgoing composes an attempt. why is a message key: there is nothing that could be sent.
func (w composing) outgoing(ctx context.Context, c Campaign, a Attempt) (o Outgoing, why string, err error) {
	if why := overReason(c.State); why != "" {
		return Outgoing{}, why, nil
	}
	if a.Message == "" { // carries its own words
		text, err := w.keeper.Unwrap(noticeOf(a.Endpoint), a.Note)
		_, latin := gsm.Count(text)
		return Outgoing{Title: a.title, Text: text, Lang: i18n.Default, Class: Normal, Latin: latin}, "", err
	}
	t, err := w.write(ctx, c, a)
	if fault.Is(err, fault.NotFound) {
		return Outgoing{}, "delivery.reason.no_text", nil
	}
	if err != nil {
		return Outgoing{}, "", err
	}
	o = Outgoing{Title: t.Title, Text: t.Body, Lang: t.Lang, URL: w.linkTo(a.Message), Stop: w.stopLink(a.Endpoint), Class: c.Class, Thread: string(c.Ref)}
	o.Sound = t.Sound
	if w.channel == subscriber.SMS { // addresses are of one length: what fits for one reader fits for all
		o.Text, o.Latin = strings.Replace(t.All, w.linkTo(nobody), o.URL, 1), t.Latin
	}
	return o, "", nil
}

// write is the text of an attempt, as all readers of its languages get it.
func (w composing) write(ctx context.Context, c Campaign, a Attempt) (Text, error) {
	key := told{c.ID, a.Lang, a.Heard}
	if t, ok := w.texts[key]; ok {
		return t, nil
	}
	item, err := w.item(ctx, c.Ref, c.Version)
	if err != nil {
		return Text{}, err
	}
	t := w.words(c, item, a.Lang, a.Heard)
	if w.channel == subscriber.SMS {
		t = w.sms(c, item, a.Lang, a.Heard, nobody)
	}
	w.texts[key] = t
	return t, nil
}

// Token is how a subscriber's own message is addressed: nobody guesses one, and none is stored.
func (d *Desk) Token(message string) string {
	return message + hex.EncodeToString(d.keeper.Mac("message", message)[:5])
}

// messageOf is the message that a token addresses; ok is false for what nobody was given.
func (d *Desk) messageOf(token string) (message string, ok bool) {
	if len(token) != 30 {
		return "", false
	}
	return token[:20], d.Token(token[:20]) == token
}

// linkTo is the address of a subscriber's own message; empty while nobody has said what addresses begin with.
func (d *Desk) linkTo(message string) string {
	if d.Origin == "" {
		return ""
	}
	return d.Origin + "/n/" + d.Token(message)
}

// stopLink is where whoever has an endpoint stops what is sent there; empty while nobody has said what addresses begin with. It names the
// endpoint, not a message: a letter may be read long after its message was thinned.
func (d *Desk) stopLink(endpoint string) string {
	if d.Origin == "" {
		return ""
	}
	return d.Origin + "/n/" + d.StopToken(endpoint) + "/thoi"
}

// StopToken is how an endpoint is addressed in what is sent there.
func (d *Desk) StopToken(endpoint string) string {
	return "e" + endpoint + hex.EncodeToString(d.keeper.Mac("endpoint", endpoint)[:5])
}

// endpointOf is the endpoint that a token addresses; ok is false for what nobody was given.
func (d *Desk) endpointOf(token string) (endpoint string, ok bool) {
	if len(token) < 12 {
		return "", false
	}
	endpoint = token[1 : len(token)-10]
	return endpoint, token == d.StopToken(endpoint)
}
