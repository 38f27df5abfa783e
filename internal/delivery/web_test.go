package delivery_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/delivery/deliverytest"
	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// site mounts the pages of the desk for its officer.
func (d *desk) site() *web.Site {
	d.Helper()
	text, err := i18n.Load()
	d.Must(err)
	boss := officer(d.BacSon)
	s, err := web.New(web.Options{Text: text, Policy: duty.New(d.Places, d.Now), Now: d.Now, Commits: d.DB.Commits, Province: "Lạng Sơn",
		Accounts: webtest.Tokens{boss, {ID: "admin", Grants: []duty.Grant{{Role: duty.Admin}}}}, Languages: []web.Language{{Tag: "vi", Name: "Tiếng Việt"}, {Tag: "tyz", Name: "Tày"}}})
	d.Must(err)
	delivery.Mount(s, d.Desk)
	return s
}

func (d *desk) aMessage() string {
	d.Helper()
	id, err := db.Value[string](d.Context(), d.DB, "SELECT min(id) FROM delivery_message")
	d.Must(err)
	return id
}

// A subscriber's own message is kept neither by the site nor by a browser, and its address goes to no other site. Asking for the page
// counts nothing.
func TestOwnMessage(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(5, 0)
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Emergency))
		d.Start()
		d.sent(5)
		s := d.site()
		path := "/n/" + d.Token(d.aMessage())
		p := webtest.New(t, s).Get(path)
		if h := p.Header; p.Status != 200 || h.Get("Cache-Control") != "no-store" || h.Get("Etag") != "" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("own message: %d %v", p.Status, h)
		}
		if !p.Has("Lũ quét đêm nay", `content="noindex"`) || strings.Contains(p.Body, "09612") || len(p.Body) > 10_000 {
			t.Errorf("own message of %d bytes: %s", len(p.Body), p.Body)
		}
		if n := d.rows("delivery_message WHERE state IN ('opened', 'understood')"); n != 0 {
			t.Errorf("%d count as opened because a page was fetched", n)
		}
		if q := webtest.New(t, s).Get(path[:len(path)-1] + "x"); q.Status != 404 || q.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("wrong token: %d %q", q.Status, q.Header.Get("Cache-Control"))
		}
	})
}

// What is masked is not told by the number or the bar beside it.
func TestSmallCountsAreMasked(t *testing.T) {
	campaigns(t, func(d *desk) {
		i := d.shelf[flood]
		i.Class, i.URL = delivery.Normal, "/ban-tin/flood"
		d.shelf[flood] = i
		d.subscribe(12, 3) // three have a browser besides
		d.Provider(delivery.Live, 1000, 100)
		boss := webtest.New(t, d.site()).As("officer")
		p := boss.Get("/ban-lam-viec/gui/moi?tin=flood&kenh=sms&kenh=push")
		masked := 0
		for _, row := range regexp.MustCompile(`(?s)<tr><th scope="row">.*?</tr>`).FindAllString(p.Body, -1) {
			if strings.Contains(row, "dưới 5") {
				masked++
				if regexp.MustCompile(`<td[^>]*>[1-9][0-9]*</td>`).MatchString(row) {
					t.Errorf("a masked count stands beside a number: %s", row)
				}
			}
		}
		if masked != 1 {
			t.Errorf("%d masked rows of a preview, want that of the browsers", masked)
		}
		d.queue(d.order(delivery.Normal))
		for range 2 {
			id, err := db.Value[string](t.Context(), d.DB, "SELECT min(id) FROM delivery_attempt WHERE state IN ('planned', 'queued')")
			d.Must(err)
			d.Must(d.Observe(t.Context(), id, delivery.Delivered, ""))
		}
		p = boss.Get("/ban-lam-viec/gui")
		if !p.Has("dưới 5") || strings.Contains(p.Body, "<meter") {
			t.Errorf("a bar tells what is masked: %s", p.Body)
		}
	})
}

// Two persons cost as much as one: the sum is no way around a masked count.
func TestTheCostTellsNoSmallCount(t *testing.T) {
	campaigns(t, func(d *desk) {
		i := d.shelf[flood]
		i.Class, i.URL = delivery.Normal, "/ban-tin/flood"
		d.shelf[flood] = i
		p, err := d.Desk.Provider(t.Context(), d.Provider(delivery.Live, 1000, 100))
		d.Must(err)
		p.Cost = 350
		_, err = d.SaveProvider(t.Context(), deliverytest.Admin, p, "the price of a part")
		d.Must(err)
		cost := func() string {
			body := webtest.New(t, d.site()).As("officer").Get("/ban-lam-viec/gui/moi?tin=flood&kenh=sms").Body
			return regexp.MustCompile(`Ước tính [0-9.]+ đồng`).FindString(body)
		}
		d.subscribe(2, 0)
		two := cost()
		_, err = db.Exec(t.Context(), d.DB, "UPDATE subscriber_endpoint SET state = 'stopped' WHERE id = (SELECT min(id) FROM subscriber_endpoint)")
		d.Must(err)
		if one := cost(); two == "" || one != two {
			t.Errorf("the cost is %q for two and %q for one", two, one)
		}
	})
}

// A count below five is found neither from a sum nor from what is left of one.
func TestSmallCountsAreNotFoundBySubtraction(t *testing.T) {
	for _, k := range []struct {
		counts []int64
		told   bool
		want   []bool
	}{
		{[]int64{40, 30, 9}, true, []bool{false, false, false}},
		{[]int64{40, 3, 9}, true, []bool{false, true, true}},
		{[]int64{40, 1, 1, 0}, true, []bool{true, true, true, false}}, // both would be one
		{[]int64{40, 4, 4}, true, []bool{false, true, true}},
		{[]int64{3, 0}, true, []bool{true, false}}, // its sum is masked like it
		{[]int64{40, 30}, false, []bool{false, true}},
		{[]int64{40, 3}, false, []bool{false, true}},
	} {
		if got := delivery.Hidden(k.counts, k.told); !slices.Equal(got, k.want) {
			t.Errorf("Hidden(%v, %t) = %v, want %v", k.counts, k.told, got, k.want)
		}
	}
	campaigns(t, func(d *desk) {
		d.subscribe(12, 0)
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Normal))
		for range 10 { // two are left
			id, err := db.Value[string](t.Context(), d.DB, "SELECT min(id) FROM delivery_attempt WHERE state IN ('planned', 'queued')")
			d.Must(err)
			d.Must(d.Observe(t.Context(), id, delivery.Delivered, ""))
		}
		boss := webtest.New(t, d.site()).As("officer")
		for _, path := range []string{"/ban-lam-viec/gui", "/ban-lam-viec/gui/" + d.campaign(delivery.News).ID} {
			p := boss.Get(path)
			if !p.Has("trên 4") || strings.Contains(p.Body, ">10<") || strings.Contains(p.Body, ">10 <") || strings.Contains(p.Body, "<meter") {
				t.Errorf("%s tells that two are left: %s", path, p.Text())
			}
		}
	})
}

// Whoever may send a provincial bulletin to the own commune may try it first.
func TestAnOfficerTriesAProvincialBulletin(t *testing.T) {
	campaigns(t, func(d *desk) {
		i := d.shelf[flood]
		i.Class, i.Place, i.URL = delivery.Normal, d.Home, "/ban-tin/flood"
		d.shelf[flood] = i
		d.subscribe(6, 0)
		d.Provider(delivery.Live, 1000, 100)
		boss := webtest.New(t, d.site()).As("officer")
		form := boss.Get("/ban-lam-viec/gui/moi?tin=flood").Body
		form = form[strings.Index(form, `action="/ban-lam-viec/gui/thu"`):]
		pairs := []string{"so", "0912345678"}
		for _, m := range regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
			pairs = append(pairs, m[1], m[2])
		}
		if p := boss.Post("/ban-lam-viec/gui/thu", pairs...); p.Status != 303 {
			t.Errorf("a test message: %d", p.Status)
		}
	})
}

// Nothing is sent by one press: what would happen is said once more, and said again where it has changed meanwhile.
func TestSendingIsConfirmed(t *testing.T) {
	campaigns(t, func(d *desk) {
		i := d.shelf[flood]
		i.Class, i.URL = delivery.Normal, "/ban-tin/flood"
		d.shelf[flood] = i
		d.subscribe(7, 0)
		d.Provider(delivery.Live, 1000, 100)
		boss := webtest.New(t, d.site()).As("officer")
		form := boss.Get("/ban-lam-viec/gui/moi?tin=flood")
		if !form.Has(`value="sms" checked`) || strings.Contains(form.Body, `value="zalo" checked`) || !form.Has("Zalo (chưa kết nối)") {
			t.Errorf("only what is connected is ticked: %s", form.Body)
		}
		order := func(more ...string) []string {
			return append([]string{"tin", "flood", "noi", string(d.BacSon), "kenh", "sms", "key", "k1"}, more...)
		}
		ask := boss.Post("/ban-lam-viec/gui/moi", order("do", "send")...)
		if ask.Status != 200 || !ask.Has("7 người") || !ask.Has(`name="so-nguoi" value="7"`) {
			t.Fatalf("the first press: %d %s", ask.Status, ask.Body)
		}
		if all, n, err := d.Campaigns(t.Context(), officer(d.BacSon), 1, 10); err != nil || n != 0 {
			t.Fatalf("sent without a second press: %v, %v", all, err)
		}
		if again := boss.Post("/ban-lam-viec/gui/moi", order("do", "sure", "so-nguoi", "9")...); again.Status != 200 || !again.Has("vừa thay đổi") || !again.Has(`value="7"`) {
			t.Errorf("after a change: %d %s", again.Status, again.Body)
		}
		if back := boss.Post("/ban-lam-viec/gui/moi", order("do", "look", "so-nguoi", "7")...); back.Status != 200 || !back.Has(`name="do" value="send"`) {
			t.Errorf("back: %d %s", back.Status, back.Body)
		}
		for range 2 { // a double click is one order
			if sent := boss.Post("/ban-lam-viec/gui/moi", order("do", "sure", "so-nguoi", "7")...); sent.Status != 303 {
				t.Fatalf("the second press: %d %s", sent.Status, sent.Body)
			}
		}
		if _, n, err := d.Campaigns(t.Context(), officer(d.BacSon), 1, 10); err != nil || n != 1 {
			t.Errorf("%d campaigns, %v", n, err)
		}
	})
}

// The address in a letter stops what is sent to where the letter went, after its message was thinned too; asking for it stops nothing.
func TestALetterStopsItsEndpoint(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(2, 0)
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Emergency))
		d.Start()
		link := d.sent(2)[0].Stop
		path := strings.TrimPrefix(link, "https://banlang.example")
		_, err := db.Exec(t.Context(), d.DB, "DELETE FROM delivery_attempt WHERE id <> ''")
		d.Must(err)
		_, err = db.Exec(t.Context(), d.DB, "DELETE FROM delivery_message WHERE id <> ''")
		d.Must(err)
		reader := webtest.New(t, d.site())
		if p := reader.Get(path); p.Status != 200 || !p.Has(`<form method="post" action="`+path+`">`) || p.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("GET %s: %d %s", path, p.Status, p.Body)
		}
		stopped := func() int64 { return d.rows("subscriber_endpoint WHERE state = 'stopped' AND address = ''") }
		if stopped() != 0 {
			t.Error("asking has stopped it")
		}
		wrong := strings.Replace(path, "/thoi", "0/thoi", 1)
		if p := reader.Post(wrong); p.Status != 404 || stopped() != 0 {
			t.Errorf("a token that nobody was given: %d", p.Status)
		}
		for range 2 {
			if p := reader.Post(path); p.Status != 200 || !p.Has("Đã thôi gửi tin") || stopped() != 1 {
				t.Errorf("POST %s: %d, %d stopped", path, p.Status, stopped())
			}
		}
	})
}

// What does not hold any more says so on the page of whoever got it.
func TestAnOldMessageSaysSo(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(5, 0)
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Emergency))
		d.Start()
		d.sent(5)
		path := "/n/" + d.Token(d.aMessage())
		says := func() string {
			body := webtest.New(t, d.site()).Get(path).Body
			for _, text := range []string{"đã thu hồi", "Đã có tin mới", "đã hết hạn"} {
				if strings.Contains(body, text) {
					return text
				}
			}
			return ""
		}
		want := func(when, text string) {
			t.Helper()
			if got := says(); got != text {
				t.Errorf("%s the page says %q, want %q", when, got, text)
			}
		}
		want("while it holds", "")
		i := d.shelf[flood]
		i.Expires = d.Now().Add(-time.Minute)
		d.shelf[flood] = i
		want("after its time", "đã hết hạn")
		i.ReplacedBy = "flood-2"
		d.shelf[flood] = i
		want("once there is another", "Đã có tin mới")
		d.Must(d.Desk.Stop(t.Context(), officer(d.BacSon), "", d.campaign(delivery.News).ID, "suối đã rút, tin không còn đúng"))
		want("after a recall", "đã thu hồi")
	})
}

// A recall is asked once more; a reason that is none is told before that.
func TestARecallIsConfirmed(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(5, 0)
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Emergency))
		id := d.campaign(delivery.News).ID
		boss := webtest.New(t, d.site()).As("officer")
		recall := func(more ...string) webtest.Page { return boss.Post("/ban-lam-viec/gui/"+id+"/thu-hoi", more...) }
		const why = "suối đã rút, tin không còn đúng"
		if p := recall("reason", "sai"); p.Status != 422 || strings.Contains(p.Body, `name="chac"`) {
			t.Errorf("a reason that is none: %d", p.Status)
		}
		if p := recall("reason", strings.Repeat("sai ", 100), "chac", "1"); p.Status != 422 || d.campaign(delivery.News).Over() {
			t.Errorf("a reason of 400 letters, which everybody would be sent: %d", p.Status)
		}
		if p := recall("reason", why); p.Status != 200 || !p.Has(`name="chac"`, why) || d.campaign(delivery.News).Over() {
			t.Errorf("the first press: %d %s", p.Status, p.Body)
		}
		if p := recall("reason", why, "chac", "1"); p.Status != 303 || d.campaign(delivery.News).State != delivery.Stopped {
			t.Errorf("the second press: %d, state %s", p.Status, d.campaign(delivery.News).State)
		}
	})
}

// The list counts all its campaigns at once, as each one's page does, and the page counts by channel.
func TestCampaignsAreCounted(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(12, 0)
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Emergency))
		d.Start()
		d.sent(12)
		for range 7 {
			id, err := db.Value[string](t.Context(), d.DB, "SELECT min(id) FROM delivery_attempt WHERE state IN ('sending', 'accepted')")
			d.Must(err)
			d.Must(d.Observe(t.Context(), id, delivery.Delivered, ""))
		}
		c := d.campaign(delivery.News)
		one, err := d.Progress(t.Context(), c.ID)
		d.Must(err)
		all, err := d.Standings(t.Context(), []delivery.Campaign{c, {ID: "none"}})
		d.Must(err)
		if got := all[c.ID]; got.Persons() != 12 || got.Reached() != 7 || got.Persons() != one.Persons() || got.Reached() != one.Reached() {
			t.Errorf("in the list %d and %d, on its page %d and %d", got.Persons(), got.Reached(), one.Persons(), one.Reached())
		}
		p := webtest.New(t, d.site()).As("officer").Get("/ban-lam-viec/gui/" + c.ID)
		if !regexp.MustCompile(`(?s)<th scope="row">Tin nhắn SMS</th><td[^>]*>12</td><td[^>]*>7</td>`).MatchString(p.Body) {
			t.Errorf("by channel: %s", p.Body)
		}
	})
}
