package bulletin

import (
	"cmp"
	"embed"
	"net/http"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	site *web.Site
	room *web.Room
}

// Mount registers the pages of this room.
func Mount(site *web.Site, d *Desk) {
	h := handler{d, site, site.Room("bulletin", pages)}
	site.Handle("GET /ban-tin", duty.Public, h.list)
	site.Handle("GET /ban-tin/nguon.xml", duty.Public, h.feed)
	site.Handle("GET /ban-tin/{id}", duty.Public, h.article)
	site.Handle("GET /ban-tin/{id}/{sound}", duty.Public, h.hear)
	site.Handle("GET /chu-de/{topic}", duty.Public, h.topic)
	h.mountDesk()
}

// A listPage is the list of what is published, perhaps of one topic.
type listPage struct {
	Heading string
	Topic   Topic
	Alarms  []card
	Items   []card
	Total   int
	Pager   web.Pager
	Topics  []choice
	Places  []choice
	Langs   []choice
	Chosen  bool // something is filtered
	Feed    string
}

// A choice is one value of a filter.
type choice struct {
	Text, URL string
	N         int
	Current   bool
}

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	return h.shelf(w, r, Topic(r.URL.Query().Get("chu-de")), web.T(r, "bulletin.list.title"), nil)
}

func (h handler) topic(w http.ResponseWriter, r *http.Request) error {
	t := Topic(r.PathValue("topic"))
	if !t.Known() {
		return fault.New(fault.NotFound, "bulletin.topic.unknown")
	}
	return h.shelf(w, r, t, web.T(r, "bulletin.topic."+string(t)), []web.Link{{Text: web.T(r, "bulletin.list.title"), URL: "/ban-tin"}})
}

func (h handler) shelf(w http.ResponseWriter, r *http.Request, t Topic, heading string, crumbs []web.Link) error {
	f := h.filter(r, t)
	p := listPage{Heading: heading, Topic: t, Chosen: f.Place != "" || f.Lang != "" || f.Topic != "", Feed: feedURL(f)}
	found, total, err := h.desk.Published(r.Context(), f)
	if err != nil {
		return err
	}
	alarms, _, err := h.desk.Published(r.Context(), Filter{Class: Emergency, Topic: f.Topic, Place: f.Place, Lang: f.Lang, Size: 3})
	if err != nil {
		return err
	}
	p.Items, p.Alarms, p.Total, p.Pager = h.cards(r, found), h.cards(r, alarms), total, web.NewPager(r, total)
	if p.Topics, p.Places, err = h.choices(r, f); err != nil {
		return err
	}
	p.Langs = h.langChoices(r, f)
	return h.room.Show(w, r, "list", web.Meta{Title: heading, Crumbs: crumbs, Feed: p.Feed, Description: web.T(r, "bulletin.list.about")}, p)
}

func (h handler) filter(r *http.Request, t Topic) Filter {
	q := r.URL.Query()
	page, size := web.Page(r)
	f := Filter{Topic: t, Page: page, Size: size}
	if !t.Known() {
		f.Topic = ""
	}
	if tag := q.Get("tieng"); tag != "" {
		f.Lang = "und" // in a language that nobody knows there is nothing
		if _, err := h.desk.languages.Language(tag); err == nil {
			f.Lang = tag
		}
	}
	if code := q.Get("dia-ban"); code != "" {
		f.Place = "@" // nor for a unit that nobody knows
		if u, err := h.desk.places.At(code, h.desk.places.Today()); err == nil {
			f.Place = u.ID
		}
	}
	return f
}

// An articlePage is one published bulletin as a reader of one language meets it.
type articlePage struct {
	Issue
	Edition Edition // what is read and heard here
	Source  Edition
	Blocks  []block // the text shown
	Text    Edition // whose text is shown
	Sound   web.Sound
	Missing string // name of the language asked for that is not there
	Given   string // name of the language shown instead
	Lang    string // name of the language of the edition
	Tabs    []tab
	Where   string
	Within  int // communes in the area
	Told    []string
	Related []card
	Feed    string
}

func (h handler) article(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	i, err := h.desk.Public(r.Context(), id)
	if fault.Is(err, fault.Gone) {
		return h.gone(w, r, id, err)
	}
	if err != nil {
		return err
	}
	p, err := h.look(r, i, cmp.Or(r.URL.Query().Get("tieng"), first(web.Reader(r).Heard)))
	if err != nil {
		return err
	}
	m := web.Meta{Title: p.Heading(), Feed: p.Feed, NoIndex: i.Over, Description: opening(p.Source.Body, 30),
		Crumbs: []web.Link{{Text: web.T(r, "bulletin.list.title"), URL: "/ban-tin"}, {Text: web.T(r, "bulletin.topic."+string(i.Topic)), URL: "/chu-de/" + string(i.Topic)}},
		Sheet:  web.T(r, "bulletin.sheet", "Date", h.desk.now().In(i18n.Zone), "URL", id.URL(), "Number", i.Number)}
	return h.room.Show(w, r, "article", m, p)
}

// Heading is the title in the language shown, or the source's.
func (p articlePage) Heading() string { return cmp.Or(p.Text.Title, p.Source.Title) }

// Only says that the edition can be heard and not read.
func (p articlePage) Only() bool { return !p.Edition.Text() && p.Missing == "" }

// A gonePage says that a bulletin was taken back, why, and what stands in its place.
type gonePage struct {
	Key  string
	Next ID
}

// gone answers 410: the address is right, what stood there is not to be used any more.
func (h handler) gone(w http.ResponseWriter, r *http.Request, id ID, err error) error {
	next, lost := h.desk.Successor(r.Context(), id)
	if lost != nil {
		return lost
	}
	p := gonePage{Key: fault.All(err)[0].Key, Next: next}
	return h.room.Form(w, r, "gone", web.Meta{Title: web.T(r, p.Key+".title"), NoIndex: true}, p, err)
}

// hear sends the sound of an edition: /ban-tin/{id}/tyz.mp3.
func (h handler) hear(w http.ResponseWriter, r *http.Request) error {
	lang, kind, ok := strings.Cut(r.PathValue("sound"), ".")
	if !ok || soundTypes[kind] == "" {
		return fault.New(fault.NotFound, "bulletin.sound.none")
	}
	f, ref, at, err := h.desk.Hear(r.Context(), ID(r.PathValue("id")), lang, kind)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Etag", `"`+string(ref)+`"`) // named by its content; always asked for again, so that a recall is heard of
	return web.File(w, r, "ban-tin-"+r.PathValue("id")+"-"+lang+"."+kind, soundTypes[kind], at, f, false)
}

var soundTypes = map[string]string{"opus": "audio/ogg; codecs=opus", "mp3": "audio/mpeg"}

func first(list []string) string {
	if len(list) == 0 {
		return Source
	}
	return list[0]
}

// name is a language as it stands in a sentence: Tày, in "tiếng Tày".
func (h handler) name(r *http.Request, tag string) string {
	l, err := h.desk.languages.Language(tag)
	switch {
	case err != nil:
		return tag
	case web.Reader(r).UI == "en" && l.NameEN != "":
		return l.NameEN
	}
	for _, own := range h.site.Languages {
		if own.Tag == tag {
			return strings.TrimPrefix(own.Name, "Tiếng ")
		}
	}
	return strings.TrimPrefix(l.Name, "Tiếng ")
}

// label is a language as it stands alone. The source is called in full: "Việt" is also a people and a country.
func (h handler) label(r *http.Request, tag string) string {
	if tag == Source {
		return web.T(r, "bulletin.lang.source")
	}
	return h.name(r, tag)
}

// offered lists the languages that tabs and forms show: the province's own choice, and whatever else there is.
func (h handler) offered(told []string) []string {
	tags := []string{Source}
	for _, l := range h.site.Languages {
		if !slices.Contains(tags, l.Tag) {
			tags = append(tags, l.Tag)
		}
	}
	for _, tag := range told {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}
