package web

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
)

// call is what the functions of a template know while it is shown: the request and what is wrong with the form.
type call struct {
	site   *Site
	visit  *visit
	faults []*fault.Fault
	icons  []string
}

func (c *call) lang() string {
	if c.visit == nil {
		return i18n.Default
	}
	return c.visit.reader.UI
}

// funcs are the functions of every page:
//
//	t key pairs…      a message             lang              interface language
//	num n             1.234.567,8           pct 93.5          93,5%
//	date t            5/5/2021              datetime t        09:42 ngày 5/5/2021
//	bytes n           400 kB                dur d             3 phút 05 giây
//	icon "sound"      small picture         pic "market"      pictogram, written into the page
//	state "ok" text   shape, word, colour   key               hidden field that names this submission
//	why "title"       what is wrong here    bad "title"       class of a wrong field
//	aria "title" ids… what describes it     faults            all that is wrong, with field names
//	asset "x.css"     address of a file     can act           may the person do it somewhere
//	savedata          spare the line        reader            the device's preferences
func (c *call) funcs() template.FuncMap {
	return template.FuncMap{
		"t":        func(key string, args ...any) string { return c.site.Text.Text(c.lang(), key, args...) },
		"lang":     c.lang,
		"num":      func(v any) string { return i18n.Number(c.lang(), v) },
		"pct":      func(v float64) string { return i18n.Percent(c.lang(), v) },
		"date":     func(t time.Time) string { return i18n.Date(c.lang(), inZone(t)) },
		"datetime": func(t time.Time) string { return i18n.DateTime(c.lang(), inZone(t)) },
		"isodate":  func(t time.Time) string { return inZone(t).Format(time.DateOnly) },
		"bytes":    func(n int64) string { return i18n.Bytes(c.lang(), n) },
		"dur":      func(d time.Duration) string { return i18n.Duration(c.lang(), d) },
		"icon":     c.icon,
		"pic":      pictogram,
		"state":    c.state,
		"key":      c.key,
		"why":      c.why,
		"bad":      c.bad,
		"badclass": c.bad,
		"aria":     c.aria,
		"faults":   func() []*fault.Fault { return c.faults },
		"message":  func(f *fault.Fault) string { return c.site.Text.Text(c.lang(), f.Key, f.Args...) },
		"asset":    c.site.Asset,
		"can":      func(act duty.Act) bool { return c.visit != nil && c.site.Policy.May(c.visit.actor, act) },
		"savedata": func() bool { return c.visit != nil && c.visit.reader.SaveData },
		"reader":   func() ReaderPrefs { return c.visit.reader },
		"add":      func(a, b int) int { return a + b },
		"join":     func(list []string, by string) string { return strings.Join(list, by) },
		"has":      func(list []string, one string) bool { return slices.Contains(list, one) },
		"phone":    func() string { return c.site.Phone },
		"province": func() string { return c.site.Province },
		"agency":   func() string { return c.site.Agency },
	}
}

func inZone(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(i18n.Zone)
}

// key names this submission of a form. A page that carries one is for one reader and is not kept.
func (c *call) key() template.HTML {
	if c.visit != nil {
		c.visit.public = false
	}
	return template.HTML(`<input type="hidden" name="_key" value="` + newKey() + `">`) //nolint:gosec // letters and digits only
}

func (c *call) at(field string) *fault.Fault {
	for _, f := range c.faults {
		if f.Field == field {
			return f
		}
	}
	return nil
}

func (c *call) why(field string) template.HTML {
	f := c.at(field)
	if f == nil {
		return ""
	}
	text := c.site.Text.Text(c.lang(), f.Key, f.Args...)
	return template.HTML(`<p class="why" id="` + template.HTMLEscapeString(field) + `-why">` + template.HTMLEscapeString(text) + `</p>`) //nolint:gosec // escaped here
}

func (c *call) bad(field string) string {
	if c.at(field) == nil {
		return ""
	}
	return "bad"
}

func (c *call) aria(field string, ids ...string) template.HTMLAttr {
	attr := ""
	if c.at(field) != nil {
		attr = `aria-invalid="true" `
		ids = append([]string{field + "-why"}, ids...)
	}
	if len(ids) > 0 {
		attr += `aria-describedby="` + template.HTMLEscapeString(strings.Join(ids, " ")) + `"`
	}
	return template.HTMLAttr(attr) //nolint:gosec // escaped here
}

//go:embed static/pictogram/*.svg
var pictograms embed.FS

// drawn are the insides of the pictograms by name: the frame around them is the same for all and stands in the stylesheet.
var drawn = readDrawings()

func readDrawings() map[string]string {
	inside := map[string]string{}
	files, err := fs.Glob(pictograms, "static/pictogram/*.svg")
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(pictograms, file)
		if err != nil {
			panic(err)
		}
		_, rest, _ := strings.Cut(string(text), ">")
		name := strings.TrimSuffix(strings.TrimPrefix(file, "static/pictogram/"), ".svg")
		inside[name] = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "</svg>"))
	}
	return inside
}

// states are the shapes of a state: told apart without colour.
var states = map[string]string{
	"ok":   `<circle cx="10" cy="10" r="9" fill="currentColor"/><path d="m5.5 10 3 3.5 6-7" fill="none" stroke="var(--ok-wash)" stroke-width="2.5"/>`,
	"go":   `<circle cx="10" cy="10" r="8" fill="none" stroke="currentColor" stroke-width="2"/><path d="M10 2a8 8 0 0 1 0 16z" fill="currentColor"/>`,
	"late": `<path d="M1 2h18l-9 17z" fill="currentColor"/><path d="M10 5v6M10 13.5v1.5" stroke="var(--late-wash)" stroke-width="2.2"/>`,
	"unk":  `<path d="M2 2h16v16H2z" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 2.3"/><path d="M7.5 8a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .8-1 1.7M10 14v1" fill="none" stroke="currentColor" stroke-width="1.8"/>`,
	"bad":  `<path d="M10 .5 19.500 10 10 19.500.5 10z" fill="currentColor"/><path d="M10 5v6M10 13.500v1.500" stroke="#9c101a" stroke-width="2.2"/>`,
}

// icon points to a small drawing that the layout prints once at the head of the page.
func (c *call) icon(name string) (template.HTML, error) {
	if drawn[name] == "" {
		return "", fmt.Errorf("no pictogram is called %q", name)
	}
	c.use(name)
	return template.HTML(`<svg class="i" aria-hidden="true"><use href="#` + name + `"/></svg>`), nil //nolint:gosec // a known name
}

func (c *call) use(name string) {
	if !slices.Contains(c.icons, name) {
		c.icons = append(c.icons, name)
	}
}

func pictogram(name string) (template.HTML, error) {
	if drawn[name] == "" {
		return "", fmt.Errorf("no pictogram is called %q", name)
	}
	return template.HTML(`<svg class="pic" viewBox="0 0 48 48" aria-hidden="true">` + drawn[name] + `</svg>`), nil //nolint:gosec // our own drawing
}

// state is a shape, a word and a colour: ok, go, late, unk or bad.
func (c *call) state(kind, text string) (template.HTML, error) {
	if states[kind] == "" {
		return "", fmt.Errorf("no state is called %q", kind)
	}
	c.use("s-" + kind)
	return template.HTML(`<span class="st ` + kind + `"><svg viewBox="0 0 20 20" aria-hidden="true"><use href="#s-` + kind + `"/></svg>` + //nolint:gosec // escaped here
		template.HTMLEscapeString(text) + `</span>`), nil
}

// symbols are the drawings that a page points to, each once.
func symbols(names []string) template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="vh" aria-hidden="true">`)
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		if shape := states[strings.TrimPrefix(name, "s-")]; strings.HasPrefix(name, "s-") {
			b.WriteString(`<symbol id="` + name + `" viewBox="0 0 20 20">` + shape + `</symbol>`)
			continue
		}
		b.WriteString(`<symbol id="` + name + `" viewBox="0 0 48 48">` + drawn[name] + `</symbol>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // our own drawings
}
