package search

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"banlang/internal/db/dbtest"
	"banlang/internal/fold"
)

// judged holds real questions with the entries that answer them. They lie beside the project and are no part of it.
const judged = "../../../shared/data/search"

// TestRankingKeepsItsFloor guards what ranking has reached (bar L1): the mean reciprocal rank of the right entry among the first
// ten. bench/search prints the figures beside plain BM25.
func TestRankingKeepsItsFloor(t *testing.T) {
	for _, set := range []struct {
		name            string
		toned, toneless float64
	}{
		{"alqac", .90, .895},
		{"xquad-vi", .94, .94},
	} {
		t.Run(set.name, func(t *testing.T) {
			folder := filepath.Join(judged, set.name)
			if _, err := os.Stat(folder); err != nil {
				t.Skipf("the judged questions are not beside the project: %v", err)
			}
			d := dbtest.SQLite(t)
			put(t, d, judgedEntries(t, folder)...)
			desk := desk(t, d, "")
			questions, right := judgedQuestions(t, folder)
			for _, form := range []struct {
				name  string
				typed func(string) string
				floor float64
			}{{"with marks", strings.Clone, set.toned}, {"without marks", fold.Plain, set.toneless}} {
				sum := 0.0
				for id, text := range questions {
					for i, hit := range ids(find(t, desk, Query{Text: form.typed(text), Size: 10})) {
						if right[id][hit] {
							sum += 1 / float64(i+1)
							break
						}
					}
				}
				if got := sum / float64(len(questions)); got < form.floor {
					t.Errorf("asked %s: mean reciprocal rank %.3f, want at least %.3f", form.name, got, form.floor)
				} else {
					t.Logf("asked %s: mean reciprocal rank %.3f", form.name, got)
				}
			}
		})
	}
}

type judgedText struct {
	ID    string `json:"_id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

func judgedEntries(t *testing.T, folder string) []Entry {
	var entries []Entry
	for _, text := range judgedTexts(t, filepath.Join(folder, "corpus.jsonl")) {
		e := Entry{ID: text.ID, Title: text.Title, Body: text.Text}
		if first, rest, ok := strings.Cut(text.Text, "\n\n"); ok && e.Title != "" { // an article of a law begins with its heading
			e.Heading, e.Body = first, rest
		}
		if e.Title == "" {
			e.Title = "-"
		}
		entries = append(entries, e)
	}
	return entries
}

// judgedQuestions gives the questions that have an answer, and which entries answer them.
func judgedQuestions(t *testing.T, folder string) (questions map[string]string, right map[string]map[string]bool) {
	questions, right = map[string]string{}, map[string]map[string]bool{}
	judgedLines(t, filepath.Join(folder, "qrels.tsv"), func(line string) {
		cells := strings.Split(line, "\t") // question, nothing, entry, how right
		if len(cells) != 4 || cells[3] == "0" {
			return
		}
		if right[cells[0]] == nil {
			right[cells[0]] = map[string]bool{}
		}
		right[cells[0]][cells[2]] = true
	})
	for _, text := range judgedTexts(t, filepath.Join(folder, "queries.jsonl")) {
		if right[text.ID] != nil {
			questions[text.ID] = text.Text
		}
	}
	if len(questions) == 0 {
		t.Fatalf("%s holds no questions", folder)
	}
	return questions, right
}

func judgedTexts(t *testing.T, path string) []judgedText {
	var all []judgedText
	judgedLines(t, path, func(line string) {
		var text judgedText
		if err := json.Unmarshal([]byte(line), &text); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, text)
	})
	return all
}

func judgedLines(t *testing.T, path string, f func(string)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		f(lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
