package console

import (
	"context"
	"embed"
	"net/http"
	"slices"
	"time"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

// A Worker is a room in which work waits for people.
type Worker interface {
	Work(ctx context.Context, actor duty.Actor) ([]web.Task, error)
}

type handler struct {
	desk    *Desk
	room    *web.Room
	site    *web.Site
	workers []Worker
}

// Mount registers the desk's pages. The workers are asked in the order given.
func Mount(site *web.Site, d *Desk, workers ...Worker) {
	h := handler{desk: d, room: site.Room("console", pages), site: site, workers: workers}
	site.Handle("GET /ban-lam-viec", duty.AccountUse, h.work)
	site.Handle("GET /ban-lam-viec/nhap", duty.AccountUse, h.imports)
	for _, k := range d.kinds {
		site.Handle("GET /ban-lam-viec/nhap/"+k.Name, k.Act, h.form(k))
		site.Handle("POST /ban-lam-viec/nhap/"+k.Name, k.Act, h.try(k))
		site.Handle("GET /ban-lam-viec/nhap/"+k.Name+"/{ref}", k.Act, h.preview(k))
		site.Handle("POST /ban-lam-viec/nhap/"+k.Name+"/{ref}", k.Act, h.take(k))
	}
	site.Handle("GET /ban-lam-viec/he-thong", duty.SystemOperate, h.system)
	site.Handle("POST /ban-lam-viec/he-thong/viec/{id}", duty.SystemOperate, h.again)
	site.Menu(web.MenuItem{Group: "desk.daily", Key: "console.work", URL: "/ban-lam-viec", Act: duty.AccountUse, Order: 1})
	// The menu asks for one act; who may only set area classes or hand in documents comes here from "my work".
	site.Menu(web.MenuItem{Group: "desk.data", Key: "console.import", URL: "/ban-lam-viec/nhap", Act: duty.PlaceEditVillage, Order: 60})
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "console.system", URL: "/ban-lam-viec/he-thong", Act: duty.SystemOperate, Order: 90})
}

// workPage is /ban-lam-viec.
type workPage struct {
	Tasks   []web.Task
	Kinds   []kindChip
	Total   int
	Late    int
	Duties  []dutyRow
	Writes  bool
	Imports bool
}

// A kindChip filters by one sort of work.
type kindChip struct {
	Key    string
	N      int
	URL    string
	Chosen bool
}

type dutyRow struct {
	Role  duty.Role
	Langs []string
	Until time.Time
	Via   bool
}

func (h handler) work(w http.ResponseWriter, r *http.Request) error {
	actor := web.Actor(r)
	var all []web.Task
	for _, worker := range h.workers {
		tasks, err := worker.Work(r.Context(), actor)
		if err != nil {
			return err
		}
		all = append(all, tasks...)
	}
	slices.SortStableFunc(all, byDue)
	p := workPage{Total: len(all), Writes: h.desk.policy.May(actor, duty.BulletinWrite), Imports: h.mayImport(actor)}
	p.Kinds = chips(all, r.URL.Query().Get("loai"))
	for _, t := range all {
		if t.State == "late" || t.State == "bad" {
			p.Late++
		}
		if chosen := r.URL.Query().Get("loai"); chosen == "" || chosen == t.Kind {
			p.Tasks = append(p.Tasks, t)
		}
	}
	for _, g := range h.desk.policy.Holds(actor) {
		p.Duties = append(p.Duties, dutyRow{g.Role, g.Langs, g.Until, g.Via != ""})
	}
	return h.room.Show(w, r, "work", web.Meta{Title: web.T(r, "console.work"), Desk: true}, p)
}

// byDue puts what is due first, first; what has no day comes last.
func byDue(a, b web.Task) int {
	switch {
	case a.Due.IsZero() == b.Due.IsZero():
		return a.Due.Compare(b.Due)
	case a.Due.IsZero():
		return 1
	}
	return -1
}

// chips counts the tasks by their sort.
func chips(tasks []web.Task, chosen string) []kindChip {
	var cs []kindChip
	for _, t := range tasks {
		i := slices.IndexFunc(cs, func(c kindChip) bool { return c.Key == t.Kind })
		if i < 0 {
			cs = append(cs, kindChip{Key: t.Kind, URL: "/ban-lam-viec?loai=" + t.Kind, Chosen: t.Kind == chosen})
			i = len(cs) - 1
		}
		cs[i].N++
	}
	return cs
}

func (h handler) mayImport(actor duty.Actor) bool {
	return h.desk.policy.May(actor, duty.LibraryDeposit) || slices.ContainsFunc(h.desk.kinds, func(k Kind) bool { return h.desk.policy.May(actor, k.Act) })
}

// importsPage is /ban-lam-viec/nhap.
type importsPage struct {
	Kinds     []Kind
	Documents bool
}

func (h handler) imports(w http.ResponseWriter, r *http.Request) error {
	actor := web.Actor(r)
	p := importsPage{Documents: h.desk.policy.May(actor, duty.LibraryDeposit)}
	for _, k := range h.desk.kinds {
		if h.desk.policy.May(actor, k.Act) {
			p.Kinds = append(p.Kinds, k)
		}
	}
	return h.room.Show(w, r, "imports", web.Meta{Title: web.T(r, "console.import"), Desk: true}, p)
}

// formPage is /ban-lam-viec/nhap/{kind}.
type formPage struct{ Kind Kind }

func (h handler) crumbs(r *http.Request, k Kind) web.Meta {
	return web.Meta{
		Title: web.T(r, "console.import."+k.Name), Desk: true,
		Crumbs: []web.Link{{Text: web.T(r, "console.import"), URL: "/ban-lam-viec/nhap"}},
	}
}

func (h handler) form(k Kind) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return h.room.Show(w, r, "form", h.crumbs(r, k), formPage{k})
	}
}

func (h handler) try(k Kind) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ref, err := h.upload(r, k)
		if err != nil {
			return h.room.Form(w, r, "form", h.crumbs(r, k), formPage{k}, err)
		}
		return web.Redirect(w, r, "/ban-lam-viec/nhap/"+k.Name+"/"+string(ref))
	}
}

// upload keeps the file of the form if it can be looked into at all; a file that cannot is refused beside its field.
func (h handler) upload(r *http.Request, k Kind) (blob.Ref, error) {
	up, err := web.Upload(r, "file", k.Limit)
	if err != nil {
		return "", err
	}
	f, err := up.Open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	ref, err := h.desk.Try(r.Context(), web.Actor(r), k, up.Name, f)
	if err != nil {
		return "", err
	}
	_, err = h.desk.Preview(r.Context(), web.Actor(r), k, ref)
	return ref, err
}

// previewPage is /ban-lam-viec/nhap/{kind}/{ref}.
type previewPage struct {
	Kind    Kind
	Ref     blob.Ref
	Report  intake.Report
	Refused []refusal
	More    int // refusals that are not shown
	Changes bool
}

// A refusal says why a row was not taken.
type refusal struct {
	Row    int
	Column string
	Why    string
}

// refusalsShown bounds the table: whoever has two hundred rows to mend begins with these.
const refusalsShown = 200

func (h handler) preview(k Kind) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ref := blob.Ref(r.PathValue("ref"))
		report, err := h.desk.Preview(r.Context(), web.Actor(r), k, ref)
		if err != nil {
			return err
		}
		p := previewPage{Kind: k, Ref: ref, Report: report, Changes: report.Added+report.Changed > 0, More: max(0, len(report.Refused)-refusalsShown)}
		for _, one := range report.Refused[:len(report.Refused)-p.More] {
			p.Refused = append(p.Refused, refusal{one.Row, one.Column, said(r, one.Why)})
		}
		return h.room.Show(w, r, "preview", h.crumbs(r, k), p)
	}
}

// said is a refusal in the person's language.
func said(r *http.Request, why error) string {
	for _, f := range fault.All(why) {
		return web.T(r, f.Key, f.Args...)
	}
	return web.T(r, "error.internal")
}

func (h handler) take(k Kind) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ref := blob.Ref(r.PathValue("ref"))
		report, err := h.desk.Take(r.Context(), web.Actor(r), k, ref)
		if err != nil {
			return err
		}
		kind := "ok"
		if len(report.Refused) > 0 {
			kind = "late"
		}
		web.Flash(r, kind, "console.import.done", "Added", report.Added, "Changed", report.Changed, "Same", report.Same, "Refused", len(report.Refused))
		return web.Redirect(w, r, "/ban-lam-viec/nhap/"+k.Name+"/"+string(ref))
	}
}

// systemPage is /ban-lam-viec/he-thong.
type systemPage struct {
	State
	Missing int
	Days    int    // since the last backup
	Asked   string // the job whose form was sent
}

func (h handler) systemPage(r *http.Request) (systemPage, web.Meta, error) {
	s, err := h.desk.System(r.Context(), web.Actor(r))
	p := systemPage{State: s}
	for _, t := range s.Tools {
		if t.Path == "" {
			p.Missing++
		}
	}
	if !s.Backup.IsZero() {
		p.Days = int(s.Measured.Sub(s.Backup).Hours() / 24)
	}
	return p, web.Meta{Title: web.T(r, "console.system"), Desk: true}, err
}

func (h handler) system(w http.ResponseWriter, r *http.Request) error {
	p, meta, err := h.systemPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "system", meta, p)
}

func (h handler) again(w http.ResponseWriter, r *http.Request) error {
	err := h.desk.Again(r.Context(), web.Actor(r), r.PathValue("id"), r.PostFormValue("reason"))
	if err == nil {
		web.Flash(r, "ok", "console.job.again.done")
		return web.Redirect(w, r, "/ban-lam-viec/he-thong")
	}
	p, meta, perr := h.systemPage(r)
	if perr != nil {
		return perr
	}
	p.Asked = r.PathValue("id")
	return h.room.Form(w, r, "system", meta, p, err)
}
