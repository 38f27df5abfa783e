package feed

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/delivery/cap"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
)

// A rss is a feed of RSS 2.0, with the namespace of podcasts.
type rss struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Itunes  string   `xml:"xmlns:itunes,attr,omitempty"`
	Atom    string   `xml:"xmlns:atom,attr"`
	Channel channel  `xml:"channel"`
}

type channel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Self        AtomLink  `xml:"atom:link"`
	TTL         int       `xml:"ttl"` // minutes
	Author      string    `xml:"itunes:author,omitempty"`
	Type        string    `xml:"itunes:type,omitempty"`
	Explicit    string    `xml:"itunes:explicit,omitempty"`
	Category    *category `xml:"itunes:category"`
	Image       *picture  `xml:"itunes:image"`
	Items       []rssItem `xml:"item"`
}

type category struct {
	Text string `xml:"text,attr"`
}

type picture struct {
	Href string `xml:"href,attr"`
}

type rssItem struct {
	Title       string     `xml:"title"`
	Link        string     `xml:"link"`
	Description string     `xml:"description"`
	GUID        guid       `xml:"guid"`
	Published   string     `xml:"pubDate"`
	Categories  []string   `xml:"category"`
	Enclosure   *enclosure `xml:"enclosure"`
	Duration    int64      `xml:"itunes:duration,omitempty"` // seconds
	Explicit    string     `xml:"itunes:explicit,omitempty"`
}

type guid struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

type enclosure struct {
	URL    string `xml:"url,attr"`
	Length int64  `xml:"length,attr"`
	Type   string `xml:"type,attr"`
}

const (
	atomType = "application/atom+xml"
	rssType  = "application/rss+xml"
	urn      = "urn:banlang:"
)

// A made feed is one that is being written.
type made struct {
	voice
	desk  *Desk
	lang  string
	kind  string // rss, atom, podcast
	self  string
	about string
	items []delivery.Item
}

// feed sends /nguon/{rss,atom,podcast}.xml?tieng=&chu-de=&dia-ban=.
func (h handler) feed(w http.ResponseWriter, r *http.Request) error {
	kind, ok := strings.CutSuffix(r.PathValue("kind"), ".xml")
	if !ok || kind != "rss" && kind != "atom" && kind != "podcast" {
		return fault.New(fault.NotFound, "feed.unknown")
	}
	q := r.URL.Query()
	c, err := h.desk.choose(q.Get("tieng"), q.Get("chu-de"), q.Get("dia-ban"))
	if err != nil {
		return err
	}
	m := made{voice: h.voice(r), desk: h.desk, lang: cmp.Or(c.Lang, source), kind: kind, self: c.path("/nguon/" + kind + ".xml")}
	if m.items, err = h.desk.items(r.Context(), c); err != nil {
		return err
	}
	say := func(key string, args ...any) string { return h.site.Text.Text(m.lang, key, args...) }
	m.about = say("feed."+kind+".name", "Province", h.site.Province, "Lang", h.desk.language(m.lang, m.lang))
	if c.Topic != "" {
		m.about += " · " + say("bulletin.topic."+c.Topic)
	}
	if c.Place != "" {
		m.about += " · " + h.desk.placeName(c.Place)
	}
	if kind == "atom" {
		return send(w, r, atomType, m.atom())
	}
	return send(w, r, rssType, m.rss())
}

func send(w http.ResponseWriter, r *http.Request, kind string, feed any) error {
	var out bytes.Buffer
	out.WriteString(xml.Header)
	if err := xml.NewEncoder(&out).Encode(feed); err != nil {
		return err
	}
	return web.Bytes(w, r, kind+"; charset=utf-8", out.Bytes())
}

func (m made) rss() rss {
	feed := rss{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Channel: channel{Title: m.about, Link: m.origin + "/ban-tin",
		Description: m.text.Text(m.lang, "feed.about", "Agency", m.agency), Language: m.lang, TTL: 15, Self: AtomLink{Rel: "self", Type: rssType, Href: m.origin + m.self}}}
	podcast := m.kind == "podcast"
	if podcast {
		feed.Itunes = "http://www.itunes.com/dtds/podcast-1.0.dtd"
		c := &feed.Channel
		c.Author, c.Type, c.Explicit, c.Category, c.Image = m.agency, "episodic", "false", &category{"Government"}, &picture{m.origin + "/nguon/bia.png"}
	}
	for _, i := range m.items {
		t := m.desk.tell(m.voice, i, m.lang)
		if podcast && t.Sound.MP3 == "" {
			continue
		}
		// A newer issue is another item: RSS has no other way to say that there is something new in it.
		one := rssItem{Title: t.Title, Link: m.page(i), Description: paragraphs(t.Body), GUID: guid{ID: m.id(i) + ":" + strconv.FormatInt(i.Version, 10)},
			Published: i.Published.In(i18n.Zone).Format(time.RFC1123Z), Categories: []string{m.text.Text(m.lang, "bulletin.topic."+i.Topic)}}
		if t.Sound.MP3 != "" {
			one.Enclosure = &enclosure{m.sound(i, "mp3"), t.Sound.MP3Size, "audio/mpeg"}
		}
		if podcast {
			one.Duration, one.Explicit = int64(t.Sound.Length.Round(time.Second)/time.Second), "false"
			if t.Sound.Machine {
				one.Description = paragraphs(m.text.Text(m.lang, "feed.machine")) + one.Description
			}
		}
		feed.Channel.Items = append(feed.Channel.Items, one)
	}
	return feed
}

func (m made) atom() Atom {
	feed := Atom{Lang: m.lang, ID: urn + m.self, Title: m.about, Updated: stamp(time.Unix(0, 0)), Author: m.agency,
		Links: []AtomLink{{Rel: "self", Type: atomType, Href: m.origin + m.self}, {Rel: "alternate", Type: "text/html", Href: m.origin + "/ban-tin"}}}
	for _, i := range m.items {
		t := m.desk.tell(m.voice, i, m.lang)
		one := AtomEntry{Lang: t.Lang, ID: m.id(i), Title: t.Title, Updated: stamp(i.Published), Published: stamp(i.First),
			Links:      []AtomLink{{Rel: "alternate", Type: "text/html", Href: m.page(i), Lang: m.lang}},
			Categories: []AtomCategory{{i.Topic, m.text.Text(m.lang, "bulletin.topic."+i.Topic)}, {Term: string(i.Class)}}, Content: &AtomContent{"html", paragraphs(t.Body)}}
		if t.Sound.MP3 != "" {
			one.Links = append(one.Links, AtomLink{"enclosure", "audio/mpeg", m.sound(i, "mp3"), t.Sound.MP3Size, m.lang})
		}
		if t.Sound.Opus != "" {
			one.Links = append(one.Links, AtomLink{"enclosure", "audio/ogg", m.sound(i, "opus"), t.Sound.OpusSize, m.lang})
		}
		feed.Updated = max(feed.Updated, one.Updated)
		feed.Entries = append(feed.Entries, one)
	}
	return feed
}

func (m made) id(i delivery.Item) string { return urn + "bulletin:" + string(i.Ref) + ":" + m.lang }

func (m made) page(i delivery.Item) string {
	if m.lang == source {
		return m.origin + i.URL
	}
	return m.origin + i.URL + "?tieng=" + m.lang
}

func (m made) sound(i delivery.Item, kind string) string {
	return m.origin + i.URL + "/" + m.lang + "." + kind
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// paragraphs writes a text as HTML, a paragraph a line.
func paragraphs(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out.WriteString("<p>" + html.EscapeString(line) + "</p>")
		}
	}
	return out.String()
}

// index sends /cap.xml, the list of the alerts: /cap.xml?dia-ban=06325 those that hold in a place.
func (h handler) index(w http.ResponseWriter, r *http.Request) error {
	c, err := h.desk.choose("", "", r.URL.Query().Get("dia-ban"))
	if err != nil {
		return err
	}
	all, err := h.desk.warnings(r.Context(), c.Place)
	if err != nil {
		return err
	}
	v, self := h.voice(r), choice{Place: c.Place}.path("/cap.xml")
	feed := Atom{Lang: source, ID: urn + self, Title: v.text.Text(source, "feed.cap.name", "Province", h.site.Province), Updated: stamp(time.Unix(0, 0)), Author: v.agency,
		Links: []AtomLink{{Rel: "self", Type: atomType, Href: v.origin + self}, {Rel: "alternate", Type: "text/html", Href: v.origin + "/ban-tin"}}}
	for _, warn := range all {
		feed.Entries = append(feed.Entries, h.entry(v, warn))
		feed.Updated = max(feed.Updated, stamp(warn.Sent()))
	}
	return send(w, r, atomType, feed)
}

func (h handler) entry(v voice, w warning) AtomEntry {
	e := AtomEntry{ID: urn + "cap:" + w.ID(), Title: h.desk.title(v, w, source), Updated: stamp(w.Sent()),
		Summary:    v.text.Text(source, "feed.cap.for", "Place", h.desk.placeName(w.Item.Place)),
		Links:      []AtomLink{{Rel: "alternate", Type: "application/cap+xml", Href: v.origin + w.URL()}},
		Categories: []AtomCategory{{Term: string(w.kind())}, {w.Item.Topic, v.text.Text(source, "bulletin.topic."+w.Item.Topic)}, {Term: string(w.Item.Class)}}}
	if !w.Cancel && !w.Item.Expires.IsZero() {
		e.Summary = v.text.Text(source, "feed.cap.until", "Place", h.desk.placeName(w.Item.Place), "Time", i18n.DateTime(source, w.Item.Expires.In(i18n.Zone)))
	}
	return e
}

// alert sends one message of the protocol.
func (h handler) alert(w http.ResponseWriter, r *http.Request) error {
	found, moved, err := h.desk.find(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	if moved != "" {
		return web.Redirect(w, r, moved)
	}
	body, err := h.desk.sign(r.Context(), h.voice(r), found)
	if err != nil {
		return err
	}
	return web.Bytes(w, r, cap.ContentType, body)
}
