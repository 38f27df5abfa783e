package portal

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"banlang/internal/library"
	"banlang/internal/search"
	"banlang/internal/web"
)

// filters are the facets in the order they are offered, each with its name in the address.
var filters = []struct{ facet, param string }{
	{"entry", "loai"}, {"topic", "chu-de"}, {"sound", "nghe"}, {"lang", "tieng"}, {"year", "nam"},
	{"place", "noi"}, {"kind", "kieu"}, {"subject", "muc"}, {"issuer", "noi-ra"}, {"group", "nhom"},
}

// searchPage is what page/search.html shows.
type searchPage struct {
	Query   string
	Asked   bool // something was asked for or filtered
	Total   int
	Nearest bool
	Hits    []hit
	Facets  []facet
	Pager   web.Pager
}

type hit struct {
	search.Hit
	Kind    string // in words
	Picture string
}

type facet struct {
	Key     string
	All     string // address without this filter
	Chosen  bool
	Choices []choice
}

type choice struct {
	Text, URL string
	N         int
	Current   bool
}

const facetChoices = 8

func (h handler) search(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()
	data := searchPage{Query: strings.TrimSpace(asked.Get("q"))}
	page, size := web.Page(r)
	q := search.Query{Text: data.Query, Actor: web.Actor(r), Page: page, Size: size, Facets: map[string]string{}}
	for _, f := range filters {
		value := asked.Get(f.param)
		switch {
		case value == "":
		case f.facet == "entry":
			q.Kinds = []string{value}
		case f.facet == "lang":
			q.Lang = value
		default:
			q.Facets[f.facet] = value
		}
		data.Asked = data.Asked || value != ""
	}
	data.Asked = data.Asked || data.Query != ""
	if h.find != nil {
		found, err := h.find.Find(r.Context(), q)
		if err != nil {
			return err
		}
		data.Total, data.Nearest, data.Pager = found.Total, found.Nearest, web.NewPager(r, found.Total)
		for _, one := range found.Hits {
			data.Hits = append(data.Hits, hit{one, h.word(r, "entry", one.Kind), picture(one.Kind, one.Entry.Facets["topic"])})
		}
		data.Facets = h.facets(r, found.Facets)
	}
	title := web.T(r, "search.title")
	if data.Query != "" {
		title = web.T(r, "search.title.of", "Query", data.Query)
	}
	meta := web.Meta{Title: title, NoIndex: data.Asked, Crumbs: []web.Link{{Text: web.T(r, "app.search")}}}
	return h.room.Show(w, r, "search", meta, data)
}

// facets offers the ways to narrow the answer. A facet of one value that holds for every answer narrows nothing and is left out.
func (h handler) facets(r *http.Request, found []search.Facet) []facet {
	var all []facet
	for _, f := range filters {
		chosen := r.URL.Query().Get(f.param)
		i := slices.IndexFunc(found, func(g search.Facet) bool { return g.Name == f.facet })
		if i < 0 || chosen == "" && len(found[i].Values) < 2 {
			continue
		}
		one := facet{Key: "facet." + f.facet, All: web.With(r, f.param, ""), Chosen: chosen != ""}
		counts := slices.Clone(found[i].Values)
		if f.facet == "year" {
			slices.SortFunc(counts, func(a, b search.Count) int { return cmp.Compare(b.Value, a.Value) })
		}
		for _, c := range counts[:min(len(counts), facetChoices)] {
			one.Choices = append(one.Choices, choice{h.word(r, f.facet, c.Value), web.With(r, f.param, c.Value), c.N, c.Value == chosen})
		}
		all = append(all, one)
	}
	return all
}

// word is a facet's value in the reader's words: a message of the portal, else what the rooms call it, else the value itself.
func (h handler) word(r *http.Request, facet, value string) string {
	if key := "facet." + facet + "." + value; h.site.Text.Has(key) {
		return web.T(r, key)
	}
	switch facet {
	case "lang":
		for _, l := range h.site.Languages {
			if l.Tag == value {
				return l.Name
			}
		}
	case "kind":
		return library.Kinds.Term(value).In(web.Reader(r).UI)
	case "subject":
		return library.Subjects.Term(value).In(web.Reader(r).UI)
	}
	if h.name != nil {
		return cmp.Or(h.name.Name(web.Reader(r).UI, facet, value), value)
	}
	return value
}
