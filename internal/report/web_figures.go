package report

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/web"
)

const importRoot = "/ban-lam-viec/so-lieu-nhap"

func (h handler) mountFigures(site *web.Site) {
	site.Handle("GET "+importRoot, duty.StatReadExact, h.importsPage)
	site.Handle("GET "+importRoot+"/{import}", duty.StatReadExact, h.oneImport)
	site.Handle("POST "+importRoot+"/{import}", duty.StatCertify, h.decideImport)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "report.import.menu", URL: importRoot, Act: duty.StatAccept, Order: 14})
}

// importsPage is /ban-lam-viec/so-lieu-nhap.
type importsPage struct{ Rows []Import }

// importLook is the shape of a state.
var importLook = map[string]string{ImportWaiting: "go", ImportConfirmed: "ok", ImportRefused: "bad"}

// Look is the shape of its state.
func (i Import) Look() string { return importLook[i.State] }

func (h handler) importsPage(w http.ResponseWriter, r *http.Request) error {
	all, err := h.desk.Imports(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "imports", h.meta(r, web.T(r, "report.import.title")), importsPage{all})
}

// importPage is /ban-lam-viec/so-lieu-nhap/{import}.
type importPage struct {
	Import
	MayDecide bool
	Sums      []importSum
	Figures   []importFigure // those that replace first, then the new
	More      int            // figures that are not shown
	Reason    string
}

// An importSum is what the file says of one indicator and period, beside what holds now for the same keys.
type importSum struct {
	Indicator, Period, Unit string
	New, Same, Replaced     int
	Sum, Held               float64
}

type importFigure struct {
	Place, Period, Indicator, Cut string
	Value, Old                    float64
	Had                           bool
	Cell                          string
}

// importShown bounds the table of single figures.
const importShown = 200

func (h handler) importPage(r *http.Request) (importPage, error) {
	actor := web.Actor(r)
	i, changes, err := h.desk.ImportByID(r.Context(), actor, r.PathValue("import"))
	if err != nil {
		return importPage{}, err
	}
	p := importPage{Import: i, MayDecide: i.State == ImportWaiting && h.desk.mayDecide(actor, i) == nil, Reason: r.PostFormValue("reason")}
	p.Sums = h.importSums(r, changes)
	changes = slices.DeleteFunc(changes, func(c FigureChange) bool { return c.Same })
	slices.SortStableFunc(changes, func(a, b FigureChange) int { return cmp.Compare(weight(b), weight(a)) })
	p.More = max(0, len(changes)-importShown)
	for _, c := range changes[:len(changes)-p.More] {
		p.Figures = append(p.Figures, h.importFigure(r, c))
	}
	return p, nil
}

// weight puts figures that replace others first.
func weight(c FigureChange) int {
	if c.Had {
		return 1
	}
	return 0
}

func (h handler) importSums(r *http.Request, changes []FigureChange) []importSum {
	type stack struct {
		code   fact.Code
		period fact.Period
	}
	at := map[stack]int{}
	var sums []importSum
	for _, c := range changes {
		k := stack{c.Indicator, c.Period}
		n, ok := at[k]
		if !ok {
			n, at[k] = len(sums), len(sums)
			s := importSum{Indicator: h.label(r, fact.ByIndicator, string(c.Indicator)), Period: h.period(r, c.Period)}
			if i, err := h.desk.facts.Indicator(c.Indicator); err == nil {
				s.Unit = i.Unit
			}
			sums = append(sums, s)
		}
		s := &sums[n]
		s.Sum += unscaled(c.Value, c.Decimals)
		switch {
		case c.Same:
			s.Same++
		case c.Had:
			s.Replaced++
		default:
			s.New++
		}
		if c.Had {
			s.Held += unscaled(c.Old, c.Decimals)
		}
	}
	return sums
}

func (h handler) label(r *http.Request, dim fact.Dim, code string) string {
	return h.desk.facts.Label(fact.Member{Dim: dim, Code: code}, web.Reader(r).UI)
}

func (h handler) importFigure(r *http.Request, c FigureChange) importFigure {
	var cut []string
	for _, m := range []fact.Member{{Dim: fact.ByGroup, Code: string(c.Cut.Group)}, {Dim: fact.BySex, Code: c.Cut.Sex}, {Dim: fact.ByAge, Code: c.Cut.Age},
		{Dim: fact.ByLanguage, Code: c.Cut.Language}, {Dim: fact.ByItem, Code: c.Cut.Item}} {
		if m.Code != "" {
			cut = append(cut, h.label(r, m.Dim, m.Code))
		}
	}
	return importFigure{Place: h.label(r, fact.ByPlace, string(c.Place)), Period: h.period(r, c.Period), Indicator: h.label(r, fact.ByIndicator, string(c.Indicator)),
		Cut: strings.Join(cut, ", "), Value: unscaled(c.Value, c.Decimals), Old: unscaled(c.Old, c.Decimals), Had: c.Had, Cell: c.Cell}
}

func unscaled(v int64, decimals int) float64 { return float64(v) / math.Pow10(decimals) }

func (h handler) importMeta(r *http.Request, p importPage) web.Meta {
	m := h.meta(r, p.FileName)
	m.Crumbs = append(m.Crumbs, web.Link{Text: web.T(r, "report.import.title"), URL: importRoot})
	return m
}

func (h handler) oneImport(w http.ResponseWriter, r *http.Request) error {
	p, err := h.importPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "import", h.importMeta(r, p), p)
}

func (h handler) decideImport(w http.ResponseWriter, r *http.Request) error {
	ctx, actor, id := r.Context(), web.Actor(r), r.PathValue("import")
	var err error
	switch r.PostFormValue("step") {
	case "xac-nhan":
		err = h.desk.ConfirmImport(ctx, actor, id)
	case "tu-choi":
		err = h.desk.RefuseImport(ctx, actor, id, r.PostFormValue("reason"))
	default:
		err = fault.New(fault.NotFound, "report.import.gone")
	}
	if mendable(err) {
		return refill(h, w, r, "import", h.importPage, h.importMeta, err)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "report.import.done")
	return web.Redirect(w, r, importRoot+"/"+id)
}
