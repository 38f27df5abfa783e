package zim_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/library/zim"
)

func about(t testing.TB) zim.About {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 48, 48))); err != nil {
		t.Fatal(err)
	}
	return zim.About{ID: [16]byte{1, 2, 3}, Name: "banlang_vie", Title: "Thư viện thử", Description: "Tài liệu để thử", Language: "vie", Creator: "Thử",
		Publisher: "Bản Làng", Date: "2026-01-05", Illustration: picture.Bytes(), Main: "trang-dau"}
}

func page(title, text string) string {
	return "<!DOCTYPE html><html lang=vi><head><title>" + title + "</title></head><body><h1>" + title + "</h1><p>" + text + "</p></body></html>"
}

// archive writes an archive of what fill adds, and returns its path.
func archive(t testing.TB, fill func(*zim.Writer) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "thu.zim")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := zim.New(f, about(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// small has what a small archive has: pages, a picture, sound, a page that moved.
func small(w *zim.Writer) error {
	html := func(path, title, text string) error {
		return w.Add(zim.Entry{Path: path, Title: title, Type: "text/html", Front: true}, strings.NewReader(page(title, text)))
	}
	return first(
		html("trang-dau", "Trang đầu", `<a href="van-ban/nghị-quyết">Nghị quyết</a> <img src="anh/1.png" alt="">`),
		w.Add(zim.Entry{Path: "anh/1.png", Type: "image/png"}, bytes.NewReader(picture)),
		html("van-ban/nghị-quyết", "Nghị quyết về vùng đồng bào", "Điều 1. Phạm vi"),
		w.Redirect("van-ban/cu", "Tên cũ của nghị quyết", "van-ban/nghị-quyết"),
		w.Add(zim.Entry{Path: "am/1.opus", Type: "audio/ogg"}, bytes.NewReader(sound)),
		w.Add(zim.Entry{Path: "kieu.css", Type: "text/css"}, strings.NewReader("p{margin:0}")),
	)
}

var picture, sound = []byte("\x89PNG\r\n\x1a\n not really"), bytes.Repeat([]byte("OggS"), 100_000)

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	var out, trouble bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, &out, &trouble)
	}
	return out.Bytes()
}

func TestArchiveIsClean(t *testing.T) {
	path := archive(t, small)
	out := string(tool(t, "zimcheck", "-A", path))
	if !strings.Contains(out, "Overall Test Status: Pass") || strings.Contains(out, "ERROR") || strings.Contains(out, "WARNING") {
		t.Errorf("zimcheck: %s", out)
	}
	if got := tool(t, "zimdump", "show", "--url=am/1.opus", path); !bytes.Equal(got, sound) {
		t.Errorf("the sound came back with %d bytes, want %d", len(got), len(sound))
	}
	if got := string(tool(t, "zimdump", "list", path)); got != "am/1.opus\nanh/1.png\nkieu.css\ntrang-dau\nvan-ban/cu\nvan-ban/nghị-quyết\n" {
		t.Errorf("the entries are %q", got)
	}
}

func TestArchiveIsTheSameTwice(t *testing.T) {
	sum := func() [32]byte {
		b, err := os.ReadFile(archive(t, small))
		if err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(b)
	}
	if a, b := sum(), sum(); a != b {
		t.Errorf("the same entries gave %x and %x", a, b)
	}
}

// Twenty thousand entries with odd names and bodies come back as they went in.
func TestArchiveGivesBackEverything(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	words := []string{"Lạng Sơn", "Ữ", "tôn giáo", "a/b", "%20", "?q=1", "#x", "&amp;", "<b>", "..", "日本", "\U0001F3D4", " ", "'\"", "Đ"}
	bodies := map[string]string{}
	for i := range 20_000 {
		var path strings.Builder
		path.WriteString(fmt.Sprintf("%d/", i))
		for range dice.IntN(8) {
			path.WriteString(words[dice.IntN(len(words))])
		}
		if i%500 == 0 {
			path.WriteString(strings.Repeat("dài", 300))
		}
		body := ""
		if dice.IntN(10) > 0 {
			body = strings.Repeat(words[dice.IntN(len(words))], dice.IntN(400)) + path.String()
		}
		bodies[path.String()] = body
	}
	paths := slices.Sorted(maps.Keys(bodies))
	dice.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	file := archive(t, func(w *zim.Writer) error {
		if err := w.Add(zim.Entry{Path: "trang-dau", Type: "text/html", Front: true}, strings.NewReader("x")); err != nil {
			return err
		}
		for i, path := range paths {
			kind := []string{"text/html", "text/plain", "image/svg+xml", "audio/ogg"}[i%4]
			if err := w.Add(zim.Entry{Path: path, Title: words[i%len(words)], Type: kind, Front: i%4 == 0}, strings.NewReader(bodies[path])); err != nil {
				return err
			}
		}
		return nil
	})
	out := string(tool(t, "zimcheck", "-C", "-I", "-M", "-P", "-F", file))
	if !strings.Contains(out, "Overall Test Status: Pass") {
		t.Errorf("zimcheck: %s", out)
	}
	if got := strings.Count(string(tool(t, "zimdump", "list", file)), "\n"); got != 20_001 {
		t.Errorf("%d entries are listed, want 20001", got)
	}
	server := serve(t, file)
	for i := 0; i < len(paths); i += 97 {
		if got := fetch(t, server, paths[i]); got != bodies[paths[i]] {
			t.Fatalf("%q came back as %.60q, want %.60q", paths[i], got, bodies[paths[i]])
		}
	}
}

// Kiwix serves the archive.
func TestArchiveIsServed(t *testing.T) {
	server := serve(t, archive(t, small))
	if got := fetch(t, server, "van-ban/cu"); !strings.Contains(got, "Điều 1. Phạm vi") {
		t.Errorf("the page that moved: %s", got)
	}
	if got := fetch(t, server, "../raw/thu/meta/Counter"); got != "audio/ogg=1;image/png=1;text/css=1;text/html=2" {
		t.Errorf("the counter is %q", got)
	}
	if got := fetch(t, server, "am/1.opus"); got != string(sound) {
		t.Errorf("the sound has %d bytes, want %d", len(got), len(sound))
	}
}

func TestWriterRefuses(t *testing.T) {
	tests := []struct {
		name string
		fill func(*zim.Writer) error
	}{
		{"a path that is there already", func(w *zim.Writer) error { return first(small(w), small(w)) }},
		{"a redirect that leads nowhere", func(w *zim.Writer) error { return first(small(w), w.Redirect("a", "", "b")) }},
		{"an archive without its first page", func(*zim.Writer) error { return nil }},
		{"a path with a NUL", func(w *zim.Writer) error {
			return first(small(w), w.Add(zim.Entry{Path: "a\x00b", Type: "text/html"}, strings.NewReader("x")))
		}},
		{"an entry without a media type", func(w *zim.Writer) error { return first(small(w), w.Add(zim.Entry{Path: "a"}, strings.NewReader("x"))) }},
		{"a body that breaks off", func(w *zim.Writer) error {
			return first(small(w), w.Add(zim.Entry{Path: "a", Type: "audio/ogg"}, io.MultiReader(strings.NewReader("x"), brokenReader{})))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := os.Create(filepath.Join(t.TempDir(), "x.zim"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			w, err := zim.New(f, about(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := test.fill(w); err == nil && w.Close() == nil {
				t.Error("it was written")
			}
		})
	}
	incomplete := about(t)
	incomplete.Creator = ""
	if _, err := zim.New(nil, incomplete); err == nil {
		t.Error("an archive without a creator was begun")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// serve starts Kiwix on an archive and returns the address of its content.
func serve(t *testing.T, file string) string {
	t.Helper()
	if _, err := exec.LookPath("kiwix-serve"); err != nil {
		t.Skip("kiwix-serve is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cmd := exec.CommandContext(t.Context(), "kiwix-serve", "--address=127.0.0.1", fmt.Sprintf("--port=%d", port), file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	for range 100 {
		if answer, err := http.Get(address + "/"); err == nil {
			answer.Body.Close()
			return address + "/"
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("kiwix-serve does not answer")
	return ""
}

var escape = strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", " ", "%20")

// fetch reads an entry over HTTP, or what Kiwix itself says of the archive.
func fetch(t *testing.T, server, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(server+"thu/"+escape.Replace(path), "thu/../", "", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %d, %v", request.URL, answer.StatusCode, err)
	}
	return string(body)
}
