package bulletin

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/search"
)

// A house is a desk with all it needs, and a clock that tests move.
type house struct {
	*Desk
	t      *testing.T
	db     *db.DB
	queue  *job.Queue
	search *search.Desk
	clock  time.Time
	home   place.ID // Lạng Sơn
	bacSon place.ID
}

func open(t *testing.T, d *db.DB) *house {
	t.Helper()
	h := &house{t: t, db: d, clock: time.Date(2026, 9, 14, 1, 0, 0, 0, time.UTC)}
	now := func() time.Time { return h.clock }
	files, err := blob.Folder(t.TempDir())
	h.must(err)
	places := place.New(d, now)
	h.must(places.ReadyOnly(t.Context(), place.LangSon))
	languages := ethnic.New(d, places, now)
	h.must(languages.Ready(t.Context()))
	policy := duty.New(places, now)
	log := slog.New(slog.DiscardHandler)
	h.queue = job.New(d, log, now)
	h.Desk = New(d, files, h.queue, policy, places, languages, names{}, log, now)
	h.search = search.New(d, t.TempDir(), policy, log)
	h.home, h.bacSon = h.unit("20"), h.unit("06325")
	return h
}

// names knows everybody.
type names struct{}

func (names) Name(_ context.Context, account string) (string, error) {
	return "Minh hoạ: " + account, nil
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) unit(code string) place.ID {
	h.t.Helper()
	u, err := h.places.At(code, h.places.Today())
	h.must(err)
	return u.ID
}

// as is a person with one duty in Lạng Sơn, or in Bắc Sơn for a duty of communes.
func (h *house) as(name string, role duty.Role, langs ...string) duty.Actor {
	area := h.home
	if role.Level() == "commune" {
		area = h.bacSon
	}
	return duty.Actor{ID: name, Name: name, Session: "s-" + name, StepUp: h.clock, Grants: []duty.Grant{{Role: role, Area: string(area), Langs: langs}}}
}

func (h *house) fire() Text {
	return Text{Place: h.home, Topic: Forest, Class: Priority, Title: "Phòng cháy rừng", Body: "Không đốt nương khi trời gió.\nThấy khói gọi 114.", Langs: []string{"tyz"}, HandIn: true}
}

func (h *house) load(id ID) Bulletin {
	h.t.Helper()
	b, err := h.read().byID(h.t.Context(), id)
	h.must(err)
	return b
}

func (h *house) drain() {
	h.t.Helper()
	h.must(h.queue.Drain(h.t.Context()))
}

// found lists the addresses that a search for the words gives.
func (h *house) found(words string) []string {
	h.t.Helper()
	r, err := h.search.Find(h.t.Context(), search.Query{Text: words, Kinds: []string{"bulletin"}})
	h.must(err)
	var urls []string
	for _, hit := range r.Hits {
		urls = append(urls, hit.URL)
	}
	return urls
}

func (h *house) listed(f Filter) []ID {
	h.t.Helper()
	f.Size = 100
	all, total, err := h.Published(h.t.Context(), f)
	h.must(err)
	var ids []ID
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	if total != len(ids) {
		h.t.Errorf("Published counts %d and lists %d", total, len(ids))
	}
	return ids
}

// wants checks the kind of an error.
func (h *house) wants(what string, err error, kind fault.Kind) {
	h.t.Helper()
	if !fault.Is(err, kind) {
		h.t.Errorf("%s: %v, want a fault of kind %d", what, err, kind)
	}
}

// published writes and approves a bulletin.
func (h *house) published(t Text) ID {
	h.t.Helper()
	id, err := h.Write(h.t.Context(), h.as("an", duty.Editor), "", t)
	h.must(err)
	h.must(h.Approve(h.t.Context(), h.as("lan", duty.ProvinceLeader), "", id, 1))
	return id
}

// tone is a WAV file: so many seconds of a sine.
func tone(seconds float64) []byte {
	const rate = 16000
	n := int(seconds * rate)
	var b bytes.Buffer
	b.WriteString("RIFF")
	le := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	le(uint32(36 + 2*n))
	b.WriteString("WAVEfmt ")
	le(uint32(16))
	le([]uint16{1, 1})
	le([]uint32{rate, 2 * rate})
	le([]uint16{2, 16})
	b.WriteString("data")
	le(uint32(2 * n))
	for i := range n {
		le(int16(8000 * math.Sin(2*math.Pi*440*float64(i)/rate)))
	}
	return b.Bytes()
}

// each runs on both engines, with the reference data loaded once for all cases of an engine.
func each(t *testing.T, f func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, open(t, d)) })
}

// The journey of four people: none may do the other's part.
func TestJourney(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		editor, speaker, reviewer, leader := h.as("an", duty.Editor), h.as("binh", duty.Speaker, "tyz"), h.as("chi", duty.Reviewer, "tyz"), h.as("lan", duty.ProvinceLeader)
		all := []duty.Actor{editor, speaker, reviewer, leader, {}}
		others := func(mine duty.Actor) []duty.Actor {
			return slices.DeleteFunc(slices.Clone(all), func(a duty.Actor) bool { return a.ID == mine.ID })
		}

		for _, a := range others(editor) {
			if _, err := h.Write(ctx, a, "", h.fire()); err == nil {
				t.Errorf("%q may write", a.ID)
			}
		}
		id, err := h.Write(ctx, editor, "key-1", h.fire())
		h.must(err)
		if again, err := h.Write(ctx, editor, "key-1", h.fire()); err != nil || again != id {
			t.Errorf("the same key again: %q, %v, want %q", again, err, id)
		}
		if b := h.load(id); b.State(h.clock) != Reviewed || len(b.Editions) != 2 {
			t.Errorf("handed in: %s with %d editions, want reviewed with 2", b.State(h.clock), len(b.Editions))
		}
		if _, _, err := h.Draft(ctx, h.as("dao", duty.Speaker, "nut"), id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a speaker of a language that nobody asked for reads the draft: %v", err)
		}

		sound := func() Recording { return Recording{Lang: "tyz", Sound: bytes.NewReader(tone(2)), Voice: "Minh hoạ"} }
		for _, a := range others(speaker) {
			if err := h.Record(ctx, a, "", id, sound()); err == nil {
				t.Errorf("%q may record", a.ID)
			}
		}
		h.wants("a speaker of Nùng records Tày", h.Record(ctx, h.as("dao", duty.Speaker, "nut"), "", id, sound()), fault.Forbidden)
		h.must(h.Record(ctx, speaker, "", id, sound()))
		b := h.load(id)
		e, _ := b.Edition("tyz")
		if b.State(h.clock) != Translated || e.State != Translated || e.Sound.Ready() {
			t.Errorf("recorded: %s, edition %+v, want translated and not ready", b.State(h.clock), e)
		}
		good := Verdict{Lang: "tyz", Good: true, Revision: e.Revision}
		h.wants("accepted before it can be heard", h.ReviewLanguage(ctx, reviewer, "", id, good), fault.Conflict)
		h.drain()
		if e, _ = h.load(id).Edition("tyz"); !e.Sound.Ready() || e.Sound.Length.Round(100*time.Millisecond) != 2*time.Second || e.Sound.Voice != "Minh hoạ" {
			t.Fatalf("made ready: %+v, want two seconds", e.Sound)
		}
		h.wants("approved before the review", h.Approve(ctx, leader, "", id, b.Revision), fault.Forbidden)

		for _, a := range others(reviewer) {
			if err := h.ReviewLanguage(ctx, a, "", id, good); err == nil {
				t.Errorf("%q may review", a.ID)
			}
		}
		h.wants("the speaker reviews own recording", h.ReviewLanguage(ctx, h.as("binh", duty.Reviewer, "tyz"), "", id, good), fault.Forbidden)
		h.wants("returned without a word", h.ReviewLanguage(ctx, reviewer, "", id, Verdict{Lang: "tyz", Revision: e.Revision}), fault.Invalid)
		h.must(h.ReviewLanguage(ctx, reviewer, "", id, good))

		b = h.load(id)
		for _, a := range others(leader) {
			if err := h.Approve(ctx, a, "", id, b.Revision); err == nil {
				t.Errorf("%q may approve", a.ID)
			}
		}
		for _, name := range []string{"an", "binh", "chi"} {
			h.wants(name+" approves as a leader", h.Approve(ctx, h.as(name, duty.ProvinceLeader), "", id, b.Revision), fault.Forbidden)
		}
		h.wants("approved what was not read", h.Approve(ctx, leader, "", id, b.Revision-1), fault.Conflict)
		if h.wants("read before it is published", err2(h.Public(ctx, id)), fault.NotFound); len(h.found("phong chay rung")) != 0 {
			t.Error("found before it is published")
		}
		h.must(h.Approve(ctx, leader, "", id, b.Revision))

		i, err := h.Public(ctx, id)
		h.must(err)
		if tay, ok := i.Told("tyz"); !ok || !tay.Sound.Ready() || i.Approved[0] != string(duty.ProvinceLeader) {
			t.Errorf("published: %+v, want Tày with its sound, approved by a leader", i)
		}
		if got := h.found("phong chay rung"); !slices.Equal(got, []string{"/ban-tin/" + string(id)}) {
			t.Errorf("found %q", got)
		}
		if got := h.listed(Filter{Lang: "tyz"}); !slices.Equal(got, []ID{id}) {
			t.Errorf("listed in Tày: %q", got)
		}
		if e, missing := h.Best(i, "nut"); e.Lang != "tyz" || missing != "nut" {
			t.Errorf("Best for Nùng = %s, missing %q, want Tày in its place", e.Lang, missing)
		}
		if e, missing := h.Best(i, "tyz"); e.Lang != "tyz" || missing != "" {
			t.Errorf("Best for Tày = %s, missing %q", e.Lang, missing)
		}

		h.wants("recalled without a reason", h.Recall(ctx, leader, "", id, "sai"), fault.Invalid)
		for _, a := range []duty.Actor{speaker, reviewer, {}, h.as("co", duty.CommuneLeader)} {
			if err := h.Recall(ctx, a, "", id, "Có một câu sai về số điện thoại."); err == nil {
				t.Errorf("%q may recall", a.ID)
			}
		}
		h.must(h.Recall(ctx, editor, "", id, "Có một câu sai về số điện thoại."))
		h.wants("read after the recall", err2(h.Public(ctx, id)), fault.Gone)
		_, _, _, err = h.Hear(ctx, id, "tyz", "mp3")
		h.wants("heard after the recall", err, fault.Gone)
		if len(h.found("phong chay rung")) != 0 || len(h.listed(Filter{})) != 0 {
			t.Error("found or listed after the recall")
		}
		h.wants("recorded after the recall", h.Record(ctx, speaker, "", id, sound()), fault.Forbidden)
		h.drain()
		if len(h.found("phong chay rung")) != 0 {
			t.Error("a late job brought it back")
		}

		type line struct{ actor, act, second string }
		record, err := db.All(ctx, h.db, func(l *line) []any { return []any{&l.actor, &l.act, &l.second} },
			"SELECT actor, act, second FROM audit WHERE thing = $1 ORDER BY seq", "bulletin/"+string(id))
		h.must(err)
		want := []line{{"an", "bulletin.write", ""}, {"binh", "bulletin.record", ""}, {"chi", "bulletin.review_language", ""}, {"lan", "bulletin.approve", ""}, {"an", "bulletin.recall", ""}}
		if record = slices.DeleteFunc(record, func(l line) bool { return l.actor == machine.ID }); !slices.Equal(record, want) {
			t.Errorf("record = %v, want %v", record, want)
		}
	})
}

func err2[T any](_ T, err error) error { return err }

func TestWorkOn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		editor, leader := h.as("an", duty.Editor), h.as("lan", duty.ProvinceLeader)

		t.Run("a form with many mistakes names each field", func(t *testing.T) {
			_, err := h.Write(ctx, editor, "", Text{Place: h.home, Class: Emergency})
			var fields []string
			for _, f := range fault.All(err) {
				fields = append(fields, f.Field)
			}
			if want := []string{"title", "body", "topic", "expires"}; !slices.Equal(fields, want) {
				t.Errorf("fields = %q, want %q", fields, want)
			}
		})

		t.Run("two editors: the second loses nothing and overwrites nothing", func(t *testing.T) {
			id, err := h.Write(ctx, editor, "", h.fire())
			h.must(err)
			mine, theirs := h.fire(), h.fire()
			mine.Title, mine.Revision = "Của tôi", 1
			theirs.Title, theirs.Revision = "Của người kia", 1
			h.must(h.Edit(ctx, h.as("ba", duty.Editor), "", id, theirs))
			h.wants("edited what was not seen", h.Edit(ctx, editor, "", id, mine), fault.Conflict)
			if got := h.load(id).Title(); got != "Của người kia" {
				t.Errorf("title = %q", got)
			}
		})

		t.Run("an edit of what is published waits for approval, and its old issue stays readable to officers", func(t *testing.T) {
			id := h.published(h.fire())
			e := h.fire()
			e.Title, e.Revision = "Phòng cháy rừng, bản hai", 1
			h.must(h.Edit(ctx, editor, "", id, e))
			i, err := h.Public(ctx, id)
			h.must(err)
			if s, _ := i.Told(Source); s.Title != "Phòng cháy rừng" || !h.load(id).Pending() {
				t.Errorf("the public reads %q before the approval", s.Title)
			}
			h.clock = h.clock.Add(time.Hour)
			h.must(h.Approve(ctx, leader, "", id, 2))
			issues, err := h.Issues(ctx, editor, id)
			h.must(err)
			if len(issues) != 2 || issues[0].Number != 2 || !issues[0].First.Equal(issues[1].Published) {
				t.Errorf("issues = %+v", issues)
			}
			if s, _ := issues[1].Told(Source); s.Title != "Phòng cháy rừng" {
				t.Errorf("the first issue says %q", s.Title)
			}
			h.wants("an outsider reads older issues", err2(h.Issues(ctx, duty.Actor{}, id)), fault.Unauthenticated)
		})

		t.Run("what a word of the source changes is reviewed again", func(t *testing.T) {
			id, err := h.Write(ctx, editor, "", h.fire())
			h.must(err)
			h.must(h.Translate(ctx, h.as("binh", duty.Speaker, "tyz"), "", id, Telling{Lang: "tyz", Body: "(bản dịch để thử)"}))
			h.must(h.ReviewLanguage(ctx, h.as("chi", duty.Reviewer, "tyz"), "", id, Verdict{Lang: "tyz", Good: true, Revision: 2}))
			e := h.fire()
			e.Body, e.Revision = "Không đốt nương.", 1
			h.must(h.Edit(ctx, editor, "", id, e))
			if b := h.load(id); b.Stage != Translated {
				t.Errorf("stage = %s, want translated", b.Stage)
			}
			h.must(h.SetAside(ctx, editor, id, "tyz"))
			if b := h.load(id); b.Stage != Reviewed {
				t.Errorf("set aside: stage = %s, want reviewed", b.Stage)
			}
		})

		t.Run("expired by the clock alone, out of lists, feed and search", func(t *testing.T) {
			e := h.fire()
			e.Title, e.Expires = "Mưa đá chiều nay", h.clock.Add(time.Hour)
			id := h.published(e)
			if !slices.Contains(h.listed(Filter{}), id) {
				t.Fatal("not listed while it holds")
			}
			h.clock = h.clock.Add(time.Hour)
			i, err := h.Public(ctx, id)
			h.must(err)
			if !i.Over || slices.Contains(h.listed(Filter{}), id) || h.load(id).State(h.clock) != Expired {
				t.Error("still current at the moment of its end")
			}
			h.drain()
			if got := h.found("mua da chieu nay"); slices.ContainsFunc(got, func(u string) bool { return strings.Contains(u, string(id)) }) {
				t.Errorf("found %q after its end", got)
			}
		})

		t.Run("replaced in the moment the new one is published", func(t *testing.T) {
			old := h.published(h.fire())
			next, err := h.Replace(ctx, editor, old)
			h.must(err)
			if again, err := h.Replace(ctx, editor, old); err != nil || again != next {
				t.Errorf("Replace again = %q, %v, want %q", again, err, next)
			}
			h.must(err2(h.Public(ctx, old)))
			h.must(h.Submit(ctx, editor, next, 1))
			h.must(h.Approve(ctx, leader, "", next, 1))
			h.wants("the old one", err2(h.Public(ctx, old)), fault.Gone)
			if by, _ := h.Successor(ctx, old); by != next {
				t.Errorf("replaced by %q, want %q", by, next)
			}
			if ids := h.listed(Filter{}); slices.Contains(ids, old) || !slices.Contains(ids, next) {
				t.Errorf("listed %q", ids)
			}
		})

		t.Run("listed by place: what is for an area it lies in, and what is within it", func(t *testing.T) {
			e := h.fire()
			e.Topic = Border
			province := h.published(e)
			e.Place = h.bacSon
			commune := h.published(e)
			e.Place = h.unit("05977")
			elsewhere := h.published(e)
			got := h.listed(Filter{Topic: Border, Place: h.bacSon})
			slices.Sort(got)
			want := []ID{province, commune}
			slices.Sort(want)
			if !slices.Equal(got, want) || slices.Contains(got, elsewhere) {
				t.Errorf("in Bắc Sơn %q, want %q", got, want)
			}
			if got := h.listed(Filter{Topic: Border, Place: h.home}); len(got) != 3 {
				t.Errorf("in the province %q, want all three", got)
			}
		})

		t.Run("officers of another commune do not see a draft", func(t *testing.T) {
			e := h.fire()
			e.Place = h.unit("05977")
			id, err := h.Write(ctx, editor, "", e)
			h.must(err)
			h.wants("read", err2(first3(h.Draft(ctx, h.as("xa", duty.CommuneOfficer), id))), fault.Forbidden)
			all, _, err := h.Copies(ctx, h.as("xa", duty.CommuneOfficer), Query{Size: 100})
			h.must(err)
			if slices.ContainsFunc(all, func(b Bulletin) bool { return b.ID == id }) {
				t.Error("listed")
			}
		})

		t.Run("two duties together read no more than each", func(t *testing.T) {
			both := h.as("lan", duty.Speaker, "nut")
			both.Grants = append(both.Grants, h.as("lan", duty.CommuneOfficer).Grants...)
			reads := map[ID]bool{}
			for place, langs := range map[place.ID][]string{h.bacSon: {"tyz"}, h.unit("05977"): {"tyz"}, h.unit("06196"): {"nut"}} {
				e := h.fire()
				e.Place, e.Langs = place, langs
				id, err := h.Write(ctx, editor, "", e)
				h.must(err)
				reads[id] = place == h.bacSon || langs[0] == "nut"
			}
			all, _, err := h.Copies(ctx, both, Query{Size: 100})
			h.must(err)
			for id, want := range reads {
				_, _, err := h.Draft(ctx, both, id)
				listed := slices.ContainsFunc(all, func(b Bulletin) bool { return b.ID == id })
				if listed != want || (err == nil) != want {
					t.Errorf("a draft is listed %v and read with %v, want %v", listed, err, want)
				}
			}
		})

		t.Run("what waits for each", func(t *testing.T) {
			id, err := h.Write(ctx, editor, "", h.fire())
			h.must(err)
			waits := func(a duty.Actor, act duty.Act) {
				t.Helper()
				chores, err := h.Chores(ctx, a)
				h.must(err)
				if !slices.ContainsFunc(chores, func(c Chore) bool { return c.Bulletin.ID == id && c.Act == act }) {
					t.Errorf("%s does not wait for %s", act, a.ID)
				}
			}
			speaker := h.as("binh", duty.Speaker, "tyz")
			waits(speaker, duty.BulletinRecord)
			waits(leader, duty.BulletinApprove)
			h.must(h.Translate(ctx, speaker, "", id, Telling{Lang: "tyz", Body: "(bản dịch để thử)"}))
			waits(h.as("chi", duty.Reviewer, "tyz"), duty.BulletinReviewLanguage)
			h.must(h.ReviewLanguage(ctx, h.as("chi", duty.Reviewer, "tyz"), "", id, Verdict{Lang: "tyz", Remark: "Câu hai chưa đúng.", Revision: 2}))
			waits(speaker, duty.BulletinRecord)
			if tasks, err := h.Work(ctx, speaker); err != nil || tasks[0].Word != "Bị trả lại" {
				t.Errorf("Work = %+v, %v, want what came back first", tasks, err)
			}
		})
	})
}

func first3[A, B any](a A, _ B, err error) (A, error) { return a, err }

// Two persons, two sessions, a leader of the area second.
func TestEmergency(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		const why = "Nước suối lên nhanh, phải báo ngay."
		officer, leader, editor := h.as("xa", duty.CommuneOfficer), h.as("chu", duty.CommuneLeader), h.as("an", duty.Editor)
		flood := Text{Place: h.bacSon, Topic: Disaster, Class: Emergency, Title: "Lũ quét", Body: "Đi ngay lên chỗ cao.", Expires: h.clock.Add(24 * time.Hour)}
		id, err := h.Write(ctx, officer, "", flood)
		h.must(err)

		tired := officer
		tired.StepUp = h.clock.Add(-time.Hour)
		h.wants("without the password asked again", err2(h.ApproveEmergency(ctx, tired, "", id, 1, why)), fault.Forbidden)
		h.wants("without a reason", err2(h.ApproveEmergency(ctx, officer, "", id, 1, "")), fault.Invalid)
		first, err := h.ApproveEmergency(ctx, officer, "", id, 1, why)
		if h.must(err); first {
			t.Fatal("one signature published it")
		}
		h.wants("the same person again", err2(h.ApproveEmergency(ctx, officer, "", id, 1, why)), fault.Forbidden)
		same := h.as("xa", duty.CommuneLeader)
		same.Session = "another"
		h.wants("the same person as leader", err2(h.ApproveEmergency(ctx, same, "", id, 1, why)), fault.Forbidden)
		h.wants("no leader among them", err2(h.ApproveEmergency(ctx, editor, "", id, 1, why)), fault.Forbidden)
		shared := leader
		shared.Session = officer.Session
		h.wants("in one session", err2(h.ApproveEmergency(ctx, shared, "", id, 1, why)), fault.Forbidden)
		h.wants("approved by one", h.Approve(ctx, leader, "", id, 1), fault.Forbidden)

		flood.Body, flood.Revision = "Đi ngay lên chỗ cao. Không quay lại.", 1
		h.must(h.Edit(ctx, officer, "", id, flood))
		second, err := h.ApproveEmergency(ctx, leader, "", id, 2, why)
		if h.must(err); second {
			t.Fatal("a signature under other words counted")
		}
		h.must(h.Translate(ctx, h.as("binh", duty.Speaker, "tyz"), "", id, Telling{Lang: "tyz", Body: "(bản dịch để thử)"}))
		third, err := h.ApproveEmergency(ctx, h.as("lan", duty.ProvinceLeader), "", id, 2, why)
		if h.must(err); !third {
			t.Fatal("two leaders did not publish it")
		}
		i, err := h.Public(ctx, id)
		if h.must(err); !slices.Equal(i.Approved, []string{"commune_leader", "province_leader"}) {
			t.Errorf("approved by %q", i.Approved)
		}

		// An officer who wrote it and the leader of the commune suffice, with no line to the province.
		flood.Revision = 0
		id, err = h.Write(ctx, officer, "", flood)
		h.must(err)
		h.must(err2(h.ApproveEmergency(ctx, officer, "", id, 1, why)))
		if done, err := h.ApproveEmergency(ctx, leader, "", id, 1, why); err != nil || !done {
			t.Errorf("officer and leader of a commune: %v, %v", done, err)
		}
		if got := h.listed(Filter{Class: Emergency}); len(got) != 2 {
			t.Errorf("emergencies listed: %q", got)
		}
	})
}

func TestDemo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		as := func(_ context.Context, name string) (duty.Actor, error) {
			a := h.as(name, duty.Role(strings.TrimSuffix(name, "2")))
			a.Demo = true
			return a, nil
		}
		for range 2 {
			h.must(h.SeedDemo(t.Context(), as))
		}
		all, total, err := h.Published(t.Context(), Filter{Size: 100})
		h.must(err)
		if total != 12 {
			t.Fatalf("published %d, want twelve", total)
		}
		for _, s := range all {
			if heard, ok := s.Heard("nut"); !s.Demo || !ok || !heard.Machine || heard.Lang != Source || heard.MP3Size > 120_000 {
				t.Errorf("%s: demo %v, heard %+v", s.Title, s.Demo, heard)
			}
		}
		if got := h.found("phong chay rung"); len(got) == 0 {
			t.Error("forest fire is not found")
		}
	})
}

func TestPlain(t *testing.T) {
	p := Look("Không đốt nương. Vui lòng " + strings.Repeat("đi ", 25) + ".")
	if p.Syllables != 30 || len(p.Long) != 1 || len(p.Words) != 1 {
		t.Errorf("Look = %+v", p)
	}
	if got := fmt.Sprint(blocks("Mở đầu.\n\n1. Một\n2. Hai\n- a\n10 người.")); got != "[{false false [Mở đầu.]} {true false [Một Hai]} {false true [a]} {false false [10 người.]}]" {
		t.Errorf("blocks = %s", got)
	}
}
