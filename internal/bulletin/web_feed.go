package bulletin

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"time"

	"banlang/internal/delivery/feed"
	"banlang/internal/web"
)

const feedSize = 50

// feed sends what is published as Atom, with the sounds as enclosures. Addresses in it are relative to the feed's own, so that it is right
// behind any name of the server.
func (h handler) feed(w http.ResponseWriter, r *http.Request) error {
	f := h.filter(r, Topic(r.URL.Query().Get("chu-de")))
	f.Page, f.Size = 1, feedSize
	found, _, err := h.desk.Published(r.Context(), f)
	if err != nil {
		return err
	}
	all := feed.Atom{Lang: Source, ID: "urn:banlang:" + feedURL(f), Title: web.T(r, "bulletin.feed.title", "Province", h.site.Province),
		Updated: time.Unix(0, 0).UTC().Format(time.RFC3339), Author: h.author(r),
		Links: []feed.AtomLink{{Rel: "self", Type: "application/atom+xml", Href: feedURL(f)}, {Rel: "alternate", Type: "text/html", Href: "/ban-tin"}}}
	for _, c := range h.cards(r, found) {
		all.Updated = max(all.Updated, c.Updated.UTC().Format(time.RFC3339))
		all.Entries = append(all.Entries, h.entry(r, c))
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	if err := xml.NewEncoder(&out).Encode(all); err != nil {
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

func (h handler) entry(r *http.Request, c card) feed.AtomEntry {
	e := feed.AtomEntry{ID: "urn:banlang:bulletin:" + string(c.ID), Title: c.Title, Summary: c.Opening,
		Updated: c.Updated.UTC().Format(time.RFC3339), Published: c.Published.UTC().Format(time.RFC3339),
		Links:      []feed.AtomLink{{Rel: "alternate", Type: "text/html", Href: c.ID.URL()}},
		Categories: []feed.AtomCategory{{Term: string(c.Topic), Label: web.T(r, "bulletin.topic."+string(c.Topic))}, {Term: string(c.Class)}}}
	if c.Demo {
		e.Title = web.T(r, "bulletin.demo.title", "Title", c.Title)
		e.Categories = append(e.Categories, feed.AtomCategory{Term: "demonstration", Label: web.T(r, "bulletin.demo")})
	}
	for _, t := range c.Told {
		if !t.Sound {
			continue
		}
		e.Links = append(e.Links, feed.AtomLink{Rel: "enclosure", Type: "audio/mpeg", Href: c.ID.SoundURL(t.Lang, "mp3"), Length: t.MP3Size, Lang: t.Lang},
			feed.AtomLink{Rel: "enclosure", Type: "audio/ogg", Href: c.ID.SoundURL(t.Lang, "opus"), Length: t.OpusSize, Lang: t.Lang})
	}
	return e
}
