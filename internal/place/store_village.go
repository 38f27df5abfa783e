package place

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
)

const (
	entryColumns   = "state, demo, entered_by, entered, confirmed_by, confirmed"
	villageColumns = "id, unit, kind, name, folded, sort_key, decision, decided, from_day, until_day, " + entryColumns
	classColumns   = "id, unit, village, class, decision, decided, from_day, until_day, " + entryColumns
)

// entryRow holds the times of an entry as the tables do.
type entryRow struct{ entered, confirmed int64 }

type villageRow struct {
	Village
	entryRow
}

func (r *villageRow) fields() []any {
	return []any{&r.ID, &r.Unit, &r.Kind, &r.Name, &r.folded, &r.sort, &r.Number, &r.Day, &r.From, &r.Until,
		&r.State, &r.Demo, &r.EnteredBy, &r.entered, &r.ConfirmedBy, &r.confirmed}
}

type classRow struct {
	AreaClass
	entryRow
}

func (r *classRow) fields() []any {
	return []any{&r.ID, &r.Unit, &r.Village, &r.Class, &r.Number, &r.Day, &r.From, &r.Until,
		&r.State, &r.Demo, &r.EnteredBy, &r.entered, &r.ConfirmedBy, &r.confirmed}
}

func (r entryRow) set(e *Entry) { e.Entered, e.Confirmed = db.Time(r.entered), db.Time(r.confirmed) }

func (e Entry) values() []any {
	return []any{e.State, e.Demo, e.EnteredBy, db.Millis(e.Entered), e.ConfirmedBy, db.Millis(e.Confirmed)}
}

func (v Village) values() []any {
	return append([]any{v.ID, string(v.Unit), v.Kind, v.Name, v.folded, v.sort, v.Number, int64(v.Day), int64(v.From), int64(v.Until)}, v.Entry.values()...)
}

func (c AreaClass) values() []any {
	return append([]any{c.ID, string(c.Unit), c.Village, c.Class, c.Number, int64(c.Day), int64(c.From), int64(c.Until)}, c.Entry.values()...)
}

// VillagesIn lists the villages in force of a unit on a day, those among them that were recorded for units which went into it
// whole, sorted by name. Each says whether it is an especially difficult one then.
func (d *Desk) VillagesIn(ctx context.Context, unit ID, on Date) ([]Village, error) {
	rows, err := db.All(ctx, d.db, func(r *villageRow) []any { return append(r.fields(), &r.Hard) }, "SELECT "+villageColumns+`,
		EXISTS (SELECT 1 FROM place_area_class c WHERE c.village = place_village.id AND c.class = 'DBKK' AND c.state = 'in_force'
			AND c.from_day <= $2 AND (c.until_day = 0 OR c.until_day > $2))
		FROM place_village WHERE unit IN (SELECT place FROM place_within WHERE area = $1) AND state = 'in_force'
		AND from_day <= $2 AND (until_day = 0 OR until_day > $2) ORDER BY sort_key, id LIMIT 5000`, string(unit), int64(on))
	all := make([]Village, len(rows))
	for i, r := range rows {
		r.set(&r.Entry)
		all[i] = r.Village
	}
	return all, err
}

// Classes lists the area classes in force of a commune and its villages on a day, 1000 at most.
func (d *Desk) Classes(ctx context.Context, unit ID, on Date) ([]AreaClass, error) {
	rows, err := db.All(ctx, d.db, (*classRow).fields, "SELECT "+classColumns+` FROM place_area_class
		WHERE unit = $1 AND state = 'in_force' AND from_day <= $2 AND (until_day = 0 OR until_day > $2) ORDER BY village, from_day LIMIT 1000`, string(unit), int64(on))
	all := make([]AreaClass, len(rows))
	for i, r := range rows {
		r.set(&r.Entry)
		all[i] = r.AreaClass
	}
	return all, err
}

// classRows are the classes of communes as they were at a revision.
type classRows struct {
	revision int64
	rows     []AreaClass
}

// communeClasses reads the area classes of communes, the decision that counts last, once a revision.
func (d *Desk) communeClasses(ctx context.Context, revision int64) ([]AreaClass, error) {
	if kept := d.classes.Load(); kept != nil && kept.revision == revision {
		return kept.rows, nil
	}
	rows, err := db.All(ctx, d.db, (*classRow).fields, "SELECT "+classColumns+` FROM place_area_class
		WHERE village = '' AND state = 'in_force' ORDER BY decided, from_day, id`)
	if err != nil {
		return nil, err
	}
	kept := classRows{revision: revision}
	for _, r := range rows {
		kept.rows = append(kept.rows, r.AreaClass)
	}
	d.classes.Store(&kept)
	return kept.rows, nil
}

// tx is a transaction and who works in it.
type tx struct {
	*db.Tx
	desk  *Desk
	actor duty.Actor
}

// insertNew writes a row unless it is there already.
func (t *tx) insertNew(ctx context.Context, table, columns string, values []any) (bool, error) {
	places := make([]string, len(values))
	for i := range values {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	n, err := db.Exec(ctx, t, "INSERT INTO "+table+" ("+columns+") VALUES ("+strings.Join(places, ", ")+") ON CONFLICT DO NOTHING", values...)
	return n == 1, err
}

func (v *Village) insert(ctx context.Context, t *tx) (string, error) {
	v.ID = db.NewID()
	added, err := t.insertNew(ctx, "place_village", villageColumns, v.values())
	if err != nil || !added {
		return "", err
	}
	return v.ID, t.desk.record(ctx, t.Tx, t.actor, duty.PlaceEditVillage, "village/"+v.ID, v.Unit, "", Draft, v.FullName()+"; "+v.Number, "")
}

func (c *AreaClass) insert(ctx context.Context, t *tx) (string, error) {
	c.ID = db.NewID()
	if c.Village != "" {
		unit, err := db.Value[string](ctx, t, "SELECT unit FROM place_village WHERE id = $1 AND state <> 'refused'", c.Village)
		if fault.Is(err, fault.NotFound) || err == nil && !t.desk.Within(string(c.Unit), unit, c.From.Time()) {
			return "", fault.Field("village", "place.class.village")
		} else if err != nil {
			return "", err
		}
	}
	added, err := t.insertNew(ctx, "place_area_class", classColumns, c.values())
	if err != nil || !added {
		return "", err
	}
	return c.ID, t.desk.record(ctx, t.Tx, t.actor, duty.PlaceSetAreaClass, "class/"+c.ID, c.Unit, "", Draft, c.Class+"; "+c.Number, "")
}

// insertOne writes one draft, once for each key.
func (d *Desk) insertOne(ctx context.Context, actor duty.Actor, key string, e entrant, name string) (id string, err error) {
	err = d.db.Tx(ctx, func(t *db.Tx) error {
		made, err := e.insert(ctx, &tx{t, d, actor})
		if err != nil {
			return err
		}
		prior, repeated, err := db.Once(ctx, t, key, made)
		switch id = made; {
		case err != nil:
			return err
		case repeated:
			id = prior
			return errDry // what was written a second time is taken back
		case made == "":
			return fault.New(fault.Conflict, "place.twice", "Name", name)
		}
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return id, err
}

// errDry ends a transaction that was only a trial.
var errDry = errors.New("dry run")

// insertAll writes drafts in one transaction and counts those that were new. Where it is only a trial, nothing stays.
func (d *Desk) insertAll(ctx context.Context, actor duty.Actor, all []entrant, dry bool) (added int, err error) {
	err = d.db.Tx(ctx, func(t *db.Tx) error {
		for _, e := range all {
			id, err := e.insert(ctx, &tx{t, d, actor})
			if err != nil {
				return err
			}
			if id != "" {
				added++
			}
		}
		if dry {
			return errDry
		}
		return nil
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return added, err
}

func (d *Desk) record(ctx context.Context, tx *db.Tx, actor duty.Actor, act duty.Act, thing string, unit ID, before, after, note, second string) error {
	return audit.Write(ctx, tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Second: second, Act: string(act), Thing: "place/" + thing,
		Place: string(unit), Before: before, After: after, Note: note})
}

// pendingRow is a draft of either kind.
type pendingRow struct {
	Pending
	unit    ID
	entered int64
}

func (r *pendingRow) fields() []any {
	return []any{&r.What, &r.ID, &r.Text, &r.unit, &r.Number, &r.Day, &r.State, &r.Demo, &r.EnteredBy, &r.entered}
}

const pendingSQL = `SELECT what, id, text, unit, decision, decided, state, demo, entered_by, entered FROM (
	SELECT 'village' AS what, id, kind || ' ' || name AS text, unit, decision, decided, state, demo, entered_by, entered FROM place_village
	UNION ALL
	SELECT 'class' AS what, id, class AS text, unit, decision, decided, state, demo, entered_by, entered FROM place_area_class
	UNION ALL
	SELECT DISTINCT 'weight' AS what, id, measure AS text, old_id AS unit, source AS decision, as_of AS decided, state, demo, entered_by, entered FROM place_weight) AS entry`

func (d *Desk) pending(r pendingRow) (Pending, error) {
	var err error
	r.Entered = db.Time(r.entered)
	r.Unit, err = d.ByID(r.unit)
	return r.Pending, err
}

func (d *Desk) drafts(ctx context.Context) ([]Pending, error) {
	rows, err := db.All(ctx, d.db, (*pendingRow).fields, pendingSQL+" WHERE state = 'draft' ORDER BY entered, id LIMIT 200")
	if err != nil {
		return nil, err
	}
	all := make([]Pending, len(rows))
	for i, r := range rows {
		if all[i], err = d.pending(r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (d *Desk) draft(ctx context.Context, what, id string) (Pending, error) {
	row, err := db.One(ctx, d.db, (*pendingRow).fields, pendingSQL+" WHERE what = $1 AND id = $2", what, id)
	if err != nil {
		return Pending{}, err
	}
	return d.pending(row)
}

// setState moves a draft on, unless somebody was faster.
func (d *Desk) setState(ctx context.Context, actor duty.Actor, p Pending, state string) error {
	table := map[string]string{villageKind: "place_village", classKind: "place_area_class", weightKind: "place_weight"}[p.What]
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, "UPDATE "+table+" SET state = $2, confirmed_by = $3, confirmed = $4 WHERE id = $1 AND state = 'draft'",
			p.ID, state, actor.ID, db.Millis(d.now()))
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.Conflict, "place.decided_already")
		}
		if p.What != villageKind && state == InForce {
			if err := bump(ctx, tx); err != nil {
				return err
			}
		}
		return d.record(ctx, tx, actor, p.act(), p.What+"/"+p.ID, p.Unit.ID, Draft, state, p.Text, p.EnteredBy)
	})
	if err != nil {
		return err
	}
	return d.Refresh(ctx)
}

// seed writes demonstration rows that are not there yet.
func (d *Desk) seed(ctx context.Context, villages []Village, areas []AreaClass) error {
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Value[int64](ctx, tx, "SELECT count(*) FROM place_village WHERE id LIKE 'demo-%'")
		if err != nil || n > 0 {
			return err
		}
		var rows [][]any
		for _, v := range villages {
			rows = append(rows, v.values())
		}
		if err := db.Insert(ctx, tx, "place_village", villageColumns, rows); err != nil {
			return err
		}
		rows = nil
		for _, c := range areas {
			rows = append(rows, c.values())
		}
		if err := db.Insert(ctx, tx, "place_area_class", classColumns, rows); err != nil {
			return err
		}
		return bump(ctx, tx)
	})
	if err != nil {
		return err
	}
	return d.Refresh(ctx)
}

// villageByName finds a village of a commune, marks and case aside.
func (d *Desk) villageByName(ctx context.Context, unit ID, name string) (string, error) {
	key := fold.Key(name)
	bare := key
	for _, kind := range villageKinds {
		bare = strings.TrimPrefix(bare, fold.Key(kind)+" ")
	}
	ids, err := db.Values[string](ctx, d.db, `SELECT id FROM place_village WHERE unit IN (SELECT place FROM place_within WHERE area = $1) AND state <> 'refused' AND until_day = 0
		AND (folded = $2 OR folded = $3) LIMIT 2`, string(unit), key, bare)
	switch {
	case err != nil:
		return "", err
	case len(ids) != 1:
		return "", fault.Field("village", "place.class.village_unknown", "Name", name)
	}
	return ids[0], nil
}
