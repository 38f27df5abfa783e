package bulletin

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"time"

	"banlang/internal/web"
)

// An atom is the feed of what is published (RFC 4287), with the sounds as enclosures. Addresses in it are relative to the feed's
// own, so that it is right behind any name of the server.
type atom struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel    string `xml:"rel,attr"`
	Type   string `xml:"type,attr,omitempty"`
	Href   string `xml:"href,attr"`
	Length int64  `xml:"length,attr,omitempty"`
	Lang   string `xml:"hreflang,attr,omitempty"`
}

type atomEntry struct {
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Updated    string         `xml:"updated"`
	Published  string         `xml:"published"`
	Links      []atomLink     `xml:"link"`
	Categories []atomCategory `xml:"category"`
	Summary    string         `xml:"summary"`
}

type atomCategory struct {
	Term  string `xml:"term,attr"`
	Label string `xml:"label,attr,omitempty"`
}

const feedSize = 50

func (h handler) feed(w http.ResponseWriter, r *http.Request) error {
	f := h.filter(r, Topic(r.URL.Query().Get("chu-de")))
	f.Page, f.Size = 1, feedSize
	found, _, err := h.desk.Published(r.Context(), f)
	if err != nil {
		return err
	}
	feed := atom{Lang: Source, ID: "urn:banlang:" + feedURL(f), Title: web.T(r, "bulletin.feed.title", "Province", h.site.Province),
		Updated: time.Unix(0, 0).UTC().Format(time.RFC3339), Author: h.author(r),
		Links: []atomLink{{Rel: "self", Type: "application/atom+xml", Href: feedURL(f)}, {Rel: "alternate", Type: "text/html", Href: "/ban-tin"}}}
	for _, c := range h.cards(r, found) {
		feed.Updated = max(feed.Updated, c.Updated.UTC().Format(time.RFC3339))
		feed.Entries = append(feed.Entries, h.entry(r, c))
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	if err := xml.NewEncoder(&out).Encode(feed); err != nil {
		return err
	}
	return web.Bytes(w, r, "application/atom+xml; charset=utf-8", out.Bytes())
}

func (h handler) author(r *http.Request) string {
	if h.site.Agency != "" {
		return h.site.Agency
	}
	return web.T(r, "app.name")
}

func (h handler) entry(r *http.Request, c card) atomEntry {
	e := atomEntry{ID: "urn:banlang:bulletin:" + string(c.ID), Title: c.Title, Summary: c.Opening,
		Updated: c.Updated.UTC().Format(time.RFC3339), Published: c.Published.UTC().Format(time.RFC3339),
		Links:      []atomLink{{Rel: "alternate", Type: "text/html", Href: c.ID.URL()}},
		Categories: []atomCategory{{Term: string(c.Topic), Label: web.T(r, "bulletin.topic."+string(c.Topic))}, {Term: string(c.Class)}}}
	if c.Demo {
		e.Title = web.T(r, "bulletin.demo.title", "Title", c.Title)
		e.Categories = append(e.Categories, atomCategory{Term: "demonstration", Label: web.T(r, "bulletin.demo")})
	}
	for _, t := range c.Told {
		if !t.Sound {
			continue
		}
		e.Links = append(e.Links, atomLink{"enclosure", "audio/mpeg", c.ID.SoundURL(t.Lang, "mp3"), t.MP3Size, t.Lang},
			atomLink{"enclosure", "audio/ogg", c.ID.SoundURL(t.Lang, "opus"), t.OpusSize, t.Lang})
	}
	return e
}
