package release

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/release/dataset"
	"banlang/internal/web"
)

const deskURL = "/ban-lam-viec/phat-hanh"

// mountRelease registers the desk of releases and of exports.
func (h handler) mountRelease(site *web.Site) {
	site.Handle("GET "+deskURL, duty.AccountUse, h.releases)
	site.Handle("GET "+deskURL+"/moi", duty.StatProposeRelease, h.draftForm)
	site.Handle("POST "+deskURL, duty.StatProposeRelease, h.draft)
	site.Handle("GET "+deskURL+"/{id}", duty.AccountUse, h.preview)
	site.Handle("POST "+deskURL+"/{id}/lap-lai", duty.StatProposeRelease, h.button("stat.release.rebuilding", func(ctx context.Context, a duty.Actor, id, _ string) error {
		return h.desk.Rebuild(ctx, a, id)
	}))
	site.Handle("POST "+deskURL+"/{id}/de-nghi", duty.StatProposeRelease, h.button("stat.release.proposed", func(ctx context.Context, a duty.Actor, id, _ string) error {
		return h.desk.Propose(ctx, a, id)
	}))
	site.Handle("POST "+deskURL+"/{id}/phat-hanh", duty.StatRelease, h.button("stat.release.released", func(ctx context.Context, a duty.Actor, id, _ string) error {
		return h.desk.Release(ctx, a, id)
	}))
	site.Handle("POST "+deskURL+"/{id}/tra-lai", duty.StatRelease, h.button("stat.release.returned", h.desk.Return))
	site.Handle("POST "+deskURL+"/{id}/thu-hoi", duty.StatRelease, h.button("stat.release.recall.done", h.desk.Recall))
	site.Menu(web.MenuItem{Group: "desk.data", Key: "stat.release.menu", URL: deskURL, Act: duty.StatExportExact, Order: 36})
	h.mountExport(site)
}

// releasesPage is /ban-lam-viec/phat-hanh.
type releasesPage struct {
	Items      []releaseView
	MayPropose bool
}

func (h handler) releases(w http.ResponseWriter, r *http.Request) error {
	actor := web.Actor(r)
	p := releasesPage{MayPropose: h.desk.policy.May(actor, duty.StatProposeRelease)}
	if !p.MayPropose && !h.desk.policy.May(actor, duty.StatRelease) {
		return fault.New(fault.Forbidden, "stat.release.notyours")
	}
	all, err := h.desk.DeskReleases(r.Context(), actor)
	if err != nil {
		return err
	}
	for _, rel := range all {
		p.Items = append(p.Items, releaseView{rel, rel.Title(web.Reader(r).UI), deskURL + "/" + rel.ID})
	}
	return h.room.Show(w, r, "release", web.Meta{Title: web.T(r, "stat.release.desk"), Desk: true}, p)
}

// draftPage is the form of a new release.
type draftPage struct {
	Typed      draftTyped
	Indicators []topicChoices
	Areas      []web.Choice
	Levels     []web.Choice
	Cuts       []web.Choice
	Days       []web.Choice
}

type topicChoices struct {
	Name  string
	Open  bool
	Items []web.Choice
}

// draftTyped is what was typed.
type draftTyped struct {
	Code, Title, TitleEN, Note, NoteEN, Source, SourceURL, Periods, Area, Level, Day string
	Indicators, Cuts                                                                 []string
}

func (h handler) draftForm(w http.ResponseWriter, r *http.Request) error {
	home := h.desk.places.HomeUnit()
	t := draftTyped{Area: string(home.ID), Level: place.Commune}
	if from := r.URL.Query().Get("tu"); from != "" { // a new version of what there is
		old, err := h.desk.ReleaseOf(r.Context(), web.Actor(r), from)
		if err != nil {
			return err
		}
		t = typedOf(old.Spec)
	}
	return h.room.Show(w, r, "release_new", h.draftMeta(r), h.draftPage(r, t))
}

func typedOf(s Spec) draftTyped {
	t := draftTyped{Code: s.Code, Title: s.Title, TitleEN: s.TitleEN, Note: s.Note, NoteEN: s.NoteEN, Source: s.Source, SourceURL: s.SourceURL,
		Area: string(s.Area), Level: s.Level, Day: s.Geography.String()}
	for _, p := range s.Periods {
		t.Periods += " " + p.String()
	}
	for _, code := range s.Indicators {
		t.Indicators = append(t.Indicators, string(code))
	}
	for _, cut := range s.Cuts {
		t.Cuts = append(t.Cuts, string(cut))
	}
	t.Periods = strings.TrimSpace(t.Periods)
	return t
}

func (h handler) draftMeta(r *http.Request) web.Meta {
	return web.Meta{Title: web.T(r, "stat.release.new"), Desk: true, Crumbs: []web.Link{{Text: web.T(r, "stat.release.desk"), URL: deskURL}}}
}

func (h handler) draftPage(r *http.Request, t draftTyped) draftPage {
	p := draftPage{Typed: t}
	lang := web.Reader(r).UI
	for _, topic := range h.desk.topics() {
		c := topicChoices{Name: web.T(r, "stat.topic."+topic)}
		for _, i := range h.desk.facts.Indicators() {
			if i.Topic == topic {
				chosen := slices.Contains(t.Indicators, string(i.Code))
				c.Open = c.Open || chosen
				c.Items = append(c.Items, web.Choice{Code: string(i.Code), Text: i.Name(lang), Chosen: chosen})
			}
		}
		p.Indicators = append(p.Indicators, c)
	}
	home := h.desk.places.HomeUnit()
	p.Areas = []web.Choice{{Code: string(home.ID), Text: home.FullName(), Chosen: t.Area == string(home.ID)}, {Text: web.T(r, "stat.release.country"), Chosen: t.Area == ""}}
	for _, level := range []string{place.Commune, place.District, place.Province, ""} {
		p.Levels = append(p.Levels, web.Choice{Code: level, Text: web.T(r, "stat.release.level."+cmp.Or(level, "none")), Chosen: t.Level == level})
	}
	for _, cut := range cutDims {
		p.Cuts = append(p.Cuts, web.Choice{Code: string(cut), Text: web.T(r, "stat.dim."+string(cut)), Chosen: slices.Contains(t.Cuts, string(cut))})
	}
	p.Days = []web.Choice{{Text: web.T(r, "stat.release.reported"), Chosen: t.Day == ""}, {Code: h.desk.places.Today().String(), Text: web.T(r, "stat.release.today"), Chosen: t.Day != ""}}
	return p
}

// read makes a spec of what was typed; periods stand apart by commas or spaces.
func (t draftTyped) read() (Spec, error) {
	s := Spec{Code: t.Code, Title: t.Title, TitleEN: t.TitleEN, Note: t.Note, NoteEN: t.NoteEN, Source: t.Source, SourceURL: t.SourceURL,
		Area: place.ID(t.Area), Level: t.Level}
	for _, code := range t.Indicators {
		s.Indicators = append(s.Indicators, fact.Code(code))
	}
	for _, cut := range t.Cuts {
		s.Cuts = append(s.Cuts, fact.Dim(cut))
	}
	for _, word := range strings.FieldsFunc(strings.ToUpper(t.Periods), func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
		p, err := fact.ParsePeriod(word)
		if err != nil {
			return s, fault.Field("periods", "stat.release.periods")
		}
		s.Periods = append(s.Periods, p)
	}
	if t.Day != "" {
		day, err := place.ParseDate(t.Day)
		if err != nil {
			return s, fault.Field("day", "stat.release.day")
		}
		s.Geography = day
	}
	slices.Sort(s.Periods)
	s.Periods = slices.Compact(s.Periods)
	return s, nil
}

func (h handler) draft(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "stat.release.form")
	}
	t := draftTyped{
		Code: r.PostFormValue("code"), Title: r.PostFormValue("title"), TitleEN: r.PostFormValue("title_en"), Note: r.PostFormValue("note"),
		NoteEN: r.PostFormValue("note_en"), Source: r.PostFormValue("source"), SourceURL: r.PostFormValue("source_url"), Periods: r.PostFormValue("periods"),
		Area: r.PostFormValue("area"), Level: r.PostFormValue("level"), Day: r.PostFormValue("day"), Indicators: r.PostForm["indicators"], Cuts: r.PostForm["cuts"],
	}
	s, err := t.read()
	id := ""
	if err == nil {
		id, err = h.desk.Draft(r.Context(), web.Actor(r), web.Key(r), s)
	}
	if err != nil {
		return h.room.Form(w, r, "release_new", h.draftMeta(r), h.draftPage(r, t), err)
	}
	return web.Redirect(w, r, deskURL+"/"+id)
}

// previewPage is /ban-lam-viec/phat-hanh/{id}.
type previewPage struct {
	Release     Release
	Title       string
	Figures     *figureView
	Done, Total int
	Exposed     []string
	MayPropose  bool
	MayRelease  bool
	Own         bool // the leader proposed it
	Public      string
	Reason      string
}

func (h handler) preview(w http.ResponseWriter, r *http.Request) error {
	p, err := h.previewOf(r)
	if err != nil {
		return err
	}
	if p.Release.State == Building {
		w.Header().Set("Refresh", "2") // works without script
	}
	return h.room.Show(w, r, "release_one", h.previewMeta(r, p), p)
}

func (h handler) previewMeta(r *http.Request, p previewPage) web.Meta {
	return web.Meta{Title: p.Title, Desk: true, Crumbs: []web.Link{{Text: web.T(r, "stat.release.desk"), URL: deskURL}}}
}

func (h handler) previewOf(r *http.Request) (previewPage, error) {
	actor := web.Actor(r)
	rel, err := h.desk.ReleaseOf(r.Context(), actor, r.PathValue("id"))
	if err != nil {
		return previewPage{}, err
	}
	p := previewPage{Release: rel, Title: rel.Title(web.Reader(r).UI), MayPropose: h.desk.MayPropose(actor, rel), MayRelease: h.desk.MayRelease(actor, rel),
		Own: actor.ID == rel.ProposedBy || actor.ID == rel.DraftedBy, Public: publicURL + "/" + rel.Spec.Code}
	p.Done, p.Total = h.desk.BuildProgress(rel.ID)
	for _, key := range rel.Lost.Exposed[:min(len(rel.Lost.Exposed), 20)] {
		p.Exposed = append(p.Exposed, h.count(r, key))
	}
	if rel.tableFile == "" || rel.State == Building || rel.State == Failed {
		return p, nil
	}
	t, err := h.desk.Preview(r.Context(), actor, rel)
	if err != nil {
		return p, err
	}
	p.Figures, err = publicHandler{h, nil}.figures(r, rel, t, r.URL.Query(), false)
	return p, err
}

// count names a count in words: "Hộ nghèo, năm 2026, xã Bắc Sơn, Dao".
func (h handler) count(r *http.Request, key string) string {
	lang := web.Reader(r).UI
	parts := strings.Split(key, keyPart)
	words := []string{parts[0]}
	if i, err := h.desk.facts.Indicator(fact.Code(parts[0])); err == nil {
		words[0] = i.Name(lang)
	}
	for n, part := range parts[1:] {
		m := fact.Member{Dim: []fact.Dim{fact.ByPeriod, fact.ByPlace}[min(n, 1)], Code: part}
		if dim, code, ok := strings.Cut(part, "="); ok {
			m = fact.Member{Dim: fact.Dim(dim), Code: code}
			if strings.HasPrefix(code, string(fact.OtherGroups)+"{") {
				m.Code = string(fact.OtherGroups)
			}
		}
		words = append(words, h.desk.facts.Label(m, lang))
	}
	return strings.Join(words, ", ")
}

// button is a button of a release: it does one thing, says that it was done, and shows the release again.
func (h handler) button(done string, do func(ctx context.Context, actor duty.Actor, id, reason string) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		reason := strings.TrimSpace(r.PostFormValue("reason"))
		err := do(r.Context(), web.Actor(r), r.PathValue("id"), reason)
		if err == nil {
			web.Flash(r, "ok", done)
			return web.Redirect(w, r, deskURL+"/"+r.PathValue("id"))
		}
		if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
			return err
		}
		p, perr := h.previewOf(r)
		if perr != nil {
			return perr
		}
		p.Reason = reason
		return h.room.Form(w, r, "release_one", h.previewMeta(r, p), p, err)
	}
}

// exportsPage is /ban-lam-viec/xuat-so.
type exportsPage struct {
	Items            []exportView
	Question, Title  string
	Reason           string
	MayAsk, MayGrant bool
}

type exportView struct {
	Export
	Own, Open bool // asked by the reader; may be downloaded now
	MayDecide bool
}

const exportURL = "/ban-lam-viec/xuat-so"

func (h handler) mountExport(site *web.Site) {
	site.Handle("GET "+exportURL, duty.StatExportExact, h.exports)
	site.Handle("POST "+exportURL, duty.StatExportExact, h.askExport)
	site.Handle("POST "+exportURL+"/{id}/duyet", duty.StatExportExact, h.decideExport(true))
	site.Handle("POST "+exportURL+"/{id}/tu-choi", duty.StatExportExact, h.decideExport(false))
	site.Handle("GET "+exportURL+"/{id}/tep", duty.StatExportExact, h.exportFile)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "stat.export.menu", URL: exportURL, Act: duty.StatExportExact, Order: 38})
}

func (h handler) exportsPage(r *http.Request) (exportsPage, error) {
	actor := web.Actor(r)
	q := r.URL.Query()
	p := exportsPage{Question: cmp.Or(r.PostFormValue("question"), q.Encode()), Reason: r.PostFormValue("reason"), Title: r.PostFormValue("title")}
	p.MayAsk = h.desk.holds(actor, duty.Statistician)
	all, err := h.desk.Exports(r.Context(), actor)
	for _, e := range all {
		v := exportView{Export: e, Own: e.AskedBy == actor.ID}
		v.Open = v.Own && e.State == Granted && h.desk.now().Before(e.Until)
		v.MayDecide = e.State == Asked && h.desk.mayGrant(actor, e) == nil
		p.Items = append(p.Items, v)
	}
	if p.Title == "" && len(q) > 0 {
		p.Title = h.voice(r).Title(h.desk.questions.Question(q))
	}
	return p, err
}

func (h handler) exports(w http.ResponseWriter, r *http.Request) error {
	p, err := h.exportsPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "release_exports", web.Meta{Title: web.T(r, "stat.export"), Desk: true}, p)
}

func (h handler) askExport(w http.ResponseWriter, r *http.Request) error {
	_, err := h.desk.AskExport(r.Context(), web.Actor(r), web.Key(r), r.PostFormValue("title"), r.PostFormValue("question"), r.PostFormValue("reason"))
	if err == nil {
		web.Flash(r, "ok", "stat.export.asked")
		return web.Redirect(w, r, exportURL)
	}
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	p, perr := h.exportsPage(r)
	if perr != nil {
		return perr
	}
	return h.room.Form(w, r, "release_exports", web.Meta{Title: web.T(r, "stat.export"), Desk: true}, p, err)
}

func (h handler) decideExport(grant bool) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := h.desk.DecideExport(r.Context(), web.Actor(r), r.PathValue("id"), grant); err != nil {
			return err
		}
		web.Flash(r, "ok", "stat.export.decided")
		return web.Redirect(w, r, exportURL)
	}
}

func (h handler) exportFile(w http.ResponseWriter, r *http.Request) error {
	e, a, err := h.desk.Export(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	mark := web.T(r, "stat.export.mark", "Who", e.AskedName, "Until", e.Until.In(i18n.Zone).Format("2/1/2006"), "ID", e.ID)
	body, err := h.voice(r).Workbook(a, web.T(r, "stat.export.title", "Title", e.Title), mark)
	if err != nil {
		return err
	}
	web.Attach(w, "so-chinh-xac-"+e.ID+".xlsx")
	return web.Bytes(w, r, xlsxType(), body)
}

func xlsxType() string {
	_, f, _ := dataset.Split("a.xlsx")
	return f.Type
}

// address is the question of an export.
func (e Export) address() url.Values {
	v, err := url.ParseQuery(e.Question)
	if err != nil {
		return url.Values{}
	}
	return v
}
