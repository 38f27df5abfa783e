package delivery

import (
	"context"
	"slices"
	"time"

	"banlang/internal/db"
	"banlang/internal/fault"
	"banlang/internal/place"
)

const taskColumns = "t.id, t.campaign, c.ref, c.version, t.commune, t.village, t.unreached, t.told, t.note, t.made, t.done"

type taskRow struct {
	Task
	made, done int64
}

func (r *taskRow) fields() []any {
	return []any{&r.ID, &r.Campaign, &r.Ref, &r.Version, &r.Commune, &r.Village, &r.Unreached, &r.Told, &r.Note, &r.made, &r.done}
}

func (r taskRow) task() Task {
	t := r.Task
	t.Made, t.Done = db.Time(r.made), db.Time(r.done)
	return t
}

func (s store) addTasks(ctx context.Context, at time.Time, all []Task) error {
	rows := make([][]any, len(all))
	for i, t := range all {
		rows[i] = []any{t.ID, t.Campaign, t.Commune, t.Village, t.Unreached, db.Millis(at)}
	}
	_, err := db.InsertNew(ctx, s.c, "delivery_task", "id, campaign, commune, village, unreached, made", rows)
	return err
}

// tasks lists the open tasks of villages, and those of whole communes in the areas.
func (s store) tasks(ctx context.Context, areas, villages []string) ([]Task, error) {
	if len(villages) == 0 {
		return nil, nil
	}
	var w db.Where
	w.In("t.village", append(slices.Clone(villages), "")...)
	if !inAreas(&w, "t.commune", areas) {
		return nil, nil
	}
	w.Add("t.done = 0")
	w.Add("c.state NOT IN ('stopped', 'renewed')")
	rows, err := db.All(ctx, s.c, (*taskRow).fields, "SELECT "+taskColumns+" FROM delivery_task t JOIN delivery_campaign c ON c.id = t.campaign"+w.SQL()+
		" ORDER BY t.made DESC, t.id LIMIT 100", w.Args()...)
	all := make([]Task, len(rows))
	for i, r := range rows {
		all[i] = r.task()
	}
	return all, err
}

func (s store) task(ctx context.Context, id string) (Task, error) {
	r, err := db.One(ctx, s.c, (*taskRow).fields, "SELECT "+taskColumns+" FROM delivery_task t JOIN delivery_campaign c ON c.id = t.campaign WHERE t.id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Task{}, fault.New(fault.NotFound, "delivery.task.none")
	}
	return r.task(), err
}

func (s store) endTask(ctx context.Context, at time.Time, id, by string, told int64, note string) error {
	_, err := db.Exec(ctx, s.c, "UPDATE delivery_task SET told = $2, note = $3, done = $4, done_by = $5 WHERE id = $1", id, told, note, db.Millis(at), by)
	return err
}

func (s store) word(ctx context.Context, campaign string) (Word, error) {
	return db.One(ctx, s.c, func(w *Word) []any { return []any{&w.Tasks, &w.Done, &w.Told} },
		"SELECT count(*), cast(coalesce(sum(CASE WHEN done > 0 THEN 1 ELSE 0 END), 0) as bigint), cast(coalesce(sum(told), 0) as bigint) FROM delivery_task WHERE campaign = $1", campaign)
}

// peopled tells in which villages a campaign has subscribers.
func (s store) peopled(ctx context.Context, campaign string) (map[place.ID]map[string]bool, error) {
	type one struct {
		commune place.ID
		village string
	}
	all := map[place.ID]map[string]bool{}
	return all, db.Each(ctx, s.c, func(o *one) []any { return []any{&o.commune, &o.village} }, func(o one) error {
		if all[o.commune] == nil {
			all[o.commune] = map[string]bool{}
		}
		all[o.commune][o.village] = true
		return nil
	}, "SELECT DISTINCT commune, village FROM delivery_message WHERE campaign = $1", campaign)
}
