package feed

import (
	"cmp"
	"embed"
	"net/http"
	"net/url"
	"slices"

	"banlang/internal/duty"
	"banlang/internal/place"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	site *web.Site
	room *web.Room
}

// Mount registers the pages of this room. Whoever may read the news may be fed with it.
func Mount(site *web.Site, d *Desk) {
	h := handler{d, site, site.Room("feed", pages)}
	site.Handle("GET /nguon", duty.Public, h.list)
	site.Handle("GET /nguon/bia.png", duty.Public, h.cover)
	site.Handle("GET /nguon/khoa.pem", duty.Public, h.key)
	site.Handle("GET /nguon/{kind}", duty.Public, h.feed)
	site.Handle("GET /cap.xml", duty.Public, h.index)
	site.Handle("GET /cap/{name}", duty.Public, h.alert)
}

// A listPage offers the feeds that suit a choice.
type listPage struct {
	Langs, Topics, Places []web.Choice
	Chosen                bool
	News, Sound, Alerts   []address
	Key                   string // name of the key that signs the alerts
}

// An address is one feed.
type address struct {
	Name, Key string // Name: of the field; Key: message of what it is
	Path      string
	Full      string // to be copied
}

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	c, err := h.desk.choose(q.Get("tieng"), q.Get("chu-de"), q.Get("dia-ban"))
	if err != nil {
		return err
	}
	p := listPage{Chosen: c != choice{}, Key: h.desk.Key.Name(), Langs: h.langs(r, c)}
	for _, t := range h.desk.Topics {
		p.Topics = append(p.Topics, web.Choice{Code: t.Code, Text: web.T(r, "bulletin.topic."+t.Code), Chosen: t.Code == c.Topic})
	}
	places := h.desk.Places
	for _, u := range places.Units(places.HomeUnit().ID, place.Commune, places.Today()) {
		p.Places = append(p.Places, web.Choice{Code: u.Code, Text: u.FullName(), Chosen: u.ID == c.Place})
	}
	to := func(name, path string) address { return address{name, "feed.kind." + name, path, web.Origin(r) + path} }
	p.News = []address{to("rss", c.path("/nguon/rss.xml")), to("atom", c.path("/nguon/atom.xml"))}
	p.Sound = []address{to("podcast", c.path("/nguon/podcast.xml"))}
	p.Alerts = []address{to("cap", choice{Place: c.Place}.path("/cap.xml"))}
	m := web.Meta{Title: web.T(r, "feed.title"), Description: web.T(r, "feed.lead"), Feed: c.path("/nguon/atom.xml"), NoIndex: p.Chosen,
		Crumbs: []web.Link{{Text: web.T(r, "bulletin.list.title"), URL: "/ban-tin"}}}
	return h.room.Show(w, r, "list", m, p)
}

// langs are the source, the province's own choice, and what was asked for.
func (h handler) langs(r *http.Request, c choice) []web.Choice {
	all := []web.Choice{{Code: source, Text: web.T(r, "bulletin.lang.source"), Chosen: c.Lang == "" || c.Lang == source}}
	known := func(tag string) bool {
		return slices.ContainsFunc(all, func(l web.Choice) bool { return l.Code == tag })
	}
	for _, l := range h.site.Languages {
		if !known(l.Tag) {
			all = append(all, web.Choice{Code: l.Tag, Text: l.Name, Chosen: l.Tag == c.Lang})
		}
	}
	if c.Lang != "" && !known(c.Lang) {
		all = append(all, web.Choice{Code: c.Lang, Text: h.desk.language(web.Reader(r).UI, c.Lang), Chosen: true})
	}
	return all
}

// path is the address of a feed for the choice.
func (c choice) path(to string) string {
	q := url.Values{}
	for name, v := range map[string]string{"tieng": c.Lang, "chu-de": c.Topic, "dia-ban": c.Place.Code()} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if len(q) == 0 {
		return to
	}
	return to + "?" + q.Encode()
}

func (h handler) voice(r *http.Request) voice {
	v := voice{text: h.site.Text, origin: web.Origin(r), agency: cmp.Or(h.site.Agency, h.site.Province), phone: h.site.Phone}
	if u, err := url.Parse(v.origin); err == nil {
		v.sender = u.Host
	}
	return v
}

func (h handler) cover(w http.ResponseWriter, r *http.Request) error {
	return web.Bytes(w, r, "image/png", cover())
}

func (h handler) key(w http.ResponseWriter, r *http.Request) error {
	web.Attach(w, "cap-"+h.desk.Key.Name()[:16]+".pem")
	return web.Bytes(w, r, "application/x-pem-file", h.desk.Key.Public())
}
