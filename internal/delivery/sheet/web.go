package sheet

import (
	"bytes"
	"cmp"
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"banlang/internal/delivery"
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

// Mount registers the pages of this room. They are public, as what they print is.
func Mount(site *web.Site, d *Desk) {
	h := handler{d, site, site.Room("sheet", pages)}
	site.Handle("GET /to-tin/ma", duty.Public, h.code)
	site.Handle("GET /to-tin/{ref}", duty.Public, h.sheet)
	site.Handle("GET /to-tin/{ref}/nhom.zip", duty.Public, h.file(h.group))
	site.Handle("GET /to-tin/{ref}/anh.png", duty.Public, h.file(h.card))
	site.Handle("GET /to-tin/{ref}/loi-nhan.txt", duty.Public, h.file(h.message))
}

// URL is the page that offers the sheets and files of an item.
func URL(ref delivery.Ref) string { return "/to-tin/" + string(ref) }

// An offerPage lists what there is to print and to pass on.
type offerPage struct {
	Title string
	Langs []offer
}

// An offer is what there is in one language.
type offer struct {
	Name, Query     string // Query: tieng=tyz
	Note            string // message key: what of it is in Vietnamese
	Papers          []web.Link
	Group           string
	Card, Text, MP3 string
	Size            int64 // of the sound
}

// sheet offers what there is, or with a size prints it: /to-tin/{ref}.pdf?kho=a5&tieng=tyz.
func (h handler) sheet(w http.ResponseWriter, r *http.Request) error {
	if strings.HasSuffix(r.PathValue("ref"), ".pdf") || r.URL.Query().Get("kho") != "" {
		return h.file(h.pdf)(w, r)
	}
	i, why, err := h.desk.item(r.Context(), delivery.Ref(r.PathValue("ref")))
	if err != nil {
		return err
	}
	if why != holds {
		return h.gone(w, r, i, why)
	}
	p := offerPage{}
	for _, e := range i.Editions {
		s := h.compose(r, i, e.Lang)
		p.Title = cmp.Or(p.Title, s.Text.Title)
		one := offer{Name: h.name(e.Lang), Query: "?tieng=" + url.QueryEscape(e.Lang)}
		for _, paper := range papers {
			one.Papers = append(one.Papers, web.Link{Text: strings.ToUpper(paper.code), URL: URL(i.Ref) + ".pdf?kho=" + paper.code + "&tieng=" + url.QueryEscape(e.Lang)})
		}
		one.Group, one.Card, one.Text = URL(i.Ref)+"/nhom.zip"+one.Query, URL(i.Ref)+"/anh.png"+one.Query, URL(i.Ref)+"/loi-nhan.txt"+one.Query
		if s.Sound.Lang == e.Lang {
			one.MP3, one.Size = i.URL+"/"+e.Lang+".mp3", s.Sound.MP3Size
		}
		if s.Text.Lang != e.Lang {
			one.Note = "leaflet.only_sound"
		} else if s.Sound.Lang != e.Lang {
			one.Note = "leaflet.only_text"
		}
		p.Langs = append(p.Langs, one)
	}
	m := web.Meta{Title: web.T(r, "leaflet.title"), NoIndex: true, Crumbs: []web.Link{{Text: web.T(r, "bulletin.list.title"), URL: "/ban-tin"}, {Text: p.Title, URL: i.URL}}}
	return h.room.Show(w, r, "offer", m, p)
}

// file hands a file of an item out, or the page that says why it is not to be passed on any more.
func (h handler) file(send func(http.ResponseWriter, *http.Request, sheet) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ref := delivery.Ref(strings.TrimSuffix(r.PathValue("ref"), ".pdf"))
		i, why, err := h.desk.item(r.Context(), ref)
		if err != nil {
			return err
		}
		if why != holds {
			return h.gone(w, r, i, why)
		}
		s := h.compose(r, i, cmp.Or(r.URL.Query().Get("tieng"), source))
		if s.Text.Title == "" {
			return fault.New(fault.NotFound, "leaflet.no_text")
		}
		if s.Code, err = h.desk.keep(r.Context(), i); err != nil {
			return err
		}
		return send(w, r, s)
	}
}

func (h handler) pdf(w http.ResponseWriter, r *http.Request, s sheet) error {
	n := slices.IndexFunc(papers, func(p paper) bool { return p.code == cmp.Or(r.URL.Query().Get("kho"), "a4") })
	if n < 0 {
		return fault.New(fault.NotFound, "leaflet.no_paper")
	}
	body, err := s.print(papers[n])
	return h.hand(w, r, s, papers[n].code+".pdf", "application/pdf", body, err)
}

func (h handler) card(w http.ResponseWriter, r *http.Request, s sheet) error {
	body, err := s.card()
	return h.hand(w, r, s, "anh.png", "image/png", body, err)
}

func (h handler) message(w http.ResponseWriter, r *http.Request, s sheet) error {
	return h.hand(w, r, s, "loi-nhan.txt", "text/plain; charset=utf-8", []byte(s.message()), nil)
}

func (h handler) group(w http.ResponseWriter, r *http.Request, s sheet) error {
	body, err := s.group(r.Context(), h.desk.Files)
	return h.hand(w, r, s, "nhom.zip", "application/zip", body, err)
}

func (h handler) hand(w http.ResponseWriter, r *http.Request, s sheet, name, kind string, body []byte, err error) error {
	if err != nil {
		return err
	}
	return web.File(w, r, "to-tin-"+s.Code+"-"+s.Text.Lang+"-"+name, kind, s.Item.Published, bytes.NewReader(body), false)
}

// compose gathers all that stands on a sheet. What is on paper is in the language of the village's pages, whoever prints it.
func (h handler) compose(r *http.Request, i delivery.Item, lang string) sheet {
	say := func(key string, args ...any) string { return h.site.Text.Text(i18n.Default, key, args...) }
	s := sheet{Item: i, Page: web.Origin(r) + i.URL, Check: web.Origin(r) + "/to-tin/ma", Picture: picture(h.desk.Picture(i.Topic))}
	s.Text, s.Sound = choose(i, lang, h.desk.Languages.ReadFallback(lang), h.desk.Languages.HeardFallback(lang))
	if lang != source {
		s.Page += "?tieng=" + url.QueryEscape(lang)
	}
	s.Words = words{Class: say("leaflet.class." + string(i.Class)), Topic: say("bulletin.topic." + i.Topic), Issuer: cmp.Or(h.site.Agency, h.site.Province),
		Place: say("leaflet.for", "Place", h.place(i)), Day: say("leaflet.day", "Day", i18n.Date(i18n.Default, i.Published.In(i18n.Zone))),
		Read: say("leaflet.read"), ReadAt: say("leaflet.read_at"), Ask: say("leaflet.ask"), Code: say("leaflet.code"), Leaf: say("leaflet.leaf")}
	if i.Version > 1 {
		s.Words.Day = say("leaflet.renewed", "Version", i.Version, "Day", i18n.DateTime(i18n.Default, i.Published.In(i18n.Zone)))
	}
	if !i.Expires.IsZero() {
		s.Words.Until = say("leaflet.until", "Time", i18n.DateTime(i18n.Default, i.Expires.In(i18n.Zone)))
	}
	if i.Drill {
		s.Words.Marks = append(s.Words.Marks, say("leaflet.drill"))
	}
	if i.Demo {
		s.Words.Marks = append(s.Words.Marks, say("leaflet.demo"))
	}
	if s.Text.Lang != lang {
		s.Words.Given = say("leaflet.given", "Lang", h.name(lang), "Given", h.name(s.Text.Lang))
	}
	if s.Sound.MP3 != "" {
		s.Hear = web.Origin(r) + i.URL + "/" + s.Sound.Lang + ".mp3"
		heard := h.name(s.Sound.Lang)
		if s.Sound.Machine {
			heard = say("leaflet.machine", "Lang", heard)
		}
		s.Words.Hear, s.Words.HearAt = say("leaflet.hear", "Lang", heard), say("leaflet.hear_at", "Lang", heard)
	}
	return s
}

// name is a language as it stands in a sentence: Tày, in "tiếng Tày".
func (h handler) name(tag string) string {
	l, err := h.desk.Languages.Language(tag)
	if err != nil {
		return tag
	}
	return strings.TrimPrefix(l.Name, "Tiếng ")
}

func (h handler) place(i delivery.Item) string {
	u, err := h.desk.Places.ByID(i.Place)
	if err != nil {
		return i.Place.Code()
	}
	return u.FullName()
}

// A gonePage says why a sheet is not to hang any more, and what stands in its place.
type gonePage struct {
	Key    string
	Reason string
	Next   string // address of what holds instead
}

func (h handler) gone(w http.ResponseWriter, r *http.Request, i delivery.Item, why ending) error {
	p := h.over(i, why)
	return h.room.Form(w, r, "gone", web.Meta{Title: web.T(r, p.Key), NoIndex: true}, p, fault.New(fault.Gone, p.Key))
}

func (h handler) over(i delivery.Item, why ending) gonePage {
	p := gonePage{Key: "leaflet.gone." + string(why), Reason: i.Reason}
	if i.ReplacedBy != "" {
		p.Next = "/ban-tin/" + string(i.ReplacedBy)
	}
	if why == renewed {
		p.Next = i.URL
	}
	return p
}

// A codePage answers for the code on a sheet.
type codePage struct {
	Typed string
	Asked bool // and found
	Good  bool
	Over  gonePage
	Title string
	URL   string
	Item  delivery.Item
	Place string
}

func (h handler) code(w http.ResponseWriter, r *http.Request) error {
	p := codePage{Typed: r.URL.Query().Get("ma")}
	m := web.Meta{Title: web.T(r, "leaflet.check.title"), NoIndex: true}
	if p.Typed == "" {
		return h.room.Show(w, r, "code", m, p)
	}
	i, why, err := h.desk.coded(r.Context(), p.Typed)
	if err != nil {
		return h.room.Form(w, r, "code", m, p, err)
	}
	web.Fresh(r) // whether it holds depends on the clock
	p.Asked, p.Good, p.Item, p.URL, p.Place = true, why == holds, i, i.URL, h.place(i)
	if e, ok := i.In(source); ok {
		p.Title = e.Title
	}
	if !p.Good {
		p.Over = h.over(i, why)
	}
	return h.room.Show(w, r, "code", m, p)
}
