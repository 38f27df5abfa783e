package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fold"
)

// words of small texts: marks, đ, an abbreviation and a script of clusters among them.
var vocabulary = []string{"dân", "dan", "tộc", "Tày", "đồng", "bào", "rừng", "UBND", "XV", "khoá", "2025", "各民族", "nyob", "."}

var someText = rapid.Custom(func(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 12).Draw(t, "words"), " ")
})

// scan is what Find must answer, word by word over every entry.
func scan(entries map[string]Entry, query string, quoted bool, sees func(Entry) bool) []string {
	var found []string
	for id, e := range entries {
		if sees(e) && holds(e, fold.Query(query), quoted) {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return found
}

func holds(e Entry, terms []fold.Term, quoted bool) bool {
	var fields [][]fold.Token
	for _, text := range append([]string{e.Title, e.Heading, e.Number}, strings.Split(e.Body, "\n\n")...) {
		tokens := fold.Tokens(text)
		fields = append(fields, tokens)
		if !quoted {
			fields = append(fields, alsoSaid(tokens)...)
		}
	}
	for i := 0; i < len(terms); {
		n := 1
		for i+n < len(terms) && (quoted || terms[i+n].Joined) {
			n++
		}
		if !slices.ContainsFunc(fields, func(tokens []fold.Token) bool { return sideBySide(tokens, terms[i:i+n], quoted) }) {
			return false
		}
		i += n
	}
	return true
}

func sideBySide(tokens []fold.Token, terms []fold.Term, quoted bool) bool {
	for ; len(tokens) >= len(terms); tokens = tokens[1:] {
		ok := true
		for i, term := range terms {
			meant := tokens[i].Folded == term.Folded && (!quoted || !term.Marked() || tokens[i].Toned == term.Toned)
			for _, or := range term.Or {
				meant = meant || !quoted && tokens[i].Folded == or.Folded
			}
			ok = ok && meant
		}
		if ok {
			return true
		}
	}
	return false
}

// TestIndexAnswersAsAScanDoes puts, changes, removes, merges, saves and reopens at random.
func TestIndexAnswersAsAScanDoes(t *testing.T) {
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		shelf, err := openShelf(filepath.Join(dir, fmt.Sprint(runs)))
		if err != nil {
			t.Fatal(err)
		}
		x, entries, sequence := &index{}, map[string]Entry{}, int64(0)
		draw := func() change {
			sequence++
			c := change{sequence: sequence, removed: rapid.IntRange(0, 3).Draw(t, "kind of change") == 0}
			c.ID = fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "id"))
			if !c.removed {
				c.Title, c.Body = someText.Draw(t, "title"), someText.Draw(t, "body")+"\n\n"+someText.Draw(t, "body")
				c.Act = rapid.SampledFrom([]duty.Act{"", "", "bulletin.read_draft"}).Draw(t, "act")
				c.Facets = map[string][]string{"topic": {rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "topic")}}
			}
			return c
		}
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				batch := map[string]change{} // the store gives each entry once
				for range rapid.IntRange(1, 5).Draw(t, "changes") {
					c := draw()
					batch[c.ID] = c
					if entries[c.ID] = c.Entry; c.removed {
						delete(entries, c.ID)
					}
				}
				ordered := slices.SortedFunc(maps.Values(batch), func(a, b change) int { return int(a.sequence - b.sequence) })
				x = x.with(ordered)
			},
			"merge": func(*rapid.T) {
				if parts := x.crowded(segmentLimit); parts != nil {
					one, moved := merge(parts, x.deadOf(parts))
					x = x.merged(parts, one, moved)
				}
			},
			"merge while something dies": func(t *rapid.T) {
				if parts := slices.Clone(x.segments); len(parts) > 0 {
					one, moved := merge(parts, x.deadOf(parts))
					c := draw()
					if entries[c.ID] = c.Entry; c.removed {
						delete(entries, c.ID)
					}
					x = x.with([]change{c}).merged(parts, one, moved)
				}
			},
			"save and reopen": func(t *rapid.T) {
				if _, err := shelf.save(x); err != nil {
					t.Fatal(err)
				}
				if x, err = shelf.load(); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				words := rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 2).Draw(t, "query")
				query := strings.Join(words, " ")
				quoted := rapid.Bool().Draw(t, "quoted") && len(fold.Tokens(query)) > 0
				topic := rapid.SampledFrom([]string{"", "a"}).Draw(t, "topic")
				asked := query
				if quoted {
					asked = `"` + query + `"`
				}
				q := ask(asked)
				q.number = fold.Number{} // a number finds by another rule
				if len(q.words) == 0 || len(q.slots) > fewWords {
					return
				}
				q.weigh(x)
				public := func(right) bool { return false }
				a := q.answer(x.views(Query{Facets: map[string]string{"topic": topic}}.filter(public)), x.average(), 100)
				var got []string
				for _, r := range a.best {
					got = append(got, string(r.view.id(r.doc)))
				}
				if a.total != len(got) {
					t.Fatalf("%s: total %d, best %d", asked, a.total, len(got))
				}
				if a.nearest {
					got = nil
				}
				slices.Sort(got)
				want := scan(entries, query, quoted, func(e Entry) bool {
					return e.Act == "" && (topic == "" || e.Facets["topic"][0] == topic)
				})
				if !slices.Equal(got, want) {
					t.Fatalf("%s finds %q, a scan %q", asked, got, want)
				}
			},
		})
	})
}

// TestKill stops a save before each of its steps, throws the process's memory away, and opens what is on the disk.
func TestKill(t *testing.T) {
	d := dbtest.SQLite(t)
	killed := errors.New("killed")
	for step := 0; ; step++ {
		dir := t.TempDir()
		first := desk(t, d, dir)
		put(t, d, Entry{ID: "kept", Title: fmt.Sprintf("Bản tin %d", step)}, Entry{ID: fmt.Sprint("new ", step), Title: "Bản tin mới"})
		remove(t, d, fmt.Sprint("new ", step-1))
		left := step
		first.shelf.step = func(string) error {
			if left--; left < 0 {
				return killed
			}
			return nil
		}
		err := first.keep(t.Context())
		if err != nil && !errors.Is(err, killed) {
			t.Fatal(err)
		}
		again := desk(t, d, dir)
		r := find(t, again, Query{Text: "ban tin"})
		got := ids(r)
		slices.Sort(got)
		if want := []string{"kept", fmt.Sprint("new ", step)}; !slices.Equal(got, want) {
			t.Fatalf("killed before step %d: %q, want %q", step, got, want)
		}
		if err == nil {
			if step < 6 {
				t.Errorf("a save has %d steps only", step)
			}
			return
		}
	}
}

// TestDamage cuts and changes each file in turn: the index is made anew and complete.
func TestDamage(t *testing.T) {
	d := dbtest.SQLite(t)
	dir := t.TempDir()
	for i := range 20 {
		put(t, d, Entry{ID: fmt.Sprint(i), Title: fmt.Sprintf("Bản tin số %d", i)})
	}
	desk(t, d, dir)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	damages := map[string]func([]byte) []byte{
		"cut":     func(b []byte) []byte { return b[:len(b)/2] },
		"empty":   func([]byte) []byte { return nil },
		"changed": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"gone":    nil,
	}
	for name, damage := range damages {
		for _, f := range files {
			path := filepath.Join(dir, f.Name())
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(path); err != nil { // a mapped file is never changed in place
				t.Fatal(err)
			}
			if damage != nil {
				if err := os.WriteFile(path, damage(b), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if r := find(t, desk(t, d, dir), Query{Text: "ban tin so"}); r.Total != 20 {
				t.Errorf("%s %s: %d found, want 20", f.Name(), name, r.Total)
			}
		}
	}
}

// TestAnotherDatabase opens an index that was made from entries that are no more.
func TestAnotherDatabase(t *testing.T) {
	dir := t.TempDir()
	before := dbtest.SQLite(t)
	put(t, before, Entry{ID: "a", Title: "Bản tin"}, Entry{ID: "b", Title: "Bản tin"})
	desk(t, before, dir)
	after := dbtest.SQLite(t)
	put(t, after, Entry{ID: "c", Title: "Bản tin"}, Entry{ID: "d", Title: "Bản tin"}, Entry{ID: "b", Title: "Tin khác"})
	got := ids(find(t, desk(t, after, dir), Query{Text: "ban tin"}))
	slices.Sort(got)
	if !slices.Equal(got, []string{"c", "d"}) {
		t.Errorf("found %q, want c and d", got)
	}
}

// TestReadersWhileWriting asks all the while entries come, go, are merged, saved and rebuilt. Nobody may see a removed entry.
func TestReadersWhileWriting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk := New(d, t.TempDir(), policy(), slog.New(slog.DiscardHandler))
		if err := desk.Open(t.Context()); err != nil {
			t.Fatal(err)
		}
		put(t, d, Entry{ID: "always", Title: "Bản tin luôn có"})
		done := make(chan struct{})
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					r, err := desk.Find(t.Context(), Query{Text: "ban tin luon co"})
					if err != nil || r.Total == 0 {
						t.Errorf("Find = %+v, %v", r, err)
						return
					}
				}
			})
		}
		for i := range 40 {
			id := fmt.Sprint(i)
			put(t, d, Entry{ID: id, Title: "Tin khẩn " + id})
			if r := find(t, desk, Query{Text: "tin khan"}); r.Total != 1 {
				t.Fatalf("put %d: %d found", i, r.Total)
			}
			remove(t, d, id)
			if r := find(t, desk, Query{Text: "tin khan"}); r.Total != 0 && !r.Nearest {
				t.Fatalf("removed %d: %d found", i, r.Total)
			}
			if i%10 == 9 {
				if err := errors.Join(desk.mergeLarge(), desk.keep(t.Context()), desk.Rebuild(t.Context())); err != nil {
					t.Fatal(err)
				}
			}
		}
		close(done)
		readers.Wait()
	})
}

// TestRun saves when it ends: what opens next begins where it stood.
func TestRun(t *testing.T) {
	d := dbtest.SQLite(t)
	dir := t.TempDir()
	first := desk(t, d, dir)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- first.Run(ctx) }()
	put(t, d, Entry{ID: "a", Title: "Bản tin"})
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	shelf, err := openShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if x, err := shelf.load(); err != nil || x.sequence != 1 || len(x.segments) != 1 {
		t.Errorf("saved %+v, %v", x, err)
	}
}
