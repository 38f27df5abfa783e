package stat

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/web"
)

// A Catalogue shows officers what is counted, and the versions of indicators that wait for a leader.
type Catalogue struct{ Facts *fact.Desk }

const defineURL = "/ban-lam-viec/chi-tieu"

// Work lists the versions that the actor may decide on.
func (c Catalogue) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	waiting, err := c.Facts.Waiting(ctx, actor)
	var tasks []web.Task
	for _, p := range waiting {
		tasks = append(tasks, web.Task{Title: p.Indicator.NameVI, Kind: "stat.define.work", URL: defineURL + "/" + string(p.Indicator.Code), State: "go", Word: "Chờ xác nhận"})
	}
	return tasks, err
}

type catalogueHandler struct {
	Catalogue
	room *web.Room
}

func (h catalogueHandler) mount(site *web.Site) {
	site.Handle("GET "+defineURL, duty.StatReadExact, h.list)
	site.Handle("GET "+defineURL+".csv", duty.StatReadExact, h.csv)
	site.Handle("GET "+defineURL+"/{code}", duty.StatReadExact, h.show)
	site.Handle("POST "+defineURL+"/{code}/{version}", duty.StatCertify, h.decide)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "stat.define.menu", URL: defineURL, Act: duty.StatReadExact, Order: 14})
}

// definitionsPage is /ban-lam-viec/chi-tieu.
type definitionsPage struct {
	Waiting    []fact.Proposal
	Indicators []fact.Indicator
}

func (h catalogueHandler) list(w http.ResponseWriter, r *http.Request) error {
	p := definitionsPage{Indicators: h.Facts.Indicators()}
	var err error
	if p.Waiting, err = h.Facts.Waiting(r.Context(), web.Actor(r)); err != nil {
		return err
	}
	return h.room.Show(w, r, "definitions", web.Meta{Title: web.T(r, "stat.define.menu"), Desk: true}, p)
}

func (h catalogueHandler) csv(w http.ResponseWriter, r *http.Request) error {
	return web.CSV(w, r, "chi-tieu.csv", h.Facts.Export())
}

// definitionPage is /ban-lam-viec/chi-tieu/POP.
type definitionPage struct {
	Indicator fact.Indicator
	Versions  []versionView
}

type versionView struct {
	Version   int
	State     string
	Reason    string
	Proposed  time.Time
	Changes   []fact.Difference
	MayDecide bool
}

func (h catalogueHandler) show(w http.ResponseWriter, r *http.Request) error {
	code := fact.Code(r.PathValue("code"))
	versions, err := h.Facts.Versions(r.Context(), code)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return fault.New(fault.NotFound, "fact.indicator.not_found", "Code", string(code))
	}
	waiting, err := h.Facts.Waiting(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	mine := map[int]bool{}
	for _, p := range waiting {
		if p.Indicator.Code == code {
			mine[p.Indicator.Version] = true
		}
	}
	p := definitionPage{Indicator: versions[0].Indicator}
	if held, err := h.Facts.Indicator(code); err == nil {
		p.Indicator = held // a new one is shown as it is proposed
	}
	for _, v := range versions {
		view := versionView{Version: v.Indicator.Version, State: v.State, Reason: v.Reason, Proposed: v.Proposed, MayDecide: mine[v.Indicator.Version]}
		if v.State == fact.InForce && v.Indicator.Version != p.Indicator.Version {
			view.State = "replaced"
		}
		if v.State == fact.Draft {
			view.Changes = h.Facts.Differences(v.Indicator)
		}
		p.Versions = append(p.Versions, view)
	}
	return h.room.Show(w, r, "definition", web.Meta{Title: p.Indicator.Name(web.Reader(r).UI), Desk: true,
		Crumbs: []web.Link{{Text: web.T(r, "stat.define.menu"), URL: defineURL}}}, p)
}

func (h catalogueHandler) decide(w http.ResponseWriter, r *http.Request) error {
	version, err := strconv.Atoi(r.PathValue("version"))
	if err != nil {
		return fault.New(fault.NotFound, "fact.indicator.not_found", "Code", r.PathValue("code"))
	}
	code, yes := fact.Code(r.PathValue("code")), r.FormValue("do") == "confirm"
	if err := h.Facts.Confirm(r.Context(), web.Actor(r), code, version, yes); err != nil {
		return err
	}
	key := "stat.define.refused"
	if yes {
		key = "stat.define.confirmed"
	}
	web.Flash(r, "ok", key)
	return web.Redirect(w, r, defineURL+"/"+string(code))
}
