package library

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/library/oai"
	"banlang/internal/web"
)

// mountSource registers what other systems read.
func (h handler) mountSource(site *web.Site) {
	site.Handle("GET /oai", duty.LibraryRead, h.harvest)
	site.Handle("POST /oai", duty.LibraryRead, h.harvest) // the protocol has both, and neither changes anything
	site.Handle("GET /thu-vien/{id}"+bookName, duty.LibraryRead, h.book)
	site.Handle("GET "+SiteMap, duty.LibraryRead, h.siteMap)
}

// harvest answers OAI-PMH.
func (h handler) harvest(w http.ResponseWriter, r *http.Request) error {
	args := r.URL.Query()
	if r.Method == http.MethodPost {
		args = r.PostForm
	}
	web.Fresh(r) // the answer says when it was made
	p := oai.Provider{Source: h.desk.Catalogue(), Name: web.T(r, "library.title") + " · " + h.site.Province, Origin: web.Origin(r), Path: "/oai",
		Admin: postmaster(web.Origin(r)), Now: h.desk.now()}
	body, err := p.Answer(r.Context(), args)
	if err != nil {
		return err
	}
	return web.Bytes(w, r, "text/xml; charset=utf-8", body)
}

// postmaster is the address that every machine with mail has (RFC 2142).
func postmaster(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || !strings.Contains(u.Hostname(), ".") {
		return "postmaster@localhost.localdomain"
	}
	return "postmaster@" + u.Hostname()
}

// SiteMap is the address of the list of the library's pages for search engines.
const SiteMap = "/thu-vien/sitemap.xml"

// mapped is how many addresses a page of the site map has; the protocol allows five times as many.
const mapped = 10_000

const siteMapSpace = "http://www.sitemaps.org/schemas/sitemap/0.9"

// A mapEntry is an address of a site map.
type mapEntry struct {
	Loc     string `xml:"loc"`
	Changed string `xml:"lastmod,omitempty"`
}

// siteMap lists the pages of the list, and with a number the documents of one.
func (h handler) siteMap(w http.ResponseWriter, r *http.Request) error {
	var list any
	if r.URL.Query().Has("trang") {
		page, _ := web.Page(r)
		found, err := h.desk.store.openIDs(r.Context(), page, mapped)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fault.New(fault.NotFound, "library.not_found")
		}
		urls := struct {
			XMLName xml.Name
			URLs    []mapEntry `xml:"url"`
		}{XMLName: xml.Name{Space: siteMapSpace, Local: "urlset"}}
		for _, doc := range found {
			urls.URLs = append(urls.URLs, mapEntry{web.Origin(r) + doc.id.URL(), doc.changed().UTC().Format(time.RFC3339)})
		}
		list = urls
	} else {
		n, err := h.desk.store.openCount(r.Context())
		if err != nil {
			return err
		}
		maps := struct {
			XMLName xml.Name
			Maps    []mapEntry `xml:"sitemap"`
		}{XMLName: xml.Name{Space: siteMapSpace, Local: "sitemapindex"}}
		for page := 1; (page-1)*mapped < n; page++ {
			maps.Maps = append(maps.Maps, mapEntry{Loc: fmt.Sprintf("%s%s?trang=%d", web.Origin(r), SiteMap, page)})
		}
		list = maps
	}
	body, err := xml.Marshal(list)
	if err != nil {
		return err
	}
	return web.Bytes(w, r, "application/xml; charset=utf-8", append([]byte(xml.Header), body...))
}
