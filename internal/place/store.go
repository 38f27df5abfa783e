package place

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place/intake"
)

// A Desk answers questions about places and records changes to them.
type Desk struct {
	Home string // code of the province that this installation serves; LangSon unless set before use

	// Uses tells whether rows elsewhere speak of a version, by a fault that says which. It is asked before a version vanishes
	// because its event is undone; nil knows of none.
	Uses func(ctx context.Context, unit ID) error
	// Groups names the ethnic groups (slug and name) that weights may be of; nil offers none in the form.
	Groups func() [][2]string

	db     *db.DB
	policy *duty.Policy
	now    func() time.Time
	tree   atomic.Pointer[tree]

	classes atomic.Pointer[classRows]
}

// New makes a desk. Call Ready before asking it anything.
func New(database *db.DB, now func() time.Time) *Desk {
	d := &Desk{Home: LangSon, db: database, now: now}
	d.policy = duty.New(d, now)
	d.tree.Store(newTree(nil, nil, nil))
	return d
}

// loadReference takes in each reference list whose content is not recorded yet, cut to the provinces if any are named.
func (d *Desk) loadReference(ctx context.Context, provinces []string, progress func(done, total int)) error {
	known, err := db.Values[string](ctx, d.db, "SELECT digest FROM place_list LIMIT 10000")
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, digest := range known {
		have[digest] = true
	}
	total := len(referenceLists) + 1
	g, profiles, fresh, err := d.readReference(ctx, have, provinces, func(done int) { progress(done, total) })
	if err != nil || len(fresh) == 0 {
		return err
	}
	err = d.db.Tx(ctx, func(tx *db.Tx) error {
		if err := setRegister(ctx, tx, g); err != nil {
			return err
		}
		if err := setProfiles(ctx, tx, profiles); err != nil {
			return err
		}
		for digest, l := range fresh {
			if err := setList(ctx, tx, l.file, l.day, digest, l.source, d.now()); err != nil {
				return err
			}
		}
		return nil
	})
	progress(total, total)
	return err
}

// register is what the tables say now, ready to take in lists.
func (d *Desk) register(ctx context.Context, c db.Conn) (*register, error) {
	units, threads, err := readUnits(ctx, c)
	if err != nil {
		return nil, err
	}
	return newRegister(units, threads), nil
}

func readUnits(ctx context.Context, c db.Conn) ([]Unit, []thread, error) {
	units, err := db.All(ctx, c, unitFields, "SELECT "+unitColumns+" FROM place_unit")
	if err != nil {
		return nil, nil, err
	}
	threads, err := db.All(ctx, c, threadFields, "SELECT old_id, new_id, whole FROM place_lineage")
	return units, threads, err
}

func setList(ctx context.Context, tx *db.Tx, name string, day Date, digest, source string, now time.Time) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO place_list (name, day, digest, source, loaded) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO UPDATE SET day = excluded.day, digest = excluded.digest, source = excluded.source, loaded = excluded.loaded`,
		name, int64(day), digest, source, db.Millis(now))
	return err
}

// reload reads the tree from the tables and remembers which revision it is.
func (d *Desk) reload(ctx context.Context) error {
	return d.db.Snapshot(ctx, func(s *db.Snapshot) error {
		n, err := db.Value[int64](ctx, s, "SELECT n FROM place_revision WHERE id = 1")
		if err != nil {
			return err
		}
		units, threads, err := readUnits(ctx, s)
		if err != nil {
			return err
		}
		weights, err := readWeights(ctx, s)
		if err != nil {
			return err
		}
		t := newTree(units, threads, weights)
		t.revision = n
		d.tree.Store(t)
		return nil
	})
}

// renew reads the tree after a change and makes what changed findable.
func (d *Desk) renew(ctx context.Context) error {
	if err := d.reload(ctx); err != nil {
		return err
	}
	return d.publish(ctx)
}

// Refresh reads the tree again if another process has changed the tables.
func (d *Desk) Refresh(ctx context.Context) error {
	n, err := db.Value[int64](ctx, d.db, "SELECT n FROM place_revision WHERE id = 1")
	if err != nil || n == d.tree.Load().revision {
		return err
	}
	return d.reload(ctx)
}

const unitColumns = "id, code, level, kind, name, name_en, folded, sort_key, parent_code, from_day, until_day"

func unitFields(u *Unit) []any {
	return []any{&u.ID, &u.Code, &u.Level, &u.Kind, &u.Name, &u.NameEN, &u.folded, &u.sort, &u.ParentCode, &u.From, &u.Until}
}

func threadFields(t *thread) []any { return []any{&t.Old, &t.New, &t.Whole} }

// setRegister writes what a register has added and changed, and what lies within what thereafter.
func setRegister(ctx context.Context, tx *db.Tx, g *register) error {
	var rows [][]any
	for _, id := range sortedIDs(g.added) {
		u := g.units[id]
		rows = append(rows, []any{string(u.ID), u.Code, u.Level, u.Kind, u.Name, u.NameEN, u.folded, u.sort, u.ParentCode, int64(u.From), int64(u.Until)})
	}
	if err := db.Insert(ctx, tx, "place_unit", unitColumns, rows); err != nil {
		return err
	}
	for _, id := range sortedIDs(g.changed) {
		u := g.units[id]
		if _, err := db.Exec(ctx, tx, `UPDATE place_unit SET level = $2, kind = $3, name = $4, name_en = $5, folded = $6, sort_key = $7,
			parent_code = $8, until_day = $9 WHERE id = $1`,
			string(id), u.Level, u.Kind, u.Name, u.NameEN, u.folded, u.sort, u.ParentCode, int64(u.Until)); err != nil {
			return err
		}
	}
	for key := range g.parted {
		if _, err := db.Exec(ctx, tx, "DELETE FROM place_lineage WHERE old_id = $1 AND new_id = $2", string(key[0]), string(key[1])); err != nil {
			return err
		}
	}
	for id := range g.removed {
		if _, err := db.Exec(ctx, tx, "DELETE FROM place_unit WHERE id = $1", string(id)); err != nil {
			return err
		}
	}
	rows = nil
	for key, known := range g.joined {
		rows = append(rows, []any{string(key[0]), string(key[1]), g.threads[key]})
		if known {
			if _, err := db.Exec(ctx, tx, "DELETE FROM place_lineage WHERE old_id = $1 AND new_id = $2", string(key[0]), string(key[1])); err != nil {
				return err
			}
		}
	}
	if err := db.Insert(ctx, tx, "place_lineage", "old_id, new_id, whole", rows); err != nil {
		return err
	}
	if err := bump(ctx, tx); err != nil {
		return err
	}
	return setWithin(ctx, tx, g.tree())
}

// bump tells every process that what it knows of places is old.
func bump(ctx context.Context, tx *db.Tx) error {
	_, err := db.Exec(ctx, tx, "UPDATE place_revision SET n = n + 1 WHERE id = 1")
	return err
}

// setWithin derives place_within anew.
func setWithin(ctx context.Context, tx *db.Tx, t *tree) error {
	if _, err := db.Exec(ctx, tx, "DELETE FROM place_within"); err != nil {
		return err
	}
	var rows [][]any
	for n := range t.units {
		place := &t.units[n]
		for id := range t.covered(int32(n)) { //nolint:gosec // there are some 14,000 units
			area := &t.units[t.byID[id]]
			var from, until Date
			if overlap(area.From, area.Until, place.From, place.Until) {
				from, until = max(area.From, place.From), earlier(area.Until, place.Until)
			}
			rows = append(rows, []any{string(id), string(place.ID), int64(from), int64(until)})
		}
	}
	return db.Insert(ctx, tx, "place_within", "area, place, from_day, until_day", rows)
}

// earlier is the earlier of two ends, where zero has not come.
func earlier(a, b Date) Date {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func setProfiles(ctx context.Context, tx *db.Tx, profiles []Profile) error {
	for _, p := range profiles {
		if _, err := db.Exec(ctx, tx, "DELETE FROM place_profile WHERE unit = $1", string(p.Unit)); err != nil {
			return err
		}
	}
	return insertProfiles(ctx, tx, profiles)
}

const profileColumns = "unit, area_km2, population, longitude, latitude, area_state, people_state, note, source, as_of"

func insertProfiles(ctx context.Context, tx *db.Tx, profiles []Profile) error {
	var rows [][]any
	for _, p := range profiles {
		rows = append(rows, []any{string(p.Unit), p.AreaKm2, int64(p.Population), p.Longitude, p.Latitude, p.AreaState, p.PeopleState, p.Note, p.Source, int64(p.AsOf)})
	}
	return db.Insert(ctx, tx, "place_profile", profileColumns, rows)
}

func profileFields(p *Profile) []any {
	return []any{&p.Unit, &p.AreaKm2, &p.Population, &p.Longitude, &p.Latitude, &p.AreaState, &p.PeopleState, &p.Note, &p.Source, &p.AsOf}
}

// profiles reads every size, by unit.
func (d *Desk) profiles(ctx context.Context) (map[ID]Profile, error) {
	all := map[ID]Profile{}
	err := db.Each(ctx, d.db, profileFields, func(p Profile) error { all[p.Unit] = p; return nil }, "SELECT "+profileColumns+" FROM place_profile")
	return all, err
}

func (d *Desk) saveProfiles(ctx context.Context, actor duty.Actor, profiles []Profile, report *intake.Report) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		if err := setProfiles(ctx, tx, profiles); err != nil {
			return err
		}
		return d.recordImport(ctx, tx, actor, report)
	})
}

// recordImport writes into the record that a file was taken in.
func (d *Desk) recordImport(ctx context.Context, tx *db.Tx, actor duty.Actor, r *intake.Report) error {
	return d.record(ctx, tx, actor, duty.PlaceRecordEvent, "import/"+r.Kind, "", "", "", fmt.Sprintf("%s: %d added, %d changed", r.Name, r.Added, r.Changed), "")
}

// importList takes in a list of units in one transaction, and reads the tree again if anything changed.
func (d *Desk) importList(ctx context.Context, actor duty.Actor, t *intake.Table, day Date, report *intake.Report) error {
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		g, err := d.register(ctx, tx)
		if err != nil {
			return err
		}
		if err := g.applyList(t, day, report); err != nil {
			return err
		}
		if report.Dry || !g.dirty() || len(report.Refused) > 0 {
			return errDry
		}
		if err := setRegister(ctx, tx, g); err != nil {
			return err
		}
		if err := d.recordImport(ctx, tx, actor, report); err != nil {
			return err
		}
		return setList(ctx, tx, report.Name, day, "", report.Name, d.now())
	})
	if errors.Is(err, errDry) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.renew(ctx)
}

// Profile is the size and the centre of a unit; the zero Profile says that nothing is recorded.
func (d *Desk) Profile(ctx context.Context, unit ID) (Profile, error) {
	p, err := db.One(ctx, d.db, profileFields, "SELECT "+profileColumns+" FROM place_profile WHERE unit = $1", string(unit))
	if fault.Is(err, fault.NotFound) {
		return Profile{Unit: unit, AreaState: "missing", PeopleState: "missing"}, nil
	}
	return p, err
}
