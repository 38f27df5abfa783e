package i18n

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestLoad(t *testing.T) {
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range b.Keys() {
		for _, lang := range Langs {
			if text := b.Text(lang, key); strings.Contains(text, "⟦") || text == "" {
				t.Errorf("Text(%q, %q) = %q", lang, key, text)
			}
		}
	}
}

func TestText(t *testing.T) {
	b, err := load(fstest.MapFS{"message/a.csv": {Data: []byte(`key,vi,en,en_one
plain,Lưu,Save,
only,Thôn,,
only.rich,Thôn {{.Name}},,
rich,Nguồn: {{.Source}},Source: {{.Source}},
many,{{.N}} thôn,{{.N}} villages,{{.N}} village
day,Ngày {{.Day}},On {{.Day}},
`)}})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2021, 5, 5, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, lang, key, want string
		args                  []any
	}{
		{"is taken as it stands", "en", "plain", "Save", nil},
		{"falls back to Vietnamese", "en", "only", "Thôn", nil},
		{"falls back with its values", "en", "only.rich", "Thôn Minh hoạ", []any{"Name", "Minh hoạ"}},
		{"falls back for a language without a table", "tyz", "rich", "Nguồn: sổ", []any{"Source", "sổ"}},
		{"fills values", "en", "rich", "Source: <b>", []any{"Source", "<b>"}},
		{"chooses the singular", "en", "many", "1 village", []any{"N", 1}},
		{"chooses the plural", "en", "many", "1,234 villages", []any{"N", 1234}},
		{"has one form in Vietnamese", "vi", "many", "1.234 thôn", []any{"N", int64(1234)}},
		{"writes a day", "vi", "day", "Ngày 5/5/2021", []any{"Day", day}},
		{"shows an unknown key", "vi", "nothing", "⟦nothing⟧", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := b.Text(c.lang, c.key, c.args...); got != c.want {
				t.Errorf("Text(%q, %q, %v) = %q, want %q", c.lang, c.key, c.args, got, c.want)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, table := range map[string]string{
		"a key twice":          "key,vi\na,A\na,B\n",
		"no Vietnamese":        "key,vi,en\na,,A\n",
		"no heading":           "a,A\n",
		"a ragged row":         "key,vi\na\n",
		"a broken placeholder": "key,vi\na,{{.N\n",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := load(fstest.MapFS{"message/a.csv": {Data: []byte(table)}})
			if err == nil && !strings.Contains(b.Text("vi", "a"), "⟦") {
				t.Errorf("load(%q) is taken", table)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	at := time.Date(2026, 9, 14, 6, 5, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{Number("vi", 1234567.8), "1.234.567,8"},
		{Number("en", 1234567.8), "1,234,567.8"},
		{Number("vi", -1234), "-1.234"},
		{Number("vi", 999), "999"},
		{Number("vi", "101/KH"), "101/KH"},
		{Percent("vi", 93.55), "93,5%"},
		{Percent("en", 100), "100%"},
		{Date("vi", at), "14/9/2026"},
		{Date("en", at), "14 September 2026"},
		{Date("vi", time.Time{}), ""},
		{DateTime("vi", at), "06:05 ngày 14/9/2026"},
		{Duration("vi", 185*time.Second), "3 phút 05 giây"},
		{Duration("vi", 130*time.Minute), "2 giờ 10 phút"},
		{Duration("en", 40*time.Second), "40 s"},
		{Bytes("vi", 400_400), "400 kB"},
		{Bytes("vi", 2_100_000), "2,1 MB"},
		{Bytes("en", 41_000_000), "41 MB"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func BenchmarkTextPlain(b *testing.B) {
	bundle, _ := Load()
	for b.Loop() {
		bundle.Text("vi", "app.home")
	}
}
