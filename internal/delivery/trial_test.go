package delivery_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/delivery/deliverytest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/subscriber"
	"banlang/internal/web/webtest"
)

// A gate lets in who has the password.
type gate struct{ opens, closes, tries int }

func (g *gate) connector() delivery.Connector {
	return delivery.Connector{Name: "test-telegram", Channel: subscriber.Telegram, Fields: []delivery.Field{{Name: "bot_token", Secret: true, Required: true}, {Name: "password", Secret: true}},
		Open: func(s delivery.Settings, h delivery.Hooks) (delivery.Sender, error) {
			if s["bot_token"] == "none" {
				return nil, fault.Field("bot_token", "telegram.token")
			}
			g.opens++
			return atGate{delivery.NewPulse(h.Now), g, s["bot_token"]}, nil
		}}
}

type atGate struct {
	*delivery.Pulse
	g     *gate
	token string
}

func (a atGate) Send(context.Context, []delivery.Outgoing, func(int, delivery.Result)) {
	panic("a try sends nothing")
}
func (a atGate) Close() error { a.g.closes++; return nil }
func (a atGate) Try(ctx context.Context) delivery.Health {
	a.g.tries++
	if _, limited := ctx.Deadline(); !limited {
		return delivery.Health{Why: "delivery.try.late"}
	}
	if a.token != "canary-open" {
		return delivery.Health{Why: "telegram.denied", Note: "401"}
	}
	return delivery.Health{Up: true, Why: "telegram.try.known"}
}

// A connection is tried with what is saved, be it off or dry, closed again, and recorded without its secret.
func TestConnectionIsTried(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		g := &gate{}
		h.Offer(g.connector())
		p := delivery.Provider{Connector: "test-telegram", Name: "Bot", Rate: 10, Burst: 10, Window: 10}
		for _, x := range []struct {
			mode   delivery.Mode
			secret string
			want   delivery.Health
		}{
			{delivery.Off, "canary-shut", delivery.Health{Why: "telegram.denied", Note: "401"}},
			{delivery.Off, "none", delivery.Health{Why: "telegram.token"}},
			{delivery.Dry, "canary-open", delivery.Health{Up: true, Why: "telegram.try.known"}},
		} {
			p.Mode, p.Settings = x.mode, delivery.Settings{"bot_token": x.secret}
			id, err := h.SaveProvider(t.Context(), deliverytest.Admin, p, "set up for a test")
			h.Must(err)
			p, err = h.Desk.Provider(t.Context(), id)
			h.Must(err)
			got, tried, err := h.Try(t.Context(), deliverytest.Admin, id)
			if err != nil || !tried || got != x.want {
				t.Errorf("%s with %s: Try = %+v, %v, %v; want %+v", x.mode, x.secret, got, tried, err, x.want)
			}
			if g.opens != g.closes {
				t.Errorf("%d opened, %d closed", g.opens, g.closes)
			}
			kept, err := db.Value[string](t.Context(), h.DB, "SELECT actor || note || before || after || reason FROM audit ORDER BY seq DESC LIMIT 1")
			if h.Must(err); !strings.Contains(kept, "admin") || !strings.Contains(kept, x.want.Why) || strings.Contains(kept, "canary") {
				t.Errorf("recorded: %s", kept)
			}
		}
		if _, _, err := h.Try(t.Context(), duty.Actor{ID: "editor", Grants: []duty.Grant{{Role: duty.Editor}}}, p.ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an editor tries a channel: %v", err)
		}
		if _, _, err := h.Try(t.Context(), deliverytest.Admin, "nothing"); !fault.Is(err, fault.NotFound) {
			t.Errorf("what is not there was tried: %v", err)
		}
		if _, tried, err := h.Try(t.Context(), deliverytest.Admin, h.Provider(delivery.Live, 10, 10)); tried || err != nil {
			t.Errorf("of which only a message can tell: tried %v, %v", tried, err)
		}
		p.Mode = delivery.Live
		_, err := h.SaveProvider(t.Context(), deliverytest.Admin, p, "now for real people")
		h.Must(err)
		h.Start()
		h.Wait("it is open", func() bool { p, err := h.Desk.Provider(t.Context(), p.ID); h.Must(err); return p.Health.Up })
		opens := g.opens
		if p, err := h.Desk.Provider(t.Context(), p.ID); err != nil || !p.Health.Unheard() {
			t.Errorf("before anything was sent it is %+v (%v)", p.Health, err)
		}
		if got, _, err := h.Try(t.Context(), deliverytest.Admin, p.ID); err != nil || !got.Up || g.opens != opens {
			t.Errorf("one that stands: Try = %+v, %v; %d opened beside it", got, err, g.opens-opens)
		}
		if p, err := h.Desk.Provider(t.Context(), p.ID); err != nil || !p.Health.Up || p.Health.Unheard() {
			t.Errorf("after the try it is %+v (%v)", p.Health, err)
		}
	})
}

// Nobody knows whether a connection works before something went over it or it was tried.
func TestConnectionIsUnheard(t *testing.T) {
	p := delivery.NewPulse(time.Now, "mail.down")
	if h := p.Health(); !h.Up || !h.Unheard() {
		t.Errorf("new: %+v", h)
	}
	p.Tried(delivery.Health{Up: true, Why: "delivery.try.reached"})
	if h := p.Health(); !h.Unheard() {
		t.Errorf("the machine is there: %+v", h)
	}
	p.Tried(delivery.Health{Why: "delivery.try.port"})
	if h := p.Health(); h.Up || h.Why != "delivery.try.port" {
		t.Errorf("tried in vain: %+v", h)
	}
	p.Tried(delivery.Health{Up: true, Why: "mail.try.in"})
	if h := p.Health(); !h.Up || h.Why != "" {
		t.Errorf("let in: %+v", h)
	}
	p = delivery.NewPulse(time.Now, "mail.down")
	p.Learn(delivery.Result{State: delivery.Accepted})
	if h := p.Health(); !h.Up || h.Unheard() {
		t.Errorf("one was taken: %+v", h)
	}
}

// The page says what came in words; what reaches nobody has no button.
func TestConnectionIsTriedOnItsPage(t *testing.T) {
	campaigns(t, func(d *desk) {
		g := &gate{}
		d.Offer(g.connector())
		id, err := d.SaveProvider(t.Context(), deliverytest.Admin, delivery.Provider{Connector: "test-telegram", Name: "Bot", Mode: delivery.Off, Rate: 10, Burst: 10, Window: 10,
			Settings: delivery.Settings{"bot_token": "canary-shut"}}, "set up for a test")
		d.Must(err)
		admin := webtest.New(t, d.site()).As("admin")
		page := "/ban-lam-viec/kenh/" + id
		if p := admin.Get(page); !p.Has(`action="`+page+`/thu"`, "Thử kết nối", `id="bot_token-hint"`) || strings.Contains(p.Body, `id="password-hint"`) {
			t.Errorf("no button, or a secret that is not there is said to be kept: %s", p.Body)
		}
		p := admin.Post(page + "/thu")
		if p.Status != 303 {
			t.Fatalf("Try: %d", p.Status)
		}
		if p = admin.Follow(p); !p.Has("Telegram không nhận mã của bot", "máy chủ trả lời: 401") || strings.Contains(p.Body, "canary") {
			t.Errorf("what came is not told: %s", p.Body)
		}
		rehearsal, err := d.SaveProvider(t.Context(), deliverytest.Admin, delivery.Provider{Connector: "rehearsal-sms", Name: "Diễn tập", Mode: delivery.Off, Rate: 10, Burst: 10, Window: 10}, "set up for a test")
		d.Must(err)
		for _, path := range []string{"/ban-lam-viec/kenh/" + rehearsal, "/ban-lam-viec/kenh/test-telegram"} {
			if p := admin.Get(path); p.Status != 200 || p.Has("Thử kết nối") {
				t.Errorf("%s: %d, a button to try what cannot be tried", path, p.Status)
			}
		}
		if p := webtest.New(t, d.site()).As("officer").Post(page + "/thu"); p.Status != 403 {
			t.Errorf("an officer tries a channel: %d", p.Status)
		}
	})
}

// signing is a kind of connection whose keys are made: canary-1, canary-2 and so on, named k1, k2.
func signing() delivery.Connector {
	n := 0
	return delivery.Connector{Name: "smtp", Channel: subscriber.Email, Remade: true,
		Fields: []delivery.Field{{Name: "host", Required: true}, {Name: "dkim_selector"}, {Name: "dkim_key", Secret: true}},
		Make: func() (delivery.Settings, error) {
			n++
			return delivery.Settings{"dkim_selector": fmt.Sprint("k", n), "dkim_key": fmt.Sprint("canary-", n)}, nil
		},
		Notes: func(s delivery.Settings) []delivery.Note {
			return []delivery.Note{{Key: "mail.dkim.record", Name: s["dkim_selector"] + "." + s["host"], Value: "public of " + strings.TrimPrefix(s["dkim_key"], "canary-")}}
		}}
}

// Who sets up mail sees what to publish of the key that was made, and may have another made; the key itself is never shown.
func TestKeyIsMadeAnewOnItsPage(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.Offer(signing())
		id, err := d.SaveProvider(t.Context(), deliverytest.Admin, delivery.Provider{Connector: "smtp", Name: "Thư", Mode: delivery.Off, Rate: 10, Burst: 10, Window: 10,
			Settings: delivery.Settings{"host": "mail.example"}}, "set up for a test")
		d.Must(err)
		before, err := d.Desk.Provider(t.Context(), id)
		d.Must(err)
		admin := webtest.New(t, d.site()).As("admin")
		page := "/ban-lam-viec/kenh/" + id
		if shown := admin.Get(page); !shown.Has("k1.mail.example", "public of 1", `action="`+page+`/khoa"`) || strings.Contains(shown.Body, "canary") {
			t.Errorf("the record is not told, or the key is: %s", shown.Body)
		}
		if p := admin.Post(page+"/khoa", "remake", "short"); p.Status != 422 || !p.Has(`id="remake"`) {
			t.Errorf("without a reason: %d", p.Status)
		}
		p := admin.Post(page+"/khoa", "remake", "the old key was lost")
		if p.Status != 303 {
			t.Fatalf("a new key: %d %s", p.Status, p.Body)
		}
		after, err := d.Desk.Provider(t.Context(), id)
		d.Must(err)
		if after.Revision != before.Revision+1 || after.Settings["dkim_selector"] != "k2" || after.Settings["host"] != "mail.example" {
			t.Errorf("after it: %+v", after)
		}
		if p = admin.Follow(p); !p.Has("k2.mail.example", "public of 2") || strings.Contains(p.Body, "canary") {
			t.Errorf("the new record is not told: %s", p.Body)
		}
		kept, err := db.Value[string](t.Context(), d.DB, "SELECT actor || reason || note FROM audit ORDER BY seq DESC LIMIT 1")
		if d.Must(err); kept != "adminthe old key was lostsmtp remade" {
			t.Errorf("recorded: %s", kept)
		}
		if p := webtest.New(t, d.site()).As("officer").Post(page+"/khoa", "remake", "the old key was lost"); p.Status != 403 {
			t.Errorf("an officer makes a key: %d", p.Status)
		}
		if err := d.Remake(t.Context(), deliverytest.Admin, d.House.Provider(delivery.Live, 10, 10), "of a kind without keys"); !fault.Is(err, fault.NotFound) {
			t.Errorf("of a kind of which nothing is made: %v", err)
		}
	})
}
