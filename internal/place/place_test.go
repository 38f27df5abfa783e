package place_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/place"
)

// The days between which everything happened.
const (
	lastOfThreeTiers   place.Date = 20250630
	firstOfTwoTiers    place.Date = 20250701
	afterChangesOf26   place.Date = 20260501
	longBefore         place.Date = 20241231
	bacSon             place.ID   = "06325@20250701"
	dinhLap, kienMoc              = "06613", "06625"
	chauSon                       = "06637"
	vinhTraiOrDongKinh            = "05977"
)

var noon = time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// country is a desk with all reference lists in a fresh database; it takes a second.
func country(t testing.TB, d *db.DB) *place.Desk {
	t.Helper()
	desk := place.New(d, clock)
	if err := desk.Ready(context.Background(), nil); err != nil {
		t.Fatalf("Ready: %v", err)
	}
	return desk
}

// langSon is a desk that carries Lạng Sơn only.
func langSon(t testing.TB, d *db.DB) *place.Desk {
	t.Helper()
	desk := place.New(d, clock)
	if err := desk.ReadyOnly(context.Background(), place.LangSon); err != nil {
		t.Fatalf("ReadyOnly: %v", err)
	}
	return desk
}

func at(t testing.TB, d *place.Desk, code string, on place.Date) place.Unit {
	t.Helper()
	u, err := d.At(code, on)
	if err != nil {
		t.Fatalf("At(%s, %v): %v", code, on, err)
	}
	return u
}

var _ duty.Tree = (*place.Desk)(nil)

func TestCountry(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		begun := time.Now()
		country(t, database)
		t.Logf("first start: %v", time.Since(begun))
		begun = time.Now()
		d := country(t, database)
		t.Logf("start with a filled database: %v", time.Since(begun))

		for _, c := range []struct {
			area  place.ID
			level string
			on    place.Date
			want  int
		}{
			{"", place.Province, lastOfThreeTiers, 63},
			{"", place.District, lastOfThreeTiers, 696},
			{"", place.Commune, lastOfThreeTiers, 10047},
			{"", place.Province, firstOfTwoTiers, 34},
			{"", place.District, firstOfTwoTiers, 0},
			{"", place.Commune, firstOfTwoTiers, 3321},
			{"", place.Province, afterChangesOf26, 34},
			{"", place.Commune, afterChangesOf26, 3321},
			{"20@0", place.District, lastOfThreeTiers, 11},
			{"20@0", place.Commune, lastOfThreeTiers, 194},
			{"20@0", place.Commune, firstOfTwoTiers, 65},
			{"178@0", place.Commune, lastOfThreeTiers, 8},
		} {
			if got := d.Units(c.area, c.level, c.on); len(got) != c.want {
				t.Errorf("Units(%q, %s, %v) = %d units, want %d", c.area, c.level, c.on, len(got), c.want)
			}
		}
		for _, c := range []struct {
			code string
			on   place.Date
			want place.ID
			name string
		}{
			{"05977", longBefore, "05977@0", "phường Vĩnh Trại"},
			{"05977", firstOfTwoTiers, "05977@20250701", "phường Đông Kinh"},
			{"20", longBefore, "20@0", "tỉnh Lạng Sơn"},
			{"20", afterChangesOf26, "20@0", "tỉnh Lạng Sơn"}, // nothing about it changed
			{"08", lastOfThreeTiers, "08@0", "tỉnh Tuyên Quang"},
			{"08", firstOfTwoTiers, "08@20250701", "tỉnh Tuyên Quang"}, // it took in Hà Giang
			{"75", firstOfTwoTiers, "75@20250701", "tỉnh Đồng Nai"},
			{"75", afterChangesOf26, "75@20260430", "thành phố Đồng Nai"},
			{"06970", firstOfTwoTiers, "06970@20250701", "xã Ba Chẽ"},
			{"06978", afterChangesOf26, "06978@20260430", "xã Ba Chẽ"},
			{"00175", afterChangesOf26, "00175@20250701", "phường Yên Hòa"}, // Yên Hoà in the next list: no change
		} {
			if u := at(t, d, c.code, c.on); u.ID != c.want || u.FullName() != c.name {
				t.Errorf("At(%s, %v) = %s %s, want %s %s", c.code, c.on, u.ID, u.FullName(), c.want, c.name)
			}
		}
		divided := 0
		for _, u := range d.Units("", place.Commune, lastOfThreeTiers) {
			if len(d.After(u.ID)) > 1 {
				divided++
			}
		}
		if divided != 460 {
			t.Errorf("%d communes were divided on 1 July 2025, want 460", divided)
		}
		conserved(t, d)
		rightsGoOn(t, d)
	})
}

// conserved checks with made-up numbers that nothing is lost between old and new: what whole units carry arrives once, and the
// parts of a divided unit add up to it.
func conserved(t *testing.T, d *place.Desk) {
	old := d.Units("", "", lastOfThreeTiers)
	old = slices.DeleteFunc(old, func(u place.Unit) bool { return len(d.After(u.ID)) == 0 || u.Level == place.Province })
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.IntRange(1, 1<<20).Draw(t, "seed")
		total, arrived := 0, map[place.ID]int{}
		for i, u := range old {
			n := (seed*(i+7))%9973 + 1
			total += n
			steps := d.After(u.ID)
			if len(steps) == 1 != steps[0].Whole {
				t.Fatalf("%s goes to %d units, whole is %v", u.ID, len(steps), steps[0].Whole)
			}
			for k, s := range steps { // any division will do
				part := n / len(steps)
				if k == 0 {
					part += n % len(steps)
				}
				arrived[s.Unit.ID] += part
			}
		}
		sum := 0
		for _, u := range d.Units("", place.Commune, firstOfTwoTiers) {
			sum += arrived[u.ID]
		}
		if sum != total {
			t.Fatalf("%d arrived of %d", sum, total)
		}
	})
}

func rightsGoOn(t *testing.T, d *place.Desk) {
	for _, c := range []struct {
		name        string
		area, place string
		want        bool
	}{
		{"a province over its new commune", "20@0", string(bacSon), true},
		{"a province over its old commune", "20@0", "05977@0", true},
		{"a province over another's commune", "20@0", "00004@20250701", false},
		{"a new commune over an old one that went there whole", "05977@20250701", "05977@0", true},
		{"an old commune over the new one that also took in others", "05977@0", "05977@20250701", false},
		{"a new commune over a divided one", "06613@20250701", "06625@0", false},
		{"a province before it became a city", "75@20250701", "25195@20250701", true},
		{"a province after it became a city", "75@20260430", "25195@20250701", true},
		{"a commune before it became a ward", "25270@20250701", "25270@20260430", true},
		{"a commune before its code was corrected", "06970@20250701", "06978@20260430", true},
		{"an old province over its communes in the merged one", "02@0", "00706@20250701", true},
		{"an old province over the merged one", "02@0", "08@20250701", false},
		{"bare codes as of the day", "20", "06325", true},
		{"nothing known", "20", "99999", false},
		{"everything", "", "99999", true},
	} {
		if got := d.Within(c.area, c.place, noon); got != c.want {
			t.Errorf("%s: Within(%s, %s) = %v, want %v", c.name, c.area, c.place, got, c.want)
		}
	}
}

// What SQL cuts lists with says the same as the tree.
func TestWithinTable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		d := langSon(t, database)
		units := slices.Concat(d.Units("20@0", "", lastOfThreeTiers), d.Units("20@0", "", firstOfTwoTiers))
		table := map[[2]string]bool{}
		err := db.Each(t.Context(), database, func(row *[2]string) []any { return []any{&row[0], &row[1]} },
			func(row [2]string) error { table[row] = true; return nil }, "SELECT area, place FROM place_within")
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			a, b := rapid.SampledFrom(units).Draw(t, "area"), rapid.SampledFrom(units).Draw(t, "place")
			if got, want := table[[2]string{string(a.ID), string(b.ID)}], d.Within(string(a.ID), string(b.ID), noon); got != want {
				t.Fatalf("place_within(%s, %s) = %v, Within says %v", a.ID, b.ID, got, want)
			}
		})
	})
}

// The laws of Lạng Sơn's change of 1 July 2025.
func TestLangSon(t *testing.T) {
	d := langSon(t, dbtest.SQLite(t))
	old, now := d.Units("20@0", place.Commune, lastOfThreeTiers), d.Units("20@0", place.Commune, firstOfTwoTiers)
	if len(old) != 194 || len(now) != 65 {
		t.Fatalf("%d old and %d new communes, want 194 and 65", len(old), len(now))
	}
	var notExact []string
	for _, u := range now {
		if !d.Exact(u.ID) {
			notExact = append(notExact, u.Code)
		}
		steps, known := d.Before(u.ID)
		if len(steps) < 2 || !known {
			t.Errorf("%s was made of %d units (known %v), want two or more", u.FullName(), len(steps), known)
		}
	}
	slices.Sort(notExact)
	if want := []string{dinhLap, kienMoc, chauSon}; !slices.Equal(notExact, want) {
		t.Errorf("communes that are no exact sums: %v, want %v", notExact, want)
	}
	var divided []string
	for _, u := range old {
		if len(d.After(u.ID)) > 1 {
			divided = append(divided, u.Name)
		}
		if _, known := d.Before(u.ID); known {
			t.Errorf("%s: something older than the list of March 2025 is claimed", u.ID)
		}
	}
	slices.Sort(divided)
	if want := []string{"Bính Xá", "Kiên Mộc"}; !slices.Equal(divided, want) {
		t.Errorf("divided: %v, want %v", divided, want)
	}
	first, second := d.After("06079@0"), d.After("06205@0")
	if at(t, d, "06079", longBefore).Name != "Hồng Phong" || at(t, d, "06205", longBefore).Name != "Hồng Phong" ||
		len(first) != 1 || len(second) != 1 || first[0].Unit.ID == second[0].Unit.ID {
		t.Errorf("the two Hồng Phong are not told apart: %v and %v", first, second)
	}
}

// A code of 2024 and the same code of 2025 are two units, whichever commune it is.
func TestCodesAreReused(t *testing.T) {
	d := langSon(t, dbtest.SQLite(t))
	now := d.Units("20@0", place.Commune, firstOfTwoTiers)
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom(now).Draw(t, "commune")
		if before, err := d.At(u.Code, longBefore); err == nil && before.ID == u.ID {
			t.Fatalf("%s is one unit in 2024 and in 2025", u.Code)
		}
		if len(d.Parents(u.ID, firstOfTwoTiers)) != 1 {
			t.Fatalf("%s has parents %v, want the province only", u.ID, d.Parents(u.ID, firstOfTwoTiers))
		}
	})
}

func TestFind(t *testing.T) {
	d := langSon(t, dbtest.SQLite(t))
	for _, c := range []struct {
		text      string
		want, now string // name of the first hit, and today's units if it ended
	}{
		{"xã Mai Pha", "xã Mai Pha", "phường Đông Kinh"},
		{"mai pha", "xã Mai Pha", "phường Đông Kinh"},
		{"P. Vĩnh Trại, Lạng Sơn", "phường Vĩnh Trại", "phường Đông Kinh"},
		{"Quý Hòa", "xã Quý Hòa", ""},
		{"QUÝ HOÀ", "xã Quý Hòa", ""},
		{"bac son", "xã Bắc Sơn", ""},
		{"huyện Bắc Sơn", "huyện Bắc Sơn", ""},
		{"06325", "xã Bắc Sơn", ""},
		{"Kỳ Lừa", "phường Kỳ Lừa", ""},
		{"tinh lang son", "tỉnh Lạng Sơn", ""},
	} {
		found := d.Find(c.text, afterChangesOf26, 10)
		if len(found) == 0 {
			t.Errorf("Find(%q) finds nothing", c.text)
			continue
		}
		var now []string
		for _, s := range found[0].Now {
			now = append(now, s.Unit.FullName())
		}
		if got := found[0].Unit.FullName(); got != c.want || strings.Join(now, ";") != c.now {
			t.Errorf("Find(%q) = %s, now %v; want %s, now %s", c.text, got, now, c.want, c.now)
		}
	}
	for _, text := range []string{"", "   ", "xyz", "xã"} {
		if found := d.Find(text, afterChangesOf26, 10); len(found) != 0 && text != "xã" {
			t.Errorf("Find(%q) = %v", text, found)
		}
	}
	if found := d.Find("Hồng Phong", afterChangesOf26, 10); len(found) != 3 {
		t.Errorf("Find(Hồng Phong) finds %d, want today's and the two that ended", len(found))
	}
}

func TestProfiles(t *testing.T) {
	d := langSon(t, dbtest.SQLite(t))
	for code, state := range map[string]string{"06325": "read", "06211": "doubtful", "06376": "doubtful", "06577": "doubtful", "06463": "missing", "06187": "missing"} {
		p, err := d.Profile(t.Context(), at(t, d, code, firstOfTwoTiers).ID)
		if err != nil || p.PeopleState != state {
			t.Errorf("population of %s is %q (%v), want %q", code, p.PeopleState, err, state)
		}
		if _, ok := p.People(); ok != (state == "read") {
			t.Errorf("population of %s may be computed with: %v", code, ok)
		}
	}
}

// Flows from the communes of before to those of today: exact where a whole unit went, not known where one was divided.
func TestFlowsOfTheCountry(t *testing.T) {
	d := country(t, dbtest.SQLite(t))
	begun := time.Now()
	unknown := 0
	touched := map[place.ID]bool{}
	for _, u := range d.Units("", place.Commune, lastOfThreeTiers) {
		flows, known := d.Flows(u.ID, place.Commune, firstOfTwoTiers)
		if !known {
			unknown++
			for _, f := range flows {
				touched[f.To] = true
				if f.Den != 0 || f.Whole {
					t.Fatalf("a share of %s is claimed: %v", u.ID, f)
				}
			}
			continue
		}
		if len(flows) != 1 || !flows[0].Whole || flows[0].Num != flows[0].Den || flows[0].Estimated {
			t.Fatalf("Flows(%s) = %v, want one whole", u.ID, flows)
		}
		if up, known := d.Flows(u.ID, place.Province, firstOfTwoTiers); !known || len(up) != 1 || !up[0].Whole {
			t.Fatalf("Flows(%s, province) = %v %v", u.ID, up, known)
		}
	}
	t.Logf("10,047 communes to two levels: %v", time.Since(begun))
	if unknown != 460 {
		t.Errorf("%d are divided, want 460", unknown)
	}
	exact := 0
	for _, u := range d.Units("", place.Commune, firstOfTwoTiers) {
		if d.Exact(u.ID) {
			exact++
			if touched[u.ID] {
				t.Errorf("%s is an exact sum, and yet a divided unit touches it", u.ID)
			}
		}
	}
	if want := len(d.Units("", place.Commune, firstOfTwoTiers)) - len(touched); exact != want {
		t.Errorf("%d exact sums, want %d", exact, want)
	}
	for _, c := range []struct {
		name  string
		from  place.ID
		level string
		on    place.Date
		known bool
		n     int
		to    place.ID
	}{
		{"a district lies in its province", "178@0", place.Province, afterChangesOf26, true, 1, "20@0"},
		{"a district among communes is not known", "178@0", place.Commune, afterChangesOf26, false, 4, ""},
		{"an old province in the merged one", "02@0", place.Province, afterChangesOf26, true, 1, "08@20250701"},
		{"the merged one among the old ones", "08@20250701", place.Province, longBefore, false, 2, ""},
		{"through two changes", "25270@0", place.Commune, afterChangesOf26, true, 1, "25270@20260430"},
		{"a renamed unit back", "06978@20260430", place.Commune, firstOfTwoTiers, true, 1, "06970@20250701"},
		{"a new commune back to the district", bacSon, place.District, lastOfThreeTiers, true, 1, "185@0"},
		{"a new commune back to the communes", bacSon, place.Commune, lastOfThreeTiers, false, 4, ""},
		{"a level that is no more", "06325@0", place.District, afterChangesOf26, false, 0, ""},
	} {
		flows, known := d.Flows(c.from, c.level, c.on)
		if known != c.known || len(flows) != c.n && c.n != 4 || c.to != "" && flows[0].To != c.to {
			t.Errorf("%s: Flows(%s, %s, %v) = %v %v", c.name, c.from, c.level, c.on, flows, known)
		}
	}
}
