package audit

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

// People gives the public names of accounts. It is implemented by package account.
type People interface {
	Names(ctx context.Context, ids []string) (map[string]string, error)
	ByName(ctx context.Context, name string) (string, error)
}

type handler struct {
	desk   *Desk
	people People
	room   *web.Room
}

// Mount registers the pages of the record.
func Mount(site *web.Site, d *Desk, people People) {
	h := handler{d, people, site.Room("audit", pages)}
	site.Handle("GET /ban-lam-viec/nhat-ky", duty.AuditRead, h.ask)
	site.Handle("POST /ban-lam-viec/nhat-ky", duty.AuditRead, h.open)
	site.Handle("GET /ban-lam-viec/nhat-ky/{seq}", duty.AuditRead, h.read)
	site.Handle("GET /ban-lam-viec/nhat-ky-cua-toi", duty.AuditReadOwn, h.own)
	site.Handle("GET /ban-lam-viec/kiem-nhat-ky", duty.AuditVerify, h.check)
	site.Handle("POST /ban-lam-viec/kiem-nhat-ky", duty.AuditVerify, h.checked)
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "audit.title", URL: "/ban-lam-viec/nhat-ky", Act: duty.AuditRead, Order: 930})
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "audit.check.title", URL: "/ban-lam-viec/kiem-nhat-ky", Act: duty.AuditVerify, Order: 940})
	site.Menu(web.MenuItem{Group: "desk.admin", Key: "audit.own.title", URL: "/ban-lam-viec/nhat-ky-cua-toi", Act: duty.AuditReadOwn, Order: 950})
}

// askPage is page/ask.html: what is to be seen and why.
type askPage struct {
	Acts                       []duty.Act
	Reason, Person, Act, Thing string
	From, Until                string
}

func (h handler) ask(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "ask", meta(r, "audit.title"), askPage{Acts: duty.Acts()})
}

func meta(r *http.Request, title string) web.Meta {
	return web.Meta{Title: web.T(r, title), Desk: true}
}

func (h handler) open(w http.ResponseWriter, r *http.Request) error {
	p := askPage{Acts: duty.Acts(), Reason: r.PostFormValue("reason"), Person: r.PostFormValue("person"), Act: r.PostFormValue("act"),
		Thing: r.PostFormValue("thing"), From: r.PostFormValue("from"), Until: r.PostFormValue("until")}
	f, err := h.filter(r.Context(), p)
	if err = errors.Join(Reason(p.Reason), err); err == nil {
		var seq int64
		if seq, err = h.desk.Ask(r.Context(), web.Actor(r), p.Reason, f); err == nil {
			return web.Redirect(w, r, "/ban-lam-viec/nhat-ky/"+strconv.FormatInt(seq, 10))
		}
	}
	return h.room.Form(w, r, "ask", meta(r, "audit.title"), p, err)
}

func (h handler) filter(ctx context.Context, p askPage) (f Filter, err error) {
	f = Filter{Act: p.Act, Thing: p.Thing}
	var faults []error
	if p.Person != "" {
		if f.Actor, err = h.people.ByName(ctx, p.Person); fault.Is(err, fault.NotFound) {
			faults = append(faults, fault.Field("person", "audit.person.none"))
		} else if err != nil {
			return f, err
		}
	}
	for field, d := range map[string]struct {
		text string
		to   *time.Time
	}{"from": {p.From, &f.From}, "until": {p.Until, &f.Until}} {
		if d.text == "" {
			continue
		}
		if *d.to, err = time.ParseInLocation(time.DateOnly, d.text, i18n.Zone); err != nil {
			faults = append(faults, fault.Field(field, "audit.date.wrong"))
		}
	}
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // the last day counts
		if !f.Until.After(f.From) {
			faults = append(faults, fault.Field("until", "audit.date.order"))
		}
	}
	return f, errors.Join(faults...)
}

// line is an entry as the list shows it.
type line struct {
	Row
	Who, Second string
	Known       bool // the act has a name
}

// listPage is page/list.html and page/own.html.
type listPage struct {
	Reading      Reading
	Lines        []line
	Newer, Older string
}

func (h handler) read(w http.ResponseWriter, r *http.Request) error {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "audit.reading.none")
	}
	reading, err := h.desk.Reading(r.Context(), web.Actor(r), seq)
	if err != nil {
		return err
	}
	n, size := web.Page(r)
	rows, more, err := h.desk.List(r.Context(), web.Actor(r), reading, n, size)
	if err != nil {
		return err
	}
	return h.list(w, r, "list", "audit.title", listPage{Reading: reading}, rows, n, more)
}

func (h handler) own(w http.ResponseWriter, r *http.Request) error {
	n, size := web.Page(r)
	rows, more, err := h.desk.Own(r.Context(), web.Actor(r), n, size)
	if err != nil {
		return err
	}
	return h.list(w, r, "own", "audit.own.title", listPage{}, rows, n, more)
}

func (h handler) list(w http.ResponseWriter, r *http.Request, page, title string, p listPage, rows []Row, n int, more bool) error {
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.Actor, row.Second)
	}
	names, err := h.people.Names(r.Context(), ids)
	if err != nil {
		return err
	}
	name := func(id string) string {
		switch {
		case id == "":
			return ""
		case names[id] != "":
			return names[id]
		}
		return web.T(r, "audit.system")
	}
	for _, row := range rows {
		l := line{Row: row, Who: name(row.Actor), Second: name(row.Second), Known: duty.Act(row.Act).Room() != ""}
		if row.Actor == "" {
			l.Who = web.T(r, "audit.visitor")
		}
		p.Lines = append(p.Lines, l)
	}
	if n > 1 {
		p.Newer = "?trang=" + strconv.Itoa(n-1)
	}
	if more {
		p.Older = "?trang=" + strconv.Itoa(n+1)
	}
	return h.room.Show(w, r, page, meta(r, title), p)
}

// checkPage is page/check.html.
type checkPage struct {
	Head   string // as it stands now, to be kept outside
	Typed  string
	Report *Report // nil until the chain was checked
}

func (h handler) head(ctx context.Context) (string, error) {
	head, err := h.desk.Head(ctx)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(head)
	return string(text), err
}

func (h handler) check(w http.ResponseWriter, r *http.Request) error {
	head, err := h.head(r.Context())
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "check", meta(r, "audit.check.title"), checkPage{Head: head})
}

func (h handler) checked(w http.ResponseWriter, r *http.Request) error {
	p := checkPage{Typed: r.PostFormValue("head")}
	report, err := h.desk.Check(r.Context(), web.Actor(r), p.Typed)
	head, headErr := h.head(r.Context())
	if headErr != nil {
		return headErr
	}
	p.Head = head
	if err != nil {
		return h.room.Form(w, r, "check", meta(r, "audit.check.title"), p, err)
	}
	p.Report = &report
	return h.room.Show(w, r, "check", meta(r, "audit.check.title"), p)
}
