package loudspeaker

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/delivery"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// board is a source with what the tests put there.
type board struct {
	sync.Mutex
	items []delivery.Item
}

func (b *board) Item(_ context.Context, ref delivery.Ref, _ int64) (delivery.Item, error) {
	b.Lock()
	defer b.Unlock()
	for _, i := range b.items {
		if i.Ref == ref {
			return i, nil
		}
	}
	return delivery.Item{}, fault.New(fault.NotFound, "bulletin.not_found")
}

func (b *board) Items(context.Context, delivery.Filter) ([]delivery.Item, error) {
	b.Lock()
	defer b.Unlock()
	return append([]delivery.Item(nil), b.items...), nil
}

func (b *board) put(i ...delivery.Item) {
	b.Lock()
	defer b.Unlock()
	b.items = i
}

type house struct {
	*testing.T
	db    *db.DB
	board *board
	desk  *Desk
	jobs  *job.Queue
	site  *web.Site
	place place.ID
	clock time.Time
	actor duty.Actor
}

func newHouse(t *testing.T, d *db.DB) *house {
	t.Helper()
	for _, tool := range []string{"ffmpeg", "ffprobe", "espeak-ng"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatal(err)
		}
	}
	h := &house{T: t, db: d, board: &board{}, clock: time.Date(2026, 7, 5, 8, 0, 0, 0, i18n.Zone)}
	now := func() time.Time { return h.clock }
	places := place.New(d, now)
	languages := ethnic.New(d, places, now)
	h.must(places.ReadyOnly(t.Context(), place.LangSon))
	h.must(languages.Ready(t.Context()))
	for _, f := range places.Find("Bắc Sơn", place.DateOf(h.clock), 20) {
		if f.Unit.Level == place.Commune && len(f.Now) == 0 {
			h.place = f.Unit.ID
		}
	}
	h.actor = duty.Actor{ID: "officer", Session: "officer", Grants: []duty.Grant{{Role: duty.CommuneOfficer, Area: string(h.place)}}}
	files, err := blob.Folder(t.TempDir())
	h.must(err)
	text, err := i18n.Load()
	h.must(err)
	policy := duty.New(places, now)
	h.site, err = web.New(web.Options{Text: text, Policy: policy, Now: now, Commits: d.Commits, Accounts: webtest.Tokens{h.actor},
		Limits: web.Limits{Forms: 1000}})
	h.must(err)
	h.desk = New(Options{DB: d, Files: files, Source: h.board, Policy: policy, Places: places, Languages: languages, Now: now})
	h.jobs = job.New(d, slog.New(slog.DiscardHandler), now)
	h.desk.Work(h.jobs)
	Mount(h.site, h.desk)
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// change publishes or recalls, and does the work that follows.
func (h *house) change(items ...delivery.Item) {
	h.Helper()
	h.board.put(items...)
	h.must(h.db.Tx(h.Context(), func(tx *db.Tx) error { return Changed(h.Context(), tx, h.clock, h.place) }))
	h.must(h.jobs.Drain(h.Context()))
}

func (h *house) station() (id, key string) {
	h.Helper()
	id, err := h.desk.save(h.Context(), h.actor, station{Place: h.place, Name: "Loa Bắc Sơn", Langs: []string{"vi", "tyz"}, Hours: []string{"05:30", "17:30"}})
	h.must(err)
	st, err := h.desk.byID(h.Context(), h.actor, id)
	h.must(err)
	key, err = h.desk.newKey(h.Context(), h.actor, st)
	h.must(err)
	h.must(h.jobs.Drain(h.Context()))
	return id, key
}

func (h *house) tell(c *webtest.Client, key string) (t timetable) {
	h.Helper()
	page := c.Get("/loa/" + key + "/lich")
	if page.Status != http.StatusOK {
		h.Fatalf("timetable: %d %s", page.Status, page.Body)
	}
	h.must(json.Unmarshal([]byte(page.Body), &t))
	return t
}

func (h *house) run(name string, args ...string) string {
	h.Helper()
	out, err := exec.CommandContext(h.Context(), name, args...).CombinedOutput()
	if err != nil {
		h.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

var (
	news  = delivery.Item{Ref: "tin1", Version: 1, Class: delivery.Normal, Editions: []delivery.Edition{{Lang: "vi", Title: "Tiêm phòng cho trâu bò", Body: "Mời bà con đưa trâu bò đến nhà văn hoá thôn."}}}
	flood = delivery.Item{Ref: "tin2", Version: 1, Class: delivery.Emergency, Drill: true, Published: time.Date(2026, 7, 5, 8, 0, 0, 0, i18n.Zone), Editions: []delivery.Edition{{Lang: "vi", Title: "Lũ quét", Body: "Không lội qua suối."}}}
)

func TestProgramme(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.board.put(news)
		id, key := h.station()
		c := webtest.New(t, h.site)
		if n, err := db.Value[int64](t.Context(), d, "SELECT count(*) FROM loudspeaker_station WHERE key_hash = $1", hashOf(key)); err != nil || n != 1 {
			t.Errorf("stations with the hash of the key: %d, %v", n, err)
		}
		for _, path := range []string{"hom-nay.mp3", "hom-nay.m3u", "lich", "khan.mp3"} {
			if got := c.Get("/loa/wrong/" + path).Status; got != http.StatusNotFound {
				t.Errorf("wrong key, %s: %d", path, got)
			}
		}
		before := h.tell(c, key)
		if before.Programme == nil || before.Emergency != nil {
			t.Fatalf("timetable: %+v", before)
		}
		file := filepath.Join(t.TempDir(), "p.mp3")
		h.must(os.WriteFile(file, []byte(c.Get("/loa/"+key+"/hom-nay.mp3").Body), 0o600))
		if s, _ := strconv.ParseFloat(strings.TrimSpace(h.run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file)), 64); s < 8 || s > 60 {
			t.Errorf("programme of %v s", s)
		}
		loud := regexp.MustCompile(`I:\s+(-?[0-9.]+) LUFS`).FindAllStringSubmatch(h.run("ffmpeg", "-nostdin", "-hide_banner", "-i", file, "-af", "ebur128", "-f", "null", "-"), -1)
		if i, _ := strconv.ParseFloat(loud[len(loud)-1][1], 64); i < -19 || i > -13 {
			t.Errorf("loudness %v LUFS, want -16 ± 3", i)
		}
		h.change(news)
		if got := h.tell(c, key); got.Programme.Version != before.Programme.Version {
			t.Error("the same items made another programme")
		}
		h.change(flood, news)
		during := h.tell(c, key)
		if during.Emergency == nil || during.Programme.Version == before.Programme.Version || c.Get("/loa/"+key+"/khan.mp3").Status != http.StatusOK {
			t.Fatalf("an emergency does not cut in: %+v", during)
		}
		h.clock = h.clock.Add(time.Hour)
		if c.Get("/loa/"+key+"/khan.mp3?chen").Status != http.StatusNotFound || c.Get("/loa/"+key+"/khan.m3u").Has("khan.mp3") || h.tell(c, key).Emergency == nil {
			t.Error("an emergency is repeated for an hour without a pause")
		}
		gone, err := h.desk.stations.byID(t.Context(), id)
		h.must(err)
		over := flood
		over.Recalled, over.Ended = true, h.clock
		h.board.put(over, news) // and nothing was built yet
		if got := h.tell(c, key); got.Emergency != nil || got.Programme.Version != before.Programme.Version || c.Get("/loa/"+key+"/khan.mp3").Status != http.StatusNotFound {
			t.Errorf("a recalled emergency stays: %+v", got)
		}
		h.change(over, news)
		if has, err := h.desk.Files.Has(t.Context(), gone.Alarm); has || err != nil {
			t.Errorf("the sound of a recalled emergency is kept: %v", err)
		}
		c.As("officer")
		for _, path := range []string{deskURL, deskURL + "/" + id} {
			webtest.Render(t, h.site, "officer", path)
		}
		if page := c.Get(deskURL + "/" + id); !page.Has("Tiêm phòng cho trâu bò", "chưa có bản ghi âm") || strings.Contains(page.Body, key) {
			t.Errorf("page of the station: %s", page.Text())
		}
		if page := c.Post(deskURL+"/"+id+"/khoa", "x", "y"); page.Status != http.StatusOK || !strings.Contains(page.Body, "/loa/") || c.Get("/loa/"+key+"/lich").Status != http.StatusNotFound {
			t.Errorf("a new key: %d; the old one still opens", page.Status)
		}
	})
}

// A recording that cannot be played is left out, and the page says so; the rest is played. Where the machine can read instead, it does.
func TestABrokenRecording(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		id, key := h.station()
		bad, _, err := h.desk.Files.Put(t.Context(), strings.NewReader("no sound at all"), 0)
		h.must(err)
		item := news
		item.Editions = append([]delivery.Edition{{Lang: "vi", Title: news.Editions[0].Title, Body: news.Editions[0].Body, MP3: bad}}, delivery.Edition{Lang: "tyz", MP3: "0000000000000000000000000000000000000000000000000000000000000000"})
		other := news
		other.Ref, other.Editions = "tin3", []delivery.Edition{{Lang: "vi", Title: "Họp thôn", Body: "Tối mai họp ở nhà văn hoá."}}
		h.change(item, other)
		if got := h.tell(webtest.New(t, h.site), key); got.Programme == nil {
			t.Fatal("one bad recording leaves the station without a programme")
		}
		st, err := h.desk.stations.byID(t.Context(), id)
		h.must(err)
		var left []string
		for _, one := range st.Items {
			left = append(left, string(one.Ref)+" "+one.Lang+" "+one.Left)
		}
		want := []string{"tin1 vi ", "tin1 tyz loudspeaker.left.broken", "tin3 vi ", "tin3 tyz loudspeaker.left.no_sound"}
		if !slices.Equal(left, want) || !st.Items[0].Machine {
			t.Errorf("items %q, want %q", left, want)
		}
		if page := webtest.New(t, h.site).As("officer").Get(deskURL + "/" + id); !page.Has("bản ghi âm hỏng") {
			t.Errorf("page of the station: %s", page.Text())
		}
	})
}

func TestLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		id, key := h.station()
		send := func(body string) int {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/loa/"+key+"/nhat-ky", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.site.ServeHTTP(w, r)
			return w.Code
		}
		line := func(id, kind string, at time.Time, s int) string {
			return fmt.Sprintf(`{"id":%q,"at":%q,"kind":%q,"version":"abc","seconds":%d}`, id, at.Format(time.RFC3339), kind, s)
		}
		good := line("a", "programme", h.clock, 30)
		for _, c := range []struct {
			name, body string
			ok         bool
		}{
			{"good", good, true}, {"the same again", good, true}, {"no such kind", line("b", "song", h.clock, 3), false},
			{"from the future", line("c", "programme", h.clock.Add(48*time.Hour), 3), false}, {"negative", line("d", "programme", h.clock, -1), false},
			{"markup as name", line("<script>", "programme", h.clock, 1), false}, {"too many", strings.Repeat(good+",", 200) + good, false},
			{"too large", `"` + strings.Repeat("x", 70<<10) + `"`, false}, {"no JSON", "]", false},
		} {
			if got := send(`{"entries":[` + c.body + `]}`); got == http.StatusOK != c.ok || got >= 500 {
				t.Errorf("%s: %d", c.name, got)
			}
		}
		if plays, err := h.desk.stations.plays(t.Context(), id); err != nil || len(plays) != 1 {
			t.Errorf("log: %v, %v", plays, err)
		}
	})
}

// goertzel is how much of a tone is in samples, against all of their energy.
func goertzel(samples []float64, hz, rate float64) float64 {
	k := 2 * math.Cos(2*math.Pi*hz/rate)
	var a, b, all float64
	for _, x := range samples {
		a, b = x+k*a-b, a
		all += x * x
	}
	if all == 0 {
		return 0
	}
	return (a*a + b*b - k*a*b) / all / float64(len(samples)) * 2
}

func free(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// A station of liquidsoap plays the programme into icecast; after an emergency is published its alarm is heard there, and once it is
// recalled the programme goes on without it.
func TestOnAir(t *testing.T) {
	for _, tool := range []string{"icecast2", "liquidsoap"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatal(err)
		}
	}
	d := dbtest.SQLite(t)
	h := newHouse(t, d)
	_, key := h.station()
	server := httptest.NewServer(h.site)
	defer server.Close()
	dir, err := os.MkdirTemp("", "banlang-loa-") //nolint:usetesting // icecast steps down from root and could not enter a folder of the test
	h.must(err)
	defer os.RemoveAll(dir)
	port := free(t)
	h.must(os.Chmod(dir, 0o777)) //nolint:gosec // icecast steps down from root
	h.must(os.WriteFile(filepath.Join(dir, "icecast.xml"), fmt.Appendf(nil, `<icecast><limits><sources>2</sources><burst-size>0</burst-size></limits>
<authentication><source-password>s</source-password><admin-user>a</admin-user><admin-password>a</admin-password></authentication><hostname>localhost</hostname>
<listen-socket><port>%d</port><bind-address>127.0.0.1</bind-address></listen-socket><paths><logdir>%s</logdir><webroot>/usr/share/icecast2/web</webroot>
<adminroot>/usr/share/icecast2/admin</adminroot></paths><security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security></icecast>`, port, dir), 0o644)) //nolint:gosec // read by nobody
	h.must(os.WriteFile(filepath.Join(dir, "loa.liq"), fmt.Appendf(nil, `settings.init.allow_root.set(true)
settings.log.file.set(false)
settings.log.stdout.set(true)
khan = playlist(reload=1, reload_mode="seconds", mode="normal", "%[1]s/loa/%[2]s/khan.m3u")
ngay = playlist(reload=1, reload_mode="seconds", mode="normal", "%[1]s/loa/%[2]s/hom-nay.m3u")
s = fallback(track_sensitive=false, [khan, ngay])
output.icecast(%%wav, host="127.0.0.1", port=%[3]d, password="s", mount="loa.wav", fallible=false, mksafe(s))
`, server.URL, key, port), 0o644)) //nolint:gosec // in a folder of the test
	start := func(name string, args ...string) *bytes.Buffer {
		var said bytes.Buffer
		c := exec.CommandContext(t.Context(), name, args...)
		c.Dir, c.Stdout, c.Stderr, c.WaitDelay = dir, &said, &said, time.Second
		h.must(c.Start())
		t.Cleanup(func() {
			_ = c.Process.Kill()
			_ = c.Wait()
			if t.Failed() {
				t.Logf("%s: %.4000s", name, said.String())
			}
		})
		return &said
	}
	start("icecast2", "-c", filepath.Join(dir, "icecast.xml"))
	start("liquidsoap", filepath.Join(dir, "loa.liq"))
	ctx, cancel := context.WithTimeout(t.Context(), 180*time.Second)
	defer cancel()
	var air io.ReadCloser
	for air == nil {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/loa.wav", port), nil)
		if got, err := http.DefaultClient.Do(r); err == nil && got.StatusCode == http.StatusOK {
			air = got.Body
		} else if err == nil {
			got.Body.Close()
		}
		select {
		case <-ctx.Done():
			t.Fatal("nothing is on air")
		case <-time.After(100 * time.Millisecond):
		}
	}
	defer air.Close()
	head := make([]byte, 44)
	_, err = io.ReadFull(air, head)
	h.must(err)
	// 44.1 kHz stereo of 16 bits: windows of 0.2 s
	raw, window := make([]byte, 8820*4), make([]float64, 8820)
	published, recalled, sound, calm := false, false, 0, 0
	for n := 0; calm < 150; n++ { // half a minute: longer than what cuts in, which a player plays to its end
		if _, err := io.ReadFull(air, raw); err != nil {
			t.Fatalf("alarm published %t, recalled %t, not heard since in %d windows; something heard in %d windows of %d: %v", published, recalled, calm, sound, n, err)
		}
		loud := 0.0
		for i := range window {
			window[i] = float64(int16(binary.LittleEndian.Uint16(raw[i*4:]))) / 32768 //nolint:gosec // samples are signed
			loud += window[i] * window[i]
		}
		if loud/float64(len(window)) > 1e-4 {
			sound++
		}
		tone := max(goertzel(window, 960, 44100), goertzel(window, 770, 44100))
		if !published && tone > 0.8 {
			t.Fatal("an alarm before there is an emergency")
		}
		switch alarm := tone > 0.8 && loud > 1; {
		case sound > 3 && !published:
			h.change(flood)
			published = true
		case alarm && !recalled:
			over := flood
			over.Recalled, over.Ended = true, h.clock
			h.change(over)
			recalled, sound = true, 0
		case alarm:
			calm = 0
		case recalled:
			calm++
		}
	}
	if sound < 10 {
		t.Errorf("after the recall something was heard in %d windows: the programme does not go on", sound)
	}
}
