package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/search"
)

// speed measures rows L4 and L5 on so many documents of real length: paragraphs of the laws put together anew, in 66 areas of
// which the reader sees ten. It takes minutes, so it runs only when asked for: go run ./bench/search speed 100000
func speed(ctx context.Context, documents int) error {
	s, err := load(filepath.Join(data, "alqac"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-search-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := db.Open(ctx, db.Options{URL: "sqlite:" + filepath.Join(dir, "search.db")})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx, nil); err != nil {
		return err
	}
	if err := intake(ctx, d, s, documents); err != nil {
		return err
	}

	indexDir := filepath.Join(dir, "index")
	policy := duty.New(nil, time.Now)
	desk := search.New(d, indexDir, policy, slog.New(slog.DiscardHandler))
	peak := watchMemory()
	start := time.Now()
	if err := desk.Open(ctx); err != nil {
		return err
	}
	built := time.Since(start)
	figure("L5", fmt.Sprintf("indexing %d documents", documents), built.Seconds(), "s", 60)
	figure("L5", "peak memory while indexing", float64(peak())/1e6, "MB", 700)
	figure("L5", "index at rest", float64(folderSize(indexDir))/1e6, "MB", 0)
	start = time.Now()
	desk = search.New(d, indexDir, policy, slog.New(slog.DiscardHandler))
	if err := desk.Open(ctx); err != nil {
		return err
	}
	figure("L5", "opening it again", time.Since(start).Seconds(), "s", 0)

	// Four readers while intake runs.
	stop, stopped := context.WithCancel(ctx)
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; stop.Err() == nil; i++ {
			_ = d.Tx(stop, func(tx *db.Tx) error {
				return search.Put(stop, tx, document(s, rand.New(rand.NewPCG(7, uint64(i))), documents+i))
			})
			time.Sleep(50 * time.Millisecond)
		}
	})
	writer.Go(func() { _ = desk.Run(stop) })
	reader := duty.Actor{ID: "reader"}
	for area := range 10 {
		reader.Grants = append(reader.Grants, duty.Grant{Role: duty.CommuneOfficer, Area: area66(area)})
	}
	for _, shape := range []struct {
		name string
		text func(r *rand.Rand) string
	}{
		{"a common word", func(r *rand.Rand) string {
			return pick(r, []string{"quy định", "quyền", "nhà nước", "cơ quan", "đất", "luật"})
		}},
		{"a pair of words", func(r *rand.Rand) string { return words(s, r, 2) }},
		{"a long question", func(r *rand.Rand) string { return s.questions[r.IntN(len(s.questions))].Text }},
	} {
		figure("L4", "p99 of "+shape.name, quantile(ask4(ctx, desk, reader, shape.text), .99), "ms", 10)
	}
	stopped()
	writer.Wait()
	return nil
}

func intake(ctx context.Context, d *db.DB, s *set, documents int) error {
	const batch = 1000
	for from := 0; from < documents; from += batch {
		err := d.Tx(ctx, func(tx *db.Tx) error {
			for i := from; i < min(from+batch, documents); i++ {
				if err := search.Put(ctx, tx, document(s, rand.New(rand.NewPCG(1, uint64(i))), i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "\r%d of %d documents", min(from+batch, documents), documents)
	}
	fmt.Fprintln(os.Stderr)
	return nil
}

func document(s *set, r *rand.Rand, i int) search.Entry {
	var body strings.Builder
	for words := 0; words < 200+r.IntN(800); {
		paragraphs := strings.Split(s.corpus[r.IntN(len(s.corpus))].Text, "\n\n")
		p := paragraphs[r.IntN(len(paragraphs))]
		body.WriteString(p + "\n\n")
		words += strings.Count(p, " ") + 1
	}
	e := search.Entry{
		ID: strconv.Itoa(i), Kind: "document", Title: s.corpus[r.IntN(len(s.corpus))].Title, Body: body.String(), Lang: "vi",
		Number: fmt.Sprintf("%d/%d/QĐ-UBND", 1+r.IntN(3000), 2000+r.IntN(25)), Date: time.Unix(int64(i)*40000, 0), Area: area66(r.IntN(66)),
		Facets: map[string][]string{"topic": {strconv.Itoa(r.IntN(16))}, "year": {strconv.Itoa(2000 + r.IntN(25))}, "issuer": {strconv.Itoa(r.IntN(80))}},
	}
	if i%3 > 0 {
		e.Act = duty.BulletinReadDraft
	}
	return e
}

func area66(i int) string { return strconv.Itoa(6000 + i) }

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// words takes so many words of a text that stand side by side.
func words(s *set, r *rand.Rand, n int) string {
	all := strings.Fields(s.corpus[r.IntN(len(s.corpus))].Text)
	at := r.IntN(max(1, len(all)-n))
	return strings.Join(all[at:min(len(all), at+n)], " ")
}

// ask4 asks with four readers at once and tells how many milliseconds each question took.
func ask4(ctx context.Context, desk *search.Desk, actor duty.Actor, text func(*rand.Rand) string) []float64 {
	var mu sync.Mutex
	var took []float64
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(i)))
			for range 300 {
				q := search.Query{Text: text(r), Actor: actor, Size: 10}
				start := time.Now()
				_, err := desk.Find(ctx, q)
				ms := float64(time.Since(start).Microseconds()) / 1000
				if err != nil {
					fmt.Fprintln(os.Stderr, "bench/search:", err)
					return
				}
				mu.Lock()
				took = append(took, ms)
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	return took
}

func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	return values[min(len(values)-1, int(q*float64(len(values))))]
}

// figure prints a line; a bar of 0 is none.
func figure(id, measure string, ours float64, unit string, bar float64) {
	met := "-"
	limit := "-"
	if bar > 0 {
		limit = fmt.Sprintf("<= %g %s", bar, unit)
		met = map[bool]string{true: "yes", false: "no"}[ours <= bar]
	}
	fmt.Printf("%s | %s | %.3g %s | - | - | %s | %s\n", id, measure, ours, unit, limit, met)
}

// watchMemory tells the largest memory in use between the call and the call of what it returns.
func watchMemory() func() uint64 {
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		var m runtime.MemStats
		peak := uint64(0)
		for {
			runtime.ReadMemStats(&m)
			peak = max(peak, m.Sys-m.HeapReleased)
			select {
			case <-done:
				most <- peak
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(done); return <-most }
}

func folderSize(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, f os.DirEntry, err error) error {
		if err == nil {
			if info, err := f.Info(); err == nil && !f.IsDir() {
				size += info.Size()
			}
		}
		return err
	})
	return size
}
