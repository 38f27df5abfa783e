// Command search measures how well search ranks (row L1 of the bars): the mean reciprocal rank of the right entry among the
// first ten, asked through the same call as the pages use, beside plain BM25 on the same words in the same run. It runs in
// the root of the project and reads ../shared/data/search in place.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fold"
	"banlang/internal/search"
)

const data = "../shared/data/search"

// A text is a line of a corpus or of its questions.
type text struct {
	ID    string `json:"_id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// A set is a corpus, its questions and which entries answer them.
type set struct {
	corpus, questions []text
	right             map[string]map[string]bool
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench/search:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if _, err := os.Stat(data); err != nil {
		return fmt.Errorf("the sets of questions are not here: %w", err)
	}
	fmt.Println("ID | measure | ours | peer | ratio | bar | met")
	if len(os.Args) > 2 && os.Args[1] == "speed" {
		documents, err := strconv.Atoi(os.Args[2])
		if err != nil {
			return err
		}
		return speed(ctx, documents)
	}
	rows := []struct {
		set  string
		bars [2]float64 // toned, toneless
	}{{"alqac", [2]float64{.90, .895}}, {"xquad-vi", [2]float64{.94, .94}}}
	for _, row := range rows {
		s, err := load(filepath.Join(data, row.set))
		if err != nil {
			return err
		}
		desk, done, err := index(ctx, s.corpus)
		if err != nil {
			return err
		}
		for i, form := range []string{"toned", "toneless"} {
			ours, err := s.rank(i == 1, func(question string) ([]string, error) {
				r, err := desk.Find(ctx, search.Query{Text: question, Size: 10})
				var ids []string
				for _, h := range r.Hits {
					ids = append(ids, h.ID)
				}
				return ids, err
			})
			if err != nil {
				return err
			}
			theirs, err := s.rank(i == 1, plainBM25(s.corpus, i == 1))
			if err != nil {
				return err
			}
			met := "no"
			if ours >= row.bars[i] {
				met = "yes"
			}
			fmt.Printf("L1 | MRR@10 %s %s | %.3f | %.3f | %.2f | >= %.3g | %s\n", row.set, form, ours, theirs, ours/theirs, row.bars[i], met)
		}
		done()
	}
	return nil
}

// rank is the mean reciprocal rank of the first right answer among ten.
func (s *set) rank(toneless bool, ask func(string) ([]string, error)) (float64, error) {
	sum, n := 0.0, 0
	for _, q := range s.questions {
		right := s.right[q.ID]
		if len(right) == 0 {
			continue
		}
		n++
		question := q.Text
		if toneless {
			question = fold.Plain(question)
		}
		ids, err := ask(question)
		if err != nil {
			return 0, err
		}
		for i, id := range ids[:min(10, len(ids))] {
			if right[id] {
				sum += 1 / float64(i+1)
				break
			}
		}
	}
	return sum / float64(max(n, 1)), nil
}

// index puts a corpus into a database of its own.
func index(ctx context.Context, corpus []text) (desk *search.Desk, done func(), err error) {
	dir, err := os.MkdirTemp("", "bench-search-")
	if err != nil {
		return nil, nil, err
	}
	d, err := db.Open(ctx, db.Options{URL: "sqlite:" + filepath.Join(dir, "search.db")})
	if err != nil {
		return nil, nil, err
	}
	if err := d.Migrate(ctx, nil); err != nil {
		return nil, nil, err
	}
	err = d.Tx(ctx, func(tx *db.Tx) error {
		for _, t := range corpus {
			title, heading, body := t.Title, "", t.Text
			if first, rest, ok := strings.Cut(t.Text, "\n\n"); ok && t.Title != "" { // an article of a law begins with its heading
				heading, body = first, rest
			}
			if title == "" {
				title = "-"
			}
			if err := search.Put(ctx, tx, search.Entry{ID: t.ID, Title: title, Heading: heading, Body: body}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	desk = search.New(d, filepath.Join(dir, "index"), duty.New(nil, time.Now), slog.New(slog.DiscardHandler))
	return desk, func() { d.Close(); os.RemoveAll(dir) }, desk.Open(ctx)
}

func load(dir string) (*set, error) {
	s := &set{right: map[string]map[string]bool{}}
	for name, into := range map[string]*[]text{"corpus.jsonl": &s.corpus, "queries.jsonl": &s.questions} {
		err := lines(filepath.Join(dir, name), func(line string) error {
			var t text
			err := json.Unmarshal([]byte(line), &t)
			*into = append(*into, t)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return s, lines(filepath.Join(dir, "qrels.tsv"), func(line string) error {
		cells := strings.Split(line, "\t")
		if len(cells) == 4 && cells[3] != "0" {
			if s.right[cells[0]] == nil {
				s.right[cells[0]] = map[string]bool{}
			}
			s.right[cells[0]][cells[2]] = true
		}
		return nil
	})
}

func lines(path string, f func(string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		if err := f(scanner.Text()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return scanner.Err()
}
