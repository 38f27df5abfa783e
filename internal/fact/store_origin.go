package fact

import (
	"context"
	"slices"

	"banlang/internal/db"
	"banlang/internal/fault"
)

// An Origin is a figure behind a cell, and where it came from.
type Origin struct {
	Fact
	Batch Batch
	Share float64 // how much of the figure the cell has: less than 1 of a divided unit, 0 where nobody knows
}

// Origins lists the figures behind one cell of a question's answer, by place, limit at most; denominators follow numerators. The
// headers are those of the answer. The caller has made sure that the person may know.
func (d *Desk) Origins(ctx context.Context, q Question, row, col Header, limit int) ([]Origin, error) {
	p, err := d.plan(ctx, q)
	if err != nil {
		return nil, err
	}
	found, err := p.trace(row, col, limit)
	if err != nil {
		return nil, err
	}
	batches := map[int64]Batch{}
	var all []Origin
	for _, f := range found {
		type row struct {
			value, state, batch int64
			cell                string
		}
		r, err := db.One(ctx, d.db, func(r *row) []any { return []any{&r.value, &r.state, &r.batch, &r.cell} },
			"SELECT value, state, batch, cell FROM fact WHERE replaced = 0 AND indicator = $1 AND period = $2 AND place = $3 AND cut = $4",
			int64(f.code), int64(f.at), int64(f.spot), int64(f.cut))
		if fault.Is(err, fault.NotFound) {
			continue // taken back meanwhile
		} else if err != nil {
			return nil, err
		}
		b, ok := batches[r.batch]
		if !ok {
			if b, err = batch(ctx, d.db, r.batch); err != nil {
				return nil, err
			}
			batches[r.batch] = b
		}
		s := p.cube.spots[f.spot]
		all = append(all, Origin{Fact{Key{p.cube.codeOf(f.code), s.unit, s.village, f.at, p.cube.cuts[f.cut]}, r.value, State(r.state), r.cell}, b, f.share})
	}
	return all, nil
}

// A traced figure is one that reaches a cell.
type traced struct {
	code  uint32
	at    Period
	spot  uint32
	cut   uint16
	share float64
}

// trace finds the figures that reach the cell under two headers.
func (p *plan) trace(row, col Header, limit int) (all []traced, err error) {
	l := p.lay(dimsOf(row), dimsOf(col))
	cell := 0
	for _, m := range slices.Concat(row.Members, col.Members) {
		i := slices.Index(p.members[m.Dim], m.Code)
		if i < 0 {
			return nil, fault.New(fault.NotFound, "fact.origin.none")
		}
		cell += i * l.step[m.Dim]
	}
	i := l.pick(ByIndicator, cell)
	p.eachPeriod(l, &p.asked[i], func(n int, x Period) {
		base := i*l.step[ByIndicator] + n*l.step[ByPeriod]
		p.eachSide(l, &p.asked[i], x, func(sides ...used) {
			for _, u := range sides {
				all = append(all, p.reaching(l, u, base, cell)...)
			}
		})
	})
	return all[:min(limit, len(all))], nil
}

func dimsOf(h Header) (dims []Dim) {
	for _, m := range h.Members {
		dims = append(dims, m.Dim)
	}
	return dims
}

// reaching lists the figures in use that reach a cell.
func (p *plan) reaching(l *layout, u used, base, cell int) (all []traced) {
	offsets, classes := p.offsets(l, u.part), p.class[u.at.Last()]
	for _, x := range u.uses {
		at, in := l.classed(base, classes, x.spot)
		if !in {
			continue
		}
		rows := map[int32]float64{}
		if to := u.routes.to[x.spot]; to >= 0 {
			rows[l.at(to)] = 1
		} else if to <= split {
			f := u.routes.forks[split-to]
			for n, flow := range f.flows {
				share := 0.0
				if flow.Den != 0 {
					share = float64(flow.Num) / float64(flow.Den)
				}
				rows[l.at(f.to[n])] += share
			}
		}
		cuts := u.from[x.source].cut
		for i := x.from; i < x.to; i++ {
			for row, share := range rows {
				if off := offsets[cuts[i]]; row >= 0 && off >= 0 && at+int(row)+int(off) == cell {
					all = append(all, traced{u.part.code, u.at, x.spot, cuts[i], share})
				}
			}
		}
	}
	return all
}

func batch(ctx context.Context, c db.Conn, n int64) (Batch, error) {
	type row struct {
		Batch
		n, recorded int64
	}
	r, err := db.One(ctx, c, func(r *row) []any {
		b := &r.Batch
		return []any{&b.ID, &r.n, &b.Origin, &b.Title, &b.Report, &b.Version, &b.Form, &b.File, &b.FileName, &b.EnteredBy, &b.EnteredName, &b.CertifiedBy,
			&b.CertifiedName, &b.AsOf, &b.Method, &b.Standard, &b.Demo, &r.recorded}
	}, "SELECT "+batchColumns+" FROM fact_batch WHERE n = $1", n)
	r.Recorded = db.Time(r.recorded)
	return r.Batch, err
}

// A said figure is a row with its words.
type said struct {
	Fact
	period, state int64
}

func (s *said) fields() []any {
	return []any{&s.Indicator, &s.Place, &s.Village, &s.period, &s.Cut.Group, &s.Cut.Sex, &s.Cut.Age, &s.Cut.Language, &s.Cut.Item, &s.Value, &s.state, &s.Cell}
}

func (s *said) fact() Fact {
	s.Period, s.State = Period(s.period), State(s.state)
	return s.Fact
}

const saidSQL = `SELECT c.code, p.unit, p.village, f.period, t.grp, t.sex, t.age, t.language, t.item, f.value, f.state, f.cell
	FROM fact AS f JOIN fact_code AS c ON c.id = f.indicator JOIN fact_place AS p ON p.id = f.place JOIN fact_cut AS t ON t.id = f.cut`

// Holding gives the figures that hold for keys; one that nobody has said, or that was taken back, is not among them.
func (d *Desk) Holding(ctx context.Context, c db.Conn, keys []Key) (map[Key]Fact, error) {
	type stack struct {
		code Code
		at   Period
	}
	asked := map[Key]bool{}
	units := map[stack][]string{}
	for _, k := range keys {
		asked[k] = true
		at := stack{k.Indicator, k.Period}
		if !slices.Contains(units[at], string(k.Place)) {
			units[at] = append(units[at], string(k.Place))
		}
	}
	found := map[Key]Fact{}
	for at, all := range units {
		for some := range slices.Chunk(all, 500) {
			var q db.Where
			q.Add("c.code = $? AND f.period = $? AND f.replaced = 0 AND f.state <> 0", string(at.code), int64(at.at))
			q.In("p.unit", some...)
			err := db.Each(ctx, c, (*said).fields, func(s said) error {
				if f := s.fact(); asked[f.Key] {
					found[f.Key] = f
				}
				return nil
			}, saidSQL+q.SQL(), q.Args()...)
			if err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}
