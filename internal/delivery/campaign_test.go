package delivery_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/delivery"
	"banlang/internal/delivery/deliverytest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// A shelf is what is published.
type shelf map[delivery.Ref]delivery.Item

func (s shelf) Item(_ context.Context, ref delivery.Ref, _ int64) (delivery.Item, error) {
	i, ok := s[ref]
	if !ok {
		return i, fault.New(fault.NotFound, "bulletin.not_found")
	}
	return i, nil
}

func (s shelf) Items(context.Context, delivery.Filter) (all []delivery.Item, err error) {
	for _, i := range s {
		all = append(all, i)
	}
	return all, nil
}

// A desk is a house in which something is published.
type desk struct {
	*deliverytest.House
	*testing.T
	shelf shelf
}

const flood = delivery.Ref("flood")

// campaigns runs f on both engines, with a warning published in Bắc Sơn.
func campaigns(t *testing.T, f func(d *desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, b *db.DB) {
		d := &desk{T: t, shelf: shelf{}}
		d.House = deliverytest.Open(t, b, d.shelf)
		d.People.Notify = nil
		d.shelf[flood] = delivery.Item{Ref: flood, Version: 1, Place: d.BacSon, Topic: "disaster", Class: delivery.Emergency, Published: d.Now(), First: d.Now(),
			Editions: []delivery.Edition{{Lang: "vi", Title: "Lũ quét đêm nay", Body: "Bà con ven suối hãy lên chỗ cao trước 22 giờ."},
				{Lang: "tyz", Title: "Minh hoạ", MP3: "a", MP3Size: 1}}}
		f(d)
	})
}

func officer(area place.ID, roles ...duty.Role) duty.Actor {
	a := duty.Actor{ID: "officer", Session: "s"}
	for _, r := range append(roles, duty.CommuneOfficer) {
		a.Grants = append(a.Grants, duty.Grant{Role: r, Area: string(area), From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	}
	return a
}

func relay(area place.ID) duty.Actor {
	return duty.Actor{ID: "relay", Grants: []duty.Grant{{Role: duty.Relay, Area: string(area), Village: "v1", From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}}
}

// subscribe lets n people subscribe by SMS; the first fast of them have a browser as well.
func (d *desk) subscribe(n, fast int) {
	d.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(subscriber.Columns())
	for i := range n {
		_ = w.Write([]string{fmt.Sprintf("09612%05d", i), "", "06325", "", "Tày", "vi", "có", "1/9/2026", "Ký giấy tại trụ sở xã", "Tày"})
	}
	w.Flush()
	r, err := d.People.Import(d.Context(), officer(d.BacSon), "subscribers", "list.csv", &b, false, nil)
	if d.Must(err); r.Added != n {
		d.Fatalf("%d of %d subscribed: %+v", r.Added, n, r.Refused)
	}
	ids, err := db.Values[string](d.Context(), d.DB, "SELECT id FROM subscriber ORDER BY id LIMIT $1", fast)
	d.Must(err)
	for i, id := range ids {
		endpoint := fmt.Sprintf("push%016d", i)
		_, err := db.Exec(d.Context(), d.DB, "INSERT INTO subscriber_endpoint (id, subscriber, channel, hash, address, state, changed) VALUES ($1, $2, 'push', $1, $3, 'active', 0)",
			endpoint, id, subscriber.Seal(d.Keeper, endpoint, "{}").Box)
		d.Must(err)
	}
}

func (d *desk) tx(f func(tx *db.Tx) error) {
	d.Helper()
	d.Must(d.DB.Tx(d.Context(), f))
}

func (d *desk) order(class delivery.Class) delivery.Order {
	return delivery.Order{Ref: flood, Version: 1, Class: class, Place: d.BacSon, Topic: "disaster", By: "officer", Second: "leader"}
}

func (d *desk) queue(o delivery.Order) {
	d.Helper()
	d.tx(func(tx *db.Tx) error { return delivery.Queue(d.Context(), tx, d.Now(), o) })
	d.drain()
}

func (d *desk) drain() {
	d.Helper()
	d.Must(d.Queue.Drain(d.Context()))
}

func (d *desk) pass(t time.Duration) {
	d.Helper()
	d.Pass(t)
	d.drain()
}

func (d *desk) rows(sql string, args ...any) int64 {
	d.Helper()
	n, err := db.Value[int64](d.Context(), d.DB, "SELECT count(*) FROM "+sql, args...)
	d.Must(err)
	return n
}

func (d *desk) campaign(kind delivery.Kind) delivery.Campaign {
	d.Helper()
	all, _, err := d.Campaigns(d.Context(), officer(d.BacSon), 1, 50)
	d.Must(err)
	n := slices.IndexFunc(all, func(c delivery.Campaign) bool { return c.Kind == kind })
	if n < 0 {
		d.Fatalf("no campaign of kind %s among %d", kind, len(all))
	}
	return all[n]
}

func (d *desk) sent(n int) []delivery.Outgoing {
	d.Helper()
	d.Wait(fmt.Sprintf("%d handed over", n), func() bool { return d.Net.Count() >= n })
	time.Sleep(50 * time.Millisecond)
	if got := d.Net.Count(); got != n {
		d.Fatalf("%d were handed over, want %d", got, n)
	}
	return d.Net.Sent()
}

// The ladder of an emergency: SMS at once to who has nothing faster and after two minutes to who has, a call that is left out and says
// so, relays after 15 minutes with a count, the officer after 30; and it stops with whom a phone has reached.
func TestLadder(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(10, 2)
		provider := d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Emergency))
		d.Start()
		all := d.sent(8)
		if text := all[0].Text; !strings.HasPrefix(text, "Lũ quét đêm nay.") || !strings.Contains(text, "Tày") || !strings.Contains(text, "https://banlang.example/n/") {
			d.Errorf("an SMS says %q", text)
		}
		var receipts []delivery.Receipt
		for _, o := range all[:5] {
			receipts = append(receipts, delivery.Receipt{Provider: provider, Attempt: o.Attempt, State: delivery.Delivered, At: d.Now()})
		}
		d.Must(d.Receipts(t.Context(), receipts))
		first, err := db.Value[string](t.Context(), d.DB, "SELECT min(id) FROM delivery_attempt WHERE channel = 'push'")
		d.Must(err)
		d.Must(d.Observe(t.Context(), first, delivery.Delivered, ""))
		d.pass(2 * time.Minute)
		d.sent(9) // one had it by push already
		if n := d.rows("delivery_attempt WHERE state = 'suppressed' AND why = 'delivery.reason.reached'"); n != 1 {
			d.Errorf("%d attempts ended because a phone had it, want 1", n)
		}
		d.pass(3 * time.Minute)
		if tasks, _ := d.Tasks(t.Context(), relay(d.BacSon)); len(tasks) != 0 {
			d.Errorf("after 5 minutes relays have %d tasks", len(tasks))
		}
		d.pass(10 * time.Minute)
		tasks, err := d.Tasks(t.Context(), relay(d.BacSon))
		if d.Must(err); len(tasks) != 1 || tasks[0].Unreached != 4 || tasks[0].Commune != d.BacSon {
			d.Fatalf("after 15 minutes the relay has %+v, want one task of 4", tasks)
		}
		away, err := d.Places.At("05977", d.Places.Today())
		d.Must(err)
		if other, _ := d.Tasks(t.Context(), relay(away.ID)); len(other) != 0 {
			d.Errorf("the relay of another commune has %+v", other)
		}
		if err := d.AnswerTask(t.Context(), relay(away.ID), "", tasks[0].ID, 3, ""); !fault.Is(err, fault.Forbidden) {
			d.Errorf("AnswerTask(another commune's) = %v, want Forbidden", err)
		}
		d.Must(d.AnswerTask(t.Context(), relay(d.BacSon), "k", tasks[0].ID, 3, "đã đến ba nhà"))
		d.Must(d.AnswerTask(t.Context(), relay(d.BacSon), "k", tasks[0].ID, 3, "đã đến ba nhà"))
		d.pass(15 * time.Minute)
		c := d.campaign(delivery.News)
		rungs, err := d.Rungs(t.Context(), c.ID)
		d.Must(err)
		var got []string
		for _, r := range rungs {
			got = append(got, fmt.Sprintf("%s %v %d %s", r.Name, r.Due.Sub(c.Starts), r.N, strings.TrimPrefix(r.Note, "delivery.rung.")))
		}
		want := []string{"first 0s 10 done", "sms 2m0s 4 done", "call 5m0s 4 no_voice", "relay 15m0s 4 tasks", "officer 30m0s 4 officer_told"}
		if !slices.Equal(got, want) {
			d.Errorf("the ladder is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		alarms, err := d.Alarms(t.Context(), officer(d.BacSon))
		if d.Must(err); len(alarms) != 1 || alarms[0].Campaign != c.ID || alarms[0].N != 4 {
			d.Errorf("the officer is told %+v", alarms)
		}
		if other, _ := d.Alarms(t.Context(), officer(away.ID)); len(other) != 0 {
			d.Errorf("the officer of another commune is told %+v", other)
		}
		if w, err := d.Word(t.Context(), c.ID); err != nil || w != (delivery.Word{Tasks: 1, Done: 1, Told: 3}) {
			d.Errorf("Word = %+v, %v", w, err)
		}
		if p, err := d.Progress(t.Context(), c.ID); err != nil || p.Reached() != 6 {
			d.Errorf("%d phones have it, %v; want 6: a relay's word is no receipt", p.Reached(), err)
		}
	})
}

// The expansion is killed again and again between its batches; nobody is left out and nobody is made twice.
func TestExpansionGoesOn(t *testing.T) {
	campaigns(t, func(d *desk) {
		const n = 1700
		d.subscribe(n, 0)
		d.tx(func(tx *db.Tx) error { return delivery.Queue(t.Context(), tx, d.Now(), d.order(delivery.Normal)) })
		var kill atomic.Pointer[context.CancelFunc]
		left := atomic.Int64{}
		d.DB.OnCommit(func() {
			if left.Add(-1) == 0 {
				(*kill.Load())()
			}
		})
		kills := 0
		for d.rows("delivery_campaign WHERE state = 'running'") == 0 {
			ctx, cancel := context.WithCancel(t.Context())
			kill.Store(&cancel)
			left.Store(3)
			_ = d.Queue.Drain(ctx)
			if cancel(); ctx.Err() != nil {
				kills++
			}
			if kills > 50 {
				t.Fatal("it does not come to an end")
			}
			d.Pass(11 * time.Minute) // what was cut short is taken over
		}
		left.Store(0)
		d.queue(d.order(delivery.Normal)) // the same order again
		if m, a := d.rows("delivery_message"), d.rows("delivery_attempt"); m != n || a != n || kills < 2 {
			d.Errorf("after %d kills there are %d messages and %d attempts, want %d of each", kills, m, a, n)
		}
	})
}

// A campaign that is paused before its hour, or while it is made, goes on where it stopped.
func TestPausedCampaignGoesOn(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(20, 0)
		item := d.shelf[flood]
		item.Class = delivery.Normal
		d.shelf[flood] = item
		d.Provider(delivery.Live, 1000, 100)
		d.Start()
		who := officer(d.BacSon)
		id, err := d.Send(t.Context(), who, "k", delivery.Order{Ref: flood, Starts: d.Now().Add(time.Hour)})
		d.Must(err)
		if again, err := d.Send(t.Context(), who, "k", delivery.Order{Ref: flood, Starts: d.Now().Add(time.Hour)}); err != nil || again != id {
			d.Errorf("the same again = %q, %v; want %q", again, err, id)
		}
		if err := d.Pause(t.Context(), who, "p", id, "ngắn"); !fault.Is(err, fault.Invalid) {
			d.Errorf("Pause(without a reason) = %v, want Invalid", err)
		}
		const why = "Chờ xã xem lại giờ gửi"
		d.Must(d.Pause(t.Context(), who, "p", id, why))
		d.pass(2 * time.Hour)
		d.sent(0)
		d.Must(d.Resume(t.Context(), who, "r", id, why))
		d.drain()
		d.sent(20)
		if n := d.rows("delivery_rung"); n != 2 {
			d.Errorf("the ladder has %d rungs, want 2", n)
		}
		if err := d.Resume(t.Context(), who, "", id, why); !fault.Is(err, fault.Conflict) {
			d.Errorf("Resume(what is not paused) = %v, want Conflict", err)
		}
	})
}

// What a channel without a provider keeps waiting ends with its campaign, whether that runs, waits for its hour or was paused: a provider
// that is connected months later sends nothing old.
func TestEveryCampaignEnds(t *testing.T) {
	for _, c := range []struct {
		class delivery.Class
		kept  time.Duration
	}{{delivery.Emergency, 24 * time.Hour}, {delivery.Priority, 3 * 24 * time.Hour}, {delivery.Normal, 7 * 24 * time.Hour}} {
		t.Run(string(c.class), func(t *testing.T) {
			campaigns(t, func(d *desk) {
				d.subscribe(3, 1)
				d.queue(d.order(c.class))
				later := d.order(c.class)
				later.Starts = d.Now().Add(time.Hour)
				d.queue(later)
				ends := d.Now().Add(c.kept)
				all, _, err := d.Campaigns(t.Context(), officer(d.BacSon), 1, 10)
				d.Must(err)
				for _, one := range all {
					if want := one.Starts.Add(c.kept); !one.Expires.Equal(want) {
						d.Errorf("a campaign that starts at %v ends at %v, want %v", one.Starts, one.Expires, want)
					}
					if !one.Starts.Equal(d.Now()) {
						d.Must(d.Pause(t.Context(), officer(d.BacSon), "", one.ID, "chờ xem lại giờ gửi"))
					}
				}
				d.SetClock(ends.Add(-time.Second))
				d.drain()
				d.Start()
				time.Sleep(50 * time.Millisecond)
				if n := d.rows("delivery_attempt WHERE state = 'expired'"); n != 0 {
					d.Errorf("%d attempts expired before their end", n)
				}
				d.Pass(2 * time.Hour)
				d.Wait("what waits has expired", func() bool { return d.rows("delivery_attempt WHERE state IN ('planned', 'queued')") == 0 })
				d.pass(time.Hour)
				if n := d.rows("delivery_message WHERE state = 'expired' AND reason = 'delivery.reason.expired'"); n != 3 {
					d.Errorf("%d messages expired, want 3", n)
				}
				if n := d.rows("delivery_campaign WHERE state = 'done'"); n != 2 {
					d.Errorf("%d campaigns are done, want 2", n)
				}
				d.Provider(delivery.Live, 1000, 100)
				time.Sleep(1200 * time.Millisecond)
				d.sent(0)
			})
		})
	}
}

// What ends earlier than its class, ends then; an emergency holds as long as it says.
func TestACampaignEndsWithItsNews(t *testing.T) {
	campaigns(t, func(d *desk) {
		for _, c := range []struct {
			class       delivery.Class
			holds, ends time.Duration
		}{{delivery.Normal, time.Hour, time.Hour}, {delivery.Normal, 90 * 24 * time.Hour, 7 * 24 * time.Hour}, {delivery.Emergency, 48 * time.Hour, 48 * time.Hour}} {
			o := d.order(c.class)
			o.Starts, o.Expires = d.Now(), d.Now().Add(c.holds)
			d.queue(o)
			if got := d.campaign(delivery.News); !got.Expires.Equal(d.Now().Add(c.ends)) {
				d.Errorf("%s news that holds for %v is sent for %v, want %v", c.class, c.holds, got.Expires.Sub(d.Now()), c.ends)
			}
			d.Pass(time.Minute)
		}
		d.tx(func(tx *db.Tx) error {
			return delivery.Withdraw(t.Context(), tx, d.Now(), flood, "officer", "giờ nước lên bị sai")
		})
		if n := d.rows("delivery_campaign WHERE kind = 'recall'"); n == 0 || n != d.rows("delivery_campaign WHERE kind = 'recall' AND expires > starts") {
			d.Errorf("%d recalls, not all of which end", n)
		}
	})
}

// What comes back into the queue while its campaign is paused waits like the rest: what a network put off, and what is made once more
// because nobody knows what became of it.
func TestWhatComesBackIsPausedToo(t *testing.T) {
	for name, answer := range map[string]delivery.Result{"put off": {Again: time.Second}, "in doubt": {State: delivery.InDoubt}} {
		t.Run(name, func(t *testing.T) {
			campaigns(t, func(d *desk) {
				d.subscribe(1, 0)
				d.queue(d.order(delivery.Normal))
				c := d.campaign(delivery.News)
				const why = "chờ xem lại nội dung"
				d.Net.Answer = func(n int, _ delivery.Outgoing) delivery.Result {
					if n == 1 {
						d.Must(d.Pause(context.Background(), officer(d.BacSon), "", c.ID, why))
						return answer
					}
					return delivery.Result{State: delivery.Accepted, Provider: "net"}
				}
				d.Provider(delivery.Live, 1000, 100)
				d.Start()
				d.sent(1)
				d.Wait("it is written down", func() bool { return d.rows("delivery_attempt WHERE state = 'sending'") == 0 })
				for range 3 { // in doubt since the first sweep, made again after the second
					d.Pass(delivery.DoubtFor + time.Second)
					time.Sleep(1100 * time.Millisecond)
				}
				d.sent(1)
				d.Must(d.Resume(t.Context(), officer(d.BacSon), "", c.ID, why))
				d.sent(2)
				if n := d.rows("delivery_attempt WHERE state = 'accepted'"); n != 1 {
					d.Errorf("%d accepted, want 1", n)
				}
			})
		})
	}
}

// ordinary makes the warning an ordinary piece of news.
func (d *desk) ordinary() {
	item := d.shelf[flood]
	item.Class = delivery.Normal
	d.shelf[flood] = item
}

// A recall takes out of the queue what waits, and tells those, and only those, whom the news may have reached.
func TestRecallFollowsTheNews(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(5, 2)
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Normal))
		d.Start()
		d.sent(3) // the others wait for what their browsers say
		d.tx(func(tx *db.Tx) error {
			return delivery.Withdraw(t.Context(), tx, d.Now(), flood, "officer", "giờ nước lên bị sai")
		})
		d.drain()
		all := d.sent(6)
		for _, o := range all[3:] {
			if !strings.HasPrefix(o.Text, "ĐÃ THU HỒI: Lũ quét đêm nay") || !strings.Contains(o.Text, "giờ nước lên bị sai") || strings.Contains(o.Text, "ven suối") {
				d.Errorf("the recall says %q", o.Text)
			}
		}
		if n := d.rows("delivery_attempt WHERE state = 'suppressed' AND why = 'delivery.reason.recalled'"); n != 4 {
			d.Errorf("%d attempts were taken out of the queue, want 4", n)
		}
		d.pass(time.Hour)
		d.sent(6)
	})
}

// A newer issue goes to those who have not got the older one; of an emergency, to everybody again.
func TestRenewTakesOver(t *testing.T) {
	for _, c := range []struct {
		class delivery.Class
		sent  int
	}{{delivery.Normal, 5}, {delivery.Emergency, 8}} {
		t.Run(string(c.class), func(t *testing.T) {
			campaigns(t, func(d *desk) {
				d.subscribe(5, 2)
				d.Provider(delivery.Live, 1000, 100)
				d.queue(d.order(c.class))
				d.Start()
				d.sent(3)
				newer := d.order(c.class)
				newer.Version = 2
				for range 2 { // the same again changes nothing
					d.tx(func(tx *db.Tx) error { return delivery.Renew(t.Context(), tx, d.Now(), newer) })
				}
				d.drain()
				d.pass(3 * time.Minute)
				d.sent(c.sent)
				if n := d.rows("delivery_attempt WHERE state = 'suppressed' AND why = 'delivery.reason.renewed'"); n != 4 {
					d.Errorf("%d attempts of the older issue were taken out, want 4", n)
				}
			})
		})
	}
}

// Who may not send does not: another commune, an emergency by one person, what holds no more.
func TestWhoMaySend(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(1, 0)
		away, err := d.Places.At("05977", d.Places.Today())
		d.Must(err)
		send := func(what string, who duty.Actor, o delivery.Order, want fault.Kind) {
			t.Helper()
			if _, err := d.Send(t.Context(), who, "", o); fault.KindOf(err) != want {
				d.Errorf("%s: Send = %v, want %v", what, err, want)
			}
		}
		send("an emergency by one", officer(d.BacSon), delivery.Order{Ref: flood}, fault.Conflict)
		d.ordinary()
		send("another commune's officer", officer(away.ID), delivery.Order{Ref: flood}, fault.Forbidden)
		send("another commune's officer to the own one", officer(away.ID), delivery.Order{Ref: flood, Place: away.ID}, fault.Invalid)
		send("a relay", relay(d.BacSon), delivery.Order{Ref: flood}, fault.Forbidden)
		send("a visitor", duty.Actor{}, delivery.Order{Ref: flood}, fault.Unauthenticated)
		send("no such bulletin", officer(d.BacSon), delivery.Order{Ref: "other"}, fault.NotFound)
		send("by the loudspeaker", officer(d.BacSon), delivery.Order{Ref: flood, Channels: []subscriber.Channel{subscriber.Loudspeaker}}, fault.Invalid)
		send("the officer", officer(d.BacSon), delivery.Order{Ref: flood}, fault.None)
		id := d.campaign(delivery.News).ID
		if _, err := d.Campaign(t.Context(), officer(away.ID), id); !fault.Is(err, fault.Forbidden) {
			d.Errorf("Campaign(another commune's) = %v, want Forbidden", err)
		}
		if err := d.Desk.Stop(t.Context(), officer(away.ID), "", id, "lý do đủ dài"); !fault.Is(err, fault.Forbidden) {
			d.Errorf("Stop(another commune's) = %v, want Forbidden", err)
		}
		item := d.shelf[flood]
		item.Ended = d.Now()
		d.shelf[flood] = item
		send("what was recalled", officer(d.BacSon), delivery.Order{Ref: flood}, fault.Invalid)
		item.Ended, item.Expires = time.Time{}, d.Now()
		d.shelf[flood] = item
		send("what has expired", officer(d.BacSon), delivery.Order{Ref: flood}, fault.Invalid)
	})
}

// What people write is understood or waits, sealed, for the officer of their commune; and no table knows a number.
func TestLetters(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(2, 0)
		d.People.Notify = d.Notify
		d.ordinary()
		provider := d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Normal))
		d.Start()
		d.sent(2)
		write := func(id, from, text string) {
			t.Helper()
			d.Must(d.Heard(t.Context(), delivery.Inbound{Provider: provider, ID: id, Channel: subscriber.SMS, From: from, Text: text, At: d.Now()}))
		}
		for range 2 { // a network says everything twice
			write("1", "+84961200000", "Đã hiểu")
			write("2", "+84961200001", "Cầu Nà Lay còn đi được không?")
		}
		if n := d.rows("delivery_message WHERE state = 'understood'"); n != 1 {
			d.Errorf("%d understood, want 1", n)
		}
		away, err := d.Places.At("05977", d.Places.Today())
		d.Must(err)
		if other, n, err := d.Inbox(t.Context(), officer(away.ID), 1, 10); err != nil || len(other)+n != 0 {
			d.Errorf("the officer of another commune reads %+v, %v", other, err)
		}
		got, n, err := d.Inbox(t.Context(), officer(d.BacSon), 1, 10)
		if d.Must(err); n != 1 || len(got) != 1 || got[0].Text != "Cầu Nà Lay còn đi được không?" {
			d.Fatalf("the officer reads %+v of %d", got, n)
		}
		d.sent(3) // it was said that somebody will answer
		for _, hidden := range []string{"961200001", "Nà Lay"} {
			for table, text := range map[string]string{"delivery_letter": "address || text || endpoint", "delivery_attempt": "endpoint || address || title || note || detail",
				"delivery_event": "message || attempt", "audit": "thing || before || after || reason || note", "job": "key || payload || error", "once": "key || result"} {
				if n := d.rows(table+" WHERE "+text+" LIKE $1", "%"+hidden+"%"); n != 0 {
					d.Errorf("%q stands in %s", hidden, table)
				}
			}
		}
		if err := d.Reply(t.Context(), officer(away.ID), "", got[0].ID, "Còn đi được."); !fault.Is(err, fault.Forbidden) {
			d.Errorf("Reply(another commune's officer) = %v, want Forbidden", err)
		}
		d.Must(d.Reply(t.Context(), officer(d.BacSon), "a", got[0].ID, "Còn đi được."))
		d.Must(d.Reply(t.Context(), officer(d.BacSon), "a", got[0].ID, "Còn đi được."))
		if all := d.sent(4); all[3].To != "+84961200001" || all[3].Text != "Còn đi được." {
			d.Errorf("the answer went out as %+v", all[3])
		}
		if n := d.rows("delivery_letter WHERE text <> '' OR address <> ''"); n != 0 {
			d.Errorf("%d letters keep their text after the answer", n)
		}
	})
}

// What is made up, and what is a drill, says so first; what is long is cut to three parts that end with the address.
func TestTextsOfACampaign(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.ordinary()
		d.subscribe(3, 0)
		item := d.shelf[flood]
		item.Drill = true
		item.Editions[0].Body = strings.Repeat("Bà con ven suối hãy lên chỗ cao. ", 40)
		d.shelf[flood] = item
		p, err := d.Preview(t.Context(), officer(d.BacSon), delivery.Order{Ref: flood})
		d.Must(err)
		marked, plain := p.Texts["vi"], p.Plain["vi"]
		if !strings.HasPrefix(marked.All, "DIỄN TẬP: ") || marked.Parts > 3 || marked.Latin || !strings.Contains(marked.All, "… https://banlang.example/n/") {
			d.Errorf("with marks: %+v", marked)
		}
		if !strings.HasPrefix(plain.All, "DIEN TAP: ") || plain.Parts > 3 || !plain.Latin || len(plain.All) < 2*len([]rune(marked.All)) {
			d.Errorf("without marks: %+v", plain)
		}
		if len(p.Lines) != 1 || p.Lines[0].Persons != 3 || p.Lines[0].Parts != 3*int64(marked.Parts) || p.Persons != 3 {
			d.Errorf("Preview counts %+v of %d", p.Lines, p.Persons)
		}
		brief, err := d.Brief(t.Context(), relay(d.BacSon))
		if d.Must(err); len(brief) != 1 || brief[0].Heard {
			d.Errorf("the relay's week is %+v", brief)
		}
		d.Must(d.Acknowledge(t.Context(), relay(d.BacSon), flood, 1))
		if brief, err = d.Brief(t.Context(), relay(d.BacSon)); err != nil || !brief[0].Heard {
			d.Errorf("after hearing it the relay's week is %+v, %v", brief, err)
		}
		if err := d.Acknowledge(t.Context(), officer(d.BacSon), flood, 1); !fault.Is(err, fault.Forbidden) {
			d.Errorf("Acknowledge(an officer) = %v, want Forbidden", err)
		}
	})
}

// The same order by other channels, or after it is over, would say that it sends and send nothing: it is refused.
func TestSameOrderInAnotherWay(t *testing.T) {
	campaigns(t, func(d *desk) {
		i := d.shelf[flood]
		i.Class = delivery.Normal
		d.shelf[flood] = i
		d.subscribe(1, 0)
		o := delivery.Order{Ref: flood, Place: d.BacSon, Channels: []subscriber.Channel{subscriber.SMS}}
		send := func(key string) error { _, err := d.Send(t.Context(), officer(d.BacSon), key, o); return err }
		d.Must(send("k1"))
		d.Must(send("k2")) // from another window of the browser
		o.Channels = []subscriber.Channel{subscriber.Push, subscriber.SMS}
		if err := send("k3"); !fault.Is(err, fault.Conflict) {
			t.Errorf("by other channels = %v, want a conflict", err)
		}
		o.Channels = o.Channels[1:]
		d.Must(d.Desk.Stop(t.Context(), officer(d.BacSon), "k4", d.campaign(delivery.News).ID, "viết nhầm ngày họp thôn"))
		if err := send("k5"); !fault.Is(err, fault.Conflict) {
			t.Errorf("after it was stopped = %v, want a conflict", err)
		}
		o.Starts = d.Now().Add(time.Hour)
		d.Must(send("k6"))
	})
}
