package search

import (
	"strings"
	"testing"
)

func TestAsk(t *testing.T) {
	tests := []struct {
		name, text            string
		words, pairs, phrases int
	}{
		{"nothing", "", 0, 0, 0},
		{"two words", "dân tộc", 2, 1, 0},
		{"a word said twice counts once", "dân tộc dân tộc", 2, 2, 0},
		{"quoted", `tin "dân tộc Tày" mới`, 5, 2, 1},
		{"a quote never closed", `tin "dân tộc`, 3, 1, 0},
		{"curled quotes", "“dân tộc”", 2, 1, 1},
		{"a slip of the keyboard", "ddoongf", 2, 0, 0},
		{"clusters stand side by side", "民族", 2, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := ask(tt.text)
			if len(q.words) != tt.words || len(q.pairs) != tt.pairs || len(q.phrases) != tt.phrases {
				t.Errorf("ask(%q) has %d words, %d pairs, %d phrases, want %d, %d, %d", tt.text, len(q.words), len(q.pairs), len(q.phrases), tt.words, tt.pairs, tt.phrases)
			}
		})
	}
	if q := ask(strings.Repeat("a b c d e f g h i k l m n o p q r s t u v x y ", 100)); len(q.words) > wordLimit {
		t.Errorf("a long question has %d words", len(q.words))
	}
}

func TestSnippet(t *testing.T) {
	q := ask("phòng cháy rừng")
	long := strings.Repeat("Trời nắng nóng và có gió to ở nhiều nơi. ", 20) + "Bà con phòng cháy rừng cho tốt. " + strings.Repeat("Hết. ", 100)
	tests := []struct{ name, text, want string }{
		{"short", "Tin phòng cháy", "Tin [phòng cháy]"},
		{"other marks where none has these", "Phong chay", "[Phong chay]"},
		{"an abbreviation that says it", "Diễn tập PCCC ở bản", "Diễn tập [PCCC] ở bản"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := q.snippet(tt.text).String(); got != tt.want {
				t.Errorf("snippet = %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("long", func(t *testing.T) {
		got := q.snippet(long).String()
		if !strings.Contains(got, "con [phòng cháy rừng] cho") || !strings.HasPrefix(got, "… ") || !strings.HasSuffix(got, " …") || len(got) > 600 {
			t.Errorf("snippet = %q", got)
		}
	})
}

func FuzzAsk(f *testing.F) {
	for _, s := range []string{`"dân tộc" 101/KH-UBND`, `""`, `"`, "民族 ꪼꪕ", "d9o6ng2 ddoongf", "\xff"} {
		f.Add(s, "Đồng bào các dân tộc. 民族 101/KH-UBND")
	}
	f.Fuzz(func(t *testing.T, question, text string) {
		x := (&index{}).with([]change{{Entry: Entry{ID: "a", Title: text, Body: text}, sequence: 1}})
		q := ask(question)
		q.weigh(x)
		a := q.answer(x.views(filter{}), x.average(), 10)
		q.rank(x, a.best, 10)
		var shown strings.Builder
		for _, p := range q.mark(text) {
			shown.WriteString(p.Text)
		}
		if shown.String() != text {
			t.Errorf("mark(%q) shows %q", text, shown.String())
		}
		q.snippet(text)
		begin(question).titles(x.views(filter{}), 10)
	})
}
