package place_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/place/intake"
)

func take(t *testing.T, d *place.Desk, who duty.Actor, kind, name string, file io.Reader, dry bool) intake.Report {
	t.Helper()
	report, err := d.Import(t.Context(), who, kind, name, file, dry, nil)
	if err != nil {
		t.Fatalf("Import(%s): %v", name, err)
	}
	return report
}

func sums(r intake.Report) string {
	return fmt.Sprintf("%d added, %d changed, %d same, %d refused", r.Added, r.Changed, r.Same, len(r.Refused))
}

// why lists the refusals as "row column key", and fails where one has no words.
func why(t *testing.T, r intake.Report) []string {
	t.Helper()
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range r.Refused {
		one := fault.All(f.Why)[0]
		all = append(all, fmt.Sprintf("%d %s %s", f.Row, f.Column, one.Key))
		if words := text.Text("vi", one.Key, one.Args...); strings.Contains(words, "⟦") || strings.Contains(words, "no value") {
			t.Errorf("row %d says %q", f.Row, words)
		}
	}
	return all
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The lists that the reference was made from say nothing new, in any order and any number of times.
func TestImportFacts(t *testing.T) {
	d := country(t, dbtest.SQLite(t))
	for _, c := range []struct{ file, want string }{
		{"units_before_2025-07-01.csv", "0 added, 0 changed, 10806 same, 0 refused"},
		{"units_2025-07-01.csv", "0 added, 0 changed, 3355 same, 0 refused"},
		{"unit_lineage_2025-07-01.csv", "0 added, 0 changed, 10667 same, 0 refused"},
		{"units_2026-04-30.csv", "0 added, 0 changed, 3355 same, 0 refused"},
	} {
		if got := sums(take(t, d, place.Operator(), "units", c.file, outsideFile(t, "facts/"+c.file), false)); got != c.want {
			t.Errorf("%s: %s, want %s", c.file, got, c.want)
		}
	}
	report := take(t, d, place.Operator(), "units", "langson_communes.csv", outsideFile(t, "facts/langson_communes.csv"), false)
	if report.Added != 0 || len(report.Refused) != 0 {
		t.Errorf("langson_communes.csv: %s", sums(report))
	}
	if p, err := d.Profile(t.Context(), "06211@20250701"); err != nil || p.PeopleState != "doubtful" {
		t.Errorf("after the import the population of Cao Lộc is %q (%v)", p.PeopleState, err)
	}
}

func TestImportUnits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := langSon(t, database)
		const head = "code,level,type,name,parent_code\n"
		bad := head + "6325,commune,Xã,Bắc Sơn,20\n06325,village,Xã,Bắc Sơn,20\n06325,commune,Thôn,Bắc Sơn,20\n06325,commune,Xã,,20\n06325,commune,Xã,Bắc Sơn,99\n" +
			"06325,commune,Xã,Bắc Sơn,20\n06325,commune,Xã,Bắc Sơn,20\n"
		report := take(t, d, place.Operator(), "units", "units_2027-01-01.csv", strings.NewReader(bad), false)
		equal(t, "refused", why(t, report), []string{"2 code place.import.code", "3 level place.import.level", "4 kind place.import.kind", "5 name place.import.name",
			"6 parent place.import.parent", "8 code place.import.twice"})
		if len(d.Units("20@0", place.Commune, 20270102)) != 65 {
			t.Error("a list with refused rows was taken in half")
		}

		// A list of one province in which Bắc Sơn became a ward.
		var list strings.Builder
		list.WriteString(head + "20,province,Tỉnh,Lạng Sơn,\n")
		for _, u := range d.Units("20@0", place.Commune, d.Today()) {
			kind := u.Kind
			if u.Code == "06325" {
				kind = "Phường"
			}
			fmt.Fprintf(&list, "%s,commune,%s,%s,20\n", u.Code, kind, strings.ReplaceAll(u.Name, "òa", "oà"))
		}
		for _, c := range []struct {
			dry  bool
			want string
		}{{true, "1 added, 1 changed, 65 same, 0 refused"}, {false, "1 added, 1 changed, 65 same, 0 refused"}, {false, "0 added, 0 changed, 66 same, 0 refused"}} {
			if got := sums(take(t, d, place.Operator(), "units", "units_2027-01-01.csv", strings.NewReader(list.String()), c.dry)); got != c.want {
				t.Errorf("dry %v: %s, want %s", c.dry, got, c.want)
			}
		}
		if u := at(t, d, "06325", 20270101); u.FullName() != "phường Bắc Sơn" {
			t.Errorf("on 1 January 2027 06325 is %s", u.FullName())
		}
		if got := len(d.Units("", place.Province, 20270101)); got != 34 {
			t.Errorf("%d provinces after a list of one, want 34", got)
		}
		if !d.Within(string(bacSon), "06325@20270101", noon) {
			t.Error("a right over the commune does not go on over the ward")
		}
		if err := d.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := d.Import(t.Context(), statistician, "units", "units_2027-02-01.csv", strings.NewReader(list.String()), true, nil); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a province's statistician takes in a national list: %v", err)
		}
		if _, err := d.Import(t.Context(), place.Operator(), "units", "units_2025-12-01.csv", strings.NewReader(list.String()), false, nil); !fault.Is(err, fault.Conflict) {
			t.Errorf("a list older than the latest changes the past: %v", err)
		}
	})
}

func TestImportVillages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := langSon(t, database)
		villages := "Mã xã;Tên;Loại;Số văn bản;Ngày văn bản\n06325;Nà Lình;thôn;12/QĐ-UBND;29/1/2026\n06325;Nà Lình 2;lâu đài;12/QĐ-UBND;29/1/2026\n99999;Nà Pò;thôn;12/QĐ-UBND;29/1/2026\n" +
			"06325;Nà Pò;thôn;;29/1/2026\n06325;Nà Pò;thôn;12/QĐ-UBND;mai\n06325;Nà Pò;bản;12/QĐ-UBND;2026-01-29\n"
		for _, c := range []struct {
			dry  bool
			want string
		}{{true, "2 added, 0 changed, 0 same, 4 refused"}, {false, "2 added, 0 changed, 0 same, 4 refused"}, {false, "0 added, 0 changed, 2 same, 4 refused"}} {
			report := take(t, d, statistician, "villages", "thon.csv", strings.NewReader(villages), c.dry)
			if got := sums(report); got != c.want {
				t.Errorf("dry %v: %s, want %s", c.dry, got, c.want)
			}
			equal(t, "refused", why(t, report), []string{"3 kind place.village.kind", "4 commune place.import.unknown_code", "5 decision place.decision.number", "6 decided place.date.invalid"})
		}
		waiting, err := d.Waiting(t.Context(), province)
		if err != nil || len(waiting) != 2 {
			t.Fatalf("Waiting = %v (%v), want both drafts", waiting, err)
		}
		classes := "commune,village,class,decision,decided\n06325,,Khu vực III,1/QĐ,29/1/2026\n06325,Nà Lình,ĐBKK,1/QĐ,29/1/2026\n06325,Không Có,ĐBKK,1/QĐ,29/1/2026\n06325,,ĐBKK,1/QĐ,29/1/2026\n06325,,IV,1/QĐ,29/1/2026\n"
		report := take(t, d, planner, "classes", "khuvuc.csv", strings.NewReader(classes), false)
		equal(t, "refused", why(t, report), []string{"4 village place.class.village_unknown", "5 class place.class.level", "6 class place.class.unknown"})
		if got, want := sums(report), "2 added, 0 changed, 0 same, 3 refused"; got != want {
			t.Errorf("classes: %s, want %s", got, want)
		}
	})
}

func TestImportWrongFiles(t *testing.T) {
	d := langSon(t, dbtest.SQLite(t))
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, kind, content, want string }{
		{"empty", "units", "", "intake.empty"},
		{"blank", "units", "  \n\n", "intake.empty"},
		{"a web page", "units", "<!DOCTYPE html><html>", "intake.html"},
		{"a workbook", "units", "PK\x03\x04rest", "intake.workbook"},
		{"an old workbook", "units", "\xd0\xcf\x11\xe0rest", "intake.workbook"},
		{"UTF-16", "units", "\xFF\xFEc\x00", "intake.utf16"},
		{"binary", "units", "a,b\n\x00\x01", "intake.binary"},
		{"Windows-1252", "units", "code,level,kind,name,parent\n00001,commune,xx,caf\xe9 \xe9t\xe9,20\n", "intake.not_utf8"},
		{"another header", "units", "a,b\n1,2\n", "intake.header"},
		{"only a header", "units", "code,level,kind,name,parent\n", "intake.no_rows"},
		{"an open quotation mark", "units", "code,level,kind,name,parent\n\"00001,commune\n", "intake.quotes"},
		{"nothing but separators", "units", "code;name\n" + strings.Repeat(";", 1<<20), "intake.too_wide"},
		{"nothing but rows", "units", "code,level,kind,name,parent\n" + strings.Repeat("x,y\n", 200_001), "intake.too_long"},
		{"an unknown kind", "planets", "a,b\n1,2\n", "place.import.kind_unknown"},
		{"half a JSON", "boundaries", `{"type":"Topology","arcs":[[`, "place.boundary.json"},
		{"another JSON", "boundaries", `{"type":"Banana"}`, "place.boundary.type"},
		{"an arc that is not there", "boundaries", `{"type":"Topology","arcs":[],"objects":{"x":{"type":"Polygon","id":"06325","arcs":[[5]]}}}`, "place.boundary.arcs"},
		{"a point of one number", "boundaries", `{"type":"Topology","arcs":[[[1]]],"objects":{}}`, "place.boundary.arcs"},
	} {
		_, err := d.Import(t.Context(), place.Operator(), c.kind, "tep-2027-01-01.csv", strings.NewReader(c.content), false, nil)
		all := fault.All(err)
		if len(all) != 1 || all[0].Key != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
			continue
		}
		if words := text.Text("vi", all[0].Key, all[0].Args...); strings.Contains(words, "⟦") || strings.Contains(words, "no value") {
			t.Errorf("%s says %q", c.name, words)
		}
	}
	if _, err := d.Import(t.Context(), place.Operator(), "units", "x.csv", io.LimitReader(endless{}, intake.Limit+10), false, nil); !fault.Is(err, fault.TooLarge) {
		t.Errorf("an endless file: %v, want too large", err)
	}
	// A file in the old encoding TCVN3 is brought into Unicode.
	tcvn3 := "code,level,kind,name,parent\n06325,commune,x\xb7,B\xbec S\xacn,20\n06376,commune,x\xb7,Nh\xcat H\xdfa,20\n"
	report, err := d.Import(t.Context(), place.Operator(), "units", "units_2027-01-01.csv", strings.NewReader(tcvn3), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Encoding != "tcvn3" || len(report.Refused) != 0 {
		t.Errorf("TCVN3: encoding %q, refused %v", report.Encoding, why(t, report))
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestImportBoundaries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := langSon(t, database)
		// Two communes that share a border, as TopoJSON: arc 0 is the border, 1 and 2 the ways around.
		topo := `{"type":"Topology","transform":{"scale":[0.01,0.01],"translate":[106,21]},"arcs":[[[10,0],[0,10]],[[10,10],[-10,0],[0,-10],[10,0]],[[10,0],[10,0],[0,10],[-10,0]]],
			"objects":{"x":{"type":"GeometryCollection","geometries":[{"type":"Polygon","id":"06325","arcs":[[0,1]]},{"type":"Polygon","properties":{"code":"06376"},"arcs":[[2,-1]]},
			{"type":"Polygon","id":"99999","arcs":[[0,1]]}]}}}`
		report := take(t, d, place.Operator(), "boundaries", "x.topojson", strings.NewReader(topo), false)
		equal(t, "refused", why(t, report), []string{"3 code place.boundary.code"})
		if got, want := sums(report), "2 added, 0 changed, 0 same, 1 refused"; got != want {
			t.Errorf("TopoJSON: %s, want %s", got, want)
		}
		m, err := d.Draw(t.Context(), "20@0", bacSon, d.Today())
		if err != nil || !m.Outlines {
			t.Fatalf("Draw: outlines %v (%v)", m.Outlines, err)
		}
		paths := map[string]string{}
		for _, mark := range m.Marks {
			if mark.Path != "" {
				paths[mark.Unit.Code] = mark.Path
			}
		}
		if want := "M106100 -21000l0 -100 -100 0 0 100 z"; paths["06325"] != want {
			t.Errorf("path of 06325 is %q, want %q", paths["06325"], want)
		}
		if want := "M106100 -21000l100 0 0 -100 -100 0 z"; paths["06376"] != want {
			t.Errorf("path of 06376 is %q, want %q", paths["06376"], want)
		}
		if o, err := d.Outline(t.Context(), bacSon); err != nil || o.Path != paths["06325"] || o.West != 106000 {
			t.Errorf("Outline of 06325 = %+v, %v", o, err)
		}
		if o, err := d.Outline(t.Context(), "20@0"); err != nil || o.Path != "" {
			t.Errorf("Outline where none was imported = %+v, %v", o, err)
		}
		geo := `{"type":"FeatureCollection","features":[{"type":"Feature","id":"06325","geometry":{"type":"MultiPolygon","coordinates":[[[[106.1,21],[106.1,21.1],[106,21.1],[106,21],[106.1,21]]]]}},
			{"type":"Feature","id":"06376","geometry":{"type":"Polygon","coordinates":[[[18000000,2300000],[18000001,2300000],[18000001,2300001],[18000000,2300000]]]}},
			{"type":"Feature","id":"06475","geometry":null}]}`
		report = take(t, d, place.Operator(), "boundaries", "x.geojson", strings.NewReader(geo), false)
		equal(t, "refused", why(t, report), []string{"2 geometry place.boundary.outside", "3 geometry place.boundary.empty"})
		if got, want := sums(report), "0 added, 0 changed, 1 same, 2 refused"; got != want {
			t.Errorf("GeoJSON: %s, want %s", got, want)
		}
	})
}

func TestImportLangSonBoundaries(t *testing.T) {
	d := langSon(t, dbtest.SQLite(t))
	report := take(t, d, place.Operator(), "boundaries", "20_lang_son.topojson", outsideFile(t, "geo/20_lang_son.topojson"), false)
	if got, want := sums(report), "65 added, 0 changed, 0 same, 0 refused"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	report = take(t, d, statistician, "boundaries", "20_lang_son.geojson", outsideFile(t, "geo/20_lang_son.geojson"), true)
	if got, want := sums(report), "1 added, 0 changed, 0 same, 0 refused"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	m, err := d.Draw(t.Context(), "20@0", "", d.Today())
	if err != nil || len(m.Marks) != 65 {
		t.Fatalf("Draw: %d marks (%v)", len(m.Marks), err)
	}
	size := 0
	for _, mark := range m.Marks {
		size += len(mark.Path)
	}
	if size > 60_000 {
		t.Errorf("the outlines weigh %d bytes", size)
	}
	t.Logf("outlines of 65 communes: %d bytes", size)
}

func FuzzBoundaries(f *testing.F) {
	f.Add([]byte(`{"type":"Topology","arcs":[[[1,2]]],"objects":{"x":{"type":"Polygon","id":"06325","arcs":[[0,-1]]}}}`))
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"id":"06325","geometry":{"type":"Polygon","coordinates":[[[106,21],[106,21]]]}}]}`))
	d := place.New(dbtest.SQLite(f), clock)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := d.Import(t.Context(), place.Operator(), "boundaries", "x.json", strings.NewReader(string(raw)), true, nil); fault.Is(err, fault.Internal) {
			t.Errorf("not a fault: %v", err)
		}
	})
}
