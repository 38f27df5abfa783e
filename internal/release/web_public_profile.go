package release

import (
	"net/http"
	"slices"
	"strings"

	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/release/dataset"
	"banlang/internal/stat/chart"
	"banlang/internal/web"
)

// definitionsPage is /so-lieu/danh-muc.
type definitionsPage struct {
	Find   string
	Topics []web.Choice
	Topic  string
	Items  []definition
}

// A definition is an indicator as the catalogue tells it.
type definition struct {
	fact.Indicator
	Name, Dims, Part string
}

func (h publicHandler) definitions(w http.ResponseWriter, r *http.Request) error {
	p := definitionsPage{Find: cut(r.URL.Query().Get("q"), 80), Topic: r.URL.Query().Get("chu-de")}
	topics := h.desk.topics()
	if !slices.Contains(topics, p.Topic) {
		if p.Topic = ""; p.Find == "" && len(topics) > 0 {
			p.Topic = topics[0]
		}
	}
	lang := web.Reader(r).UI
	for _, topic := range topics {
		p.Topics = append(p.Topics, web.Choice{Code: topic, Text: web.T(r, "stat.topic."+topic), URL: publicURL + "/danh-muc?chu-de=" + topic, Chosen: topic == p.Topic})
	}
	for _, i := range h.desk.facts.Indicators() {
		if p.Topic != "" && i.Topic != p.Topic || !mentioned(strings.Join([]string{i.NameVI, i.NameEN, i.Definition, string(i.Code)}, " "), p.Find) {
			continue
		}
		var dims []string
		for _, dim := range i.Dims {
			dims = append(dims, strings.ToLower(web.T(r, "stat.dim."+string(dim))))
		}
		p.Items = append(p.Items, definition{i, i.Name(lang), strings.Join(dims, ", "), web.T(r, "stat.public.period."+string(i.Period))})
	}
	return h.room.Show(w, r, "public_definitions", web.Meta{Title: web.T(r, "stat.definitions"), Description: web.T(r, "stat.definitions.ours"),
		Crumbs: []web.Link{{Text: web.T(r, "stat.public"), URL: publicURL}}}, p)
}

// A publicProfile is what all releases tell of one place or group.
type publicProfile struct {
	Title string
	Page  string // of the place or group itself
	Sets  []profileSet
}

// A profileSet is what one release tells.
type profileSet struct {
	releaseView
	Lines []profileLine
}

type profileLine struct {
	Name, Period, Value, Unit string
	Hidden                    bool
}

func (h publicHandler) publicPlace(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	u, err := h.desk.places.At(code, h.desk.places.Today())
	if fault.Is(err, fault.NotFound) {
		if all := h.desk.places.Versions(code); len(all) > 0 {
			u, err = all[len(all)-1], nil
		}
	}
	if err != nil {
		return err
	}
	return h.publicProfile(w, r, publicProfile{Title: u.FullName(), Page: "/dia-ban/" + u.Code}, func(t dataset.Table) map[int]int {
		m := slices.IndexFunc(t.Dims[placeAxis].Members, func(m dataset.Member) bool { return place.ID(m.Code).Code() == u.Code })
		return map[int]int{placeAxis: m}
	})
}

func (h publicHandler) publicGroup(w http.ResponseWriter, r *http.Request) error {
	slug := r.PathValue("slug")
	label := h.desk.facts.Label(fact.Member{Dim: fact.ByGroup, Code: slug}, web.Reader(r).UI)
	if known := slices.ContainsFunc(h.desk.groups.Groups(), func(g ethnic.Group) bool { return string(g.Slug) == slug }); !known {
		return fault.New(fault.NotFound, "stat.public.nogroup")
	}
	return h.publicProfile(w, r, publicProfile{Title: web.T(r, "stat.public.group.title", "Name", label), Page: "/dan-toc/" + slug}, func(t dataset.Table) map[int]int {
		axis := slices.IndexFunc(t.Dims, func(d dataset.Dimension) bool { return d.Code == string(fact.ByGroup) })
		if axis < 0 {
			return nil
		}
		return map[int]int{axis: slices.IndexFunc(t.Dims[axis].Members, func(m dataset.Member) bool { return m.Code == slug })}
	})
}

// publicProfile gathers the cells at the members that of names, everything else being all.
func (h publicHandler) publicProfile(w http.ResponseWriter, r *http.Request, p publicProfile, of func(dataset.Table) map[int]int) error {
	all, err := h.desk.Public(r.Context())
	if err != nil {
		return err
	}
	for _, rel := range all {
		t, err := h.desk.Table(r.Context(), rel)
		if err != nil {
			return err
		}
		if lines := profileOf(t, of(t), web.Reader(r).UI); lines != nil {
			p.Sets = append(p.Sets, profileSet{h.viewOf(r, rel), lines})
		}
	}
	return h.room.Show(w, r, "public_profile", web.Meta{Title: p.Title, Crumbs: []web.Link{{Text: web.T(r, "stat.public"), URL: publicURL}}}, p)
}

func profileOf(t dataset.Table, fixed map[int]int, lang string) (lines []profileLine) {
	if fixed == nil {
		return nil
	}
	metric, period := t.Dim(dataset.Metric), t.Dim(dataset.Time)
	for at, c := range t.Dense() {
		wanted := at[period] == len(t.Dims[period].Members)-1
		for axis := range at {
			m, is := fixed[axis]
			wanted = wanted && (axis == metric || axis == period || is && at[axis] == m || !is && at[axis] == 0)
		}
		if !wanted || c.Status == dataset.Missing {
			continue
		}
		m := t.Dims[metric].Members[at[metric]]
		line := profileLine{Name: m.Name(lang), Period: t.Dims[period].Members[at[period]].Name(lang), Unit: m.Unit, Value: "…", Hidden: c.Status == dataset.Hidden}
		if c.Has {
			line.Value = i18n.Number(lang, chart.Round(c.Value, m.Decimals))
		}
		lines = append(lines, line)
	}
	return lines
}
