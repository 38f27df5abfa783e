package web

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"banlang/internal/duty"
	"banlang/internal/i18n"

	"pgregory.net/rapid"
)

func TestMinify(t *testing.T) {
	for _, c := range []struct{ name, css, want string }{
		{"drops comments and spaces", "/* a */\n.x  .y > a:hover {\n  color : red;\n  margin: 0 auto;\n}\n", ".x .y>a:hover{color :red;margin:0 auto}"},
		{"keeps quoted text", `.a::before { content: attr(data-l) ": { "; }`, `.a::before{content:attr(data-l) ": { "}`},
		{"keeps calc", "a { width: calc(50% - 8px + 2px); }", "a{width:calc(50% - 8px + 2px)}"},
		{"keeps the space of a media query", "@media (min-width: 60em) and (print) { a { b: c } }", "@media (min-width:60em) and (print){a{b:c}}"},
	} {
		if got := string(minify([]byte(c.css))); got != c.want {
			t.Errorf("%s: minify(%q) = %q, want %q", c.name, c.css, got, c.want)
		}
	}
}

// The public page and its stylesheet must stay within the bar of 10 kB; half of it is the stylesheet's.
func TestStylesheetWeight(t *testing.T) {
	a, err := ownAssets()
	if err != nil {
		t.Fatal(err)
	}
	sheet, _ := a.file[strings.TrimPrefix(a.path["banlang.css"], "/static/")].page.suited("br")
	if n := len(sheet.body); n > 5000 {
		t.Errorf("stylesheet weighs %d bytes, want at most 5000", n)
	}
}

func TestLimiterForgets(t *testing.T) {
	l := newLimiter(Limits{})
	at := time.Unix(1e9, 0)
	for i := range 3 * generationSize {
		l.allow(fmt.Sprintf("10.0.%d.%d", i/256, i%256), "/", at)
	}
	if n := len(l.young) + len(l.old); n > 2*generationSize {
		t.Errorf("%d addresses counted, want at most %d", n, 2*generationSize)
	}
}

func TestCacheHasABound(t *testing.T) {
	c := &cache{}
	body := make([]byte, 200_000)
	for i := range 400 {
		c.keep(&visit{key: fmt.Sprint(i)}, newPage(200, "text/html", append(body, byte(i), byte(i>>8))))
	}
	if n := c.bytes.Load(); n > keptBytes {
		t.Errorf("%d bytes kept, want at most %d", n, keptBytes)
	}
}

func TestShortened(t *testing.T) {
	got := shortened([]Language{{"vi", "Tiếng Việt"}, {"ium", "Dao (Kiềm Miền)"}, {"mji", "Dao (Kìm Mùn)"}, {"hmn", "Mông (chưa rõ ngành)"}})
	for i, want := range []string{"Tiếng Việt", "Dao (Kiềm Miền)", "Dao (Kìm Mùn)", "Mông"} {
		if got[i].Name != want {
			t.Errorf("name %d is %q, want %q", i, got[i].Name, want)
		}
	}
}

func TestLocal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		to := rapid.OneOf(rapid.String(), rapid.StringMatching(`/{0,3}[\\a-z.:@/]*`)).Draw(t, "to")
		if got := Local(to); !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\n\r") {
			t.Fatalf("Local(%q) = %q", to, got)
		}
	})
}

func TestCleanName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := cleanName(rapid.String().Draw(t, "name"))
		if got == "" || got == "." || got == ".." || strings.ContainsAny(got, "/\\\x00\"\n") || len([]rune(got)) > 100 {
			t.Fatalf("cleanName gives %q", got)
		}
	})
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("ID3"))
	f.Add([]byte("PK\x03\x04word/"))
	f.Fuzz(func(t *testing.T, head []byte) {
		if kind := Sniff(head); kind == "" || strings.ContainsAny(kind, "\r\n") {
			t.Errorf("Sniff(%q) = %q", head, kind)
		}
	})
}

func FuzzReadPrefs(f *testing.F) {
	f.Add("vi.tyz+nut.vi")
	f.Fuzz(func(t *testing.T, value string) {
		p := readPrefs(value)
		if len(p.Heard) == 0 || len(p.Read) == 0 || p.UI == "" {
			t.Errorf("readPrefs(%q) = %+v", value, p)
		}
	})
}

// What is being answered when the site stops is answered to its end.
func TestRunStopsGracefully(t *testing.T) {
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	site, err := New(Options{Text: text, Policy: duty.New(nil, time.Now), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan struct{})
	site.Handle("GET /cham", duty.Public, func(w http.ResponseWriter, r *http.Request) error {
		close(entered)
		time.Sleep(200 * time.Millisecond)
		return Bytes(w, r, "text/plain", []byte("whole"))
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- site.Run(ctx, ln) }()
	got := make(chan string, 1)
	go func() {
		answer, err := http.Get("http://" + ln.Addr().String() + "/cham")
		if err != nil {
			got <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		got <- string(body)
	}()
	<-entered
	stop()
	if body := <-got; body != "whole" {
		t.Errorf("the open request got %q", body)
	}
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("the site still listens")
	}
}
