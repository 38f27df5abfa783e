package openapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/bulletin"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/library"
	"banlang/internal/openapi"
	"banlang/internal/place"
	"banlang/internal/plan"
	"banlang/internal/release"
	"banlang/internal/release/dataset"
	"banlang/internal/search"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

func clock() time.Time { return time.Date(2026, 9, 14, 9, 0, 0, 0, time.UTC) }

// news is a shelf of one bulletin that is in force and one that was recalled.
type news struct{}

var issue = bulletin.Issue{
	ID: "b1", Number: 1, Topic: bulletin.Forest, Class: bulletin.Priority, Place: "20@0", Published: clock(), First: clock(), Demo: true,
	Editions: []bulletin.Edition{
		{Lang: "vi", Title: "Cháy rừng", Body: "Mùa hanh khô."},
		{Lang: "tyz", Sound: bulletin.Sound{MP3: "m", Opus: "o", MP3Size: 400, OpusSize: 200, Length: 90 * time.Second}},
	},
}

func (news) Published(_ context.Context, f bulletin.Filter) ([]bulletin.Summary, int, error) {
	if f.Topic != "" && f.Topic != issue.Topic {
		return nil, 0, nil
	}
	return []bulletin.Summary{{ID: issue.ID, Title: "Cháy rừng", Topic: issue.Topic, Class: issue.Class, Told: []bulletin.Told{{Lang: "vi", Text: true}}}}, 1, nil
}

func (news) Public(_ context.Context, id bulletin.ID) (bulletin.Issue, error) {
	switch id {
	case issue.ID:
		return issue, nil
	case "recalled":
		return bulletin.Issue{}, fault.New(fault.Gone, "bulletin.recalled", "Date", clock(), "Reason", "nhầm")
	}
	return bulletin.Issue{}, fault.New(fault.NotFound, "bulletin.not_found")
}

// shelf holds one open document.
type shelf struct{}

func (shelf) ByID(_ context.Context, id library.ID) (library.Document, error) {
	if id != "d1" {
		return library.Document{}, fault.New(fault.NotFound, "library.not_found")
	}
	return library.Document{ID: id, Record: library.Record{Title: "Kế hoạch 101", Number: "101/KH-UBND", Signed: 20210505, Force: "unknown"}}, nil
}

// sets is one released data set.
type sets struct{}

var released = release.Release{Spec: release.Spec{Code: "dan-so-dan-toc-2019", Title: "Dân số", Indicators: []fact.Code{"POP"}}, Version: 1, State: release.Released, Topic: "population", ReleasedAt: clock()}

func (sets) Public(context.Context) ([]release.Release, error) {
	return []release.Release{released}, nil
}

func (sets) Versions(_ context.Context, code string) ([]release.Release, error) {
	if code != released.Spec.Code {
		return nil, fault.New(fault.NotFound, "stat.release.none")
	}
	return []release.Release{released}, nil
}

func (sets) Table(context.Context, release.Release) (dataset.Table, error) {
	return dataset.Table{ID: released.Spec.Code, Dims: []dataset.Dimension{{Code: "group", Title: "Dân tộc", Members: []dataset.Member{{Code: "tay", Label: "Tày"}}}},
		Cells: []dataset.Cell{{At: []int{0}, Status: dataset.Hidden}}}, nil
}

// finder remembers the last question and answers with one document.
type finder struct{ asked search.Query }

func (f *finder) Find(_ context.Context, q search.Query) (search.Result, error) {
	f.asked = q
	hit := search.Hit{
		Entry:   search.Entry{ID: "document/d1", Kind: "document", Title: "Kế hoạch 101", Number: "101/KH-UBND", URL: "/thu-vien/d1"},
		Snippet: search.Text{{Text: "kế hoạch", Hit: true}},
	}
	return search.Result{Total: 1, Hits: []search.Hit{hit}, Facets: []search.Facet{{Name: "entry", Values: []search.Count{{Value: "document", N: 1}}}}}, nil
}

func site(t *testing.T) (*web.Site, *finder) {
	t.Helper()
	d := dbtest.SQLite(t)
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	places := place.New(d, clock)
	if err := places.ReadyOnly(t.Context(), "20"); err != nil {
		t.Fatal(err)
	}
	policy := duty.New(places, clock)
	groups := ethnic.New(d, places, clock)
	if err := groups.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Options{Text: text, Policy: policy, Now: clock, Commits: d.Commits, Province: "Lạng Sơn"})
	if err != nil {
		t.Fatal(err)
	}
	find := &finder{}
	desks := openapi.Desks{
		Places: places, Groups: groups, Targets: plan.New(d, policy, "20@0", clock), Bulletins: news{}, Documents: shelf{}, Search: find,
		Figures: sets{},
	}
	if err := openapi.Mount(s, desks, "test"); err != nil {
		t.Fatal(err)
	}
	return s, find
}

// read asks for an address and reads the answer.
func read(t *testing.T, s http.Handler, address string) map[string]any {
	t.Helper()
	page := webtest.New(t, s).Get(address)
	if page.Status != http.StatusOK {
		t.Fatalf("GET %s = %d %s", address, page.Status, page.Body)
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(page.Body), &v); err != nil {
		t.Fatalf("GET %s: %v", address, err)
	}
	return v
}

func TestAnswers(t *testing.T) {
	s, find := site(t)
	for _, c := range []struct {
		address string
		path    string // dotted, into the answer
		want    any
	}{
		{"/api/v1/places?within=20&level=commune&date=2025-07-01", "total", 65.},
		{"/api/v1/places?within=20&level=commune&date=2025-06-30", "total", 194.},
		{"/api/v1/places?within=20&level=district&date=2025-06-30", "total", 11.},
		{"/api/v1/places?within=20&level=commune&date=2025-06-30&size=200", "next", nil},
		{"/api/v1/places?date=2025-06-30&level=commune&within=20&size=100", "next", "/api/v1/places?date=2025-06-30&level=commune&page=2&size=100&within=20"},
		{"/api/v1/places?q=mai+pha", "items.0.name", "Mai Pha"},
		{"/api/v1/places/05977?date=2025-06-30", "name", "Vĩnh Trại"},
		{"/api/v1/places/05977?date=2025-07-01", "name", "Đông Kinh"},
		{"/api/v1/places/05977?date=2025-07-01", "before_known", true},
		{"/api/v1/groups", "total", 54.},
		{"/api/v1/groups?minority=true", "total", 53.},
		{"/api/v1/groups/tay", "name_en", "Tay"},
		{"/api/v1/bulletins", "items.0.url", "/ban-tin/b1"},
		{"/api/v1/bulletins?topic=health", "total", 0.},
		{"/api/v1/bulletins/b1", "editions.1.sound.mp3", "/ban-tin/b1/tyz.mp3"},
		{"/api/v1/bulletins/b1", "demonstration", true},
		{"/api/v1/documents?q=101", "items.0.id", "d1"},
		{"/api/v1/documents/d1", "signed", "2021-05-05"},
		{"/api/v1/targets", "total", 48.},
		{"/api/v1/targets?plan=KH101&year=2023", "total", 4.},
		{"/api/v1/targets/KH101-2023-1", "verdict", "not_enough"},
		{"/api/v1/targets/KH101-2023-1", "result", nil},
		{"/api/v1/so-lieu", "items.0.jsonstat", "/so-lieu/dan-so-dan-toc-2019.jsonstat"},
		{"/api/v1/so-lieu?topic=health", "total", 0.},
		{"/api/v1/so-lieu/dan-so-dan-toc-2019", "hidden", 1.},
		{"/api/v1/search?q=101", "items.0.snippet.0.hit", true},
	} {
		if got := at(read(t, s, c.address), c.path); got != c.want {
			t.Errorf("GET %s: %s = %v, want %v", c.address, c.path, got, c.want)
		}
	}
	if find.asked.Actor.ID != "" {
		t.Error("the search was asked in somebody's name: the API says what the public sees")
	}
}

// at follows a dotted path.
func at(v any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		}
	}
	return v
}

func TestProblems(t *testing.T) {
	s, _ := site(t)
	for _, c := range []struct {
		address string
		status  int
	}{
		{"/api/v1/places?lvl=commune", 422},
		{"/api/v1/places?level=village", 422},
		{"/api/v1/places?level=commune&level=district", 422},
		{"/api/v1/places?date=yesterday", 422},
		{"/api/v1/places?size=201", 422},
		{"/api/v1/places?page=0", 422},
		{"/api/v1/places/99999999", 404},
		{"/api/v1/groups/nobody", 404},
		{"/api/v1/bulletins/none", 404},
		{"/api/v1/bulletins/recalled", 410},
		{"/api/v1/documents/none", 404},
		{"/api/v1/targets/none", 404},
		{"/api/v1/so-lieu/none", 404},
	} {
		page := webtest.New(t, s).Get(c.address)
		var p openapi.Problem
		if err := json.Unmarshal([]byte(page.Body), &p); err != nil {
			t.Errorf("GET %s: %v: %s", c.address, err, page.Body)
			continue
		}
		if page.Status != c.status || p.Status != c.status || page.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("GET %s = %d %s %q, want %d", c.address, page.Status, page.Header.Get("Content-Type"), page.Body, c.status)
		}
		if p.Detail == "" || p.DetailEN == "" || p.Title == p.TitleEN || strings.Contains(page.Body, "⟦") {
			t.Errorf("GET %s does not say in both languages what is wrong: %s", c.address, page.Body)
		}
	}
}

func TestHeaders(t *testing.T) {
	s, _ := site(t)
	first := webtest.New(t, s).Get("/api/v1/groups")
	if first.Header.Get("Access-Control-Allow-Origin") != "*" || first.Header.Get("ETag") == "" {
		t.Fatalf("headers = %v", first.Header)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/v1/groups", nil)
	r.Header.Set("If-None-Match", first.Header.Get("ETag"))
	if again := webtest.New(t, s).Do(r); again.Status != http.StatusNotModified || again.Body != "" {
		t.Errorf("with its ETag: %d, want 304", again.Status)
	}
	r = httptest.NewRequest(http.MethodGet, "/api/v1/groups", nil)
	r.Header.Set("Accept-Encoding", "br, gzip")
	if small := webtest.New(t, s).Do(r); small.Header.Get("Content-Encoding") != "gzip" || len(small.Body) > len(first.Body)/2 {
		t.Errorf("gzip: %d bytes of %d, %v", len(small.Body), len(first.Body), small.Header)
	}
	if page := webtest.New(t, s).Post("/api/v1/groups"); page.Status != http.StatusMethodNotAllowed {
		t.Errorf("POST = %d, want 405", page.Status)
	}
}

// TestDescription holds the description against the routes and against what is really answered.
func TestDescription(t *testing.T) {
	s, _ := site(t)
	doc := read(t, s, "/api/v1/openapi.json")
	if doc["openapi"] != "3.1.0" || at(doc, "info.title") == nil || at(doc, "info.version") != "test" {
		t.Errorf("openapi %v, info %v", doc["openapi"], doc["info"])
	}
	paths := doc["paths"].(map[string]any)
	var routes []string
	for _, route := range s.Routes() {
		if path, ok := strings.CutPrefix(route.Pattern, "GET /api/"); ok && path != "v1/openapi.json" {
			routes = append(routes, "/api/"+path)
		}
	}
	if len(routes) != len(paths) {
		t.Errorf("%d routes, %d described", len(routes), len(paths))
	}
	for _, ref := range refs(doc) {
		if !strings.HasPrefix(ref, "#/") || at(doc, strings.ReplaceAll(ref[2:], "/", ".")) == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	asked := map[string]string{
		"/api/v1/places/{code}": "/api/v1/places/20", "/api/v1/groups/{slug}": "/api/v1/groups/tay", "/api/v1/bulletins/{id}": "/api/v1/bulletins/b1",
		"/api/v1/documents/{id}": "/api/v1/documents/d1", "/api/v1/targets/{code}": "/api/v1/targets/NTP-2030-1",
		"/api/v1/so-lieu/{code}": "/api/v1/so-lieu/dan-so-dan-toc-2019",
	}
	seen := map[string]bool{}
	for _, route := range routes {
		op, ok := at(paths, route).(map[string]any)["get"].(map[string]any)
		if !ok {
			t.Errorf("%s is not described", route)
			continue
		}
		id, _ := op["operationId"].(string)
		if id == "" || seen[id] {
			t.Errorf("%s: operationId %q is missing or doubled", route, id)
		}
		seen[id] = true
		for _, p := range op["parameters"].([]any) {
			p := p.(map[string]any)
			if p["name"] == "" || p["schema"] == nil || (p["in"] == "path") != strings.Contains(route, "{"+p["name"].(string)+"}") || p["in"] == "path" && p["required"] != true {
				t.Errorf("%s: parameter %v", route, p)
			}
		}
		address := route
		if asked[route] != "" {
			address = asked[route]
		}
		schema := at(op, "responses.200.content").(map[string]any)["application/json"].(map[string]any)["schema"]
		for _, wrong := range mismatches(doc, schema, any(read(t, s, address)), address) {
			t.Error(wrong)
		}
	}
}

// refs lists every $ref below a value.
func refs(v any) []string {
	var all []string
	switch x := v.(type) {
	case map[string]any:
		for k, v := range x {
			if s, ok := v.(string); ok && k == "$ref" {
				all = append(all, s)
			}
			all = append(all, refs(v)...)
		}
	case []any:
		for _, v := range x {
			all = append(all, refs(v)...)
		}
	}
	return all
}

// mismatches tells where an answer is not what its schema says: kinds, required fields, fields that are not described.
func mismatches(doc map[string]any, schema, v any, where string) []string {
	s := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		return mismatches(doc, at(doc, strings.ReplaceAll(ref[2:], "/", ".")), v, where)
	}
	wrong := func(format string, args ...any) []string {
		return []string{where + ": " + fmt.Sprintf(format, args...)}
	}
	switch s["type"] {
	case "object":
		x, ok := v.(map[string]any)
		if !ok {
			return wrong("%v is no object", v)
		}
		var all []string
		properties, _ := s["properties"].(map[string]any)
		required, _ := s["required"].([]any)
		for _, name := range required {
			if _, ok := x[name.(string)]; !ok {
				all = append(all, wrong("%v is missing", name)...)
			}
		}
		for name, v := range x {
			below := properties[name]
			if below == nil {
				below = s["additionalProperties"]
			}
			if below == nil {
				all = append(all, wrong("%s is not described", name)...)
				continue
			}
			all = append(all, mismatches(doc, below, v, where+" "+name)...)
		}
		return all
	case "array":
		x, ok := v.([]any)
		if !ok {
			return wrong("%v is no array", v)
		}
		var all []string
		for _, v := range x {
			all = append(all, mismatches(doc, s["items"], v, where)...)
		}
		return slices.Compact(all)
	case "string":
		if _, ok := v.(string); !ok {
			return wrong("%v is no string", v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return wrong("%v is no boolean", v)
		}
	case "integer", "number":
		n, ok := v.(float64)
		if !ok || s["type"] == "integer" && n != float64(int64(n)) {
			return wrong("%v is no %s", v, s["type"])
		}
	default:
		return wrong("schema without a type")
	}
	return nil
}
