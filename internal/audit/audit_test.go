package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

var noon = time.Date(2026, 9, 14, 5, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// fill records n entries at once, chained as Write chains them.
func fill(t testing.TB, d *db.DB, n int) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		if err := Write(t.Context(), tx, noon, Entry{Actor: "editor", Act: "bulletin.write"}); err != nil {
			return err
		}
		last, err := lastRow(t.Context(), tx)
		if err != nil {
			return err
		}
		var rows [][]any
		for i := 1; i < n; i++ {
			r := Row{Seq: last.Seq + 1, At: noon.Add(time.Duration(i) * time.Second), Entry: Entry{Actor: "editor", Session: "s",
				Act: "bulletin.write", Thing: fmt.Sprintf("bulletin/%d", i), Place: "20", After: "nháp"}}
			r.Hash = r.sum(last.Hash)
			rows = append(rows, []any{r.Seq, r.At.UnixMilli(), r.Actor, r.Session, r.Second, r.Act, r.Thing, r.Place, r.Before, r.After, r.Reason, r.Note, r.Hash})
			last = r
		}
		return db.Insert(t.Context(), tx, "audit", columns, rows)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, d *db.DB, text string, args ...any) {
	t.Helper()
	if n, err := db.Exec(t.Context(), d, text, args...); err != nil || n == 0 {
		t.Fatalf("%s: %d rows, %v", text, n, err)
	}
}

func openKey(t testing.TB) Key {
	t.Helper()
	dir := t.TempDir()
	key, err := OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenKey(dir)
	if err != nil || again.Public() != key.Public() {
		t.Fatalf("OpenKey again: %v, another key", err)
	}
	return key
}

// Whatever is done to the record behind its back is found: against the chain, or against the head kept outside.
func TestVerifyFinds(t *testing.T) {
	const n = 2000
	for _, c := range []struct {
		name string
		harm func(t *testing.T, d *db.DB)
		want Finding
	}{
		{"nothing where nothing was done", func(*testing.T, *db.DB) {}, Finding{}},
		{"an edited entry", func(t *testing.T, d *db.DB) { exec(t, d, "UPDATE audit SET actor = 'nobody' WHERE seq = 1500") }, Finding{Edited, 1500}},
		{"words moved from one column to the next", func(t *testing.T, d *db.DB) {
			exec(t, d, "UPDATE audit SET act = 'bulletin.', thing = 'write' || thing WHERE seq = 17")
		}, Finding{Edited, 17}},
		{"an edit hashed again", func(t *testing.T, d *db.DB) {
			r := one(t, d, 40)
			r.Actor = "nobody"
			exec(t, d, "UPDATE audit SET actor = $2, hash = $3 WHERE seq = $1", 40, r.Actor, r.sum(one(t, d, 39).Hash))
		}, Finding{Edited, 41}},
		{"a dropped entry", func(t *testing.T, d *db.DB) { exec(t, d, "DELETE FROM audit WHERE seq = 77") }, Finding{Missing, 77}},
		{"a dropped beginning", func(t *testing.T, d *db.DB) { exec(t, d, "DELETE FROM audit WHERE seq <= 3") }, Finding{Missing, 1}},
		{"a gap closed by renumbering", func(t *testing.T, d *db.DB) {
			exec(t, d, "DELETE FROM audit WHERE seq = 1999")
			exec(t, d, "UPDATE audit SET seq = 1999 WHERE seq = 2000")
		}, Finding{Edited, 1999}},
		{"a cut tail", func(t *testing.T, d *db.DB) { exec(t, d, "DELETE FROM audit WHERE seq > 1990") }, Finding{Cut, 1991}},
		{"everything cut", func(t *testing.T, d *db.DB) { exec(t, d, "DELETE FROM audit") }, Finding{Cut, 1}},
		{"a record written anew", func(t *testing.T, d *db.DB) {
			exec(t, d, "DELETE FROM audit")
			err := d.Tx(t.Context(), func(tx *db.Tx) error { return Write(t.Context(), tx, noon, Entry{Act: "bulletin.read"}) })
			if err != nil {
				t.Fatal(err)
			}
			fill(t, d, n)
		}, Finding{Rewrote, n}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				fill(t, d, n)
				head, err := SignedHead(t.Context(), d, openKey(t), noon)
				if err != nil {
					t.Fatal(err)
				}
				c.harm(t, d)
				report, err := Verify(t.Context(), d, &head)
				if err != nil {
					t.Fatal(err)
				}
				if c.want == (Finding{}) {
					if !report.Whole() || report.Rows != n || report.Last != head.Hash {
						t.Errorf("Verify = %+v, want whole", report)
					}
					return
				}
				if len(report.Findings) == 0 || report.Findings[0] != c.want {
					t.Errorf("Verify found %+v, want %+v", report.Findings, c.want)
				}
			})
		})
	}
}

func one(t *testing.T, d *db.DB, seq int64) Row {
	t.Helper()
	r, err := (&Desk{}).bySeq(t.Context(), d, seq)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHead(t *testing.T) {
	d := dbtest.SQLite(t)
	fill(t, d, 3)
	key := openKey(t)
	head, err := SignedHead(t.Context(), d, key, noon)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(head)
	read, err := ReadHead(text)
	if err != nil || read != head || !read.Sound() {
		t.Fatalf("ReadHead = %+v, %v, want %+v", read, err, head)
	}
	forged := head
	forged.Seq = 2
	if forged.Sound() {
		t.Error("a head with another number is sound")
	}
	report, err := Verify(t.Context(), d, &forged)
	if err != nil || report.Whole() {
		t.Errorf("Verify against a forged head: %+v, %v", report, err)
	}
	if _, err := ReadHead([]byte("not a head")); err == nil {
		t.Error("ReadHead of nonsense gives no error")
	}
}

func TestWriteIsPartOfTheAct(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		undone := fault.New(fault.Conflict, "audit.test")
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			if err := Write(t.Context(), tx, noon, Entry{Act: "a", Note: "nul\x00 and \xff"}); err != nil {
				return err
			}
			return undone
		})
		if !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
		fill(t, d, 1)
		if r := one(t, d, 1); r.Act != "bulletin.write" {
			t.Errorf("first row is %+v", r)
		}
	})
}

// tree: "20/a" lies in "20".
type tree struct{}

func (tree) Within(area, place string, _ time.Time) bool {
	return len(place) > len(area) && place[:len(area)+1] == area+"/"
}

func TestReading(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, now := context.Background(), noon
		policy := duty.New(tree{}, func() time.Time { return now })
		desk := New(d, policy, openKey(t), func() time.Time { return now })
		leader := duty.Actor{ID: "l", Session: "s1", Grants: []duty.Grant{{Role: duty.CommuneLeader, Area: "20/a"}}}
		admin := duty.Actor{ID: "m", Session: "s2", Grants: []duty.Grant{{Role: duty.Admin, Area: "20"}}}
		for _, e := range []Entry{
			{Actor: "x", Act: "bulletin.write", Place: "20/a", Note: "here"},
			{Actor: "x", Act: "bulletin.write", Place: "20/b", Note: "there"},
			{Actor: "x", Act: "bulletin.write", Place: "20/a/v", Note: "inside"},
			{Actor: "system", Act: "system.operate", Note: "machine"},
		} {
			if err := d.Tx(ctx, func(tx *db.Tx) error { return Write(ctx, tx, now, e) }); err != nil {
				t.Fatal(err)
			}
		}
		notes := func(actor duty.Actor, f Filter) (out []string) {
			t.Helper()
			seq, err := desk.Ask(ctx, actor, "kiểm tra theo kế hoạch", f)
			if err != nil {
				t.Fatalf("Ask: %v", err)
			}
			reading, err := desk.Reading(ctx, actor, seq)
			if err != nil {
				t.Fatalf("Reading: %v", err)
			}
			rows, _, err := desk.List(ctx, actor, reading, 1, 50)
			if err != nil {
				t.Fatalf("List: %v", err)
			}
			for _, r := range rows {
				if r.Act != string(duty.AuditRead) {
					out = append(out, r.Note)
				}
			}
			return out
		}
		if got := fmt.Sprint(notes(leader, Filter{})); got != "[inside here]" {
			t.Errorf("a commune leader sees %s", got)
		}
		if got := fmt.Sprintf("%q", notes(admin, Filter{Act: "bulletin.write"})); got != `["" "" ""]` {
			t.Errorf("an administrator sees %s, want three acts without content", got)
		}
		if got := notes(admin, Filter{Place: "20/a"}); len(got) != 2 {
			t.Errorf("filtered by place: %q", got)
		}

		if _, err := desk.Ask(ctx, leader, "xem", Filter{}); fault.All(err)[0].Field != "reason" {
			t.Errorf("without a reason: %v", err)
		}
		seq, err := desk.Ask(ctx, leader, "kiểm tra theo kế hoạch", Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Reading(ctx, admin, seq); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's reading: %v", err)
		}
		later := leader
		later.Session = "s9"
		if _, err := desk.Reading(ctx, later, seq); !fault.Is(err, fault.NotFound) {
			t.Errorf("another session's reading: %v", err)
		}
		if r := one(t, d, seq); r.Reason == "" || r.Actor != "l" {
			t.Errorf("the reading is recorded as %+v", r)
		}
		now = now.Add(time.Hour)
		if _, err := desk.Reading(ctx, leader, seq); !fault.Is(err, fault.Gone) {
			t.Errorf("after an hour: %v", err)
		}
		if _, err := desk.Ask(ctx, duty.Actor{ID: "e", Grants: []duty.Grant{{Role: duty.Editor, Area: "20"}}}, "kiểm tra theo kế hoạch", Filter{}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an editor reads the record: %v", err)
		}
		own, _, err := desk.Own(ctx, leader, 1, 50)
		if err != nil || len(own) != 2 {
			t.Errorf("Own = %d rows, %v, want the two readings", len(own), err)
		}
		if report, err := desk.Check(ctx, admin, ""); err != nil || !report.Whole() {
			t.Errorf("Check = %+v, %v", report, err)
		}
	})
}

// The bar: edited, dropped or cut among 100,000, found in a second.
func BenchmarkVerify(b *testing.B) {
	d := dbtest.SQLite(b)
	fill(b, d, 100_000)
	head, err := SignedHead(b.Context(), d, openKey(b), noon)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if report, err := Verify(b.Context(), d, &head); err != nil || !report.Whole() {
			b.Fatal(report, err)
		}
	}
}
