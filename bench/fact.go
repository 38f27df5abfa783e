package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/place"
)

// loaded is how many figures the rows of statistics are measured with.
const loaded = 3_800_000

// A statHouse is a database with made-up figures and the desk that answers for them.
type statHouse struct {
	db     *db.DB
	places *place.Desk
	policy *duty.Policy
	groups *ethnic.Desk
	facts  *fact.Desk
	today  place.Date
}

// migrated opens a database with its tables.
func migrated(ctx context.Context, url string) (*db.DB, error) {
	d, err := db.Open(ctx, db.Options{URL: url})
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx, nil); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func openStat(ctx context.Context, url string) (*statHouse, error) {
	h := &statHouse{}
	var err error
	if h.db, err = migrated(ctx, url); err != nil {
		return nil, err
	}
	h.places = place.New(h.db, time.Now)
	if err := h.places.Ready(ctx, nil); err != nil {
		return nil, err
	}
	if err := h.places.SeedDemo(ctx); err != nil {
		return nil, err
	}
	h.groups = ethnic.New(h.db, h.places, time.Now)
	if err := h.groups.Ready(ctx); err != nil {
		return nil, err
	}
	h.policy, h.today = duty.New(h.places, time.Now), h.places.Today()
	h.facts = fact.New(h.db, h.policy, h.places, h.groups, time.Now)
	return h, h.facts.Ready(ctx)
}

// fill makes figures until there are n.
func (h *statHouse) fill(ctx context.Context, n int) error {
	began := time.Now()
	last := 0
	return h.facts.Generate(ctx, n, 1, func(done, total int) {
		if done-last >= 500_000 || done == total {
			last = done
			say("%d of %d figures made in %.0f s", done, total, time.Since(began).Seconds())
		}
	})
}

// rebuild is how long a new desk takes to read all figures, and how much memory it then holds for them.
func (h *statHouse) rebuild(ctx context.Context) (d *fact.Desk, seconds, bytes float64, err error) {
	d = fact.New(h.db, h.policy, h.places, h.groups, time.Now)
	if err := d.Ready(ctx); err != nil {
		return nil, 0, 0, err
	}
	before := heap()
	began := time.Now()
	err = d.Build(ctx)
	return d, time.Since(began).Seconds(), heap() - before, err
}

// heap is the memory in use after two collections.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// figures counts those that hold.
func (h *statHouse) figures(ctx context.Context) (float64, error) {
	n, err := db.Value[int64](ctx, h.db, "SELECT count(*) FROM fact WHERE replaced = 0")
	return float64(n), err
}

// postgres starts a throw-away PostgreSQL and gives the address of its database.
func postgres(ctx context.Context) (url string, stop func(), err error) {
	c := exec.CommandContext(ctx, "scripts/with-postgres", "sh", "-c", `echo "$BANLANG_TEST_POSTGRES"; cat`)
	in, err := c.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := c.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = in.Close(); _, _ = io.Copy(io.Discard, out); _ = c.Wait() } //nolint:errcheck // it is thrown away
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

// certified is S1: a report is recorded as certifying does it, and asked for; and everything is read anew.
func certified(ctx context.Context) ([]figure, error) {
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	h, err := openStat(ctx, "sqlite:"+dir+"/banlang.db")
	if err != nil {
		return nil, err
	}
	defer h.db.Close()
	if err := h.fill(ctx, loaded); err != nil {
		return nil, err
	}
	n, err := h.figures(ctx)
	if err != nil {
		return nil, err
	}
	d, seconds, _, err := h.rebuild(ctx)
	if err != nil {
		return nil, err
	}
	home := h.places.HomeUnit().ID
	communes := h.places.Units(home, place.Commune, h.today)
	at := fact.NewPeriod(fact.Half, int(h.today)/10000-1, 2)
	var took []float64
	for i := range 200 {
		u := communes[i%len(communes)].ID
		var facts []fact.Fact
		for _, g := range h.groups.Groups() {
			for _, sex := range []string{"male", "female", ""} {
				facts = append(facts, fact.Fact{Key: fact.Key{Indicator: "POP", Place: u, Period: at, Cut: fact.Cut{Group: g.Slug, Sex: sex}}, Value: int64(i*1000 + rand.IntN(1000)), State: fact.Known})
			}
		}
		began := time.Now()
		if err := h.db.Tx(ctx, func(tx *db.Tx) error {
			_, err := fact.Record(ctx, tx, began, fact.Batch{Origin: "report", Title: "Biểu 01"}, facts)
			return err
		}); err != nil {
			return nil, err
		}
		a, err := d.Ask(ctx, fact.Question{Indicators: []fact.Code{"POP"}, Periods: []fact.Period{at}, Area: home, Rows: []fact.Dim{fact.ByPlace}, Cols: []fact.Dim{fact.BySex},
			Only: map[fact.Dim][]string{fact.ByPlace: {string(u)}, fact.ByGroup: {string(facts[0].Cut.Group)}}})
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(began).Seconds())
		if len(a.Cells) != 1 || a.Cells[0][0].Num != facts[0].Value {
			return nil, fmt.Errorf("a certified value is not in the next answer: %+v, want %d", a.Cells, facts[0].Value)
		}
	}
	slow := percentile(took, 0.99)
	return []figure{
		{ID: "S1", Measure: fmt.Sprintf("from certifying 162 values to the pivot that has them, p99, %.1f M figures", n/1e6), Unit: "s", Ours: slow, Bar: "<= 1 s", Met: slow <= 1},
		{ID: "S1", Measure: "reading all figures anew, per million", Unit: "s", Ours: seconds / (n / 1e6), Bar: "<= 2 s", Met: seconds/(n/1e6) <= 2},
	}, nil
}
