package bulletin

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery/feed"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// tokens gives each person the session named like them.
type tokens map[string]duty.Actor

func (t tokens) Actor(_ context.Context, token string) (duty.Actor, error) {
	if a, ok := t[token]; ok {
		return a, nil
	}
	return duty.Actor{}, fault.New(fault.Unauthenticated, "error.unauthenticated")
}

// site mounts the pages for the people of the journey.
func (h *house) site() *web.Site {
	h.t.Helper()
	text, err := i18n.Load()
	h.must(err)
	people := tokens{}
	for _, a := range []duty.Actor{h.as("an", duty.Editor), h.as("ba", duty.Editor), h.as("binh", duty.Speaker, "tyz"), h.as("chi", duty.Reviewer, "tyz"),
		h.as("lan", duty.ProvinceLeader), h.as("xa", duty.CommuneOfficer), h.as("chu", duty.CommuneLeader)} {
		people[a.ID] = a
	}
	s, err := web.New(web.Options{Text: text, Policy: h.policy, Now: h.now, Commits: h.db.Commits, Province: "Lạng Sơn", Accounts: people,
		Languages: []web.Language{{Tag: "vi", Name: "Tiếng Việt"}, {Tag: "tyz", Name: "Tày"}, {Tag: "nut", Name: "Nùng"}}})
	h.must(err)
	Mount(s, h.Desk)
	return s
}

// value reads a field of a form on a page.
func value(t *testing.T, p webtest.Page, form, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.Body, form)
	if !ok {
		t.Fatalf("no form %q on the page: %s", form, p.Text())
	}
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(rest)
	if found == nil {
		t.Fatalf("no field %q in %q", name, form)
	}
	return found[1]
}

func answers(t *testing.T, what string, p webtest.Page, want int, texts ...string) {
	t.Helper()
	if p.Status != want || !p.Has(texts...) {
		t.Errorf("%s: %d, want %d with %q: %s", what, p.Status, want, texts, p.Text())
	}
}

// The journey through forms, without script.
func TestPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.site()
		editor, speaker, reviewer, leader, reader := webtest.New(t, s).As("an"), webtest.New(t, s).As("binh"), webtest.New(t, s).As("chi"), webtest.New(t, s).As("lan"), webtest.New(t, s)

		answers(t, "an empty list", reader.Get("/ban-tin"), 200, `class="empty"`)
		answers(t, "a visitor at the desk", reader.Get("/ban-lam-viec/ban-tin/viet"), http.StatusSeeOther)
		fields := []string{"title", "Phòng cháy rừng", "body", "Không đốt nương <b>khi</b> gió.\n1. Thấy khói\n2. Gọi 114", "place", string(h.home), "topic", "forest",
			"class", "priority", "langs", "tyz"}
		answers(t, "a preview saves nothing", editor.Post("/ban-lam-viec/ban-tin/viet", append(fields, "do", "preview")...), 200, `id="preview"`, `<ol class="steps">`)
		broken := editor.Post("/ban-lam-viec/ban-tin/viet", "title", "", "body", "Bài dài đã viết", "expires", "mai", "do", "send")
		answers(t, "a form with mistakes keeps what was typed", broken, 422, "Bài dài đã viết", `value="mai"`, `href="#title"`, `id="expires-why"`)

		sent := editor.Post("/ban-lam-viec/ban-tin/viet", append(fields, "do", "send", "_key", "once")...)
		if again := editor.Post("/ban-lam-viec/ban-tin/viet", append(fields, "do", "send", "_key", "once")...); again.Header.Get("Location") != sent.Header.Get("Location") {
			t.Errorf("the same form twice leads to %s and %s", sent.Header.Get("Location"), again.Header.Get("Location"))
		}
		page := sent.Header.Get("Location")
		id := strings.TrimPrefix(page, "/ban-lam-viec/ban-tin/")
		answers(t, "the page of the draft", editor.Follow(sent), 200, "Đã gửi duyệt", "&lt;b&gt;khi&lt;/b&gt;", "Chờ duyệt nội dung")
		answers(t, "the draft for the public", reader.Get("/ban-tin/"+id), 404)

		tay := page + "/tieng/tyz"
		form := speaker.Get(tay)
		bad := speaker.Upload(tay+"/thu", "sound", "../../etc/passwd.mp3", []byte("<svg onload=alert(1)>"), "revision", value(t, form, "/thu\"", "revision"))
		answers(t, "a picture that calls itself sound", bad, 422, `id="sound-why"`)
		answers(t, "the editor records", editor.Upload(tay+"/thu", "sound", "a.wav", tone(1), "revision", "0"), 403)
		answers(t, "the speaker records", speaker.Upload(tay+"/thu", "sound", "a.wav", tone(2), "revision", value(t, form, "/thu\"", "revision"), "voice", "Minh hoạ", "consent", "yes"), 303)
		h.drain()
		form = reviewer.Get(tay)
		answers(t, "the reviewer hears it", form, 200, "nghe/tyz.mp3", "Duyệt tiếng này")
		if p := reviewer.Get(page + "/nghe/tyz.mp3"); p.Status != 200 || p.Header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("the draft's sound: %d, %s", p.Status, p.Header.Get("Cache-Control"))
		}
		answers(t, "a visitor hears a draft", reader.Get(page+"/nghe/tyz.mp3"), http.StatusSeeOther)
		answers(t, "the reviewer accepts", reviewer.Post(tay+"/duyet", "do", "good", "revision", value(t, form, "/duyet\"", "revision")), 303)
		answers(t, "the editor is told why not", editor.Get(page), 200, "Bạn đã góp tay vào phần này")
		answers(t, "the editor approves", editor.Post(page+"/duyet", "revision", "2"), 403)
		form = leader.Get(page)
		answers(t, "the leader approves", leader.Post(page+"/duyet", "revision", value(t, form, "/duyet\"", "revision")), 303)

		answers(t, "the public list", reader.Get("/ban-tin"), 200, "/ban-tin/"+id+"\"", "nghe: Tày")
		answers(t, "by topic", reader.Get("/chu-de/forest?dia-ban=06325"), 200, "/ban-tin/"+id+"\"")
		answers(t, "of an unknown place", reader.Get("/ban-tin?dia-ban=99999"), 200, `class="empty"`)
		answers(t, "an unknown topic", reader.Get("/chu-de/football"), 404)
		answers(t, "the Vietnamese edition", reader.Get("/ban-tin/"+id), 200, `href="/ban-tin/`+id+`?tieng=tyz"`, "chỉ có tiếng", "Lãnh đạo cấp tỉnh", "65 xã, phường", "&lt;b&gt;khi&lt;/b&gt;")
		answers(t, "the Tày edition", reader.Get("/ban-tin/"+id+"?tieng=tyz"), 200, "chỉ có âm thanh", "tyz.opus", "2 giây", "Người đọc: Minh hoạ")
		answers(t, "for who hears Nùng", webtest.New(t, s).In("vi", "nut").Get("/ban-tin/"+id), 200, "Chưa có bản tiếng Nùng", "nghe bản tiếng Tày", "tyz.mp3")
		webtest.Render(t, s, "", "/ban-tin", "/ban-tin/"+id, "/ban-tin/"+id+"?tieng=tyz", "/chu-de/forest", "/ban-tin?tieng=nut")
		webtest.Render(t, s, "an", "/ban-lam-viec/ban-tin", page, page+"/sua", "/ban-lam-viec/ban-tin/viet", page+"/so/1", tay)
		webtest.Render(t, s, "binh", page, tay)
		webtest.Render(t, s, "lan", page)

		listen(t, s, id)
		readFeed(t, reader, id)

		clash := editor.Post(page+"/sua", append(fields, "title", "Bài của tôi", "revision", "0", "do", "save")...)
		answers(t, "an edit of what was not seen", clash, 409, "Bản người khác vừa lưu", "Phòng cháy rừng")
		answers(t, "recalled without a reason", leader.Post(page+"/thu-hoi", "reason", "x"), 422, `id="reason-why"`)
		answers(t, "recalled", leader.Post(page+"/thu-hoi", "reason", "Số điện thoại trong tin bị sai."), 303)
		answers(t, "the recalled page", reader.Get("/ban-tin/"+id), 410, "Số điện thoại trong tin bị sai.")
		answers(t, "its sound", reader.Get("/ban-tin/"+id+"/tyz.mp3"), 410)
		answers(t, "the list after the recall", reader.Get("/ban-tin"), 200, `class="empty"`)
		if p := reader.Get("/ban-tin/nguon.xml"); strings.Contains(p.Body, id) {
			t.Error("the feed still tells of it")
		}
		answers(t, "who did what", leader.Get(page), 200, "Minh hoạ: an", "Minh hoạ: binh", "Minh hoạ: chi", "Minh hoạ: lan", "Thu hồi bản tin")
	})
}

// An emergency through forms: two persons in a commune, the password again, nothing typed is lost.
func TestEmergencyPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.site()
		officer, leader, reader := webtest.New(t, s).As("xa"), webtest.New(t, s).As("chu"), webtest.New(t, s)
		sent := officer.Post("/ban-lam-viec/ban-tin/viet", "title", "Lũ quét", "body", "Đi ngay lên chỗ cao.", "place", string(h.bacSon), "topic", "disaster",
			"class", "emergency", "expires", "2026-09-15T17:00", "do", "send")
		page := sent.Header.Get("Location")
		id := strings.TrimPrefix(page, "/ban-lam-viec/ban-tin/")
		form := officer.Follow(sent)
		answers(t, "the first signs", form, 200, "Đồng ý (người thứ nhất)", "17:00 ngày 15/9/2026")
		revision := value(t, form, "/duyet-khan\"", "revision")

		h.clock = h.clock.Add(time.Hour)
		answers(t, "long after the password", officer.Post(page+"/duyet-khan", "revision", revision, "reason", "Nước suối lên rất nhanh."), 403,
			"Nước suối lên rất nhanh.", "/ban-lam-viec/tai-khoan/xac-nhan?tiep="+page)
		h.clock = h.clock.Add(-time.Hour)
		answers(t, "signed", officer.Post(page+"/duyet-khan", "revision", revision, "reason", "Nước suối lên rất nhanh.", "_key", "k"), 303)
		answers(t, "signed twice by one click", officer.Post(page+"/duyet-khan", "revision", revision, "reason", "Nước suối lên rất nhanh.", "_key", "k"), 303)
		answers(t, "not yet public", reader.Get("/ban-tin/"+id), 404)
		answers(t, "the first cannot be the second", officer.Get(page), 200, "Minh hoạ: xa", "Bạn đã góp tay vào phần này")
		answers(t, "the second is told who signed and why", leader.Get(page), 200, "Đồng ý và phát ngay (người thứ hai)", "Nước suối lên rất nhanh.")
		answers(t, "the second signs", leader.Post(page+"/duyet-khan", "revision", revision, "reason", "Đã gọi trưởng thôn, đúng là lũ."), 303)
		answers(t, "the alarm", reader.Get("/ban-tin"), 200, `class="alarm"`, "/ban-tin/"+id)
		answers(t, "who answers for it", reader.Get("/ban-tin/"+id), 200, "Hai người:", "Cán bộ xã, Lãnh đạo xã")
		webtest.Render(t, s, "chu", page)
		webtest.Render(t, s, "xa", page, page+"/sua")

		h.clock = time.Date(2026, 9, 15, 10, 0, 0, 0, time.UTC)
		answers(t, "after its end", reader.Get("/ban-tin/"+id), 200, "Tin này đã hết hạn", "noindex")
		if p := reader.Get("/ban-tin"); p.Has(id) {
			t.Error("the alarm is still listed after its end")
		}
	})
}

// What nobody would type is refused in words, or taken without what cannot be kept.
func TestHostile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.site()
		reader, editor := webtest.New(t, s), webtest.New(t, s).As("an")
		for path, want := range map[string]int{
			"/ban-tin/%00": 404, "/ban-tin/x'%20OR%201=1--": 404, "/ban-tin?tieng=%00&dia-ban=%00&chu-de=%00&trang=-1": 200, "/ban-tin?trang=999999999": 200,
			"/chu-de/%00": 404, "/ban-tin/nguon.xml?chu-de=%3C%2Ftitle%3E&tieng=%ff": 200, "/ban-tin/" + strings.Repeat("0", 20) + "/%00.mp3": 404,
		} {
			answers(t, path, reader.Get(path), want)
		}
		for _, path := range []string{"/%00", "/%00/sua", "/x/tieng/%00", "/x/so/-1", "/x/nghe/..%2f", "?trang-thai=%00&trang=x"} {
			if p := editor.Get("/ban-lam-viec/ban-tin" + path); p.Status >= 500 {
				t.Errorf("%q: %d", path, p.Status)
			}
		}
		p := editor.Post("/ban-lam-viec/ban-tin/viet", "title", "Tin\x00 \x1b[31mlạ\xff", "body", "Một\x00\r\nhai <script>alert(1)</script>", "place", string(h.home), "topic", "law",
			"class", "normal", "langs", "\x00", "_key", "\x00")
		answers(t, "a language that nobody knows", p, 422, "Tin", "langs-why")
		p = editor.Post("/ban-lam-viec/ban-tin/viet", "title", "Tin\x00 \x1b[31mlạ\xff", "body", "Một\x00\r\nhai <script>alert(1)</script>", "place", string(h.home), "topic", "law",
			"class", "normal", "_key", "\x00a")
		answers(t, "signs that are not seen", editor.Follow(p), 200, "Tin [31mlạ", "&lt;script&gt;")
	})
}

// listen plays a sound as a player does: a part of it, and again only if it has changed.
func listen(t *testing.T, s http.Handler, id string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/ban-tin/"+id+"/tyz.opus", nil)
	r.Header.Set("Range", "bytes=0-99")
	p := webtest.New(t, s).Do(r)
	if p.Status != http.StatusPartialContent || len(p.Body) != 100 || !strings.HasPrefix(p.Body, "OggS") || p.Header.Get("Content-Type") != "audio/ogg; codecs=opus" {
		t.Errorf("a part: %d, %d bytes of %s", p.Status, len(p.Body), p.Header.Get("Content-Type"))
	}
	r = httptest.NewRequest(http.MethodGet, "/ban-tin/"+id+"/tyz.opus", nil)
	r.Header.Set("If-None-Match", p.Header.Get("Etag"))
	if p := webtest.New(t, s).Do(r); p.Status != http.StatusNotModified {
		t.Errorf("the same again: %d, want 304", p.Status)
	}
	for _, path := range []string{"/tyz.wav", "/nut.mp3", "/tyz", "/..%2f..%2fetc.mp3"} {
		if p := webtest.New(t, s).Get("/ban-tin/" + id + path); p.Status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, p.Status)
		}
	}
}

func readFeed(t *testing.T, c *webtest.Client, id string) {
	t.Helper()
	p := c.Get("/ban-tin/nguon.xml?chu-de=forest&tieng=tyz")
	var f feed.Atom
	if err := xml.Unmarshal([]byte(p.Body), &f); err != nil || p.Header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatalf("feed: %v, %s", err, p.Header.Get("Content-Type"))
	}
	if len(f.Entries) != 1 || f.Entries[0].ID != "urn:banlang:bulletin:"+id || len(f.Entries[0].Links) != 3 || f.Entries[0].Links[1].Length == 0 || f.Updated != f.Entries[0].Updated {
		t.Errorf("feed = %+v", f)
	}
	if _, err := time.Parse(time.RFC3339, f.Updated); err != nil {
		t.Error(err)
	}
}

// Whatever is sent as sound ends as sound, or as a word about what is wrong with it; the desk goes on.
func TestSound(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		speaker := h.as("binh", duty.Speaker, "tyz")
		id := h.published(h.fire())
		send := func(content []byte) error {
			e, _ := h.load(id).Edition("tyz")
			return h.Record(ctx, speaker, "", id, Recording{Lang: "tyz", Revision: e.Revision, Sound: bytes.NewReader(content)})
		}
		state := func() Edition { e, _ := h.load(id).Edition("tyz"); return e }

		for name, content := range map[string][]byte{
			"nothing": nil, "a text": []byte("hello"), "a page": []byte("<html>"), "a zip": []byte("PK\x03\x04"), "a program": []byte("\x7fELF"),
			"a playlist": []byte("#EXTM3U\nfile:///etc/passwd\n"), "a concat script": []byte("ffconcat version 1.0\nfile /etc/passwd\n"),
		} {
			h.wants(name, send(content), fault.Invalid)
		}
		for name, content := range map[string][]byte{
			"a WAV without sound": tone(0), "a cut WAV": tone(1)[:30], "an MP3 by name only": append([]byte("ID3"), bytes.Repeat([]byte("x"), 5000)...),
			"an empty film": append([]byte("\x00\x00\x00\x18ftypisom"), make([]byte, 300)...),
		} {
			h.must(send(content))
			h.drain()
			if e := state(); e.Trouble == "" || e.Sound.Ready() {
				t.Errorf("%s: %+v, want its trouble named", name, e)
			}
			h.clock = h.clock.Add(24 * time.Hour)
			h.drain()
		}
		for _, format := range []string{"wav", "mp3", "m4a", "ogg", "opus", "flac", "webm", "3gp", "aac"} {
			h.must(send(recode(t, format)))
			h.drain()
			if e := state(); !e.Sound.Ready() || e.Sound.Length.Round(time.Second) != 2*time.Second || e.Upload != "" || e.Trouble != "" {
				t.Errorf("%s: %+v, want two seconds", format, e)
			}
			f, _, _, err := h.HearDraft(ctx, speaker, id, "tyz", "mp3")
			h.must(err)
			var b bytes.Buffer
			_, err = b.ReadFrom(f)
			h.must(err)
			h.must(f.Close())
			if bytes.Contains(b.Bytes(), []byte("Nhà của ông Sáu")) {
				t.Errorf("%s: what the recorder wrote about the place is still in the file", format)
			}
		}

		count := func() (n int) {
			for _, err := range h.files.Walk(ctx) {
				h.must(err)
				n++
			}
			return n
		}
		before := count()
		h.studio.ffmpeg = "no-such-ffmpeg"
		h.must(send(tone(2)))
		h.drain()
		if e := state(); e.Trouble != "bulletin.sound.no_ffmpeg" || e.Upload == "" {
			t.Errorf("without ffmpeg: %+v, want the file waiting", e)
		}
		h.studio.ffmpeg = "ffmpeg"
		h.clock = h.clock.Add(time.Hour)
		h.drain()
		if e := state(); !e.Sound.Ready() || e.Trouble != "" {
			t.Errorf("ffmpeg is there again: %+v, want it ready", e)
		}
		if n := count(); n != before {
			t.Errorf("%d files are kept, %d before: a recording as it was sent stays behind", n, before)
		}
	})
}

// recode makes two seconds of sound in a format, with something personal written into it.
func recode(t *testing.T, format string) []byte {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg on this machine; `make test` installs it")
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.wav"), filepath.Join(dir, "out."+format)
	if err := os.WriteFile(in, tone(2), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-v", "error", "-i", in, "-metadata", "title=Nhà của ông Sáu", "-metadata", "comment=Nhà của ông Sáu"}
	if format == "3gp" || format == "webm" {
		args = append(args, "-c:a", map[string]string{"3gp": "aac", "webm": "libopus"}[format])
	}
	if said, err := exec.CommandContext(t.Context(), "ffmpeg", append(args, out)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", format, err, said)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The source is read by a machine until somebody does; a machine without the tool only stays silent.
func TestVoice(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.studio.espeak = "no-such-espeak"
		station := func(text string, args ...any) {
			_, err := db.Exec(t.Context(), h.db, text, args...)
			h.must(err)
		}
		station("INSERT INTO loudspeaker_station (id, place, name, langs, hours) VALUES ('loa', $1, 'Loa', 'vi', '05:30')", string(h.fire().Place))
		id := h.published(h.fire())
		station("DELETE FROM job WHERE kind = 'loudspeaker.build'") // it was made when this was published
		h.drain()
		sound := func() Sound {
			i, err := h.Public(t.Context(), id)
			h.must(err)
			e, _ := i.Told(Source)
			return e.Sound
		}
		if sound().Ready() {
			t.Fatal("sound without a voice")
		}
		if _, err := exec.LookPath("espeak-ng"); err != nil {
			t.Skip("no espeak-ng on this machine; `make test` installs it")
		}
		h.studio.espeak = "espeak-ng"
		h.clock = h.clock.Add(time.Hour)
		h.drain()
		if v := sound(); !v.Ready() || !v.Machine || v.Length < 2*time.Second {
			t.Errorf("read aloud: %+v, want a machine's voice", v)
		}
		if n, err := db.Value[int64](t.Context(), h.db, "SELECT count(*) FROM job WHERE kind = 'loudspeaker.build' AND key = 'loa'"); err != nil || n != 1 {
			t.Errorf("programmes to be made anew with the new voice: %d, %v, want 1", n, err)
		}
		if p := webtest.New(t, h.site()).Get("/ban-tin/" + string(id)); !p.Has("Giọng máy đọc", "vi.mp3") {
			t.Error("the page does not say that it is a machine")
		}
	})
}

func TestStudio(t *testing.T) {
	s, dir := newStudio(), t.TempDir()
	if err := s.run(t.Context(), dir, "no-such-tool", "missing"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a tool that is not there: %v", err)
	}
	if got := fmt.Sprint(opusLength([]byte("OggS"))); got != "0s" {
		t.Errorf("length of a broken file = %s", got)
	}
}
