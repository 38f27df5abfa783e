package bulletin

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/web"
)

const deskURL = "/ban-lam-viec/ban-tin"

func (h handler) mountDesk() {
	h.site.Menu(web.MenuItem{Group: "desk.daily", Key: "bulletin.list.title", URL: deskURL, Act: duty.BulletinReadDraft, Order: 20})
	h.site.Handle("GET "+deskURL, duty.BulletinReadDraft, h.copies)
	h.site.Handle("GET "+deskURL+"/viet", duty.BulletinWrite, h.blank)
	h.site.Handle("POST "+deskURL+"/viet", duty.BulletinWrite, h.write)
	h.site.Handle("GET "+deskURL+"/{id}", duty.BulletinReadDraft, h.open)
	h.site.Handle("GET "+deskURL+"/{id}/sua", duty.BulletinWrite, h.edit)
	h.site.Handle("POST "+deskURL+"/{id}/sua", duty.BulletinWrite, h.rewrite)
	h.site.Handle("POST "+deskURL+"/{id}/gui", duty.BulletinWrite, h.submit)
	h.site.Handle("POST "+deskURL+"/{id}/de-lai", duty.BulletinWrite, h.setAside)
	h.site.Handle("POST "+deskURL+"/{id}/thay", duty.BulletinWrite, h.replace)
	h.site.Handle("POST "+deskURL+"/{id}/duyet", duty.BulletinApprove, h.approve)
	h.site.Handle("POST "+deskURL+"/{id}/duyet-khan", duty.BulletinApproveEmergency, h.sign)
	h.site.Handle("POST "+deskURL+"/{id}/thu-hoi", duty.BulletinRecall, h.recall)
	h.site.Handle("GET "+deskURL+"/{id}/so/{number}", duty.BulletinReadDraft, h.older)
	h.site.Handle("GET "+deskURL+"/{id}/nghe/{sound}", duty.BulletinReadDraft, h.hearDraft)
	h.site.Handle("GET "+deskURL+"/{id}/tieng/{lang}", duty.BulletinReadDraft, h.edition)
	h.site.Handle("POST "+deskURL+"/{id}/tieng/{lang}/dich", duty.BulletinTranslate, h.translate)
	h.site.Handle("POST "+deskURL+"/{id}/tieng/{lang}/thu", duty.BulletinRecord, h.record)
	h.site.Handle("POST "+deskURL+"/{id}/tieng/{lang}/duyet", duty.BulletinReviewLanguage, h.review)
}

func deskPage(id ID) string                 { return deskURL + "/" + string(id) }
func editionPage(id ID, lang string) string { return deskPage(id) + "/tieng/" + lang }
func (h handler) meta(r *http.Request, title string, more ...web.Link) web.Meta {
	return web.Meta{Title: title, Desk: true, NoIndex: true, Crumbs: append([]web.Link{{Text: web.T(r, "bulletin.list.title"), URL: deskURL}}, more...)}
}

// A copiesPage is the officers' list.
type copiesPage struct {
	Items  []copyRow
	States []choice
	Total  int
	Pager  web.Pager
	Write  bool
	Chosen bool
}

// A copyRow is a bulletin in the officers' list.
type copyRow struct {
	Bulletin
	Where    string
	Status   status
	Editions []editionRowView
}

// An editionRowView is an edition in the officers' pages.
type editionRowView struct {
	Edition
	Name   string // in a sentence
	Label  string // alone
	URL    string
	Status status
	Powers EditionPowers
}

// A status is a state as a shape, a word and a colour.
type status struct{ Shape, Key string }

func statusOf(s State) status {
	return status{map[State]string{Draft: "unk", Translated: "go", Reviewed: "go", Published: "ok", Expired: "late", Recalled: "bad", Replaced: "unk"}[s], "bulletin.state." + string(s)}
}

var deskStates = []State{Draft, Translated, Reviewed, Published, Expired, Recalled, Replaced}

func (h handler) copies(w http.ResponseWriter, r *http.Request) error {
	page, size := web.Page(r)
	q := Query{State: State(r.URL.Query().Get("trang-thai")), Page: page, Size: size}
	if !slices.Contains(deskStates, q.State) {
		q.State = ""
	}
	all, total, err := h.desk.Copies(r.Context(), web.Actor(r), q)
	if err != nil {
		return err
	}
	p := copiesPage{Total: total, Pager: web.NewPager(r, total), Write: h.site.Policy.May(web.Actor(r), duty.BulletinWrite), Chosen: q.State != ""}
	p.States = append(p.States, choice{Text: web.T(r, "common.all"), URL: web.With(r, "trang-thai", ""), Current: q.State == ""})
	for _, s := range deskStates {
		p.States = append(p.States, choice{Text: web.T(r, "bulletin.state."+string(s)), URL: web.With(r, "trang-thai", string(s)), Current: s == q.State})
	}
	for _, b := range all {
		p.Items = append(p.Items, copyRow{b, h.where(b.Place), statusOf(b.State(h.desk.now())), h.editionRows(r, b, Powers{})})
	}
	return h.room.Show(w, r, "copies", h.meta(r, web.T(r, "bulletin.list.title")), p)
}

func (h handler) editionRows(r *http.Request, b Bulletin, p Powers) []editionRowView {
	rows := make([]editionRowView, len(b.Editions))
	for i, e := range b.Editions {
		rows[i] = editionRowView{e, h.name(r, e.Lang), h.label(r, e.Lang), editionPage(b.ID, e.Lang), statusOf(e.State), p.Editions[e.Lang]}
		if e.Empty() {
			rows[i].Status = status{"unk", "bulletin.asked"}
		}
	}
	return rows
}

// An openPage is a bulletin with all that its officers must see.
type openPage struct {
	Bulletin
	Where   string
	Status  status
	Powers  Powers
	Rows    []editionRowView
	Blocks  []block
	Source  Edition
	Plain   Plain
	Sound   web.Sound
	Missing []string // languages that the public has and an approval now would take away
	Waiting []string // languages that an approval now would leave out
	Review  []string // languages for whose review the approval waits
	Signed  []signedView
	History []stepView
	Issues  []Issue
	Reason  string // as it was typed
	Tired   bool   // the password must be given again before signing
}

type signedView struct {
	Name string
	Signature
}

type stepView struct {
	Step
	Name string
	Lang string
}

func (h handler) open(w http.ResponseWriter, r *http.Request) error {
	return h.whole(w, r, "", nil)
}

// whole shows a bulletin; after a fault with what was typed and what is wrong.
func (h handler) whole(w http.ResponseWriter, r *http.Request, reason string, wrong error) error {
	p, err := h.openPage(r, ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	p.Reason = reason
	m := h.meta(r, p.Title())
	if wrong != nil {
		return h.room.Form(w, r, "open", m, p, wrong)
	}
	return h.room.Show(w, r, "open", m, p)
}

func (h handler) openPage(r *http.Request, id ID) (openPage, error) {
	ctx, actor := r.Context(), web.Actor(r)
	b, steps, err := h.desk.Draft(ctx, actor, id)
	if err != nil {
		return openPage{}, err
	}
	p := openPage{Bulletin: b, Where: h.where(b.Place), Status: statusOf(b.State(h.desk.now()))}
	p.Source, _ = b.Edition(Source)
	p.Blocks, p.Plain = blocks(p.Source.Body), Look(p.Source.Body)
	p.Sound = h.draftPlayer(r, b, p.Source)
	if p.Powers, err = h.desk.Powers(ctx, actor, b, steps); err != nil {
		return p, err
	}
	p.Rows, p.Tired = h.editionRows(r, b, p.Powers), h.site.Policy.Fresh(actor) != nil
	signed, err := h.desk.Signed(ctx, b)
	if err != nil {
		return p, err
	}
	names, err := h.people(r, steps, signed)
	if err != nil {
		return p, err
	}
	for _, s := range signed {
		p.Signed = append(p.Signed, signedView{names[s.Person], s})
	}
	for _, s := range steps {
		p.History = append(p.History, stepView{s, names[s.Person], h.langOf(r, s.Lang)})
	}
	if p.Issues, err = h.desk.Issues(ctx, actor, id); err != nil {
		return p, err
	}
	p.Missing, p.Waiting = h.compare(r, b, p.Issues)
	for _, e := range b.Editions {
		if e.State == Translated {
			p.Review = append(p.Review, h.name(r, e.Lang))
		}
	}
	return p, nil
}

// compare says what an approval now would take from the public, and what it would leave out.
func (h handler) compare(r *http.Request, b Bulletin, issues []Issue) (missing, waiting []string) {
	next := ready(b.Editions)
	for _, e := range b.Editions {
		if !slices.ContainsFunc(next, func(o Edition) bool { return o.Lang == e.Lang }) && e.Lang != Source {
			waiting = append(waiting, h.name(r, e.Lang))
			if len(issues) > 0 {
				if _, told := issues[0].Told(e.Lang); told {
					missing = append(missing, h.name(r, e.Lang))
				}
			}
		}
	}
	return missing, waiting
}

// people names the persons of a history; the machine is one of them.
func (h handler) people(r *http.Request, steps []Step, signed []Signature) (map[string]string, error) {
	var ids []string
	for _, s := range steps {
		ids = append(ids, s.Person)
	}
	for _, s := range signed {
		ids = append(ids, s.Person)
	}
	names := map[string]string{machine.ID: web.T(r, "bulletin.machine")}
	for _, id := range ids {
		if names[id] != "" {
			continue
		}
		name, err := h.desk.people.Name(r.Context(), id)
		if err != nil {
			return nil, err
		}
		names[id] = name
	}
	return names, nil
}

func (h handler) langOf(r *http.Request, tag string) string {
	if tag == "" {
		return ""
	}
	return h.name(r, tag)
}

func (h handler) draftPlayer(r *http.Request, b Bulletin, e Edition) web.Sound {
	return h.player(r, e, func(kind string) string { return deskPage(b.ID) + "/nghe/" + e.Lang + "." + kind })
}

func (h handler) hearDraft(w http.ResponseWriter, r *http.Request) error {
	lang, kind, ok := strings.Cut(r.PathValue("sound"), ".")
	if !ok || soundTypes[kind] == "" {
		return fault.New(fault.NotFound, "bulletin.sound.none")
	}
	f, _, at, err := h.desk.HearDraft(r.Context(), web.Actor(r), ID(r.PathValue("id")), lang, kind)
	if err != nil {
		return err
	}
	defer f.Close()
	return web.File(w, r, "ban-nhap-"+lang+"."+kind, soundTypes[kind], at, f, false)
}

// older shows an issue that was published before, as it was.
func (h handler) older(w http.ResponseWriter, r *http.Request) error {
	all, err := h.desk.Issues(r.Context(), web.Actor(r), ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	number, _ := strconv.ParseInt(r.PathValue("number"), 10, 64)
	at := slices.IndexFunc(all, func(i Issue) bool { return i.Number == number })
	if at < 0 {
		return fault.New(fault.NotFound, "bulletin.not_found")
	}
	source, _ := all[at].Told(Source)
	p := olderPage{all[at], nil, h.where(all[at].Place)}
	for _, e := range all[at].Editions {
		p.Texts = append(p.Texts, toldView{e, h.name(r, e.Lang), blocks(e.Body)})
	}
	return h.room.Show(w, r, "older", h.meta(r, source.Title, web.Link{Text: source.Title, URL: deskPage(all[at].ID)}), p)
}

type olderPage struct {
	Issue
	Texts []toldView
	Where string
}

type toldView struct {
	Edition
	Name   string
	Blocks []block
}

// done finishes a POST: on to the page with a notice, or the page again with what is wrong.
func (h handler) done(w http.ResponseWriter, r *http.Request, to, key, reason string, err error) error {
	if err != nil {
		return h.refuse(w, r, reason, err)
	}
	web.Flash(r, "ok", key)
	return web.Redirect(w, r, to)
}

// refuse shows the bulletin again with what is wrong, for what its officers may still read.
func (h handler) refuse(w http.ResponseWriter, r *http.Request, reason string, err error) error {
	again := fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid)
	if f, ok := errors.AsType[*fault.Fault](err); !again && !(ok && f.Key == "duty.step_up") {
		return err
	}
	return h.whole(w, r, reason, err)
}

func (h handler) submit(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	err := h.desk.Submit(r.Context(), web.Actor(r), id, number(r, "revision"))
	return h.done(w, r, deskPage(id), "bulletin.done.submit", "", err)
}

func (h handler) setAside(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	err := h.desk.SetAside(r.Context(), web.Actor(r), id, r.PostFormValue("tieng"))
	return h.done(w, r, deskPage(id), "bulletin.done.set_aside", "", err)
}

func (h handler) replace(w http.ResponseWriter, r *http.Request) error {
	next, err := h.desk.Replace(r.Context(), web.Actor(r), ID(r.PathValue("id")))
	return h.done(w, r, deskPage(next)+"/sua", "bulletin.done.replace", "", err)
}

func (h handler) approve(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	err := h.desk.Approve(r.Context(), web.Actor(r), web.Key(r), id, number(r, "revision"))
	return h.done(w, r, deskPage(id), "bulletin.done.approve", "", err)
}

func (h handler) sign(w http.ResponseWriter, r *http.Request) error {
	id, reason := ID(r.PathValue("id")), r.PostFormValue("reason")
	published, err := h.desk.ApproveEmergency(r.Context(), web.Actor(r), web.Key(r), id, number(r, "revision"), reason)
	if published {
		return h.done(w, r, deskPage(id), "bulletin.done.approve", reason, err)
	}
	return h.done(w, r, deskPage(id), "bulletin.done.sign", reason, err)
}

func (h handler) recall(w http.ResponseWriter, r *http.Request) error {
	id, reason := ID(r.PathValue("id")), r.PostFormValue("reason")
	err := h.desk.Recall(r.Context(), web.Actor(r), web.Key(r), id, reason)
	return h.done(w, r, deskPage(id), "bulletin.done.recall", reason, err)
}

func number(r *http.Request, field string) int64 {
	n, err := strconv.ParseInt(r.PostFormValue(field), 10, 64)
	if err != nil {
		return -1 // matches nothing
	}
	return n
}
