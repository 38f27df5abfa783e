// Package openapi answers programs in JSON below /api/v1: what is public of places, groups, bulletins, documents, targets,
// released figures and the search. It knows how an answer is written and described; what may be said is decided by the rooms that it asks.
//
// Each address is one row of a table (see operations): the row registers the route, checks the parameters and writes the
// description, so that the three cannot differ.
package openapi

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/bulletin"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/library"
	"banlang/internal/place"
	"banlang/internal/plan"
	"banlang/internal/search"
)

// Desks are the rooms that are asked.
type Desks struct {
	Places    *place.Desk
	Groups    *ethnic.Desk
	Targets   *plan.Desk
	Bulletins Bulletins
	Documents Documents
	Search    Finder
	Figures   Figures
}

// Bulletins are those that the public reads.
type Bulletins interface {
	Published(ctx context.Context, f bulletin.Filter) ([]bulletin.Summary, int, error)
	Public(ctx context.Context, id bulletin.ID) (bulletin.Issue, error)
}

// Documents are those that are open to any reader.
type Documents interface {
	ByID(ctx context.Context, id library.ID) (library.Document, error)
}

// Finder searches what the actor of the query may see.
type Finder interface {
	Find(ctx context.Context, q search.Query) (search.Result, error)
}

// An operation is one address.
type operation struct {
	path    string // "/api/v1/places/{code}"
	act     duty.Act
	id      string // operationId
	tag     string
	summary string
	about   string
	params  []param
	answer  any // the zero value of what answer gives, for the description
	gives   func(context.Context, Desks, query) (any, error)
}

// A param is a part of the path or a value of the query.
type param struct {
	name    string
	path    bool
	about   string
	example string
	enum    []string
	least   int // for numbers
	most    int // above 0 makes it a number
	usual   int // what it is where nothing is given
}

// Sizes of a page. A list of reference data comes whole: the communes of a province, the groups, the targets.
const (
	pageLimit = 200
	findSize  = 50
	findLimit = 100 // where the room asked gives no more at a time
)

func paged(usual, most int) []param {
	return []param{
		{name: "page", about: "Which page, from 1.", least: 1, most: 100_000, usual: 1},
		{name: "size", about: "How many items a page holds; " + strconv.Itoa(usual) + " unless given.", least: 1, most: most, usual: usual},
	}
}

// A List is one page of many items.
type List[T any] struct {
	Items []T    `json:"items"`
	Total int    `json:"total"`
	Page  int    `json:"page"`
	Size  int    `json:"size"`
	Next  string `json:"next,omitempty"` // address of the next page; absent on the last
}

// A query is what was asked, checked against the parameters of its operation.
type query struct {
	path       string            // of the request, for the next page
	parts      map[string]string // of the path
	values     url.Values
	page, size int
}

// read checks what was asked: only known names, each once, of the right kind.
func (o operation) read(path string, parts map[string]string, values url.Values) (query, error) {
	q := query{path: path, parts: parts, values: values}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		given := values[name]
		i := slices.IndexFunc(o.params, func(p param) bool { return p.name == name && !p.path })
		switch {
		case i < 0:
			errs = append(errs, fault.Field(name, "openapi.param.unknown", "Name", name, "Known", strings.Join(o.names(), ", ")))
		case len(given) > 1:
			errs = append(errs, fault.Field(name, "openapi.param.twice", "Name", name))
		default:
			errs = append(errs, o.params[i].check(given[0]))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return q, err
	}
	for _, p := range o.params {
		switch p.name {
		case "page":
			q.page = q.number("page", p.usual)
		case "size":
			q.size = q.number("size", p.usual)
		}
	}
	return q, nil
}

// names lists what may be asked in the query.
func (o operation) names() []string {
	var names []string
	for _, p := range o.params {
		if !p.path {
			names = append(names, p.name)
		}
	}
	return names
}

func (p param) check(given string) error {
	if given == "" {
		return nil
	}
	if p.enum != nil && !slices.Contains(p.enum, given) {
		return fault.Field(p.name, "openapi.param.enum", "Name", p.name, "Known", strings.Join(p.enum, ", "))
	}
	if p.most > 0 {
		if n, err := strconv.Atoi(given); err != nil || n < p.least || n > p.most {
			return fault.Field(p.name, "openapi.param.number", "Name", p.name, "Least", strconv.Itoa(p.least), "Most", strconv.Itoa(p.most))
		}
	}
	if len(given) > 400 {
		return fault.Field(p.name, "openapi.param.long", "Name", p.name)
	}
	return nil
}

func (q query) text(name string) string { return strings.TrimSpace(q.values.Get(name)) }

func (q query) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(q.values.Get(name)); err == nil {
		return n
	}
	return otherwise
}

// next is the address of the page after this one, "" on the last.
func (q query) next(total int) string {
	if q.page*q.size >= total {
		return ""
	}
	values := maps.Clone(q.values)
	values.Set("page", strconv.Itoa(q.page+1))
	return q.path + "?" + values.Encode()
}

// page cuts one page out of all items.
func page[T any](q query, all []T) List[T] {
	from := min((q.page-1)*q.size, len(all))
	to := min(from+q.size, len(all))
	return pageOf(q, slices.Clone(all[from:to]), len(all))
}

// pageOf is a page whose items were chosen already. An empty page has no next: the search turns no page beyond its depth.
func pageOf[T any](q query, items []T, total int) List[T] {
	l := List[T]{Items: some(items), Total: total, Page: q.page, Size: q.size}
	if len(items) > 0 {
		l.Next = q.next(total)
	}
	return l
}
