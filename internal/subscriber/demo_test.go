package subscriber

import (
	"context"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
)

// The people of a demonstration live in several communes and hear several languages; all are marked as made up, and are made once.
func TestSeedDemo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		c.desk.Notify = nil
		as := func(context.Context, string) (duty.Actor, error) {
			a := c.officer(string(c.commune))
			a.Demo = true
			return a, nil
		}
		want := int64(0)
		for _, p := range demoPeople {
			want += int64(p.n)
		}
		for range 2 {
			c.must(c.desk.SeedDemo(t.Context(), as))
			for sql, want := range map[string]int64{"subscriber": want, "subscriber WHERE NOT demo": 0,
				"subscriber_endpoint WHERE state = 'active'": want} {
				if n, err := db.Value[int64](t.Context(), d, "SELECT count(*) FROM "+sql); err != nil || n != want {
					t.Errorf("%s: %d, %v; want %d", sql, n, err, want)
				}
			}
		}
		found, err := c.desk.countIn(t.Context(), c.desk.home(), true)
		c.must(err)
		communes, langs := map[string]bool{}, map[string]bool{}
		for _, f := range found {
			communes[string(f.Place)], langs[f.Lang] = true, true
		}
		if len(communes) < 6 || len(langs) < 6 {
			t.Errorf("%d communes and %d languages, want six of each at least", len(communes), len(langs))
		}
	})
}
