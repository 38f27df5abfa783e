package fact

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/place"
)

// A Desk knows the indicators and answers for the figures.
type Desk struct {
	db     *db.DB
	policy *duty.Policy
	places *place.Desk
	groups *ethnic.Desk
	now    func() time.Time

	catalogue atomic.Pointer[catalogue]
	geo       *geography

	follow  sync.Mutex // held by who brings the cube up to date
	cube    atomic.Pointer[cube]
	commits atomic.Uint64 // of this process, when the cube was last seen to be up to date
	done    atomic.Int64
	total   atomic.Int64
}

// New makes a desk. Call Ready before asking anything; figures are answered once Build or Run has read them.
func New(d *db.DB, policy *duty.Policy, places *place.Desk, groups *ethnic.Desk, now func() time.Time) *Desk {
	desk := &Desk{db: d, policy: policy, places: places, groups: groups, now: now, geo: newGeography(places)}
	desk.catalogue.Store(newCatalogue(nil))
	return desk
}

// Run reads the figures into memory and then follows what this and other processes record. It blocks until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(400 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := d.renew(ctx); err != nil && ctx.Err() == nil && !fault.Is(err, fault.Unavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// renew brings catalogue and cube up to date.
func (d *Desk) renew(ctx context.Context) error {
	n, err := db.Value[int64](ctx, d.db, "SELECT n FROM fact_revision WHERE id = 1")
	if err != nil {
		return err
	}
	if n != d.catalogue.Load().revision {
		if err := d.reload(ctx); err != nil {
			return err
		}
	}
	return d.Build(ctx)
}

// Progress tells how far the reading of the figures is.
func (d *Desk) Progress() (done, total int64, ready bool) {
	return d.done.Load(), d.total.Load(), d.cube.Load() != nil
}

// current is the cube with everything that this process has recorded.
func (d *Desk) current(ctx context.Context) (*cube, error) {
	if d.cube.Load() == nil {
		done, total, _ := d.Progress()
		return nil, fault.New(fault.Unavailable, "fact.building", "Done", done, "Total", total)
	}
	if d.db.Commits() != d.commits.Load() {
		if err := d.Build(ctx); err != nil {
			return nil, err
		}
	}
	return d.cube.Load(), nil
}

// Build reads the figures into memory, or only those that were recorded since it last did.
func (d *Desk) Build(ctx context.Context) error {
	d.follow.Lock()
	defer d.follow.Unlock()
	commits, c := d.db.Commits(), d.cube.Load()
	seq, err := db.Value[int64](ctx, d.db, "SELECT coalesce(max(seq), 0) FROM fact")
	if err != nil {
		return err
	}
	if c == nil || c.seq != seq {
		if c, err = d.read(ctx, c); err != nil {
			return err
		}
		d.cube.Store(c)
	}
	d.commits.Store(commits)
	return nil
}

// A factRow is a row of the table as the cube reads it.
type factRow struct {
	seq, indicator, place, period, cut, value, state int64
}

func (r *factRow) fields() []any {
	return []any{&r.seq, &r.indicator, &r.place, &r.period, &r.cut, &r.value, &r.state}
}

// stretch is how many rows one reader reads before what it read is brought into the cube.
const stretch = 2_000_000

// readers is how many connections read side by side.
const readers = 2

// read reads what was recorded after a cube, or everything where there is none: the figures that held when the last of them was said.
func (d *Desk) read(ctx context.Context, c *cube) (*cube, error) {
	text := "SELECT seq, indicator, place, period, cut, value, state FROM fact WHERE seq > $1 AND seq <= $2 AND (replaced = 0 OR replaced > $3)"
	if c == nil {
		c = newCube()
	}
	last, err := db.Value[int64](ctx, d.db, "SELECT coalesce(max(seq), 0) FROM fact")
	if err != nil {
		return nil, err
	}
	d.total.Store(last)
	words, err := d.words(ctx, d.db, c.dictionary) // no figure up to the last has a word that is not there yet
	if err != nil {
		return nil, err
	}
	standards, err := readStandards(ctx, d.db)
	if err != nil {
		return nil, err
	}
	var part [readers]parts
	for from := c.seq; from < last; from += readers * stretch {
		g, ctx := errgroup.WithContext(ctx)
		for n := range readers {
			first := from + int64(n)*min(stretch, (last-from)/readers+1)
			end := min(last, first+min(stretch, (last-from)/readers+1))
			g.Go(func() (err error) {
				part[n], err = d.readPart(ctx, words, text, first, end, last)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		for _, p := range part { // in the order of seq: the later counts
			c = c.with(words, p, last, standards)
		}
	}
	d.done.Store(last)
	return c.with(words, nil, last, standards), nil
}

// readPart reads the rows of a stretch.
func (d *Desk) readPart(ctx context.Context, words *dictionary, text string, first, end, last int64) (parts, error) {
	p := parts{}
	var at home
	var into *[]entry
	n := int64(0)
	err := db.Each(ctx, d.db, (*factRow).fields, func(r factRow) error {
		h := home{slot{uint32(r.indicator), Period(r.period)}, words.spots[r.place].level, words.shapes[r.cut]} //nolint:gosec // numbers of a dictionary
		if h != at || into == nil {
			if at, into = h, p[h]; into == nil {
				into = &[]entry{}
				p[h] = into
			}
		}
		e := entry{place: uint32(r.place), cut: uint16(r.cut), gone: State(r.state) == Withdrawn, value: r.value} //nolint:gosec // as above
		if State(r.state) == Unknown {
			e.value = notKnown
		}
		*into = append(*into, e)
		if n++; n%10_000 == 0 {
			d.done.Add(10_000)
		}
		return nil
	}, text, first, end, last)
	return p, err
}

// words reads what was added to the dictionaries.
func (d *Desk) words(ctx context.Context, c db.Conn, known *dictionary) (*dictionary, error) {
	last := int64(0)
	for _, n := range known.codes {
		last = max(last, int64(n))
	}
	codes, err := db.All(ctx, c, func(r *codeRow) []any { return []any{&r.id, &r.code} }, "SELECT id, code FROM fact_code WHERE id > $1 ORDER BY id", last)
	if err != nil {
		return nil, err
	}
	spots, err := db.All(ctx, c, func(r *spotRow) []any { return []any{&r.id, &r.unit, &r.village} },
		"SELECT id, unit, village FROM fact_place WHERE id > $1 ORDER BY id", int64(len(known.spots)-1))
	if err != nil {
		return nil, err
	}
	cuts, err := db.All(ctx, c, (*cutRow).fields, "SELECT id, grp, sex, age, language, item FROM fact_cut WHERE id > $1 ORDER BY id", int64(len(known.cuts)-1))
	return known.with(codes, spots, cuts), err
}

func (r *cutRow) fields() []any {
	return []any{&r.id, &r.group, &r.sex, &r.age, &r.language, &r.item}
}

// readStandards reads under which standards figures were counted; several of one period are joined.
func readStandards(ctx context.Context, c db.Conn) (map[slot]string, error) {
	type row struct {
		code, period int64
		text         string
	}
	all := map[slot]string{}
	err := db.Each(ctx, c, func(r *row) []any { return []any{&r.code, &r.period, &r.text} }, func(r row) error {
		at := slot{uint32(r.code), Period(r.period)} //nolint:gosec // numbers of a dictionary
		if all[at] != "" {
			r.text = all[at] + "; " + r.text
		}
		all[at] = r.text
		return nil
	}, "SELECT indicator, period, standard FROM fact_standard ORDER BY indicator, period, standard")
	return all, err
}

// Ask answers a question exactly. The caller has made sure that the person may know: what is published is answered from releases.
// A fault of kind Unavailable says that the figures are still being read.
func (d *Desk) Ask(ctx context.Context, q Question) (Answer, error) {
	p, err := d.plan(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	return p.answer(), nil
}

func (d *Desk) plan(ctx context.Context, q Question) (*plan, error) {
	c, err := d.current(ctx)
	if err != nil {
		return nil, err
	}
	q.Only = maps.Clone(q.Only)
	return newPlan(ctx, q, c, d.catalogue.Load(), d.geo, d.minorities())
}

func (d *Desk) minorities() []string {
	var all []string
	for _, g := range d.groups.Groups() {
		if g.Minority {
			all = append(all, string(g.Slug))
		}
	}
	return all
}

// AskAs answers a question of an officer, who must be allowed stat.read_exact in its area. Both the reading and a refusal are recorded;
// nothing is told unless they are.
func (d *Desk) AskAs(ctx context.Context, actor duty.Actor, q Question) (a Answer, err error) {
	entry := audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatReadExact), Thing: "fact", Place: string(q.Area), Note: q.String()}
	if refused := d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(q.Area)}); refused != nil {
		entry.After = "refused"
		err := d.recordReading(ctx, entry)
		return Answer{}, cmp.Or(refused, err)
	}
	var both errgroup.Group // the database writes while the cube is read
	both.Go(func() error { return d.recordReading(ctx, entry) })
	a, err = d.Ask(ctx, q)
	if err := cmp.Or(both.Wait(), err); err != nil {
		return Answer{}, err
	}
	return a, nil
}

func (d *Desk) recordReading(ctx context.Context, e audit.Entry) error {
	before := d.db.Commits()
	err := d.db.Tx(ctx, func(tx *db.Tx) error { return audit.Write(ctx, tx, d.now(), e) })
	if err == nil {
		d.commits.CompareAndSwap(before, before+1) // the record of a reading brings no figures; had others committed, it would be more than one
	}
	return err
}

// reload reads the indicators in force.
func (d *Desk) reload(ctx context.Context) error {
	return d.db.Snapshot(ctx, func(s *db.Snapshot) error {
		n, err := db.Value[int64](ctx, s, "SELECT n FROM fact_revision WHERE id = 1")
		if err != nil {
			return err
		}
		indicators, err := inForce(ctx, s)
		if err != nil {
			return fmt.Errorf("read the indicators: %w", err)
		}
		order := map[Code]int{}
		brought, err := embedded()
		if err != nil {
			return err
		}
		for i, b := range brought {
			order[b.Code] = i - len(brought)
		}
		slices.SortStableFunc(indicators, func(a, b Indicator) int { return order[a.Code] - order[b.Code] })
		c := newCatalogue(indicators)
		c.revision = n
		d.catalogue.Store(c)
		return nil
	})
}
