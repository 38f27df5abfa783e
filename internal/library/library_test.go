package library

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	"banlang/internal/library/transcript"
	"banlang/internal/place"
	"banlang/internal/search"
)

var noon = time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

const bacSon = "06325@20250701"

func person(id string, role duty.Role, area string) duty.Actor {
	return duty.Actor{ID: id, Name: id, Session: "s-" + id, Grants: []duty.Grant{{Role: role, Area: area}}}
}

// A bench is a library with everything around it, in a fresh database.
type bench struct {
	*Desk
	db     *db.DB
	queue  *job.Queue
	policy *duty.Policy

	librarian, second, leader, commune, editor, elsewhere duty.Actor
}

func newBench(t testing.TB, d *db.DB) *bench {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	places := place.New(d, clock)
	if err := places.ReadyOnly(t.Context(), place.LangSon, "22"); err != nil {
		t.Fatal(err)
	}
	places.Home = place.LangSon
	groups := ethnic.New(d, places, clock)
	if err := groups.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := blob.Folder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{db: d, policy: duty.New(places, clock), queue: job.New(d, log, clock)}
	index := search.New(d, t.TempDir(), b.policy, log)
	if err := index.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Desk = New(d, files, transcript.Tools{}, b.queue, b.policy, places, groups, index, log, clock)
	home := string(places.HomeUnit().ID)
	other, err := places.At("22", places.Today())
	if err != nil {
		t.Fatal(err)
	}
	b.librarian, b.second = person("librarian", duty.Librarian, home), person("librarian2", duty.Librarian, home)
	b.leader, b.editor = person("leader", duty.ProvinceLeader, home), person("editor", duty.Editor, home)
	b.commune, b.elsewhere = person("commune", duty.CommuneOfficer, bacSon), person("elsewhere", duty.Librarian, string(other.ID))
	return b
}

const notice = `UỶ BAN NHÂN DÂN
TỈNH LẠNG SƠN

Số: 12/QĐ-UBND

Lạng Sơn, ngày 5 tháng 5 năm 2026

QUYẾT ĐỊNH

Về việc phòng cháy rừng mùa hanh khô

Điều 1. Phạm vi
Bà con không đốt nương khi trời có gió to. Tỉnh Lạng Sơn giữ rừng hồi.

Điều 2. Thi hành
Quyết định này có hiệu lực từ ngày ký.
`

// deposit hands a text in and has it read.
func (b *bench) deposit(t testing.TB, actor duty.Actor, name, text string) ID {
	t.Helper()
	id, err := b.Deposit(t.Context(), actor, "", Offer{Name: name, Content: strings.NewReader(text)})
	if err != nil {
		t.Fatalf("Deposit(%s): %v", name, err)
	}
	b.work(t)
	return id
}

func (b *bench) work(t testing.TB) {
	t.Helper()
	if err := b.queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) get(t testing.TB, id ID) Document {
	t.Helper()
	doc, err := b.store.byID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func (b *bench) describe(t testing.TB, id ID, change func(*Record)) {
	t.Helper()
	doc := b.get(t, id)
	r := doc.Record
	if change != nil {
		change(&r)
	}
	if err := b.Describe(t.Context(), b.librarian, id, doc.Revision, r, false); err != nil {
		t.Fatal(err)
	}
}

// open brings a text all the way to the readers.
func (b *bench) opened(t testing.TB, name, text string, change func(*Record)) ID {
	t.Helper()
	id := b.deposit(t, b.librarian, name, text)
	b.describe(t, id, change)
	if err := b.Publish(t.Context(), b.second, id); err != nil {
		t.Fatal(err)
	}
	return id
}

func (b *bench) finds(t testing.TB, q search.Query) []string {
	t.Helper()
	r, err := b.Find(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, h := range r.Hits {
		urls = append(urls, h.URL)
	}
	return urls
}

// The first walk: a file is handed in, read, described, opened by another person, found, read, and withdrawn.
func TestWalk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		ctx := t.Context()
		id, err := b.Deposit(ctx, b.commune, "key-1", Offer{Name: "chay-rung.txt", Content: strings.NewReader(notice), Area: bacSon})
		if err != nil {
			t.Fatal(err)
		}
		if doc := b.get(t, id); doc.State != Received || doc.FileSize != int64(len(notice)) {
			t.Errorf("after Deposit: state %s, %d bytes", doc.State, doc.FileSize)
		}
		b.work(t)
		doc := b.get(t, id)
		if doc.State != Read || doc.Layer != transcript.Good || !doc.Proposed {
			t.Errorf("after reading: state %s, layer %s, proposed %t", doc.State, doc.Layer, doc.Proposed)
		}
		if doc.Number != "12/QĐ-UBND" || doc.Kind != "decision_pc" || doc.Signed != 20260505 || doc.Issuer != "Uỷ ban nhân dân tỉnh Lạng Sơn" ||
			doc.Title != "Quyết định về việc phòng cháy rừng mùa hanh khô" {
			t.Errorf("proposed %+v", doc.Record)
		}
		if len(b.finds(t, search.Query{Text: "phòng cháy rừng", Actor: b.librarian})) != 0 {
			t.Error("a document that is not open is found")
		}
		b.describe(t, id, func(r *Record) { r.Groups = []ethnic.Slug{"tay"}; r.Subjects = []string{"forest_fire"} })
		if err := b.Publish(ctx, b.second, id); err != nil {
			t.Fatal(err)
		}
		for _, q := range []search.Query{{Text: "phong chay rung"}, {Text: "12/qđ-ubnd"}, {Text: "đốt nương"}, {Facets: map[string]string{"group": "tay", "year": "2026"}}, {}} {
			if got := b.finds(t, q); len(got) != 1 || got[0] != id.URL() {
				t.Errorf("Find(%+v) = %v, want %s", q, got, id.URL())
			}
		}
		doc, err = b.ByID(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := b.Text(ctx, doc, 1)
		if err != nil || len(doc.Contents) != 2 || doc.Contents[0].Anchor != "dieu-1" {
			t.Errorf("Text = %d blocks, %v; contents %v", len(blocks), err, doc.Contents)
		}
		if err := b.Withdraw(ctx, b.leader, id, "Có bản mới thay thế"); err != nil {
			t.Fatal(err)
		}
		if got := b.finds(t, search.Query{Text: "phong chay rung", Actor: b.librarian}); len(got) != 0 {
			t.Errorf("a withdrawn document is found: %v", got)
		}
		if _, err := b.ByID(ctx, id); !fault.Is(err, fault.Gone) {
			t.Errorf("ByID of a withdrawn document = %v, want gone", err)
		}
		acts, err := db.Values[string](ctx, d, "SELECT act FROM audit WHERE thing = $1 ORDER BY seq", id.Thing())
		if got := strings.Join(acts, " "); err != nil || got != "library.deposit library.describe library.publish library.withdraw" {
			t.Errorf("the record says %q, %v", got, err)
		}
	})
}

func TestRights(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		ctx := t.Context()
		deposit := func(a duty.Actor, area place.ID) error {
			_, err := b.Deposit(ctx, a, "", Offer{Name: "a.txt", Content: strings.NewReader("Tin của " + a.ID), Area: area})
			return err
		}
		id := b.deposit(t, b.librarian, "a.txt", notice)
		revision := b.get(t, id).Revision
		record := b.get(t, id).Record
		describe := func(a duty.Actor) error { return b.Describe(ctx, a, id, revision, record, false) }
		tests := []struct {
			name string
			do   func() error
			want fault.Kind
		}{
			{"a visitor deposits nothing", func() error { return deposit(duty.Actor{}, bacSon) }, fault.Unauthenticated},
			{"a leader deposits nothing", func() error { return deposit(b.leader, bacSon) }, fault.Forbidden},
			{"a commune officer deposits for the commune", func() error { return deposit(b.commune, bacSon) }, fault.None},
			{"but not for the province", func() error { return deposit(b.commune, b.province()) }, fault.Forbidden},
			{"an editor deposits for the province", func() error { return deposit(b.editor, "") }, fault.None},
			{"an editor describes nothing", func() error { return describe(b.editor) }, fault.Forbidden},
			{"a librarian of another province describes nothing here", func() error { return describe(b.elsewhere) }, fault.Forbidden},
			{"what was not described is not opened", func() error { return b.Publish(ctx, b.second, id) }, fault.Forbidden},
			{"a librarian describes", func() error { return describe(b.librarian) }, fault.None},
			{"a record that changed meanwhile is not overwritten", func() error { return describe(b.second) }, fault.Conflict},
			{"who handed it in does not open it", func() error { return b.Publish(ctx, b.librarian, id) }, fault.Forbidden},
			{"a librarian elsewhere does not open it", func() error { return b.Publish(ctx, b.elsewhere, id) }, fault.Forbidden},
			{"a leader does not open it", func() error { return b.Publish(ctx, b.leader, id) }, fault.Forbidden},
			{"what is not open is not withdrawn", func() error { return b.Withdraw(ctx, b.leader, id, "Không cần nữa") }, fault.Forbidden},
			{"another librarian opens it", func() error { return b.Publish(ctx, b.second, id) }, fault.None},
			{"what is open is not described", func() error { return describe(b.librarian) }, fault.Forbidden},
			{"a withdrawal needs a reason", func() error { return b.Withdraw(ctx, b.leader, id, " ") }, fault.Invalid},
			{"an editor withdraws nothing", func() error { return b.Withdraw(ctx, b.editor, id, "Không cần nữa") }, fault.Forbidden},
			{"a leader withdraws", func() error { return b.Withdraw(ctx, b.leader, id, "Không cần nữa") }, fault.None},
		}
		for _, test := range tests {
			if err := test.do(); fault.KindOf(err) != test.want {
				t.Errorf("%s: %v, want kind %d", test.name, err, test.want)
			}
		}
	})
}

func TestRecordIsChecked(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	good := Record{Title: "Tên", Kind: "decision_pc", Force: "unknown", Lang: "vi", Access: AccessOpen}
	tests := []struct {
		name   string
		change func(*Record)
		field  string // "" where nothing is wrong
	}{
		{"a plain record", func(*Record) {}, ""},
		{"no title", func(r *Record) { r.Title = "  " }, "title"},
		{"no kind", func(r *Record) { r.Kind = "" }, "kind"},
		{"a kind that is none", func(r *Record) { r.Kind = "x" }, "kind"},
		{"a validity that is none", func(r *Record) { r.Force = "" }, "force"},
		{"an end before the beginning", func(r *Record) { r.ForceFrom, r.ForceUntil = 20260201, 20260101 }, "force_until"},
		{"signed tomorrow", func(r *Record) { r.Signed = 20260602 }, "signed"},
		{"a language that is none", func(r *Record) { r.Lang = "tlh" }, "lang"},
		{"Tày", func(r *Record) { r.Lang = "tyz" }, ""},
		{"English", func(r *Record) { r.Lang = "en" }, ""},
		{"a subject that is none", func(r *Record) { r.Subjects = []string{"x"} }, "subjects"},
		{"a group that is none", func(r *Record) { r.Groups = []ethnic.Slug{"x"} }, "groups"},
		{"a place that is none", func(r *Record) { r.Places = []place.ID{"99999@0"} }, "places"},
		{"a title without end", func(r *Record) { r.Title = strings.Repeat("đ", 501) }, "title"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good
			test.change(&r)
			var field strings.Builder
			for _, f := range fault.All(r.check(b.Desk)) {
				field.WriteString(f.Field)
			}
			if field.String() != test.field {
				t.Errorf("check names %q, want %q", field.String(), test.field)
			}
		})
	}
}

func TestSameTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		offer := func() Offer { return Offer{Name: "a.txt", Content: strings.NewReader(notice)} }
		first, err := b.Deposit(t.Context(), b.librarian, "k", offer())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := b.Deposit(t.Context(), b.librarian, "k", offer()); err != nil || again != first {
			t.Errorf("the same request again = %s, %v, want %s", again, err, first)
		}
		if _, err := b.Deposit(t.Context(), b.second, "other", offer()); !fault.Is(err, fault.Conflict) || twin(err) != first {
			t.Errorf("the same file again = %v, want a conflict that names %s", err, first)
		}
		if _, total, err := b.List(t.Context(), b.librarian, Filter{}); err != nil || total != 1 {
			t.Errorf("there are %d documents, %v, want 1", total, err)
		}
	})
}

// What a community restricts is found and read by those allowed, with a reason on record, and by nobody else.
func TestRestricted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		ctx := t.Context()
		id := b.opened(t, "a.txt", notice, func(r *Record) { r.Access = "ask" })
		if _, err := b.ByID(ctx, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("ByID = %v, want not found", err)
		}
		for _, who := range []duty.Actor{{}, b.editor, b.commune, b.elsewhere} {
			if got := b.finds(t, search.Query{Text: "đốt nương", Actor: who}); len(got) != 0 {
				t.Errorf("%q finds %v", who.ID, got)
			}
			if _, err := b.Restricted(ctx, who, id, "Xem cho biết thôi"); err == nil {
				t.Errorf("%q reads it", who.ID)
			}
		}
		if got := b.finds(t, search.Query{Text: "đốt nương", Actor: b.leader}); len(got) != 1 {
			t.Errorf("the leader finds %v", got)
		}
		if _, err := b.Restricted(ctx, b.leader, id, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("reading without a reason = %v, want invalid", err)
		}
		if _, err := b.Restricted(ctx, b.leader, id, "Chuẩn bị trả lời cộng đồng"); err != nil {
			t.Error(err)
		}
		n, err := db.Value[int](ctx, d, "SELECT count(*) FROM audit WHERE act = $1 AND reason <> ''", string(duty.LibraryReadRestricted))
		if err != nil || n != 1 {
			t.Errorf("%d readings on record, %v, want 1", n, err)
		}
	})
}

func TestCultureWaitsForItsCommunity(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	id := b.deposit(t, b.librarian, "then.txt", "Lời hát then")
	b.describe(t, id, func(r *Record) { r.Kind = "song_music" })
	if err := b.Publish(t.Context(), b.second, id); !fault.Is(err, fault.Conflict) {
		t.Errorf("Publish = %v, want a conflict", err)
	}
}

// A text that is there but is nonsense is neither shown nor searched, until a person says that it can be read.
func TestGarbled(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	const backwards = "gnơưn tốđ gnôhk noc àB gnừr yáhc gnòhp oáb gnôht nôht gnởưrt"
	id := b.opened(t, "nguoc.txt", backwards, func(r *Record) { r.Title, r.Kind = "Bản chụp", "notice" })
	doc, err := b.ByID(t.Context(), id)
	if err != nil || doc.Layer != transcript.Garbled || doc.Legible() {
		t.Fatalf("layer %s, legible %t, %v", doc.Layer, doc.Legible(), err)
	}
	if got := b.finds(t, search.Query{Text: "gnơưn"}); len(got) != 0 {
		t.Errorf("nonsense is found: %v", got)
	}
	if got := b.finds(t, search.Query{Text: "bản chụp"}); len(got) != 1 {
		t.Errorf("the title finds %v", got)
	}
	if _, err := b.Text(t.Context(), doc, 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("Text = %v, want not found", err)
	}
	if err := b.Withdraw(t.Context(), b.second, id, "Để biên mục lại"); err != nil {
		t.Fatal(err)
	}
	doc = b.get(t, id)
	if err := b.Describe(t.Context(), b.librarian, id, doc.Revision, doc.Record, true); err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context(), b.second, id); err != nil {
		t.Fatal(err)
	}
	if got := b.finds(t, search.Query{Text: "gnơưn"}); len(got) != 1 {
		t.Errorf("an accepted text finds %v", got)
	}
}

func TestUnreadableFileIsKept(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	id := b.deposit(t, b.librarian, "hong.docx", "PK\x03\x04 broken")
	doc := b.get(t, id)
	if doc.State != Read || doc.Trouble == nil || doc.Trouble.Key != "transcript.broken" || doc.Title != "hong" {
		t.Errorf("state %s, trouble %v, title %q", doc.State, doc.Trouble, doc.Title)
	}
	if err := b.Verify(t.Context(), doc); err != nil {
		t.Error("the original is not kept:", err)
	}
	if _, err := b.Deposit(t.Context(), b.librarian, "", Offer{Name: "a.svg", Content: strings.NewReader("<svg><script/></svg>")}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("Deposit of a picture = %v, want unsupported", err)
	}
}

// Long texts come in parts that are light on the line.
func TestLongText(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	var text strings.Builder
	for i := range 400 {
		text.WriteString("Điều " + strconv.Itoa(i+1) + ". Việc chung\n" + strings.Repeat("Bà con giữ rừng, giữ nước. ", 12) + "\n\n")
	}
	id := b.opened(t, "dai.txt", text.String(), func(r *Record) { r.Title, r.Kind = "Dài", "notice" })
	doc := b.get(t, id)
	if doc.Parts < 4 {
		t.Errorf("%d bytes lie in %d parts", text.Len(), doc.Parts)
	}
	seen := 0
	for n := 1; n <= doc.Parts; n++ {
		blocks, err := b.Text(t.Context(), doc, n)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, block := range blocks {
			size += len(block.Plain())
			if block.Kind == transcript.Heading {
				seen++
			}
		}
		if size > partSize+4096 {
			t.Errorf("part %d has %d bytes", n, size)
		}
	}
	if seen != len(doc.Contents) || seen == 0 {
		t.Errorf("%d headings in the parts, %d in the contents", seen, len(doc.Contents))
	}
}

func TestImportFolder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		dir := t.TempDir()
		for name, text := range map[string]string{"a/one.txt": notice, "a/two.md": "# Hai\n\nTin thứ hai.", "b.svg": "<svg/>", ".hidden": "x", "c/empty.txt": ""} {
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if all, err := b.ImportFolder(t.Context(), b.librarian, dir, true, nil); err != nil || len(all) != 4 || all[0].State != Added {
			t.Errorf("a dry import = %v, %v, want 4 outcomes, the first added", all, err)
		}
		for _, want := range []string{"one.txt added, two.md added, b.svg refused, empty.txt refused", "one.txt already, two.md already, b.svg refused, empty.txt refused"} {
			calls := 0
			all, err := b.ImportFolder(t.Context(), b.librarian, dir, false, func(done, total int, _ Outcome) { calls++ })
			var got []string
			for _, o := range all {
				got = append(got, filepath.Base(o.File)+" "+o.State)
				if o.State == Refused && len(fault.All(o.Why)) == 0 {
					t.Errorf("%s was refused with %v, which says nothing to a person", o.File, o.Why)
				}
			}
			if s := strings.Join(got, ", "); err != nil || s != want || calls != 4 {
				t.Errorf("ImportFolder = %s, %v, %d calls, want %s", s, err, calls, want)
			}
		}
		if _, err := b.ImportFolder(t.Context(), b.librarian, filepath.Join(dir, "none"), false, nil); !fault.Is(err, fault.NotFound) {
			t.Errorf("ImportFolder of nothing = %v, want not found", err)
		}
	})
}

func TestSeedDemo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		for range 2 {
			if err := b.SeedDemo(t.Context(), Two{b.librarian, b.second}); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.finds(t, search.Query{Text: "ke hoach 101"}); len(got) == 0 {
			t.Error("the summary of plan 101 is not found")
		}
		r, err := b.Find(t.Context(), search.Query{})
		if err != nil || r.Total != len(demoDocuments) {
			t.Errorf("%d documents are open, %v, want %d", r.Total, err, len(demoDocuments))
		}
		for _, h := range r.Hits {
			doc, err := b.ByID(t.Context(), ID(strings.TrimPrefix(h.URL, "/thu-vien/")))
			if err != nil || !doc.Demo || doc.Force != "unknown" {
				t.Errorf("%s: demo %t, force %q, %v", h.URL, doc.Demo, doc.Force, err)
			}
		}
	})
}

func TestCitation(t *testing.T) {
	doc := Document{ID: "abc", Record: Record{Title: "Quyết định {50%} & cây_hồi", Number: "12/QĐ-UBND", Issuer: "Uỷ ban nhân dân tỉnh Lạng Sơn", Signed: 20260505, Lang: "vi"}}
	if got, want := doc.Cite("http://x/thu-vien/abc"), "Uỷ ban nhân dân tỉnh Lạng Sơn, Quyết định {50%} & cây_hồi, số 12/QĐ-UBND, ngày 5/5/2026. http://x/thu-vien/abc"; got != want {
		t.Errorf("Cite = %q, want %q", got, want)
	}
	want := "@misc{banlang-abc,\n  author = {{Uỷ ban nhân dân tỉnh Lạng Sơn}},\n  title = {{Quyết định \\{50\\%\\} \\& cây\\_hồi}},\n  number = {12/QĐ-UBND},\n  year = {2026},\n" +
		"  date = {2026-05-05},\n  language = {vi},\n  url = {http://x/thu-vien/abc},\n  urldate = {2026-06-01},\n}\n"
	if got := doc.BibTeX("http://x/thu-vien/abc", noon); got != want {
		t.Errorf("BibTeX = %s\nwant %s", got, want)
	}
}

// shared is where the documents of the demonstration lie beside a developer's clone.
const shared = "../../../shared/data/docs"

// The whole of the shared documents goes in; what is proposed for the resolutions is checked against their file names.
func TestImportShared(t *testing.T) {
	if _, err := os.Stat(shared); err != nil {
		t.Skip("the documents are not beside this clone (../shared/data/docs)")
	}
	b := newBench(t, dbtest.SQLite(t))
	if err := b.ImportDemo(t.Context(), Two{b.librarian, b.second}, filepath.Join(shared, "resolutions-2025"), nil); err != nil {
		t.Fatal(err)
	}
	docs, total, err := b.List(t.Context(), b.librarian, Filter{Size: 100})
	if err != nil || total != 36 {
		t.Fatalf("%d documents, %v, want 36", total, err)
	}
	for _, doc := range docs {
		number := strings.ReplaceAll(strings.TrimSuffix(doc.FileName, ".md"), "_", "/")
		if doc.Number != number || doc.State != Open || doc.Signed == 0 || doc.Issuer == "" || doc.Kind == "" {
			t.Errorf("%s: state %s, number %q, kind %q, issuer %q, signed %v, title %q", doc.FileName, doc.State, doc.Number, doc.Kind, doc.Issuer, doc.Signed, doc.Title)
		}
	}
	if got := b.finds(t, search.Query{Text: "1672/nq-ubtvqh15"}); len(got) == 0 {
		t.Error("resolution 1672 is not found by its number")
	}
}

// Without its tool a PDF is kept and says what is missing; once the tool is there it is read again.
func TestReadAgain(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		path := os.Getenv("PATH")
		t.Setenv("PATH", t.TempDir())
		id := b.deposit(t, b.librarian, "quyet-dinh.pdf", "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "+
			"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj 4 0 obj<</Length 60>>stream\n"+
			"BT /F 12 Tf 72 700 Td (Ba con khong dot nuong khi gio to) Tj ET       \nendstream endobj 5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"+
			"trailer<</Root 1 0 R>>\n%%EOF\n")
		doc := b.get(t, id)
		if doc.State != Read || doc.Trouble == nil || doc.Trouble.Key != "transcript.tool_missing" {
			t.Fatalf("without the tool: state %s, trouble %v", doc.State, doc.Trouble)
		}
		t.Setenv("PATH", path)
		b.describe(t, id, func(r *Record) { r.Title, r.Kind = "Giữ rừng", "notice" })
		if err := b.ReadAgain(t.Context(), b.librarian, id); err != nil {
			t.Fatal(err)
		}
		if err := b.Publish(t.Context(), b.second, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("Publish while it is being read = %v, want a conflict", err)
		}
		b.work(t)
		if doc = b.get(t, id); doc.Trouble != nil || doc.Layer != transcript.Good || doc.Title != "Giữ rừng" || doc.State != Described {
			t.Errorf("with the tool: trouble %v, layer %s, title %q, state %s", doc.Trouble, doc.Layer, doc.Title, doc.State)
		}
		if err := b.ReadAgain(t.Context(), b.elsewhere, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("ReadAgain from elsewhere = %v, want forbidden", err)
		}
	})
}

// A scan is read from the pictures of its pages, page by page, and says so; what its machine read of it is proposed like any text.
func TestScan(t *testing.T) {
	if _, err := exec.LookPath("tesseract"); err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	file, err := os.ReadFile(filepath.Join(shared, "originals", "2010-22b972.pdf"))
	if err != nil {
		t.Skip("the originals are not beside this clone (../shared/data/docs/originals)")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		id, err := b.Deposit(t.Context(), b.librarian, "", Offer{Name: "quet.pdf", Content: bytes.NewReader(file)})
		if err != nil {
			t.Fatal(err)
		}
		for done := 1; done >= 0; done-- { // pages end in any order: the count never falls
			if err := b.store.change(t.Context(), func(s store) error { return s.setProgress(t.Context(), id, done, 2) }); err != nil {
				t.Fatal(err)
			}
			if doc := b.get(t, id); doc.PagesRead != 1 || doc.Pages != 2 {
				t.Errorf("after page %d: %d of %d pages read, want 1 of 2", done, doc.PagesRead, doc.Pages)
			}
		}
		b.work(t)
		doc := b.get(t, id)
		if doc.State != Read || !doc.Scanned || !doc.Legible() || doc.Pages != 2 || doc.PagesRead != 0 || doc.Trouble != nil {
			t.Fatalf("state %s, scanned %t, legible %t, %d pages, %d in reading, trouble %v", doc.State, doc.Scanned, doc.Legible(), doc.Pages, doc.PagesRead, doc.Trouble)
		}
		b.describe(t, id, func(r *Record) { r.Title, r.Kind = "Bản quét", "notice" })
		if err := b.Publish(t.Context(), b.second, id); err != nil {
			t.Fatal(err)
		}
		if got := b.finds(t, search.Query{Text: "công thương"}); len(got) != 1 {
			t.Errorf("its words find %v", got)
		}
	})
}
