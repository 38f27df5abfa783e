package fact

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"banlang/internal/db"
	"banlang/internal/fault"
	"banlang/internal/place"
)

// Record takes figures in, in the caller's transaction. Each replaces the one that holds for its key; one that says the same
// again makes no row. It gives the batch's ID, which is made unless it has one.
func Record(ctx context.Context, tx *db.Tx, at time.Time, b Batch, facts []Fact) (string, error) {
	b.ID = cmp.Or(b.ID, db.NewID())
	last := map[Key]Fact{}
	for _, f := range facts {
		switch {
		case !codeText.MatchString(string(f.Indicator)) || f.Period == 0 || f.Value == notKnown:
			return "", fault.New(fault.Invalid, "fact.record.key", "Code", string(f.Indicator), "Period", f.Period.String())
		case f.State == Unknown || f.State == Withdrawn:
			f.Value = 0
		}
		last[f.Key] = f
	}
	n, err := insertBatch(ctx, tx, at, b)
	if err != nil {
		return "", err
	}
	w, err := openWriter(ctx, tx)
	if err != nil {
		return "", err
	}
	var rows []numbered
	for _, f := range facts {
		if f, ok := last[f.Key]; ok {
			delete(last, f.Key)
			rows = append(rows, numbered{Fact: f})
		}
	}
	if err := w.number(ctx, rows); err != nil {
		return "", err
	}
	if rows, err = w.fresh(ctx, rows); err != nil {
		return "", err
	}
	return b.ID, w.write(ctx, rows, n, b.Standard)
}

const batchColumns = `id, n, origin, title, report, version, form, file, file_name, entered_by, entered_name, certified_by, certified_name,
	as_of, method, standard, demo, recorded`

func insertBatch(ctx context.Context, tx *db.Tx, at time.Time, b Batch) (n int64, err error) {
	if n, err = db.Value[int64](ctx, tx, "SELECT coalesce(max(n), 0) + 1 FROM fact_batch"); err != nil {
		return 0, err
	}
	return n, db.Insert(ctx, tx, "fact_batch", batchColumns, [][]any{{b.ID, n, b.Origin, b.Title, b.Report, int64(b.Version), b.Form, string(b.File), b.FileName,
		b.EnteredBy, b.EnteredName, b.CertifiedBy, b.CertifiedName, int64(b.AsOf), b.Method, b.Standard, b.Demo, db.Millis(at)}})
}

// A numbered fact has its words as numbers.
type numbered struct {
	Fact
	indicator, place, cut int64
	old                   int64 // seq of the one that it replaces; 0 for none
}

// A writer writes facts in one transaction.
type writer struct {
	tx     *db.Tx
	codes  map[Code]int64
	cuts   map[Cut]int64
	places map[[2]string]int64
	next   int64 // number of a place
}

func openWriter(ctx context.Context, tx *db.Tx) (*writer, error) {
	w := &writer{tx: tx, codes: map[Code]int64{}, cuts: map[Cut]int64{}, places: map[[2]string]int64{}}
	err := db.Each(ctx, tx, func(r *codeRow) []any { return []any{&r.id, &r.code} }, func(r codeRow) error { w.codes[r.code] = r.id; return nil },
		"SELECT id, code FROM fact_code")
	if err != nil {
		return nil, err
	}
	err = db.Each(ctx, tx, (*cutRow).fields, func(r cutRow) error { w.cuts[r.cut()] = r.id; return nil },
		"SELECT id, grp, sex, age, language, item FROM fact_cut")
	if err != nil {
		return nil, err
	}
	w.next, err = db.Value[int64](ctx, tx, "SELECT coalesce(max(id), 0) + 1 FROM fact_place")
	return w, err
}

// number gives the words of facts their numbers, and new words new ones.
func (w *writer) number(ctx context.Context, rows []numbered) error {
	var codes, cuts, places [][]any
	if err := w.knowPlaces(ctx, rows); err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		var ok bool
		if r.indicator, ok = w.codes[r.Indicator]; !ok {
			r.indicator = int64(len(w.codes) + 1)
			w.codes[r.Indicator] = r.indicator
			codes = append(codes, []any{r.indicator, string(r.Indicator)})
		}
		if r.cut, ok = w.cuts[r.Cut]; !ok {
			r.cut = int64(len(w.cuts) + 1)
			w.cuts[r.Cut] = r.cut
			cuts = append(cuts, []any{r.cut, string(r.Cut.Group), r.Cut.Sex, r.Cut.Age, r.Cut.Language, r.Cut.Item})
		}
		for _, village := range []string{"", r.Village} { // a village's unit has a number too
			key := [2]string{string(r.Place), village}
			if r.place, ok = w.places[key]; !ok {
				r.place = w.next
				w.places[key] = r.place
				w.next++
				places = append(places, []any{r.place, key[0], key[1]})
			}
		}
	}
	if len(w.cuts) > math.MaxUint16 {
		return fault.New(fault.TooLarge, "fact.record.cuts")
	}
	if err := db.Insert(ctx, w.tx, "fact_code", "id, code", codes); err != nil {
		return err
	}
	if err := db.Insert(ctx, w.tx, "fact_cut", "id, grp, sex, age, language, item", cuts); err != nil {
		return err
	}
	return db.Insert(ctx, w.tx, "fact_place", "id, unit, village", places)
}

// knowPlaces reads the numbers of the places that facts are about.
func (w *writer) knowPlaces(ctx context.Context, rows []numbered) error {
	asked := map[place.ID]bool{}
	var units []string
	for _, r := range rows {
		if _, known := w.places[[2]string{string(r.Place), r.Village}]; !known && !asked[r.Place] {
			asked[r.Place] = true
			units = append(units, string(r.Place))
		}
	}
	for some := range slices.Chunk(units, 500) {
		var q db.Where
		q.In("unit", some...)
		err := db.Each(ctx, w.tx, func(r *spotRow) []any { return []any{&r.id, &r.unit, &r.village} }, func(r spotRow) error {
			w.places[[2]string{string(r.unit), r.village}] = r.id
			return nil
		}, "SELECT id, unit, village FROM fact_place"+q.SQL(), q.Args()...)
		if err != nil {
			return err
		}
	}
	return nil
}

// holding is the row that holds for a key.
type holding struct {
	seq, place, cut, value, state int64
}

// numberedKey is a key in numbers.
type numberedKey struct {
	indicator, period, place, cut int64
}

func (n numbered) key() numberedKey {
	return numberedKey{n.indicator, int64(n.Period), n.place, n.cut}
}

// holding finds the rows that hold for the keys of facts.
func (w *writer) holding(ctx context.Context, rows []numbered) (map[numberedKey]holding, error) {
	type slot struct{ indicator, period int64 }
	places := map[slot][]int64{}
	for _, r := range rows {
		at := slot{r.indicator, int64(r.Period)}
		if len(places[at]) == 0 || places[at][len(places[at])-1] != r.place {
			places[at] = append(places[at], r.place)
		}
	}
	holds := map[numberedKey]holding{}
	for at, all := range places {
		slices.Sort(all)
		for some := range slices.Chunk(slices.Compact(all), 500) {
			var q db.Where
			q.Add("replaced = 0 AND indicator = $? AND period = $?", at.indicator, at.period)
			db.In(&q, "place", some)
			err := db.Each(ctx, w.tx, func(h *holding) []any { return []any{&h.seq, &h.place, &h.cut, &h.value, &h.state} }, func(h holding) error {
				holds[numberedKey{at.indicator, at.period, h.place, h.cut}] = h
				return nil
			}, "SELECT seq, place, cut, value, state FROM fact"+q.SQL(), q.Args()...)
			if err != nil {
				return nil, err
			}
		}
	}
	return holds, nil
}

// fresh leaves of facts those that say something new, each with the one that it replaces.
func (w *writer) fresh(ctx context.Context, rows []numbered) ([]numbered, error) {
	holds, err := w.holding(ctx, rows)
	if err != nil {
		return nil, err
	}
	var fresh []numbered
	for _, r := range rows {
		h, ok := holds[r.key()]
		r.old = h.seq
		if ok && (h.value != r.Value || h.state != int64(r.State)) || !ok && r.State != Withdrawn {
			fresh = append(fresh, r)
		}
	}
	return fresh, nil
}

const factColumns = "seq, indicator, place, period, cut, value, state, batch, cell"

// write appends facts.
func (w *writer) write(ctx context.Context, rows []numbered, batch int64, standard string) error {
	if len(rows) == 0 {
		return nil
	}
	seq, err := db.Value[int64](ctx, w.tx, "SELECT coalesce(max(seq), 0) FROM fact")
	if err != nil {
		return err
	}
	type slot struct{ indicator, period int64 }
	seen := map[slot]bool{}
	values := make([][]any, len(rows))
	for i, r := range rows {
		seq++
		if r.old != 0 {
			if _, err := db.Exec(ctx, w.tx, "UPDATE fact SET replaced = $2 WHERE seq = $1", r.old, seq); err != nil {
				return err
			}
		}
		values[i] = []any{seq, r.indicator, r.place, int64(r.Period), r.cut, r.Value, int64(r.State), batch, r.Cell}
		at := slot{r.indicator, int64(r.Period)}
		if standard != "" && !seen[at] {
			seen[at] = true
			if _, err := db.Exec(ctx, w.tx, "INSERT INTO fact_standard (indicator, period, standard) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", at.indicator, at.period, standard); err != nil {
				return err
			}
		}
	}
	return db.Insert(ctx, w.tx, "fact", factColumns, values)
}

// insertGenerated records made-up figures where nobody has said anything: they replace none. Where the batch is there already it
// does nothing.
func (d *Desk) insertGenerated(ctx context.Context, b Batch, facts []Fact) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		had, err := db.Value[int64](ctx, tx, "SELECT count(*) FROM fact_batch WHERE id = $1", b.ID)
		if err != nil || had > 0 {
			return err
		}
		n, err := insertBatch(ctx, tx, d.now(), b)
		if err != nil {
			return err
		}
		w, err := openWriter(ctx, tx)
		if err != nil {
			return err
		}
		rows := make([]numbered, len(facts))
		for i, f := range facts {
			rows[i] = numbered{Fact: f}
		}
		if err := w.number(ctx, rows); err != nil {
			return err
		}
		holds, err := w.holding(ctx, rows)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(r numbered) bool { _, said := holds[r.key()]; return said })
		return w.write(ctx, rows, n, b.Standard)
	})
}
