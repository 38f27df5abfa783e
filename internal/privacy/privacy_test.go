package privacy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

var monday = time.Date(2026, 9, 14, 3, 0, 0, 0, time.UTC)

// house is a desk with its clock and its keys folder.
type house struct {
	*Desk
	db     *db.DB
	policy *duty.Policy
	keys   string
	now    time.Time
}

func open(t *testing.T, d *db.DB, keys string) *house {
	t.Helper()
	h := &house{db: d, keys: keys, now: monday}
	keeper, err := OpenKeeper(keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keeper.Close() })
	clock := func() time.Time { return h.now }
	h.policy = duty.New(nil, clock)
	h.Desk = New(d, keeper, h.policy, func() string { return "20" }, clock)
	return h
}

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, open(t, d, t.TempDir())) })
}

func (h *house) person(id string, r duty.Role) duty.Actor {
	return duty.Actor{ID: id, Session: "s-" + id, StepUp: h.now, Grants: []duty.Grant{{Role: r, Area: "20"}}}
}

func (h *house) seal(t *testing.T, record, field, value string) {
	t.Helper()
	s, err := h.Prepare(t.Context(), record)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.db.Tx(t.Context(), func(tx *db.Tx) error { return s.Put(t.Context(), tx, h.now, field, value) }); err != nil {
		t.Fatal(err)
	}
}

const phone = "0912 345 678"

func TestSealedField(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.seal(t, "account/a", "phone", phone)
		h.seal(t, "account/b", "phone", "0900 000 000")
		dpo, owner := h.person("d", duty.DPO), duty.Actor{ID: "a", StepUp: h.now, Grants: []duty.Grant{{Role: duty.Editor, Area: "20"}}}
		ask := Ask{Act: duty.PrivacyHandleRequest, Thing: duty.Thing{Area: "20"}, Record: "account/a", Field: "phone", Reason: "trả lời yêu cầu số 4821"}
		if got, err := h.Open(t.Context(), dpo, ask); err != nil || got != phone {
			t.Fatalf("Open = %q, %v", got, err)
		}

		tired, admin := dpo, h.person("m", duty.Admin)
		tired.StepUp = h.now.Add(-time.Hour)
		vague := ask
		vague.Reason = "xem"
		for _, c := range []struct {
			name  string
			actor duty.Actor
			ask   Ask
			kind  fault.Kind
			key   string
		}{
			{"without a reason", dpo, vague, fault.Invalid, "privacy.reason.short"},
			{"without the password asked again", tired, ask, fault.Forbidden, "duty.step_up"},
			{"by the administrator", admin, ask, fault.Forbidden, "duty.forbidden"},
			{"by a visitor", duty.Actor{}, ask, fault.Unauthenticated, "duty.unauthenticated"},
		} {
			if _, err := h.Open(t.Context(), c.actor, c.ask); !fault.Is(err, c.kind) || fault.All(err)[0].Key != c.key {
				t.Errorf("Open %s: %v, want %s", c.name, err, c.key)
			}
		}

		seen, err := h.Openings(t.Context(), owner, "account/a", duty.Thing{Owner: "a"})
		if err != nil || len(seen) != 1 || seen[0].Actor != "d" || seen[0].Reason != ask.Reason {
			t.Errorf("Openings = %+v, %v, want the one look of d", seen, err)
		}
		if _, err := h.Openings(t.Context(), h.person("x", duty.Editor), "account/a", duty.Thing{Owner: "a"}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("Openings of another: %v", err)
		}
		dump(t, h.db, phone)
	})
}

// dump fails if a text stands readable anywhere in the database.
func dump(t *testing.T, d *db.DB, canary string) {
	t.Helper()
	tables, err := d.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		err := table.Rows(t.Context(), d, func(row []any) error {
			for i, v := range row {
				if s, ok := v.(string); ok && strings.Contains(s, canary) {
					t.Errorf("%s.%s holds %q in the clear", table.Name, table.Columns[i], canary)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestBoxDoesNotOpenElsewhere(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.seal(t, "account/a", "phone", phone)
		h.seal(t, "account/b", "phone", "0900 000 000")
		for _, swap := range []string{
			"UPDATE privacy_field SET box = (SELECT box FROM privacy_field WHERE record = 'account/a') WHERE record = 'account/b'",
			"UPDATE privacy_field SET name = 'note' WHERE record = 'account/a'",
		} {
			if _, err := db.Exec(t.Context(), h.db, swap); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := h.unseal(t.Context(), "account/b", "phone"); err == nil {
			t.Errorf("another's box opens as %q", got)
		}
		if got, err := h.unseal(t.Context(), "account/a", "note"); err == nil {
			t.Errorf("another field's box opens as %q", got)
		}
	})
}

func TestDestroyedStaysDestroyed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		h.seal(t, "account/a", "phone", phone)
		// A backup of both, as it was while the person was still with us.
		oldKeys := t.TempDir()
		if err := os.CopyFS(oldKeys, os.DirFS(h.keys)); err != nil {
			t.Fatal(err)
		}
		key, box, err := h.read().box(ctx, "account/a", "phone")
		if err != nil {
			t.Fatal(err)
		}

		dpo, leader := h.person("d", duty.DPO), h.person("l", duty.ProvinceLeader)
		id, err := h.ProposeDestruction(ctx, dpo, "account/a", "theo yêu cầu của chủ dữ liệu")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.ProposeDestruction(ctx, leader, "account/a", "theo yêu cầu của chủ dữ liệu"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a leader proposes: %v", err)
		}
		both := dpo
		both.Session, both.Grants = "another", append(both.Grants, leader.Grants...)
		if err := h.ConfirmDestruction(ctx, both, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the same person confirms: %v", err)
		}
		if err := h.ConfirmDestruction(ctx, h.person("d2", duty.DPO), id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a second data-protection officer confirms: %v", err)
		}
		borrowed := leader
		borrowed.Session = dpo.Session
		if err := h.ConfirmDestruction(ctx, borrowed, id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("from the same session: %v", err)
		}
		if err := h.ConfirmDestruction(ctx, leader, id); err != nil {
			t.Fatal(err)
		}
		if err := h.ConfirmDestruction(ctx, leader, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("twice: %v", err)
		}
		unreadable := func(when string, h *house) {
			t.Helper()
			if got, err := h.unseal(ctx, "account/a", "phone"); err == nil {
				t.Errorf("%s it reads %q", when, got)
			}
			if _, err := h.Prepare(ctx, "account/a"); !fault.Is(err, fault.Gone) {
				t.Errorf("%s it can be sealed again: %v", when, err)
			}
		}
		unreadable("once destroyed", h)

		// The keys folder is put back from the backup, the tables are today's.
		if err := os.RemoveAll(filepath.Join(h.keys, "destroyed")); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(h.keys, "destroyed"), 0o700); err != nil {
			t.Fatal(err)
		}
		putBack, err := os.ReadFile(filepath.Join(oldKeys, path(key)))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(h.keys, path(key)), putBack, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := h.Reconcile(ctx); err != nil {
			t.Fatal(err)
		}
		unreadable("with old keys", h)
		if _, err := os.Stat(filepath.Join(h.keys, path(key))); err == nil {
			t.Error("the old key is there again")
		}

		// The tables are put back from the backup, the keys folder is today's.
		for _, text := range []string{"UPDATE privacy_record SET destroyed = 0", "INSERT INTO privacy_field (record, name, box, at) VALUES ('account/a', 'phone', '" + box + "', 1)"} {
			if _, err := db.Exec(ctx, h.db, text); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := h.unseal(ctx, "account/a", "phone"); !fault.Is(err, fault.Gone) {
			t.Errorf("with old tables, before Reconcile: %q, %v", got, err)
		}
		if err := h.Reconcile(ctx); err != nil {
			t.Fatal(err)
		}
		unreadable("with old tables", h)
	})
}

func TestKeeperRefusesStrangeNames(t *testing.T) {
	k, err := OpenKeeper(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for _, name := range []string{"", "short", "../../../etc/passwd", "abcdefgh/ij", "ABCDEFGHIJ"} {
		if err := k.Make(name); err == nil {
			t.Errorf("Make(%q) makes a key", name)
		}
		if err := k.Destroy(name); err == nil {
			t.Errorf("Destroy(%q) destroys", name)
		}
	}
}

func TestRequestWithoutAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		wish := Wish{Kind: "see", Text: "Tôi muốn biết xã giữ gì về tôi: Lò Thị Canary", Contact: "0987 654 321"}
		code, err := h.Submit(ctx, duty.Actor{}, "form-1", wish)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := h.Submit(ctx, duty.Actor{}, "form-1", wish); err != nil || again != code {
			t.Errorf("sent again: %q, %v, want %q", again, err, code)
		}
		if _, err := h.Submit(ctx, duty.Actor{}, "", Wish{Kind: "x"}); len(fault.All(err)) != 2 {
			t.Errorf("an empty form: %v, want two faults", err)
		}
		dpo := h.person("d", duty.DPO)
		list, err := h.Requests(ctx, dpo, 1, 20)
		if err != nil || len(list) != 1 || !list[0].Due.Equal(time.Date(2026, 9, 16, 10, 0, 0, 0, time.UTC)) {
			t.Fatalf("Requests = %+v, %v, want one due on Wednesday", list, err)
		}
		if r := list[0]; r.Late(h.now) || !r.Late(h.now.Add(72*time.Hour)) {
			t.Error("Late is wrong")
		}
		if _, err := h.Requests(ctx, h.person("e", duty.Editor), 1, 20); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an editor lists requests: %v", err)
		}
		if got, err := h.OpenRequest(ctx, dpo, list[0].ID, "gọi lại để kiểm đúng người"); err != nil || got != wish {
			t.Errorf("OpenRequest = %+v, %v", got, err)
		}
		if r, answer, err := h.Follow(ctx, code); err != nil || r.State != "received" || answer != "" {
			t.Errorf("Follow = %+v, %q, %v", r, answer, err)
		}
		if err := h.Answer(ctx, dpo, list[0].ID, "", ""); len(fault.All(err)) != 2 {
			t.Errorf("an empty answer: %v", err)
		}
		if err := h.Answer(ctx, dpo, list[0].ID, "Xã giữ số máy của bà.", "đã gọi lại đúng số máy"); err != nil {
			t.Fatal(err)
		}
		if err := h.Answer(ctx, dpo, list[0].ID, "Lần nữa", "đã gọi lại đúng số máy"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("answered twice: %v", err)
		}
		if r, answer, err := h.Follow(ctx, strings.ReplaceAll(code, " ", "")); err != nil || r.State != "answered" || answer == "" {
			t.Errorf("Follow = %+v, %q, %v", r, answer, err)
		}
		if _, _, err := h.Follow(ctx, "0000 0000 0000"); fault.All(err)[0].Field != "code" {
			t.Errorf("a wrong code: %v", err)
		}
		dump(t, h.db, "Canary")
		dump(t, h.db, "0987")
		dump(t, h.db, "giữ số máy")
	})
}

func TestWorkingDays(t *testing.T) {
	for _, c := range []struct {
		name      string
		from, due time.Time
	}{
		{"Monday", monday, monday.Add(2*24*time.Hour + 7*time.Hour)},
		{"Thursday to Monday", monday.AddDate(0, 0, 3), monday.AddDate(0, 0, 7).Add(7 * time.Hour)},
		{"Saturday to Tuesday", monday.AddDate(0, 0, 5), monday.AddDate(0, 0, 8).Add(7 * time.Hour)},
		{"late evening in UTC is the next day here", monday.Add(17 * time.Hour), monday.AddDate(0, 0, 3).Add(7 * time.Hour)},
	} {
		if got := WorkingDays(c.from, 2); !got.Equal(c.due) {
			t.Errorf("%s: %v, want %v", c.name, got, c.due)
		}
	}
}

func TestConsent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		c := Consent{Subject: "subscriber/a", Purpose: "news", Wording: "Tôi đồng ý nhận tin.", Version: "1", Lang: "vi", Manner: ByOneself}
		subscriber := duty.Actor{ID: "a", Grants: []duty.Grant{{Role: duty.Subscriber}}}
		mine := duty.Thing{Owner: "a"}
		if _, err := h.Consented(ctx, c.Subject, "news"); !fault.Is(err, fault.NotFound) {
			t.Errorf("before anything was said: %v", err)
		}
		if _, err := h.GiveConsent(ctx, subscriber, mine, c, ""); err != nil {
			t.Fatal(err)
		}
		got, err := h.Consented(ctx, c.Subject, "news")
		if err != nil || got.Wording != c.Wording || !got.Given.Equal(h.now) {
			t.Errorf("Consented = %+v, %v", got, err)
		}
		if err := h.WithdrawConsent(ctx, subscriber, mine, c.Subject, "news"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Consented(ctx, c.Subject, "news"); !fault.Is(err, fault.NotFound) {
			t.Errorf("after it was taken back: %v", err)
		}
		if _, err := h.GiveConsent(ctx, subscriber, mine, Consent{Manner: "default"}, ""); len(fault.All(err)) != 6 {
			t.Errorf("an empty consent: %v", err)
		}
		relay := duty.Actor{ID: "r", Grants: []duty.Grant{{Role: duty.Relay, Area: "20", Village: "v"}}}
		c.Manner = Assisted
		if _, err := h.GiveConsent(ctx, relay, duty.Thing{Area: "20", Village: "w"}, c, "bà nhờ ghi hộ vì không biết chữ"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("in another village: %v", err)
		}
		if _, err := h.GiveConsent(ctx, relay, duty.Thing{Area: "20", Village: "v"}, c, "bà nhờ ghi hộ vì không biết chữ"); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Consented(ctx, c.Subject, "news"); err != nil || got.Witness != "r" {
			t.Errorf("Consented = %+v, %v, want the relay as witness", got, err)
		}
	})
}

func TestKeysBelong(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		lost := t.TempDir()
		if err := KeysBelong(t.Context(), h.db, lost); err != nil {
			t.Errorf("new keys where nothing is sealed: %v, want nil", err)
		}
		h.seal(t, "account/a", "phone", phone)
		if err := KeysBelong(t.Context(), h.db, lost); !fault.Is(err, fault.Conflict) {
			t.Errorf("new keys where something is sealed: %v, want a conflict", err)
		}
		if err := KeysBelong(t.Context(), h.db, h.keys); err != nil {
			t.Errorf("its own keys: %v, want nil", err)
		}
	})
}
