package bulletin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"banlang/internal/place"
	"banlang/internal/web"
)

// A card is a published bulletin in a list.
type card struct {
	Summary
	Where string
	Hear  string // address of the sound that this reader hears, "" if silent
	Heard string // names of the languages with sound
	State string // shape of its class, "" for a normal one
}

func (h handler) cards(r *http.Request, all []Summary) []card {
	cards := make([]card, len(all))
	for n, s := range all {
		c := card{Summary: s, Where: h.where(s.Place), State: shape(s.Class)}
		wanted := web.Reader(r).Heard
		if len(wanted) > 0 {
			wanted = append(slices.Clone(wanted), h.desk.languages.HeardFallback(wanted[0])...)
		}
		if t, ok := s.Heard(wanted...); ok {
			c.Hear = s.ID.SoundURL(t.Lang, "mp3")
		}
		var heard []string
		for _, t := range s.Told {
			if t.Sound {
				heard = append(heard, h.name(r, t.Lang))
			}
		}
		c.Heard = strings.Join(heard, ", ")
		cards[n] = c
	}
	return cards
}

func shape(c Class) string {
	return map[Class]string{Emergency: "bad", Priority: "late"}[c]
}

// where names the area of a bulletin.
func (h handler) where(id place.ID) string {
	u, err := h.desk.places.ByID(id)
	if err != nil {
		return id.Code()
	}
	return u.FullName()
}

func (h handler) choices(r *http.Request, f Filter) (topics, places []choice, err error) {
	counts, err := h.desk.read().topics(r.Context(), h.desk.now())
	if err != nil {
		return nil, nil, err
	}
	for _, t := range Topics() {
		if counts[t] > 0 || t == f.Topic {
			topics = append(topics, choice{web.T(r, "bulletin.topic."+string(t)), keep("/chu-de/"+string(t), r, "dia-ban", "tieng"), counts[t], t == f.Topic})
		}
	}
	areas, err := h.desk.read().areas(r.Context(), h.desk.now())
	if err != nil {
		return nil, nil, err
	}
	for _, a := range areas {
		places = append(places, choice{Text: h.where(a), URL: web.With(r, "dia-ban", a.Code()), Current: a == f.Place})
	}
	if f.Place != "" && f.Place != "@" && !slices.Contains(areas, f.Place) {
		places = append(places, choice{Text: h.where(f.Place), URL: web.With(r, "dia-ban", f.Place.Code()), Current: true})
	}
	return topics, places, nil
}

func (h handler) langChoices(r *http.Request, f Filter) []choice {
	var langs []choice
	for _, tag := range h.offered(nil) {
		langs = append(langs, choice{Text: h.label(r, tag), URL: web.With(r, "tieng", tag), Current: tag == f.Lang})
	}
	return langs
}

// keep is another address with some of what this one asks for.
func keep(to string, r *http.Request, names ...string) string {
	q := url.Values{}
	for _, name := range names {
		if v := r.URL.Query().Get(name); v != "" {
			q.Set(name, v)
		}
	}
	if len(q) == 0 {
		return to
	}
	return to + "?" + q.Encode()
}

func feedURL(f Filter) string {
	q := url.Values{}
	for name, v := range map[string]string{"chu-de": string(f.Topic), "tieng": f.Lang, "dia-ban": f.Place.Code()} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if len(q) == 0 {
		return "/ban-tin/nguon.xml"
	}
	return "/ban-tin/nguon.xml?" + q.Encode()
}

// A tab says what exists in a language.
type tab struct {
	Lang, Name, URL string
	Key             string // message key: text and sound, sound only, text only, none
	Current, None   bool
}

func (h handler) look(r *http.Request, i Issue, wanted string) (articlePage, error) {
	e, missing := h.desk.Best(i, wanted)
	source, _ := i.Told(Source)
	p := articlePage{Issue: i, Edition: e, Source: source, Text: e, Where: h.where(i.Place), Lang: h.name(r, e.Lang), Feed: feedURL(Filter{Topic: i.Topic})}
	if !e.Text() {
		p.Text = source
	}
	if missing != "" {
		p.Missing, p.Given = h.name(r, missing), p.Lang
	}
	p.Blocks = blocks(p.Text.Body)
	p.Sound = h.player(r, e, func(kind string) string { return i.ID.SoundURL(e.Lang, kind) })
	var told []string
	for _, t := range i.Editions {
		told = append(told, t.Lang)
		p.Told = append(p.Told, h.label(r, t.Lang))
	}
	for _, tag := range h.offered(told) {
		t, ok := i.Told(tag)
		p.Tabs = append(p.Tabs, tab{tag, h.label(r, tag), i.ID.URL() + "?tieng=" + tag, "bulletin.tab." + form(t), tag == e.Lang, !ok})
	}
	if u, err := h.desk.places.ByID(i.Place); err == nil && u.Level == place.Province {
		p.Within = len(h.desk.places.Units(u.ID, place.Commune, h.desk.places.Today()))
	}
	related, _, err := h.desk.Published(r.Context(), Filter{Topic: i.Topic, Not: i.ID, Size: 4})
	p.Related = h.cards(r, related)
	return p, err
}

// form says in which form an edition exists.
func form(e Edition) string {
	switch {
	case e.Text() && e.Sound.Ready():
		return "both"
	case e.Sound.Ready():
		return "sound"
	case e.Text():
		return "text"
	}
	return "none"
}

// player is the listening bar of an edition.
func (h handler) player(r *http.Request, e Edition, address func(kind string) string) web.Sound {
	if !e.Sound.Ready() {
		return web.Sound{}
	}
	return web.Sound{Caption: web.T(r, "bulletin.hear.in", "Lang", h.name(r, e.Lang)), Length: e.Sound.Length, Machine: e.Sound.Machine, Reader: e.Sound.Voice,
		Files: []web.SoundFile{{URL: address("opus"), Type: soundTypes["opus"], Size: e.Sound.OpusSize}, {URL: address("mp3"), Type: soundTypes["mp3"], Size: e.Sound.MP3Size}}}
}

// A block is a part of a text: a paragraph, or a list.
type block struct {
	Steps, List bool
	Lines       []string
}

// blocks reads a text: lines that begin with "1." are steps, lines that begin with "-" a list, the others paragraphs.
func blocks(text string) []block {
	var all []block
	for _, line := range paragraphs(text) {
		b := block{}
		number := strings.TrimLeft(line, "0123456789")
		switch {
		case strings.HasPrefix(line, "- "):
			b = block{List: true, Lines: []string{strings.TrimSpace(line[2:])}}
		case len(number) < len(line) && strings.HasPrefix(number, ". "):
			b = block{Steps: true, Lines: []string{strings.TrimSpace(number[2:])}}
		default:
			b.Lines = []string{line}
		}
		if n := len(all) - 1; n >= 0 && (b.Steps && all[n].Steps || b.List && all[n].List) {
			all[n].Lines = append(all[n].Lines, b.Lines...)
			continue
		}
		all = append(all, b)
	}
	return all
}
