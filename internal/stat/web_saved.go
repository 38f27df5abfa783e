package stat

import (
	"net/http"
	"net/url"
	"slices"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/stat/chart"
	"banlang/internal/web"
)

func (h handler) mountSaved(site *web.Site) {
	site.Handle("GET "+askURL+"/bang", duty.StatReadExact, h.board)
	site.Handle("GET "+askURL+"/da-luu", duty.StatReadExact, h.saved)
	site.Handle("POST "+askURL+"/luu", duty.StatReadExact, h.save)
	site.Handle("POST "+askURL+"/da-luu/{id}", duty.StatReadExact, h.change)
	site.Handle("POST "+askURL+"/da-luu/{id}/bo", duty.StatReadExact, h.remove)
	site.Handle("POST "+askURL+"/da-luu/{id}/lay-lai", duty.StatReadExact, h.restore)
	site.Handle("POST "+askURL+"/da-luu/{id}/chuyen", duty.StatReadExact, h.move)
}

// boardMostItems is how many questions a board answers on one page.
const boardMostItems = 12

// boardPage is /ban-lam-viec/so-lieu/bang?ten=….
type boardPage struct {
	Name   string
	Boards []web.Choice
	Items  []boardItem
	Left   int
}

// A boardItem is a saved question with its answer.
type boardItem struct {
	Saved
	URL    string
	Number *chart.TableCell // of an answer with one figure
	Table  chart.Table
	Chart  *chart.Chart
	Map    *chart.Map
	Rows   int
	Why    string // there is no answer
}

func (h handler) board(w http.ResponseWriter, r *http.Request) error {
	all, err := h.desk.Saved(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	p := boardPage{Name: r.URL.Query().Get("ten")}
	for _, s := range all {
		if s.Board == "" || slices.ContainsFunc(p.Boards, func(c web.Choice) bool { return c.Text == s.Board }) {
			continue
		}
		if p.Name == "" {
			p.Name = s.Board
		}
		p.Boards = append(p.Boards, web.Choice{Text: s.Board, URL: boardURL(s.Board), Chosen: s.Board == p.Name})
	}
	for _, s := range all {
		switch {
		case s.Board != p.Name || s.Board == "":
		case len(p.Items) == boardMostItems:
			p.Left++
		default:
			item, err := h.boardItem(r, s)
			if fault.Is(err, fault.Unavailable) {
				return h.building(w, r)
			}
			if err != nil {
				return err
			}
			p.Items = append(p.Items, item)
		}
	}
	return h.room.Show(w, r, "board", web.Meta{Title: web.T(r, "stat.board"), Desk: true, Crumbs: h.crumbs(r), Sheet: web.T(r, "stat.sheet.exact")}, p)
}

func boardURL(name string) string { return askURL + "/bang?ten=" + url.QueryEscape(name) }

// boardRows is how many rows of a table a board shows.
const boardRows = 10

// boardItem answers a saved question with the rights of who reads it.
func (h handler) boardItem(r *http.Request, s Saved) (boardItem, error) {
	item := boardItem{Saved: s, URL: askURL + "?" + s.Address}
	v, err := url.ParseQuery(s.Address)
	if err != nil {
		return item, err
	}
	ask, _ := h.desk.ParseAsk(v)
	ask = h.desk.settle(r.Context(), ask)
	a, err := h.desk.facts.AskAs(r.Context(), web.Actor(r), ask.Question)
	if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.Invalid) {
		f := fault.All(err)[0]
		item.Why = web.T(r, f.Key, f.Args...)
		return item, nil
	}
	if err != nil {
		return item, err
	}
	said := h.voice(r)
	if item.Rows = len(a.Rows); item.Rows == 1 && len(a.Cols) == 1 {
		cell := said.Cell(ask.Question, a.Rows[0], a.Cols[0], a.Cells[0][0])
		item.Number = &cell
		return item, nil
	}
	if ask.View == chart.AsMap {
		item.Map, err = said.Map(r.Context(), h.desk.places, a, "")
	} else if ask.View != chart.AsTable {
		item.Chart = said.Chart(a, ask.View)
	}
	item.Table = said.Table(a, 0, boardRows)
	item.Table.Title = s.Title + " – " + web.T(r, "stat.view.bang")
	return item, err
}

// savedPage is /ban-lam-viec/so-lieu/da-luu.
type savedPage struct {
	Own     []savedView
	Others  []savedView
	Removed []Saved
	Boards  []string
	Typed   Saved  // of the form that failed
	Action  string // of that form
}

type savedView struct {
	Saved
	URL, BoardURL string
}

func (h handler) savedPage(r *http.Request) (savedPage, error) {
	actor := web.Actor(r)
	all, err := h.desk.Saved(r.Context(), actor)
	if err != nil {
		return savedPage{}, err
	}
	var p savedPage
	for _, s := range all {
		v := savedView{Saved: s, URL: askURL + "?" + s.Address, BoardURL: boardURL(s.Board)}
		if s.Owner == actor.ID {
			p.Own = append(p.Own, v)
		} else {
			p.Others = append(p.Others, v)
		}
		if s.Board != "" && !slices.Contains(p.Boards, s.Board) {
			p.Boards = append(p.Boards, s.Board)
		}
	}
	p.Removed, err = h.desk.Removed(r.Context(), actor)
	return p, err
}

func (h handler) savedMeta(r *http.Request) web.Meta {
	return web.Meta{Title: web.T(r, "stat.saved"), Desk: true, Crumbs: h.crumbs(r)}
}

func (h handler) saved(w http.ResponseWriter, r *http.Request) error {
	p, err := h.savedPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "saved", h.savedMeta(r), p)
}

// typedSaved is what the form says.
func typedSaved(r *http.Request) Saved {
	return Saved{ID: r.PathValue("id"), Title: r.PostFormValue("title"), Address: r.PostFormValue("address"), Remark: r.PostFormValue("remark"),
		Board: r.PostFormValue("board"), Shared: r.PostFormValue("shared") != ""}
}

func (h handler) save(w http.ResponseWriter, r *http.Request) error {
	s := typedSaved(r)
	_, err := h.desk.Save(r.Context(), web.Actor(r), web.Key(r), s)
	return h.changed(w, r, s, err, "stat.saved.done")
}

func (h handler) change(w http.ResponseWriter, r *http.Request) error {
	s := typedSaved(r)
	return h.changed(w, r, s, h.desk.Change(r.Context(), web.Actor(r), s.ID, s), "stat.saved.changed")
}

// changed leads back to the list, or shows it with what is wrong.
func (h handler) changed(w http.ResponseWriter, r *http.Request, s Saved, err error, said string) error {
	if err == nil {
		web.Flash(r, "ok", said)
		return web.Redirect(w, r, askURL+"/da-luu")
	}
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	p, perr := h.savedPage(r)
	if perr != nil {
		return perr
	}
	p.Action = "luu"
	if s.ID != "" {
		p.Action = "da-luu/" + s.ID
	}
	p.Typed = s
	p.Typed.ID = "" // the fields are found by their plain names
	return h.room.Form(w, r, "saved", h.savedMeta(r), p, err)
}

func (h handler) remove(w http.ResponseWriter, r *http.Request) error {
	return h.changed(w, r, Saved{}, h.desk.Remove(r.Context(), web.Actor(r), r.PathValue("id")), "stat.saved.removed")
}

func (h handler) restore(w http.ResponseWriter, r *http.Request) error {
	return h.changed(w, r, Saved{}, h.desk.Restore(r.Context(), web.Actor(r), r.PathValue("id")), "stat.saved.restored")
}

func (h handler) move(w http.ResponseWriter, r *http.Request) error {
	if err := h.desk.Move(r.Context(), web.Actor(r), r.PathValue("id"), r.PostFormValue("up") != ""); err != nil {
		return err
	}
	return web.Redirect(w, r, askURL+"/da-luu#"+url.PathEscape(r.PathValue("id")))
}
