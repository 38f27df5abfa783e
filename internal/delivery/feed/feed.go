// Package feed offers what is published to programs that ask for it: feeds of news by language, topic and commune, as text (RSS, Atom)
// and as sound (podcast), and warnings as signed alerts of the Common Alerting Protocol. It knows nothing of who asks.
package feed

import (
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // the protocol of alerts has no other sum; what is trusted is the signature
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"banlang/internal/blob"
	"banlang/internal/delivery"
	"banlang/internal/delivery/cap"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// Options are what a desk works with.
type Options struct {
	Files     blob.Store
	Source    delivery.Source
	Places    *place.Desk
	Languages *ethnic.Desk
	Topics    []subscriber.Topic
	Key       cap.Key // signs the alerts
	Now       func() time.Time
}

// A Desk finds what is fed.
type Desk struct {
	Options
	sums sync.Map // blob.Ref to the SHA-1 of the file, in hex
}

// New makes a desk.
func New(o Options) *Desk { return &Desk{Options: o} }

const source = "vi"

// A voice says how the installation speaks of itself.
type voice struct {
	text   *i18n.Bundle
	origin string // https://banlang.langson.gov.vn
	sender string // banlang.langson.gov.vn
	agency string
	phone  string
}

// marked puts what an item is before its title: that it is a drill, that it is made up, that it is urgent.
func (v voice) marked(lang string, i delivery.Item, title string) string {
	if i.Class == delivery.Emergency {
		title = v.text.Text(lang, "feed.urgent", "Title", title)
	}
	if i.Demo {
		title = v.text.Text(lang, "feed.demo", "Title", title)
	}
	if i.Drill {
		title = v.text.Text(lang, "feed.drill", "Title", title)
	}
	return title
}

// A told item is what is read of it in a language: the words of that language, or the Vietnamese ones with a note.
type told struct {
	Title, Body string
	Lang        string // of the words
	Sound       delivery.Edition
}

func (d *Desk) tell(v voice, i delivery.Item, lang string) told {
	e, _ := i.In(lang)
	t := told{Title: e.Title, Body: e.Body, Lang: lang, Sound: e}
	if e.Title == "" || e.Body == "" {
		from, _ := i.In(source)
		note := v.text.Text(source, "feed.given", "Lang", d.language(source, lang))
		t.Title, t.Body, t.Lang = v.text.Text(source, "feed.given.title", "Title", from.Title), note+"\n\n"+from.Body, source
	}
	t.Title = v.marked(t.Lang, i, t.Title)
	return t
}

// language is the name of a language as it stands in a sentence.
func (d *Desk) language(ui, tag string) string {
	l, err := d.Languages.Language(tag)
	switch {
	case err != nil:
		return tag
	case ui == "en":
		return cmp.Or(l.NameEN, l.Name)
	}
	return strings.TrimPrefix(l.Name, "Tiếng ")
}

func (d *Desk) placeName(id place.ID) string {
	u, err := d.Places.ByID(id)
	if err != nil {
		return id.Code()
	}
	return u.FullName()
}

// A choice is what somebody wants to be fed with; empty fields mean everything, and the language then is Vietnamese.
type choice struct {
	Lang, Topic string
	Place       place.ID
}

func (d *Desk) choose(lang, topic, code string) (choice, error) {
	c := choice{Lang: lang, Topic: topic}
	if lang != "" {
		if _, err := d.Languages.Language(lang); err != nil {
			return c, fault.New(fault.NotFound, "feed.unknown.lang")
		}
	}
	if topic != "" && !slices.ContainsFunc(d.Topics, func(t subscriber.Topic) bool { return t.Code == topic }) {
		return c, fault.New(fault.NotFound, "feed.unknown.topic")
	}
	if code != "" {
		u, err := d.Places.At(code, d.Places.Today())
		if err != nil {
			return c, fault.New(fault.NotFound, "feed.unknown.place")
		}
		c.Place = u.ID
	}
	return c, nil
}

const newest = 50

func (d *Desk) items(ctx context.Context, c choice) ([]delivery.Item, error) {
	return d.Source.Items(ctx, delivery.Filter{Place: c.Place, Topic: c.Topic, Lang: cmp.Or(c.Lang, source), Size: newest})
}

// sum is the SHA-1 of a file. A file never changes, so it is read once.
func (d *Desk) sum(ctx context.Context, ref blob.Ref) (string, error) {
	if known, ok := d.sums.Load(ref); ok {
		return known.(string), nil
	}
	f, _, err := d.Files.Open(ctx, ref)
	if err != nil {
		return "", fmt.Errorf("sound of an alert: %w", err)
	}
	defer f.Close()
	h := sha1.New() //nolint:gosec // see the import
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	d.sums.Store(ref, sum)
	return sum, nil
}
