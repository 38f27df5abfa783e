package loudspeaker

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/job"
	"banlang/internal/place"
)

// A Desk keeps stations and builds what they play.
type Desk struct {
	Options
	stations store
}

// Options are what a desk works with.
type Options struct {
	DB        *db.DB
	Files     blob.Store
	Source    delivery.Source
	Policy    *duty.Policy
	Places    *place.Desk
	Languages *ethnic.Desk
	Now       func() time.Time
}

// New makes a desk. Its jobs are named by Work.
func New(o Options) *Desk { return &Desk{o, store{o.DB}} }

type store struct{ db *db.DB }

type row struct {
	station
	langs, hours, refs, items string
	seen, made                int64
}

const columns = "id, place, name, langs, hours, key_hash, seen, plan, day, sound, alarm_plan, alarm, alarm_refs, items"

func (r *row) fields() []any {
	return []any{&r.ID, &r.Place, &r.Name, &r.langs, &r.hours, &r.KeyHash, &r.seen, &r.Plan, &r.made, &r.Sound, &r.AlarmPlan, &r.Alarm, &r.refs, &r.items}
}

func (r row) read() (station, error) {
	st := r.station
	st.Langs, st.Hours, st.AlarmRefs = strings.Fields(r.langs), strings.Fields(r.hours), strings.Fields(r.refs)
	st.Seen, st.Made = db.Time(r.seen), db.Time(r.made)
	return st, json.Unmarshal([]byte(r.items), &st.Items)
}

func (s store) byID(ctx context.Context, id string) (station, error) {
	r, err := db.One(ctx, s.db, (*row).fields, "SELECT "+columns+" FROM loudspeaker_station WHERE id = $1", id)
	if err != nil {
		return station{}, err
	}
	return r.read()
}

func (s store) byHash(ctx context.Context, hash string) (station, error) {
	r, err := db.One(ctx, s.db, (*row).fields, "SELECT "+columns+" FROM loudspeaker_station WHERE key_hash = $1", hash)
	if err != nil {
		return station{}, err
	}
	return r.read()
}

func (s store) within(ctx context.Context, areas []string) ([]station, error) {
	var w db.Where
	w.In("place", areas...)
	rows, err := db.All(ctx, s.db, (*row).fields, "SELECT "+columns+" FROM loudspeaker_station"+w.SQL()+" ORDER BY name, id LIMIT "+w.Next(200), w.Args()...)
	var all []station
	for _, r := range rows {
		st, err := r.read()
		if err != nil {
			return nil, err
		}
		all = append(all, st)
	}
	return all, err
}

// Changed puts the work of building anew for every station that an area concerns, in the transaction of who publishes or recalls.
func Changed(ctx context.Context, tx *db.Tx, at time.Time, area place.ID) error {
	ids, err := concerned(ctx, tx, area)
	for _, id := range ids {
		err = errors.Join(err, job.Put(ctx, tx, job.Job{Kind: jobBuild, Key: id, Payload: []byte(id), At: at}))
	}
	return err
}

func newID() string { return db.NewID() }

// playing counts the stations that play a file.
func (s store) playing(ctx context.Context, ref blob.Ref) (int64, error) {
	return db.Value[int64](ctx, s.db, "SELECT count(*) FROM loudspeaker_station WHERE sound = $1 OR alarm = $1", string(ref))
}

// concerned are the stations of an area, of what lies in it, and of what it lies in.
func concerned(ctx context.Context, tx *db.Tx, area place.ID) ([]string, error) {
	return db.Values[string](ctx, tx, `SELECT id FROM loudspeaker_station s WHERE cast($1 as text) = '' OR s.place = $1
		OR EXISTS (SELECT 1 FROM place_within w WHERE w.area = $1 AND w.place = s.place)
		OR EXISTS (SELECT 1 FROM place_within w WHERE w.area = s.place AND w.place = $1) ORDER BY id LIMIT 20000`, string(area))
}

// save writes a station and has its programme built.
func (s store) save(ctx context.Context, st station, at time.Time, e audit.Entry) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO loudspeaker_station (id, place, name, langs, hours) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, langs = excluded.langs, hours = excluded.hours`,
			st.ID, string(st.Place), st.Name, strings.Join(st.Langs, " "), strings.Join(st.Hours, " "))
		if err != nil {
			return err
		}
		if err := job.Put(ctx, tx, job.Job{Kind: jobBuild, Key: st.ID, Payload: []byte(st.ID), At: at}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, at, e)
	})
}

func (s store) setKey(ctx context.Context, id, hash string, at time.Time, e audit.Entry) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, "UPDATE loudspeaker_station SET key_hash = $2 WHERE id = $1", id, hash); err != nil {
			return err
		}
		return audit.Write(ctx, tx, at, e)
	})
}

func (s store) setSeen(ctx context.Context, id string, at time.Time) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, "UPDATE loudspeaker_station SET seen = $2 WHERE id = $1", id, db.Millis(at))
		return err
	})
}

// setMade keeps what was built; again, if not zero, is when that is done anew.
func (s store) setMade(ctx context.Context, st station, again time.Time) error {
	items, err := json.Marshal(st.Items)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE loudspeaker_station SET plan = $2, day = $3, sound = $4, alarm_plan = $5, alarm = $6, alarm_refs = $7, items = $8
			WHERE id = $1`, st.ID, st.Plan, db.Millis(st.Made), string(st.Sound), st.AlarmPlan, string(st.Alarm), strings.Join(st.AlarmRefs, " "), string(items))
		if err != nil || again.IsZero() {
			return err
		}
		return job.Put(ctx, tx, job.Job{Kind: jobDay, Key: st.ID, Payload: []byte(st.ID), At: again})
	})
}

// addPlays keeps new lines of a log, and of all lines the newest only.
func (s store) addPlays(ctx context.Context, id string, plays []play) (n int64, err error) {
	var rows [][]any
	for _, p := range plays {
		rows = append(rows, []any{id, p.ID, db.Millis(p.At), p.Kind, p.Version, p.Seconds})
	}
	if len(rows) == 0 {
		return 0, nil
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if n, err = db.InsertNew(ctx, tx, "loudspeaker_log", "station, id, at, kind, version, seconds", rows); err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, `DELETE FROM loudspeaker_log WHERE station = $1 AND id NOT IN
			(SELECT id FROM loudspeaker_log WHERE station = $1 ORDER BY at DESC, id DESC LIMIT 2000)`, id)
		return err
	})
	return n, err
}

type playRow struct {
	play
	at int64
}

func (r *playRow) fields() []any { return []any{&r.ID, &r.at, &r.Kind, &r.Version, &r.Seconds} }

func (s store) plays(ctx context.Context, id string) ([]play, error) {
	rows, err := db.All(ctx, s.db, (*playRow).fields,
		"SELECT id, at, kind, version, seconds FROM loudspeaker_log WHERE station = $1 ORDER BY at DESC, id DESC LIMIT 50", id)
	var all []play
	for _, r := range rows {
		r.At = db.Time(r.at)
		all = append(all, r.play)
	}
	return all, err
}
