package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fact"
)

// ours asks a shape as an officer of the whole country, with rights and the record, and gives the sum of its counts.
func ours(ctx context.Context, d *fact.Desk, s shape) (seconds float64, sum int64, err error) {
	officer := duty.Actor{ID: "bench", Name: "bench", Grants: []duty.Grant{{Role: duty.Statistician}}}
	began := time.Now()
	a, err := d.AskAs(ctx, officer, s.ask)
	seconds = time.Since(began).Seconds()
	for _, row := range a.Cells {
		for _, c := range row {
			sum += c.Num
		}
	}
	return seconds, sum, err
}

// A peer is the same PostgreSQL, asked as a program that keeps its connection and its statements asks.
type peer struct{ conn *sql.DB }

// ask runs a text and reads its rows.
func (p peer) ask(ctx context.Context, text string) (seconds float64, err error) {
	began := time.Now()
	rows, err := p.conn.QueryContext(ctx, text)
	if err != nil {
		return 0, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	cells, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds(), rows.Err()
}

// sameSum checks that both answer the same.
func (h *statHouse) sameSum(ctx context.Context, d *fact.Desk, s shape) error {
	_, got, err := ours(ctx, d, s)
	if err != nil || !s.sums {
		return err
	}
	columns := strings.Count(s.sql[:strings.Index(s.sql, "sum(f.value)")], ",")
	names := []string{"a", "b", "c", "d"}[:columns+1]
	want, err := db.Value[int64](ctx, h.db, "SELECT cast(coalesce(sum("+names[columns]+"), 0) AS bigint) FROM ("+s.sql+") AS q ("+strings.Join(names, ", ")+")")
	if err == nil && got != want {
		err = fmt.Errorf("%s: the cube says %d, SQL %d", s.name, got, want)
	}
	return err
}

// An officer asks the running program, signed in.
type officer struct {
	server *server
	*browser
}

// officer starts the program on the same database and signs in as its statistician, whose duty is made to hold for the whole country.
func (h *statHouse) officer(ctx context.Context, databaseURL, dir string) (*officer, error) {
	data := filepath.Join(dir, "data")
	s, err := start(ctx, binary(), data, "BANLANG_DATABASE="+databaseURL)
	if err != nil {
		return nil, err
	}
	o := &officer{s, newBrowser(s.url)}
	o.client.Transport = &http.Transport{DisableCompression: true} // as PostgreSQL sends its rows
	_, err = db.Exec(ctx, h.db, "UPDATE account_grant SET area = '' WHERE account = (SELECT id FROM account WHERE name = 'statistician')")
	return o, cmp.Or(err, o.signIn(ctx, data, "statistician"))
}

// ask is how long an answer takes to be read to its end. While the program still reads the figures it waits.
func (o *officer) ask(ctx context.Context, q fact.Question) (seconds float64, err error) {
	for {
		began := time.Now()
		got, err := o.do(ctx, http.MethodGet, address(q), nil)
		switch {
		case err != nil:
			return 0, err
		case got.status == http.StatusOK:
			return time.Since(began).Seconds(), nil
		case got.status != http.StatusServiceUnavailable:
			return 0, fmt.Errorf("GET %s: status %d: %.300s", address(q), got.status, got.body)
		}
		time.Sleep(time.Second)
	}
}

// address is where the exact answer to a question is.
func address(q fact.Question) string {
	v := url.Values{"dia-ban": {cmp.Or(string(q.Area), "vn")}, "hang": {cmp.Or(words(q.Rows), "khong")}}
	for name, text := range map[string]string{"chi-tieu": words(q.Indicators), "cot": words(q.Cols), "cap": q.Level, "dia-gioi": q.Geography.String(), "xem": string(q.Show)} {
		if text != "" {
			v.Set(name, text)
		}
	}
	var periods []string
	for _, x := range q.Periods {
		periods = append(periods, x.String())
	}
	v.Set("ky", strings.Join(periods, ","))
	if q.Top > 0 {
		v.Set("dau", fmt.Sprint(q.Top))
	}
	return "/api/v1/so-lieu/chinh-xac?" + v.Encode()
}

func words[T ~string](all []T) string {
	var texts []string
	for _, w := range all {
		texts = append(texts, string(w))
	}
	return strings.Join(texts, ",")
}

// pivots is S2: the 18 shapes asked over HTTP by an officer who is signed in, with rights and the record of each reading, and the
// same as SQL on the same PostgreSQL, both warm. What is told on the way is also how long the answer takes within the process.
func pivots(ctx context.Context) ([]figure, error) {
	url, stop, err := postgres(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	h, err := openStat(ctx, url)
	if err != nil {
		return nil, err
	}
	defer h.db.Close()
	if err := h.fill(ctx, loaded); err != nil {
		return nil, err
	}
	o, err := h.officer(ctx, url, dir)
	if o != nil {
		defer o.server.stop()
	}
	if err != nil {
		return nil, err
	}
	if err := h.asPeer(ctx); err != nil {
		return nil, err
	}
	d, _, _, err := h.rebuild(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // the database is thrown away
	sqlPeer := peer{conn}
	var took, ratios []float64
	var wrong []error
	slower := 0
	times := func(n int, ask func() (float64, error)) ([]float64, error) {
		all := make([]float64, n)
		for i := range all {
			if all[i], err = ask(); err != nil {
				return nil, err
			}
		}
		return all, nil
	}
	for _, s := range h.shapes() {
		if err := h.sameSum(ctx, d, s); err != nil { // and warms both
			wrong = append(wrong, err)
			continue
		}
		_, errUs := o.ask(ctx, s.ask)
		_, errThem := sqlPeer.ask(ctx, s.sql)
		if err := cmp.Or(errUs, errThem); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		us, err1 := times(15, func() (float64, error) { return o.ask(ctx, s.ask) })
		inside, err2 := times(5, func() (float64, error) { seconds, _, err := ours(ctx, d, s); return seconds, err })
		them, err3 := times(5, func() (float64, error) { return sqlPeer.ask(ctx, s.sql) })
		if err := cmp.Or(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		took = append(took, us...)
		ratio := median(them) / median(us)
		ratios = append(ratios, ratio)
		if ratio < 1 {
			slower++
		}
		say("S2: %-40s %7.1f ms (%5.1f of them to answer), SQL %8.1f ms, %5.1f times", s.name, 1000*median(us), 1000*median(inside), 1000*median(them), ratio)
	}
	if len(took) == 0 {
		return nil, errors.Join(wrong...)
	}
	p95, worst := 1000*percentile(took, 0.95), 1000*slices.Max(took)
	return []figure{
		{ID: "S2", Measure: "18 pivot shapes over HTTP (JSON as it is, not compressed), 3.8 M figures, p95; the officer's duty set to the whole country in the database", Unit: "ms", Ours: p95, Bar: "<= 100 ms", Met: p95 <= 100},
		{ID: "S2", Measure: "the slowest", Unit: "ms", Ours: worst, Bar: "<= 250 ms", Met: worst <= 250},
		{ID: "S2", Measure: "times faster than SQL on PostgreSQL, median of the shapes", Ours: median(ratios), Bar: ">= 10", Met: median(ratios) >= 10},
		{ID: "S2", Measure: "shapes slower than SQL", Ours: float64(slower), Bar: "0", Met: slower == 0},
		{ID: "S2", Measure: "shapes that disagree with SQL", Ours: float64(len(wrong)), Bar: "0", Met: len(wrong) == 0},
	}, errors.Join(wrong...)
}

// repeat copies the oldest year of figures to the years before it until there are n: to make as many one by one takes too long.
func (h *statHouse) repeat(ctx context.Context, n int) error {
	have, err := h.figures(ctx)
	if err != nil {
		return err
	}
	year := int(h.today)/10000 - 2
	for back := 1; int(have) < n; back++ {
		began := time.Now()
		copied, err := db.Exec(ctx, h.db, `INSERT INTO fact (seq, indicator, place, period, cut, value, state, batch)
			SELECT (SELECT max(seq) FROM fact) + row_number() OVER (ORDER BY seq), indicator, place, period - $1, cut, value, state, batch
			FROM fact WHERE replaced = 0 AND period BETWEEN $2 AND $3 ORDER BY seq LIMIT $4 ON CONFLICT DO NOTHING`, back*1000, year*1000, year*1000+999, n-int(have))
		if err != nil {
			return err
		}
		have += float64(copied)
		say("%.1f of %d M figures, the last copied in %.0f s", have/1e6, n/1_000_000, time.Since(began).Seconds())
		if copied == 0 {
			return errors.New("there is no year to copy")
		}
	}
	return nil
}

// growth is S3: the same shapes with ten and fifty times the figures. The last are copies of a year to the years before it.
func growth(ctx context.Context) ([]figure, error) {
	url, stop, err := postgres(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	h, err := openStat(ctx, url)
	if err != nil {
		return nil, err
	}
	defer h.db.Close()
	var figures []figure
	var first float64
	for _, n := range []int{400_000, 4_000_000, 20_000_000} {
		if err := h.fill(ctx, min(n, 4_000_000)); err != nil {
			return figures, err
		}
		if n > 4_000_000 {
			if err := h.repeat(ctx, n); err != nil {
				return figures, err
			}
		}
		all, err := h.figures(ctx)
		if err != nil {
			return figures, err
		}
		d, seconds, bytes, err := h.rebuild(ctx)
		if err != nil {
			return figures, err
		}
		var sum float64
		for _, s := range h.shapes() {
			var us []float64
			for range 6 {
				took, _, err := ours(ctx, d, s)
				if err != nil {
					return figures, err
				}
				us = append(us, took)
			}
			sum += 1000 * median(us)
		}
		if first == 0 {
			first = sum
		}
		limit := first * float64(n) / 400_000
		figures = append(figures,
			figure{ID: "S3", Measure: fmt.Sprintf("18 shapes together, %.1f M figures", all/1e6), Unit: "ms", Ours: sum, Bar: fmt.Sprintf("<= %.0f ms", limit), Met: sum <= limit},
			figure{ID: "S3", Measure: fmt.Sprintf("memory a figure, %.1f M", all/1e6), Unit: "bytes", Ours: bytes / all, Bar: "<= 16", Met: bytes/all <= 16},
			figure{ID: "S3", Measure: fmt.Sprintf("reading %.1f M figures anew, per million", all/1e6), Unit: "s", Ours: seconds / (all / 1e6), Bar: "<= 2 s", Met: seconds/(all/1e6) <= 2})
		for _, f := range figures[len(figures)-3:] {
			say("%s", f)
		}
	}
	return figures, nil
}
