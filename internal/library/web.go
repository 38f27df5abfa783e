package library

import (
	"embed"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/library/transcript"
	"banlang/internal/place"
	"banlang/internal/search"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	site *web.Site
	room *web.Room
}

// Mount registers the pages of the library.
func Mount(site *web.Site, d *Desk) {
	h := handler{desk: d, site: site, room: site.Room("library", pages)}
	site.Handle("GET /thu-vien", duty.LibraryRead, h.list)
	site.Handle("GET /thu-vien/{id}", duty.LibraryRead, h.read)
	site.Handle("GET /thu-vien/{id}/tep", duty.LibraryRead, h.original)
	site.Handle("GET /thu-vien/{id}/trich-dan.bib", duty.LibraryRead, h.bibTeX)
	h.mountDesk(site)
	h.mountSource(site)
}

// filters are the values that narrow a list: the name in the address, the facet of the search, the message of its heading.
var filters = []struct{ query, facet, key string }{
	{"loai", "kind", "library.facet.kind"},
	{"co-quan", "issuer", "library.facet.issuer"},
	{"nam", "year", "library.facet.year"},
	{"chu-de", "subject", "library.facet.subject"},
	{"dan-toc", "group", "library.facet.group"},
	{"dia-ban", "place", "library.facet.place"},
	{"tieng", "lang", "library.facet.lang"},
}

// listPage is /thu-vien.
type listPage struct {
	Query   string
	Keep    []hidden // filters that a new question keeps
	Total   int
	Nearest bool
	Hits    []hitView
	Chosen  []choice
	Facets  []facetView
	Pager   web.Pager
}

type hidden struct{ Name, Value string }

type hitView struct {
	search.Hit
	Kind   string
	Marked search.Text
}

type facetView struct {
	Key     string
	All     string
	Choices []choice
}

// A choice is one value of a filter.
type choice struct {
	Text, URL string
	N         int
	Chosen    bool
}

// shownChoices is how many values a facet shows.
const shownChoices = 8

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	page, size := web.Page(r)
	query := r.URL.Query()
	q := search.Query{Text: strings.TrimSpace(query.Get("q")), Actor: web.Actor(r), Facets: map[string]string{}, Page: page, Size: size}
	p := listPage{Query: q.Text}
	for _, f := range filters {
		value := query.Get(f.query)
		if value == "" {
			continue
		}
		if f.facet == "lang" {
			q.Lang = value
		} else {
			q.Facets[f.facet] = value
		}
		p.Keep = append(p.Keep, hidden{f.query, value})
		p.Chosen = append(p.Chosen, choice{Text: h.name(r, f.facet, value), URL: web.With(r, f.query, "")})
	}
	result, err := h.desk.Find(r.Context(), q)
	if err != nil {
		return err
	}
	p.Total, p.Nearest, p.Pager = result.Total, result.Nearest, web.NewPager(r, result.Total)
	for _, hit := range result.Hits {
		v := hitView{Hit: hit, Marked: hit.TitleMarked}
		if q.Text == "" { // nothing was asked for, so no clause answers
			v.Snippet = nil
			if hit.Heading != "" {
				v.Snippet = search.Text{{Text: hit.Heading}}
			}
		}
		if kinds := hit.Facets["kind"]; len(kinds) > 0 {
			v.Kind = h.name(r, "kind", kinds[0])
		}
		p.Hits = append(p.Hits, v)
	}
	for _, f := range filters {
		p.addFacet(h, r, f.query, f.facet, f.key, result.Facets)
	}
	return h.room.Show(w, r, "list", web.Meta{Title: web.T(r, "library.title"), Description: web.T(r, "library.lead"), NoIndex: r.URL.RawQuery != ""}, p)
}

func (p *listPage) addFacet(h handler, r *http.Request, query, facet, key string, found []search.Facet) {
	i := slices.IndexFunc(found, func(f search.Facet) bool { return f.Name == facet })
	chosen := r.URL.Query().Get(query)
	if i < 0 || len(found[i].Values) < 2 && chosen == "" {
		return
	}
	v := facetView{Key: key, All: web.With(r, query, "")}
	values := found[i].Values[:min(len(found[i].Values), shownChoices)]
	for _, c := range values {
		v.Choices = append(v.Choices, choice{h.name(r, facet, c.Value), web.With(r, query, c.Value), c.N, c.Value == chosen})
	}
	if facet == "year" {
		slices.SortFunc(v.Choices, func(a, b choice) int { return strings.Compare(b.Text, a.Text) })
	}
	p.Facets = append(p.Facets, v)
}

// name is a filter's value in words.
func (h handler) name(r *http.Request, facet, value string) string {
	ui := web.Reader(r).UI
	switch facet {
	case "kind":
		return Kinds.Term(value).In(ui)
	case "subject":
		return Subjects.Term(value).In(ui)
	case "lang":
		return h.language(ui, value)
	case "group":
		if g, err := h.desk.ethnic.BySlug(ethnic.Slug(value)); err == nil {
			return g.Name
		}
	case "place":
		if u, err := h.desk.places.ByID(place.ID(value)); err == nil {
			return u.FullName()
		}
	}
	return value
}

func (h handler) language(ui, tag string) string {
	if tag == "en" { // the catalogue has the languages of Viet Nam's groups alone
		return Term{Name: "Tiếng Anh", NameEN: "English"}.In(ui)
	}
	l, err := h.desk.ethnic.Language(tag)
	switch {
	case err != nil:
		return tag
	case ui == "en":
		return l.NameEN
	}
	return l.Name
}

// readPage is /thu-vien/{id}, and the reading of a restricted document.
type readPage struct {
	Doc                      Document
	Facts                    []fact
	Force, ForceState        string
	Contents                 []entryView
	OpenContents             bool   // short enough to stand above the text
	Continued                string // the chapter in which this part begins, where its heading stands in an earlier one
	Blocks                   []blockView
	Part                     int
	Whole                    bool // every part on one page, for printing
	Pager                    web.Pager
	WholeURL, File, BibTeX   string
	Book                     string // address of the book in EPUB; "" where there is no text
	Cite, Format             string
	MayWithdraw, MayReadMore bool
}

// A blockView is a block with its texts cut into lines.
type blockView struct {
	transcript.Block
	Lines []string
	Cells [][][]string // rows, cells, lines
	Wide  bool         // may need more room than a page has
}

func views(blocks []transcript.Block) []blockView {
	all := make([]blockView, len(blocks))
	for i, b := range blocks {
		all[i] = blockView{Block: b, Lines: strings.Split(b.Text, "\n")}
		for _, row := range b.Rows {
			cells := make([][]string, len(row))
			for j, cell := range row {
				cells[j] = strings.Split(cell, "\n")
			}
			all[i].Cells = append(all[i].Cells, cells)
			all[i].Wide = all[i].Wide || len(row) > 3
		}
	}
	return all
}

type fact struct {
	Key   string
	Value string
	Links []web.Link
}

type entryView struct {
	Text, URL string
	Sub       []entryView
}

func (h handler) read(w http.ResponseWriter, r *http.Request) error {
	doc, err := h.desk.ByID(r.Context(), ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	p := readPage{Doc: doc, File: doc.ID.URL() + "/tep", BibTeX: doc.ID.URL() + "/trich-dan.bib"}
	if doc.Legible() {
		p.Book = doc.ID.URL() + bookName
	}
	p.Whole = r.URL.Query().Get("trang") == "het"
	p.Part, _ = web.Page(r)
	if err := h.fill(r, &p, p.Part); err != nil {
		return err
	}
	p.Cite, p.Format = doc.Cite(web.Origin(r)+doc.ID.URL()), strings.ToUpper(string(doc.Format))
	p.MayWithdraw = h.desk.May(web.Actor(r), duty.LibraryWithdraw, doc)
	return h.room.Show(w, r, "read", web.Meta{
		Title: shortTitle(doc), Description: doc.Summary, Crumbs: []web.Link{{Text: web.T(r, "library.title"), URL: "/thu-vien"}}, Lang: doc.Lang,
		Sheet:   strings.Join(slices.DeleteFunc([]string{doc.Issuer, doc.Number, web.Origin(r) + doc.ID.URL()}, func(s string) bool { return s == "" }), " · "),
		NoIndex: p.Whole || p.Part > 1, Data: h.linked(r, doc),
	}, p)
}

// shortTitle is the name of the page in a window and in search engines, which cut what is longer: the number, then as many words
// of the title as there is room for.
func shortTitle(doc Document) string {
	const room = 48
	title := doc.Title
	if doc.Number != "" {
		title = doc.Number + ": " + title
	}
	letters := []rune(title)
	if len(letters) <= room {
		return title
	}
	cut := string(letters[:room-1])
	if i := strings.LastIndexByte(cut, ' '); i > room/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:") + "…"
}

// fill loads the text of a part, or of all, and what stands around it.
func (h handler) fill(r *http.Request, p *readPage, part int) error {
	doc, ui := p.Doc, web.Reader(r).UI
	p.Force, p.ForceState = web.T(r, "library.force.is", "Force", Forces.Term(doc.Force).In(ui)), forceStates[doc.Force]
	p.Facts = h.facts(r, doc)
	if !doc.Legible() {
		return nil
	}
	first, last := part, part
	if p.Whole {
		first, last = 1, doc.Parts
	}
	for n := first; n <= last; n++ {
		blocks, err := h.desk.Text(r.Context(), doc, n)
		if err != nil {
			return err
		}
		p.Blocks = append(p.Blocks, views(blocks)...)
	}
	p.Continued = settle(p.Blocks, chapterBefore(doc, first))
	p.Contents = contents(doc, part, p.Whole)
	p.OpenContents = len(doc.Contents) <= 12
	if !p.Whole {
		p.Pager = web.Pager{Page: part, Pages: doc.Parts}
		if part > 1 {
			p.Pager.Prev = partURL(doc, part-1)
		}
		if part < doc.Parts {
			p.Pager.Next = partURL(doc, part+1)
		}
		if doc.Parts > 1 {
			p.WholeURL = doc.ID.URL() + "?trang=het"
		}
	}
	return nil
}

// chapterBefore is the last wide heading of the parts before one, "" where there is none.
func chapterBefore(doc Document, part int) (text string) {
	for _, c := range doc.Contents {
		if c.Part < part && c.Level <= 2 {
			text = c.Text
		}
	}
	return text
}

// settle makes the headings of a page follow each other without a gap: a part may begin within a chapter. The chapter is named
// again where the first heading lies under it.
func settle(blocks []blockView, chapter string) (continued string) {
	level := 1
	for i := range blocks {
		b := &blocks[i]
		if b.Kind != transcript.Heading {
			continue
		}
		if level == 1 && b.Level > 2 && chapter != "" {
			continued, level = chapter, 2
		}
		b.Level = min(b.Level, level+1)
		level = b.Level
	}
	return continued
}

func partURL(doc Document, part int) string {
	if part == 1 {
		return doc.ID.URL()
	}
	return doc.ID.URL() + "?trang=" + strconv.Itoa(part)
}

// forceStates are the shapes of validity.
var forceStates = map[string]string{"in_force": "ok", "partly": "go", "not_yet": "go", "expired": "late", "suspended": "late", "unknown": "unk"}

// listed is how many headings a list of contents may have before it shows the narrower ones of this page alone.
const listed = 60

// contents is the list of headings as a tree of two levels.
func contents(doc Document, part int, whole bool) []entryView {
	var tree []entryView
	for _, c := range doc.Contents {
		url := "#" + c.Anchor
		if !whole && c.Part != part {
			url = partURL(doc, c.Part) + url
		}
		e := entryView{Text: c.Text, URL: url}
		switch {
		case c.Level <= 2 || len(tree) == 0:
			tree = append(tree, e)
		case len(doc.Contents) <= listed || c.Part == part:
			tree[len(tree)-1].Sub = append(tree[len(tree)-1].Sub, e)
		}
	}
	return tree
}

// facts are what is known of the document, without what is not.
func (h handler) facts(r *http.Request, doc Document) []fact {
	ui := web.Reader(r).UI
	day := func(d place.Date) string {
		if d == 0 {
			return ""
		}
		return d.Time().Format("2/1/2006")
	}
	link := func(facet, query, value string) web.Link {
		return web.Link{Text: h.name(r, facet, value), URL: "/thu-vien?" + query + "=" + value}
	}
	all := []fact{
		{Key: "library.number", Value: doc.Number},
		{Key: "library.kind", Value: Kinds.Term(doc.Kind).In(ui)},
		{Key: "library.issuer", Value: doc.Issuer},
		{Key: "library.signed", Value: day(doc.Signed)},
		{Key: "library.force_from", Value: day(doc.ForceFrom)},
		{Key: "library.force_until", Value: day(doc.ForceUntil)},
		{Key: "library.lang", Value: h.language(ui, doc.Lang)},
	}
	subjects, groups, places := fact{Key: "library.subjects"}, fact{Key: "library.groups"}, fact{Key: "library.places"}
	for _, s := range doc.Subjects {
		subjects.Links = append(subjects.Links, link("subject", "chu-de", s))
	}
	for _, g := range doc.Groups {
		groups.Links = append(groups.Links, web.Link{Text: h.name(r, "group", string(g)), URL: "/dan-toc/" + string(g)})
	}
	for _, p := range doc.Places {
		places.Links = append(places.Links, web.Link{Text: h.name(r, "place", string(p)), URL: "/dia-ban/" + p.Code()})
	}
	all = append(all, subjects, groups, places, fact{Key: "library.source", Value: doc.Source}, fact{Key: "library.rights", Value: doc.Rights})
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" && len(f.Links) == 0 })
}

func (h handler) original(w http.ResponseWriter, r *http.Request) error {
	doc, err := h.desk.ByID(r.Context(), ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return h.send(w, r, doc)
}

func (h handler) send(w http.ResponseWriter, r *http.Request, doc Document) error {
	f, err := h.desk.Original(r.Context(), doc)
	if err != nil {
		return err
	}
	defer f.Close()
	w.Header().Set("Etag", `"`+string(doc.File)+`"`) // its content is its name
	return web.File(w, r, doc.nameForFile(), doc.Format.MediaType(), doc.Made, f, true)
}

func (h handler) bibTeX(w http.ResponseWriter, r *http.Request) error {
	doc, err := h.desk.ByID(r.Context(), ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	web.Attach(w, string(doc.ID)+".bib")
	return web.Bytes(w, r, "application/x-bibtex; charset=utf-8", []byte(doc.BibTeX(web.Origin(r)+doc.ID.URL(), h.desk.now())))
}

// Why is the sentence that says why there is no text, as a message key.
func (p readPage) Why() string {
	switch {
	case p.Doc.Trouble != nil:
		return "library.layer.failed"
	case p.Doc.Layer == transcript.Garbled:
		return "library.layer.garbled"
	}
	return "library.layer.empty"
}

// day reads a form's date; empty is not known.
func day(text string) (place.Date, error) {
	if strings.TrimSpace(text) == "" {
		return 0, nil
	}
	return place.ParseDate(text)
}
