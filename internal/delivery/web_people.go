package delivery

import (
	"net/http"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
)

// mountPeople registers what officers and relays do for people.
func (h handler) mountPeople() {
	h.site.Handle("GET /ban-lam-viec/tin-den", duty.AskAnswer, h.inbox)
	h.site.Handle("POST /ban-lam-viec/tin-den/{id}", duty.AskAnswer, h.reply)
	h.site.Handle("GET /ban-lam-viec/viec-chuyen-tin", duty.RelayWork, h.tasks)
	h.site.Handle("POST /ban-lam-viec/viec-chuyen-tin/{id}", duty.RelayWork, h.answer)
	h.site.Handle("GET /ban-lam-viec/tin-tuan", duty.RelayWork, h.brief)
	h.site.Handle("POST /ban-lam-viec/tin-tuan/{ref}", duty.RelayWork, h.acknowledge)
	h.site.Menu(web.MenuItem{Group: "desk.daily", Key: "delivery.inbox", URL: "/ban-lam-viec/tin-den", Act: duty.AskAnswer, Order: 50})
	h.site.Menu(web.MenuItem{Group: "desk.daily", Key: "delivery.tasks", URL: "/ban-lam-viec/viec-chuyen-tin", Act: duty.RelayWork, Order: 10})
	h.site.Menu(web.MenuItem{Group: "desk.daily", Key: "delivery.brief", URL: "/ban-lam-viec/tin-tuan", Act: duty.RelayWork, Order: 20})
}

type inboxPage struct {
	Items []letterLine
	Total int
	Pager web.Pager
}

type letterLine struct {
	Letter
	Where string
	Typed string // the answer, while it is not accepted
}

func (h handler) inboxPage(r *http.Request) (inboxPage, error) {
	page, size := web.Page(r)
	all, total, err := h.desk.Inbox(r.Context(), web.Actor(r), page, size)
	p := inboxPage{Total: total, Pager: web.NewPager(r, total)}
	for _, l := range all {
		p.Items = append(p.Items, letterLine{Letter: l, Where: h.placeName(l.Place)})
	}
	return p, err
}

func (h handler) inbox(w http.ResponseWriter, r *http.Request) error {
	p, err := h.inboxPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "inbox", h.meta(r, web.T(r, "delivery.inbox")), p)
}

func (h handler) reply(w http.ResponseWriter, r *http.Request) error {
	id, text := r.PathValue("id"), strings.TrimSpace(r.PostFormValue("reply"))
	err := h.desk.Reply(r.Context(), web.Actor(r), web.Key(r), id, text)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		p, load := h.inboxPage(r)
		if load != nil {
			return load
		}
		for i := range p.Items {
			if p.Items[i].ID == id {
				p.Items[i].Typed = text
			}
		}
		return h.room.Form(w, r, "inbox", h.meta(r, web.T(r, "delivery.inbox")), p, err)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "delivery.done.reply")
	return web.Redirect(w, r, "/ban-lam-viec/tin-den")
}

// A tasksPage is what a relay is asked to do.
type tasksPage struct{ Items []taskLine }

type taskLine struct {
	Task
	Title, Where, N string
	Sound           web.Sound
	URL             string
}

func (h handler) tasksPage(r *http.Request) (tasksPage, error) {
	all, err := h.desk.Tasks(r.Context(), web.Actor(r))
	if err != nil {
		return tasksPage{}, err
	}
	var p tasksPage
	for _, t := range all {
		c, err := h.desk.read().campaign(r.Context(), t.Campaign)
		if err != nil {
			return p, err
		}
		item, err := h.desk.source.Item(r.Context(), t.Ref, t.Version)
		if err != nil {
			return p, err
		}
		line := taskLine{Task: t, Title: h.desk.words(c, item, i18n.Default, "").Title, Where: h.where(r, t), N: few(r, t.Unreached), URL: item.URL}
		line.Sound = h.sound(r, item, web.Reader(r).Heard)
		p.Items = append(p.Items, line)
	}
	return p, nil
}

// where is the village of a task, by name.
func (h handler) where(r *http.Request, t Task) string {
	villages, err := h.desk.places.VillagesIn(r.Context(), t.Commune, h.desk.places.Today())
	if err == nil {
		for _, v := range villages {
			if v.ID == t.Village {
				return v.Name + ", " + h.placeName(t.Commune)
			}
		}
	}
	return h.placeName(t.Commune)
}

func (h handler) tasks(w http.ResponseWriter, r *http.Request) error {
	p, err := h.tasksPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "tasks", h.meta(r, web.T(r, "delivery.tasks")), p)
}

func (h handler) answer(w http.ResponseWriter, r *http.Request) error {
	told, err := strconv.ParseInt(strings.TrimSpace(r.PostFormValue("told")), 10, 64)
	if err != nil {
		told = -1
	}
	err = h.desk.AnswerTask(r.Context(), web.Actor(r), web.Key(r), r.PathValue("id"), told, strings.TrimSpace(r.PostFormValue("note")))
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		p, load := h.tasksPage(r)
		if load != nil {
			return load
		}
		return h.room.Form(w, r, "tasks", h.meta(r, web.T(r, "delivery.tasks")), p, err)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "delivery.done.task")
	return web.Redirect(w, r, "/ban-lam-viec/viec-chuyen-tin")
}

// A briefPage is a relay's week, item by item.
type briefPage struct {
	Items []briefLine
	Left  int
}

type briefLine struct {
	BriefItem
	Title, Body string
	Sound       web.Sound
}

func (h handler) brief(w http.ResponseWriter, r *http.Request) error {
	all, err := h.desk.Brief(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	var p briefPage
	for _, b := range all {
		t := h.desk.words(Campaign{Demo: b.Item.Demo, Drill: b.Item.Drill, Kind: News}, b.Item, i18n.Default, "")
		p.Items = append(p.Items, briefLine{b, t.Title, t.Body, h.sound(r, b.Item, web.Reader(r).Heard)})
		if !b.Heard {
			p.Left++
		}
	}
	return h.room.Show(w, r, "brief", h.meta(r, web.T(r, "delivery.brief")), p)
}

func (h handler) acknowledge(w http.ResponseWriter, r *http.Request) error {
	version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "delivery.campaign.none")
	}
	if err := h.desk.Acknowledge(r.Context(), web.Actor(r), Ref(r.PathValue("ref")), version); err != nil {
		return err
	}
	web.Flash(r, "ok", "delivery.done.heard")
	return web.Redirect(w, r, "/ban-lam-viec/tin-tuan")
}
