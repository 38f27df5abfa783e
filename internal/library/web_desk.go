package library

import (
	"cmp"
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/library/transcript"
	"banlang/internal/place"
	"banlang/internal/web"
)

func (h handler) mountDesk(site *web.Site) {
	const base = "/ban-lam-viec/thu-vien"
	site.Handle("GET "+base, duty.LibraryDeposit, h.intake)
	site.Handle("POST "+base, duty.LibraryDeposit, h.deposit)
	site.Handle("GET "+base+"/{id}", duty.LibraryDeposit, h.document)
	site.Handle("POST "+base+"/{id}", duty.LibraryDescribe, h.describe)
	site.Handle("GET "+base+"/{id}/tep", duty.LibraryDeposit, h.deskOriginal)
	site.Handle("POST "+base+"/{id}/doc-lai", duty.LibraryDescribe, h.readAgain)
	site.Handle("POST "+base+"/{id}/mo", duty.LibraryPublish, h.publish)
	site.Handle("GET "+base+"/{id}/rut", duty.LibraryWithdraw, h.withdrawForm)
	site.Handle("POST "+base+"/{id}/rut", duty.LibraryWithdraw, h.withdraw)
	site.Handle("GET "+base+"/{id}/han-che", duty.LibraryReadRestricted, h.restrictedForm)
	site.Handle("POST "+base+"/{id}/han-che", duty.LibraryReadRestricted, h.restricted)
	site.Menu(web.MenuItem{Group: "desk.content", Key: "library.title", URL: base, Act: duty.LibraryDeposit, Order: 30})
}

// intakePage is /ban-lam-viec/thu-vien.
type intakePage struct {
	States  []choice
	Docs    []docView
	Total   int
	Pager   web.Pager
	MaxMB   int
	Formats string
}

type docView struct {
	Document
	Kind       string
	Shape, Key string // how its state is shown
}

// stateShapes are the shapes of the states.
var stateShapes = map[State]string{Received: "unk", Reading: "go", Read: "late", Described: "go", Open: "ok", Withdrawn: "unk"}

func view(r *http.Request, doc Document) docView {
	v := docView{Document: doc, Shape: stateShapes[doc.State], Key: "library.state." + string(doc.State)}
	if doc.Kind != "" {
		v.Kind = Kinds.Term(doc.Kind).In(web.Reader(r).UI)
	}
	return v
}

func (h handler) intakePage(r *http.Request) (intakePage, error) {
	p := intakePage{MaxMB: MaxFile >> 20}
	for i, f := range transcript.Formats {
		if i > 0 {
			p.Formats += ","
		}
		p.Formats += "." + string(f)
	}
	f := Filter{State: State(r.URL.Query().Get("trang-thai"))}
	f.Page, f.Size = web.Page(r)
	docs, total, err := h.desk.List(r.Context(), web.Actor(r), f)
	if err != nil {
		return p, err
	}
	p.Total, p.Pager = total, web.NewPager(r, total)
	for _, doc := range docs {
		p.Docs = append(p.Docs, view(r, doc))
	}
	p.States = append(p.States, choice{Text: web.T(r, "common.all"), URL: web.With(r, "trang-thai", ""), Chosen: f.State == ""})
	for _, s := range States {
		p.States = append(p.States, choice{Text: web.T(r, "library.state."+string(s)), URL: web.With(r, "trang-thai", string(s)), Chosen: f.State == s})
	}
	return p, nil
}

func intakeMeta(r *http.Request) web.Meta {
	return web.Meta{Title: web.T(r, "library.intake"), Desk: true, NoIndex: true, Crumbs: []web.Link{{Text: web.T(r, "library.title")}}}
}

func (h handler) intake(w http.ResponseWriter, r *http.Request) error {
	p, err := h.intakePage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "intake", intakeMeta(r), p)
}

// deposit takes one or several files. Those that are in order are kept even where others are refused.
func (h handler) deposit(w http.ResponseWriter, r *http.Request) error {
	ids, err := h.desk.depositAll(r)
	if err == nil {
		web.Flash(r, "ok", "library.deposited", "N", len(ids))
		if len(ids) == 1 {
			return web.Redirect(w, r, ids[0].DeskURL())
		}
		return web.Redirect(w, r, "/ban-lam-viec/thu-vien")
	}
	if len(ids) > 0 {
		web.Flash(r, "late", "library.deposited", "N", len(ids))
	}
	p, listErr := h.intakePage(r)
	if listErr != nil {
		return listErr
	}
	return h.room.Form(w, r, "intake", intakeMeta(r), p, err)
}

// depositAll hands in every file of the form; what is wrong with one is a fault that names it.
func (d *Desk) depositAll(r *http.Request) (ids []ID, err error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File["tep"]) == 0 {
		return nil, fault.Field("tep", "upload.missing")
	}
	for i, header := range r.MultipartForm.File["tep"] {
		id, failed := d.depositOne(r, i, header)
		switch known := fault.All(failed); {
		case failed == nil:
			ids = append(ids, id)
		case len(known) > 0:
			why := web.T(r, known[0].Key, known[0].Args...)
			err = errors.Join(err, fault.Field("tep", "library.refused", "Name", tidyName(header.Filename), "Why", why))
		default:
			return ids, failed
		}
	}
	return ids, err
}

func (d *Desk) depositOne(r *http.Request, n int, header *multipart.FileHeader) (ID, error) {
	f, err := header.Open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	key := web.Key(r)
	if key != "" {
		key += ":" + strconv.Itoa(n) // the files of one form are several deposits
	}
	return d.Deposit(r.Context(), web.Actor(r), key, Offer{Name: tidyName(header.Filename), Content: f, Source: strings.TrimSpace(r.PostFormValue("nguon"))})
}

// tidyName is a sender's file name for showing: its last part, without signs that do not show.
func tidyName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, name)
	if letters := []rune(name); len(letters) > 150 {
		name = string(letters[:75]) + "…" + string(letters[len(letters)-70:])
	}
	return name
}

// documentPage is /ban-lam-viec/thu-vien/{id}.
type documentPage struct {
	Doc      docView
	Form     recordForm
	Head     []blockView // the beginning of the text, to compare the proposals with
	Kinds    []Term
	Forces   []Term
	Subjects []Term
	Accesses []Term
	Langs    []choice
	Groups   []choice
	Waiting  bool
	File     string
	Encoding string

	MayDescribe, MayPublish, MayWithdraw, OwnDeposit bool
}

// UI is a term's name, for templates.
func (p documentPage) UI(lang string, t Term) string { return t.In(lang) }

// recordForm is a record as the form holds it: what was typed stays, right or wrong.
type recordForm struct {
	Title, Number, Kind, Issuer, Signed, ForceFrom, ForceUntil, Force, Lang, Places, Summary, Source, Rights, Access string
	Subjects, Groups                                                                                                 []string
	Accepted                                                                                                         bool
	Revision                                                                                                         int64
}

func (h handler) document(w http.ResponseWriter, r *http.Request) error {
	doc, err := h.desk.AtDesk(r.Context(), web.Actor(r), ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	p, err := h.documentPage(r, doc)
	if err != nil {
		return err
	}
	p.Form = h.formOf(doc)
	return h.room.Show(w, r, "document", documentMeta(r, doc), p)
}

func documentMeta(r *http.Request, doc Document) web.Meta {
	return web.Meta{Title: shortTitle(doc), Desk: true, NoIndex: true,
		Crumbs: []web.Link{{Text: web.T(r, "library.title"), URL: "/ban-lam-viec/thu-vien"}, {Text: doc.FileName}}}
}

func (h handler) documentPage(r *http.Request, doc Document) (documentPage, error) {
	actor, ui := web.Actor(r), web.Reader(r).UI
	p := documentPage{
		Doc: view(r, doc), Kinds: Kinds.All(), Forces: Forces.All(), Subjects: Subjects.All(), Accesses: Accesses.All(),
		Waiting: !doc.wasRead(), OwnDeposit: doc.Depositor == actor.ID,
		Encoding: strings.ToUpper(string(doc.Encoding)),
	}
	p.MayDescribe = !p.Waiting && h.desk.May(actor, duty.LibraryDescribe, doc)
	p.MayPublish = h.desk.May(actor, duty.LibraryPublish, doc)
	p.MayWithdraw = h.desk.May(actor, duty.LibraryWithdraw, doc)
	for _, l := range h.desk.ethnic.Languages() {
		p.Langs = append(p.Langs, choice{Text: h.language(ui, l.Tag), URL: l.Tag})
	}
	p.Langs = append(p.Langs, choice{Text: h.language(ui, "en"), URL: "en"})
	for _, g := range h.desk.ethnic.Groups() {
		p.Groups = append(p.Groups, choice{Text: g.Name, URL: string(g.Slug)})
	}
	// Once a community restricts an open document, its text is read with a reason, and its file the same.
	if doc.Restricted() && doc.State == Open {
		return p, nil
	}
	p.File = doc.ID.DeskURL() + "/tep"
	if doc.Parts == 0 {
		return p, nil
	}
	blocks, err := h.desk.beginning(r.Context(), doc)
	p.Head = views(blocks[:min(len(blocks), 30)])
	return p, err
}

// beginning is the first part of a text, legible or not: a person judges it.
func (d *Desk) beginning(ctx context.Context, doc Document) ([]transcript.Block, error) {
	return d.store.part(ctx, doc.ID, 1)
}

func (h handler) formOf(doc Document) recordForm {
	f := recordForm{
		Title: doc.Title, Number: doc.Number, Kind: doc.Kind, Issuer: doc.Issuer, Signed: shortDay(doc.Signed), ForceFrom: shortDay(doc.ForceFrom),
		ForceUntil: shortDay(doc.ForceUntil), Force: doc.Force, Lang: doc.Lang, Summary: doc.Summary, Source: doc.Source, Rights: doc.Rights,
		Access: doc.Access, Subjects: doc.Subjects, Accepted: doc.Accepted, Revision: doc.Revision,
	}
	for _, g := range doc.Groups {
		f.Groups = append(f.Groups, string(g))
	}
	var places []string
	for _, id := range doc.Places {
		if u, err := h.desk.places.ByID(id); err == nil {
			places = append(places, u.FullName()+" ("+u.Code+")")
		}
	}
	f.Places = strings.Join(places, "\n")
	return f
}

func shortDay(d place.Date) string {
	if d == 0 {
		return ""
	}
	return d.Time().Format("2/1/2006")
}

func readForm(r *http.Request) recordForm {
	f := recordForm{
		Title: r.PostFormValue("title"), Number: r.PostFormValue("number"), Kind: r.PostFormValue("kind"), Issuer: r.PostFormValue("issuer"),
		Signed: r.PostFormValue("signed"), ForceFrom: r.PostFormValue("force_from"), ForceUntil: r.PostFormValue("force_until"),
		Force: r.PostFormValue("force"), Lang: r.PostFormValue("lang"), Places: r.PostFormValue("places"), Summary: r.PostFormValue("summary"),
		Source: r.PostFormValue("source"), Rights: r.PostFormValue("rights"), Access: r.PostFormValue("access"),
		Subjects: r.PostForm["subjects[]"], Groups: r.PostForm["groups[]"], Accepted: r.PostFormValue("accepted") != "",
	}
	f.Revision, _ = strconv.ParseInt(r.PostFormValue("revision"), 10, 64) // none is a record that changed meanwhile
	return f
}

// record understands what was typed; what cannot be understood is a fault of its field.
func (f recordForm) record(d *Desk) (Record, error) {
	rec := Record{Title: f.Title, Number: f.Number, Kind: f.Kind, Issuer: f.Issuer, Force: f.Force, Lang: f.Lang, Subjects: f.Subjects,
		Summary: f.Summary, Source: f.Source, Rights: f.Rights, Access: f.Access}
	for _, g := range f.Groups {
		rec.Groups = append(rec.Groups, ethnic.Slug(g))
	}
	var wrong []error
	for _, field := range []struct {
		name, text string
		to         *place.Date
	}{{"signed", f.Signed, &rec.Signed}, {"force_from", f.ForceFrom, &rec.ForceFrom}, {"force_until", f.ForceUntil, &rec.ForceUntil}} {
		var err error
		if *field.to, err = day(field.text); err != nil {
			wrong = append(wrong, fault.Field(field.name, "library.date.invalid"))
		}
	}
	for name := range strings.Lines(f.Places) {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		id, err := d.placeNamed(name)
		if err != nil {
			wrong = append(wrong, err)
		} else if !slices.Contains(rec.Places, id) {
			rec.Places = append(rec.Places, id)
		}
	}
	return rec, errors.Join(wrong...)
}

// placeNamed finds the unit that a line of the form names: by the code behind its name, or by a name that one unit of this
// province, or else of the country, bears today.
func (d *Desk) placeNamed(line string) (place.ID, error) {
	today := d.places.Today()
	name, code, _ := strings.Cut(line, "(")
	if u, err := d.places.At(strings.Trim(cmp.Or(code, name), " ()"), today); err == nil {
		return u.ID, nil
	}
	var here, all []place.Unit
	for _, f := range d.places.Find(name, today, 50) {
		if !f.Unit.In(today) || fold.Key(name) != fold.Key(f.Unit.Name) && fold.Key(name) != fold.Key(f.Unit.FullName()) {
			continue
		}
		all = append(all, f.Unit)
		if d.policy.Within(string(d.province()), string(f.Unit.ID)) {
			here = append(here, f.Unit)
		}
	}
	if len(here) > 0 {
		all = here
	}
	switch len(all) {
	case 0:
		return "", fault.Field("places", "library.place.unknown", "Name", line)
	case 1:
		return all[0].ID, nil
	}
	var codes []string
	for _, u := range all[:min(len(all), 5)] {
		codes = append(codes, u.FullName()+" ("+u.Code+")")
	}
	return "", fault.Field("places", "library.place.several", "Name", line, "Names", strings.Join(codes, ", "))
}

func (h handler) describe(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	f := readForm(r)
	rec, err := f.record(h.desk)
	if err == nil {
		err = h.desk.Describe(r.Context(), web.Actor(r), id, f.Revision, rec, f.Accepted)
	}
	if err == nil {
		web.Flash(r, "ok", "library.described")
		return web.Redirect(w, r, id.DeskURL())
	}
	return h.again(w, r, id, &f, err)
}

// again shows a document with what went wrong, and the form as it was typed.
func (h handler) again(w http.ResponseWriter, r *http.Request, id ID, f *recordForm, cause error) error {
	doc, err := h.desk.AtDesk(r.Context(), web.Actor(r), id)
	if err != nil {
		return err
	}
	p, err := h.documentPage(r, doc)
	if err != nil {
		return err
	}
	p.Form = h.formOf(doc)
	if f != nil {
		p.Form = *f
	}
	return h.room.Form(w, r, "document", documentMeta(r, doc), p, cause)
}

func (h handler) readAgain(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	if err := h.desk.ReadAgain(r.Context(), web.Actor(r), id); err != nil {
		return h.again(w, r, id, nil, err)
	}
	web.Flash(r, "ok", "library.read_again.done")
	return web.Redirect(w, r, id.DeskURL())
}

func (h handler) publish(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	if err := h.desk.Publish(r.Context(), web.Actor(r), id); err != nil {
		return h.again(w, r, id, nil, err)
	}
	web.Flash(r, "ok", "library.published")
	return web.Redirect(w, r, id.DeskURL())
}

// reasonPage asks for a reason: of a withdrawal, or of reading what a community restricts.
type reasonPage struct {
	Doc    docView
	Lead   string // message key
	Button string // message key
	Reason string
	Back   string
}

func (h handler) withdrawPage(r *http.Request) (reasonPage, web.Meta, error) {
	doc, err := h.desk.AtDesk(r.Context(), web.Actor(r), ID(r.PathValue("id")))
	p := reasonPage{Doc: view(r, doc), Lead: "library.withdraw.lead", Button: "library.withdraw", Reason: r.PostFormValue("reason"), Back: doc.ID.URL()}
	m := documentMeta(r, doc)
	m.Title = web.T(r, "library.withdraw.title")
	return p, m, err
}

func (h handler) withdrawForm(w http.ResponseWriter, r *http.Request) error {
	p, m, err := h.withdrawPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "reason", m, p)
}

func (h handler) withdraw(w http.ResponseWriter, r *http.Request) error {
	id := ID(r.PathValue("id"))
	err := h.desk.Withdraw(r.Context(), web.Actor(r), id, r.PostFormValue("reason"))
	if err == nil {
		web.Flash(r, "ok", "library.withdrawn.done")
		return web.Redirect(w, r, "/ban-lam-viec")
	}
	p, m, pageErr := h.withdrawPage(r)
	if pageErr != nil {
		return pageErr
	}
	return h.room.Form(w, r, "reason", m, p, err)
}

func (h handler) restrictedPage(r *http.Request) (reasonPage, web.Meta) {
	p := reasonPage{Doc: docView{Document: Document{ID: ID(r.PathValue("id"))}}, Lead: "library.restricted.lead", Button: "library.restricted.read",
		Reason: r.PostFormValue("reason"), Back: "/thu-vien"}
	return p, web.Meta{Title: web.T(r, "library.restricted.title"), Desk: true, NoIndex: true, Crumbs: []web.Link{{Text: web.T(r, "library.title"), URL: "/thu-vien"}}}
}

func (h handler) restrictedForm(w http.ResponseWriter, r *http.Request) error {
	p, m := h.restrictedPage(r)
	return h.room.Show(w, r, "reason", m, p)
}

func (h handler) restricted(w http.ResponseWriter, r *http.Request) error {
	doc, err := h.desk.Restricted(r.Context(), web.Actor(r), ID(r.PathValue("id")), r.PostFormValue("reason"))
	if err != nil {
		p, m := h.restrictedPage(r)
		return h.room.Form(w, r, "reason", m, p, err)
	}
	p := readPage{Doc: doc, Whole: true}
	if err := h.fill(r, &p, 1); err != nil {
		return err
	}
	return h.room.Show(w, r, "read", web.Meta{Title: shortTitle(doc), Desk: true, NoIndex: true, Lang: doc.Lang,
		Crumbs: []web.Link{{Text: web.T(r, "library.title"), URL: "/ban-lam-viec/thu-vien"}}}, p)
}

func (h handler) deskOriginal(w http.ResponseWriter, r *http.Request) error {
	doc, err := h.desk.AtDesk(r.Context(), web.Actor(r), ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	if doc.Restricted() && doc.State == Open {
		return fault.New(fault.Forbidden, "library.restricted.title")
	}
	return h.send(w, r, doc)
}

// Work lists what waits for the actor: documents to describe, and documents of others to open. Titles are in Vietnamese, as
// officers work.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	if !d.policy.May(actor, duty.LibraryDescribe) {
		return nil, nil // nothing of this room is theirs
	}
	var tasks []web.Task
	for _, wait := range []struct {
		state State
		act   duty.Act
		word  string
	}{{Read, duty.LibraryDescribe, "Chờ biên mục"}, {Described, duty.LibraryPublish, "Chờ mở"}} {
		docs, _, err := d.List(ctx, actor, Filter{State: wait.state, Page: 1, Size: 20})
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			if d.May(actor, wait.act, doc) {
				tasks = append(tasks, web.Task{Title: doc.Title, Kind: "library.work." + string(wait.state), URL: doc.ID.DeskURL(), State: "go", Word: wait.word})
			}
		}
	}
	return tasks, nil
}
