package search

import (
	"encoding/csv"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
)

func policy() *duty.Policy {
	return duty.New(nil, func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) })
}

func desk(t testing.TB, d *db.DB, dir string) *Desk {
	t.Helper()
	desk := New(d, dir, policy(), slog.New(slog.DiscardHandler))
	if err := desk.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return desk
}

func put(t testing.TB, d *db.DB, entries ...Entry) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for _, e := range entries {
			if err := Put(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, d *db.DB, id string) {
	t.Helper()
	if err := d.Tx(t.Context(), func(tx *db.Tx) error { return Remove(t.Context(), tx, id) }); err != nil {
		t.Fatal(err)
	}
}

func find(t testing.TB, desk *Desk, q Query) Result {
	t.Helper()
	r, err := desk.Find(t.Context(), q)
	if err != nil {
		t.Fatalf("Find(%q): %v", q.Text, err)
	}
	return r
}

func ids(r Result) []string {
	var all []string
	for _, h := range r.Hits {
		all = append(all, h.ID)
	}
	return all
}

// text shows hits in brackets.
func (t Text) String() string {
	var b strings.Builder
	for _, p := range t {
		if p.Hit {
			fmt.Fprintf(&b, "[%s]", p.Text)
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

func TestFind(t *testing.T) {
	fire := Entry{ID: "b1", Kind: "bulletin", Title: "Phòng cháy rừng", Lang: "vi", Date: day(2026, 3, 1), URL: "/ban-tin/b1",
		Body:   "Mùa hanh khô đã đến.\n\nBà con không đốt nương khi có gió to, gọi 114 khi thấy cháy rừng.",
		Facets: map[string][]string{"topic": {"forest"}, "place": {"20", "06325"}}}
	plan := Entry{ID: "d1", Kind: "document", Title: "Kế hoạch phát triển kinh tế vùng dân tộc", Number: "101/KH-UBND", Lang: "vi", Date: day(2024, 5, 6),
		Body: "UBND tỉnh Lạng Sơn ban hành kế hoạch.\n\nPhòng chống cháy ở chợ và bản làng.", Facets: map[string][]string{"topic": {"policy"}}}
	decree := Entry{ID: "d2", Kind: "document", Title: "Về công tác dân tộc", Number: "05/2011/NĐ-CP", Lang: "vi", Date: day(2011, 1, 14), Body: "Nghị định này quy định"}
	draft := Entry{ID: "b2", Kind: "bulletin", Title: "Phòng cháy rừng (nháp)", Lang: "vi", Act: duty.BulletinReadDraft, Area: "06325@20250701", Body: "Chưa công bố"}
	editor := duty.Actor{ID: "a", Grants: []duty.Grant{{Role: duty.Editor}}}
	elsewhere := duty.Actor{ID: "b", Grants: []duty.Grant{{Role: duty.CommuneOfficer, Area: "06000@20250701"}}}

	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk := desk(t, d, t.TempDir())
		put(t, d, fire, plan, decree, draft)
		tests := []struct {
			name string
			q    Query
			want []string
		}{
			{"without marks", Query{Text: "phong chay rung"}, []string{"b1"}},
			{"with marks", Query{Text: "cháy rừng"}, []string{"b1"}},
			{"all of few words", Query{Text: "phong chay"}, []string{"b1", "d1"}},
			{"an abbreviation by its words", Query{Text: "uỷ ban nhân dân"}, []string{"d1"}},
			{"its words by an abbreviation", Query{Text: "ubnd"}, []string{"d1"}},
			{"a number", Query{Text: "101 kh ubnd"}, []string{"d1"}},
			{"a number in words", Query{Text: "nghị định 05 năm 2011"}, []string{"d2"}},
			{"quoted", Query{Text: `"đốt nương"`}, []string{"b1"}},
			{"a kind", Query{Text: "phong chay", Kinds: []string{"document"}}, []string{"d1"}},
			{"a facet", Query{Text: "phong chay", Facets: map[string]string{"place": "06325"}}, []string{"b1"}},
			{"another language", Query{Text: "phong chay", Lang: "tyz"}, nil},
			{"everything, newest first", Query{}, []string{"b1", "d1", "d2"}},
			{"what the editor may see", Query{Text: "chay rung", Actor: editor}, []string{"b1", "b2"}},
			{"not what is in another area", Query{Text: "chay rung", Actor: elsewhere}, []string{"b1"}},
			{"only signs", Query{Text: "?!"}, nil},
			{"nothing", Query{Text: "xyzzy"}, nil},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				r := find(t, desk, tt.q)
				got := ids(r)
				slices.Sort(got)
				if !slices.Equal(got, tt.want) || r.Total != len(tt.want) {
					t.Errorf("Find(%+v) = %q of %d, want %q", tt.q, got, r.Total, tt.want)
				}
			})
		}

		t.Run("it shows the clause that answers", func(t *testing.T) {
			h := find(t, desk, Query{Text: "dot nuong"}).Hits[0]
			if want := "Bà con không [đốt nương] khi có gió to, gọi 114 khi thấy cháy rừng."; h.Snippet.String() != want[:len(want)-1] {
				t.Errorf("Snippet = %q, want %q", h.Snippet, want)
			}
			if h.URL != fire.URL || h.Title != fire.Title || !h.Date.Equal(fire.Date) {
				t.Errorf("hit = %+v", h)
			}
		})
		t.Run("facets count what is seen", func(t *testing.T) {
			r := find(t, desk, Query{Text: "chay"})
			if got, want := fmt.Sprint(r.Facets), "[{entry [{bulletin 1} {document 1}]} {lang [{vi 2}]} {place [{06325 1} {20 1}]} {topic [{forest 1} {policy 1}]}]"; got != want {
				t.Errorf("facets = %s, want %s", got, want)
			}
		})
		t.Run("near when nothing holds all", func(t *testing.T) {
			r := find(t, desk, Query{Text: "cháy xyzzy"})
			if !r.Nearest || r.Total != 2 {
				t.Errorf("Find = %+v", r)
			}
		})
		t.Run("suggestions obey rights", func(t *testing.T) {
			for actor, want := range map[*duty.Actor]int{{}: 1, &editor: 2} {
				s, err := desk.Suggest(t.Context(), *actor, "phòng ch")
				if err != nil || len(s) != want {
					t.Errorf("Suggest for %q = %d %v, want %d", actor.ID, len(s), err, want)
				}
			}
		})
		t.Run("removed at once", func(t *testing.T) {
			remove(t, d, "b1")
			if r := find(t, desk, Query{Text: "chay rung", Actor: editor}); !slices.Equal(ids(r), []string{"b2"}) {
				t.Errorf("after Remove: %q", ids(r))
			}
			changed := fire
			changed.Title = "Chống rét cho trâu bò"
			put(t, d, changed)
			if r := find(t, desk, Query{Text: "chong ret"}); !slices.Equal(ids(r), []string{"b1"}) {
				t.Errorf("after Put: %q", ids(r))
			}
		})
		t.Run("a second process follows", func(t *testing.T) {
			other := New(d, "", policy(), slog.New(slog.DiscardHandler))
			if r := find(t, other, Query{Text: "chong ret"}); !slices.Equal(ids(r), []string{"b1"}) {
				t.Errorf("another desk: %q", ids(r))
			}
		})
	})
}

// TestFoldCases asks the index what fold's table says of texts and queries.
func TestFoldCases(t *testing.T) {
	d := dbtest.SQLite(t)
	desk := desk(t, d, "")
	for i, row := range cases(t, "../fold/testdata/fold_cases.tsv") {
		text, query, mode, want := row[0], row[1], row[2], row[3] == "yes"
		if mode == "fold" || !want && strings.Count(query, " ") >= fewWords {
			continue // folding alone; long questions need not hold all words
		}
		if mode == "exact" {
			query = `"` + query + `"`
		}
		put(t, d, Entry{ID: "e", Title: "§", Body: text})
		r := find(t, desk, Query{Text: query})
		if got := r.Total == 1 && !r.Nearest; got != want {
			t.Errorf("row %d: %q found by %q = %v (%+v), want %v: %s", i+2, text, query, got, r, want, row[4])
		}
	}
}

// TestNumberCases puts all documents into one index: the right one must come first.
func TestNumberCases(t *testing.T) {
	d := dbtest.SQLite(t)
	desk := desk(t, d, "")
	rows := cases(t, "../fold/testdata/docnumber_cases.tsv")
	for _, row := range rows {
		e := Entry{ID: row[0], Title: "Văn bản " + row[0], Number: row[0]}
		if year, _ := strconv.Atoi(row[1]); year > 0 {
			e.Date = day(year, 6, 1)
		}
		put(t, d, e)
	}
	for i, row := range rows {
		r := find(t, desk, Query{Text: row[2]})
		got := len(r.Hits) > 0 && r.Hits[0].ByNumber && slices.Contains(ids(r), row[0])
		first := got && r.Hits[0].ID == row[0]
		named := slices.ContainsFunc(r.Hits, func(h Hit) bool { return h.ID == row[0] && h.ByNumber })
		if want := row[3] == "yes"; want && !first || !want && named {
			t.Errorf("row %d: %q asked for %q: %q, want %v: %s", i+2, row[2], row[0], ids(r), want, row[4])
		}
	}
}

func cases(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i, cell := range row {
			if s, err := strconv.Unquote(`"` + strings.ReplaceAll(cell, `"`, `\"`) + `"`); err == nil {
				row[i] = s
			}
		}
	}
	return rows[1:]
}
