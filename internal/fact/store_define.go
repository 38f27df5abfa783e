package fact

import (
	"context"
	"encoding/json"

	"banlang/internal/db"
)

// inForce reads the newest version in force of every indicator, by code.
func inForce(ctx context.Context, c db.Conn) ([]Indicator, error) {
	type row struct {
		version    int64
		definition string
	}
	var all []Indicator
	err := db.Each(ctx, c, func(r *row) []any { return []any{&r.version, &r.definition} }, func(r row) error {
		var i Indicator
		if err := json.Unmarshal([]byte(r.definition), &i); err != nil {
			return err
		}
		i.Version = int(r.version)
		all = append(all, i)
		return nil
	}, `SELECT version, definition FROM fact_indicator AS f WHERE state = 'in_force' AND version =
		(SELECT max(version) FROM fact_indicator AS g WHERE g.code = f.code AND g.state = 'in_force') ORDER BY code`)
	return all, err
}

// byReference is who proposed what the program brought.
const byReference = "reference"

// loadReference takes in the indicators that the program brings: new ones, and new versions of those that no person has changed.
func (d *Desk) loadReference(ctx context.Context) error {
	brought, err := embedded()
	if err != nil {
		return err
	}
	type row struct {
		code             Code
		version          int64
		definition, from string
	}
	newest := map[Code]row{}
	err = db.Each(ctx, d.db, func(r *row) []any { return []any{&r.code, &r.version, &r.definition, &r.from} }, func(r row) error {
		newest[r.code] = r
		return nil
	}, "SELECT code, version, definition, proposed_by FROM fact_indicator ORDER BY code, version")
	if err != nil {
		return err
	}
	var rows [][]any
	for _, i := range brought {
		text, err := json.Marshal(i)
		if err != nil {
			return err
		}
		if had, ok := newest[i.Code]; !ok || had.from == byReference && had.definition != string(text) {
			at := db.Millis(d.now())
			rows = append(rows, []any{string(i.Code), had.version + 1, string(text), InForce, byReference, at, byReference, at})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		if err := db.Insert(ctx, tx, "fact_indicator", "code, version, definition, state, proposed_by, proposed, confirmed_by, confirmed", rows); err != nil {
			return err
		}
		return touch(ctx, tx)
	})
}

func touch(ctx context.Context, tx *db.Tx) error {
	_, err := db.Exec(ctx, tx, "UPDATE fact_revision SET n = n + 1 WHERE id = 1")
	return err
}

// Ready makes sure that the indicators and the figures of censuses and lists are in the tables.
func (d *Desk) Ready(ctx context.Context) error {
	if err := d.loadReference(ctx); err != nil {
		return err
	}
	return d.reload(ctx)
}
