package portal

import (
	"embed"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

//go:embed sound/*.mp3 sound/*.opus
var sounds embed.FS

type handler struct {
	site *web.Site
	room *web.Room
	news News
	find Finder
	name Namer
}

// Options are where the portal takes what it shows. A nil part is simply not shown.
type Options struct {
	News   News
	Finder Finder
	Namer  Namer
	Maps   []Mapped // more addresses for the site map
	Lists  []string // addresses of the site maps that rooms keep themselves
}

// Mapped lists addresses of a room for the site map.
type Mapped func(r *http.Request) ([]string, error)

// Mount puts the public face on the site.
func Mount(site *web.Site, o Options) {
	site.Files(sounds)
	h := handler{site, site.Room("portal", pages), o.News, o.Finder, o.Namer}
	site.Handle("GET /{$}", duty.Public, h.home)
	site.Handle("GET /ngon-ngu", duty.Public, h.languages)
	site.Handle("POST /ngon-ngu", duty.Public, h.chooseLanguage)
	site.Handle("GET /tim", duty.Public, h.search)
	for _, t := range Topics {
		if t.topics() != nil {
			site.Handle("GET "+t.URL, duty.Public, h.topics(t))
		}
	}
	site.Handle("GET /gioi-thieu", duty.Public, h.page("about", "portal.about.title", "portal.about.lead"))
	site.Handle("GET /rieng-tu", duty.Public, h.page("privacy", "portal.privacy.title", "portal.privacy.lead"))
	site.Handle("GET /robots.txt", duty.Public, h.robots(o.Lists))
	site.Handle("GET /sitemap.xml", duty.Public, h.siteMap(o.Maps))
}

// homePage is what page/home.html shows.
type homePage struct {
	Alarms            []card
	Lead              card
	Sound             web.Sound
	News              []card
	Topics, Reference []tile
	Others            []web.Language
	Hears             string
	Phone             string // address of the sound that names the listening line
}

type card struct {
	Item
	Hear string // address of the sound that suits the reader's line
}

type tile struct {
	Tile
	Hear string
}

const (
	onAlarms = 3
	onFront  = 7
)

func (h handler) home(w http.ResponseWriter, r *http.Request) error {
	reader := web.Reader(r)
	data := homePage{Topics: h.tiles(r, Topics), Reference: h.tiles(r, Reference), Others: h.site.Languages, Hears: reader.Heard[0], Phone: h.site.Spoken(r, "phone")}
	if h.news != nil {
		alarms, err := h.news.Alarms(r.Context(), reader.Heard, onAlarms)
		if err != nil {
			return err
		}
		items, err := h.news.Told(r.Context(), reader.Heard, "", onFront)
		if err != nil {
			return err
		}
		data.Alarms = cards(r, alarms)
		for _, c := range cards(r, items) {
			switch {
			case c.Urgent: // stands on top already
			case data.Lead.Title == "" && c.Sound.MP3 != "":
				data.Lead, data.Sound = c, h.player(r, c.Sound)
			default:
				data.News = append(data.News, c)
			}
		}
	}
	meta := web.Meta{Title: web.T(r, "home.title"), Description: web.T(r, "app.tagline"), Feed: "/ban-tin/nguon.xml"}
	return h.room.Show(w, r, "home", meta, data)
}

func cards(r *http.Request, items []Item) []card {
	list := make([]card, len(items))
	for i, item := range items {
		list[i] = card{item, item.Sound.suited(web.Reader(r).SaveData)}
	}
	return list
}

func (h handler) tiles(r *http.Request, list []Tile) []tile {
	all := make([]tile, len(list))
	for i, t := range list {
		all[i] = tile{t, h.site.Spoken(r, t.Key)}
	}
	return all
}

func (s Sound) suited(save bool) string {
	if save && s.Opus != "" {
		return s.Opus
	}
	return s.MP3
}

func (h handler) player(r *http.Request, s Sound) web.Sound {
	p := web.Sound{Caption: web.T(r, "sound.in", "Lang", s.Lang), Length: s.Length, Machine: s.Machine, Reader: s.Reader}
	if s.Opus != "" {
		p.Files = append(p.Files, web.SoundFile{URL: s.Opus, Type: "audio/ogg; codecs=opus", Size: s.OpusSize})
	}
	if s.MP3 != "" {
		p.Files = append(p.Files, web.SoundFile{URL: s.MP3, Type: "audio/mpeg", Size: s.MP3Size})
	}
	return p
}

// topicsPage is what page/topics.html shows: the news of the topics that share a tile.
type topicsPage struct {
	Tile   tile
	News   []card
	Topics []string
}

const onTopics = 30

func (h handler) topics(t Tile) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		data := topicsPage{Tile: tile{t, h.site.Spoken(r, t.Key)}, Topics: t.topics()}
		for _, topic := range data.Topics {
			if h.news == nil {
				break
			}
			items, err := h.news.Told(r.Context(), web.Reader(r).Heard, topic, onTopics)
			if err != nil {
				return err
			}
			data.News = append(data.News, cards(r, items)...)
		}
		slices.SortStableFunc(data.News, func(a, b card) int { return b.Day.Compare(a.Day) })
		data.News = data.News[:min(len(data.News), onTopics)]
		title := web.T(r, "tile."+t.Key)
		return h.room.Show(w, r, "topics", web.Meta{Title: title, Crumbs: []web.Link{{Text: title}}}, data)
	}
}

// languagePage is what page/language.html shows.
type languagePage struct {
	Languages []languageTile
	Heard     []string
	Back      string
	Question  string // address of the sound that asks
}

type languageTile struct {
	web.Language
	Hear string
}

func (h handler) languages(w http.ResponseWriter, r *http.Request) error {
	data := languagePage{Heard: web.Reader(r).Heard, Back: web.Local(r.URL.Query().Get("tiep")), Question: h.site.Spoken(r, "choose")}
	for _, l := range h.site.Languages {
		data.Languages = append(data.Languages, languageTile{l, h.site.Spoken(r, "lang-"+l.Tag)})
	}
	meta := web.Meta{Title: web.T(r, "language.title"), Crumbs: []web.Link{{Text: web.T(r, "language.crumb")}}}
	return h.room.Show(w, r, "language", meta, data)
}

// chooseLanguage keeps the choice on the reader's device and goes back to where it was made: one tile puts a language first, the
// list of boxes says all of them at once.
func (h handler) chooseLanguage(w http.ResponseWriter, r *http.Request) error {
	prefs := web.Reader(r)
	if all := h.offered(r.PostForm["nghe[]"]); len(all) > 0 {
		prefs.Heard = all
	} else if one := h.offered(r.PostForm["nghe"]); len(one) > 0 {
		prefs.Heard = choose(prefs.Heard, one[0])
	}
	if ui := r.PostForm.Get("chu"); slices.Contains(i18n.Langs, ui) {
		prefs.UI = ui
	}
	web.SetReader(w, r, prefs)
	return web.Redirect(w, r, web.Local(r.PostForm.Get("tiep")))
}

// offered keeps those of the tags that the site offers.
func (h handler) offered(tags []string) []string {
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
		return !slices.ContainsFunc(h.site.Languages, func(l web.Language) bool { return l.Tag == tag })
	})
}

// plainPage is what the pages of mere words show.
type plainPage struct{ Demo bool }

func (h handler) page(name, title, lead string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		meta := web.Meta{Title: web.T(r, title), Description: web.T(r, lead), Crumbs: []web.Link{{Text: web.T(r, title)}}}
		return h.room.Show(w, r, name, meta, plainPage{h.site.Demo})
	}
}

func (h handler) robots(lists []string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		var text strings.Builder
		text.WriteString("User-agent: *\nDisallow: /ban-lam-viec\nDisallow: /dang-nhap\nDisallow: /tim\n")
		for _, list := range append([]string{"/sitemap.xml"}, lists...) {
			text.WriteString("Sitemap: " + web.Origin(r) + list + "\n")
		}
		return web.Bytes(w, r, "text/plain; charset=utf-8", []byte(text.String()))
	}
}

// siteMap lists every public page that can be reached by a fixed address, and what other rooms add.
func (h handler) siteMap(more []Mapped) web.Handler {
	type address struct {
		Loc string `xml:"loc"`
	}
	type urlset struct {
		XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []address `xml:"url"`
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		base := web.Origin(r)
		paths := []string{"/", "/ban-tin", "/ngon-ngu", "/gioi-thieu", "/rieng-tu"}
		for _, t := range slices.Concat(Topics, Reference) {
			paths = append(paths, t.URL)
		}
		for _, m := range more {
			list, err := m(r)
			if err != nil {
				return err
			}
			paths = append(paths, list...)
		}
		var all urlset
		for _, path := range paths[:min(len(paths), 50_000)] {
			all.URLs = append(all.URLs, address{base + path})
		}
		body, err := xml.Marshal(all)
		if err != nil {
			return err
		}
		return web.Bytes(w, r, "application/xml; charset=utf-8", append([]byte(xml.Header), body...))
	}
}
