package quiz_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/delivery"
	"banlang/internal/delivery/deliverytest"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/quiz"
	"banlang/internal/subscriber"
)

const flood = delivery.Ref("flood")

// A desk is a house in which a bulletin was sent and may be asked about.
type desk struct {
	*deliverytest.House
	*testing.T
	quiz   *quiz.Desk
	policy *duty.Policy
	n      int // messages heard
}

type source struct{ item *delivery.Item }

func (s source) Item(context.Context, delivery.Ref, int64) (delivery.Item, error) {
	return *s.item, nil
}
func (s source) Items(context.Context, delivery.Filter) ([]delivery.Item, error) {
	return []delivery.Item{*s.item}, nil
}

// quizzes runs f on both engines, with a bulletin of Bắc Sơn that was sent to so many subscribers.
func quizzes(t *testing.T, subscribers int, f func(d *desk)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, b *db.DB) {
		d := &desk{T: t}
		item := &delivery.Item{Ref: flood, Version: 1, Topic: "health", Class: delivery.Normal, URL: "/ban-tin/flood",
			Editions: []delivery.Edition{{Lang: "vi", Title: "Tiêm phòng sởi cho trẻ", Body: "Đưa trẻ đến trạm y tế xã vào thứ năm."}}}
		d.House = deliverytest.Open(t, b, source{item})
		item.Place, item.Published, item.First = d.BacSon, d.Now(), d.Now()
		d.policy = duty.New(d.Places, d.Now)
		languages := ethnic.New(b, d.Places, d.Now)
		d.Must(languages.Ready(t.Context()))
		text, err := i18n.Load()
		d.Must(err)
		d.quiz = quiz.New(quiz.Options{DB: b, Keeper: d.Keeper, Policy: d.policy, Languages: languages, Ledger: d.Desk, Source: source{item}, Text: text, Now: d.Now}, d.Queue)
		d.Answers = d.quiz
		d.People.Notify = nil // nobody is welcomed
		d.subscribe(subscribers)
		d.People.Notify = d.Notify
		d.Provider(delivery.Live, 10_000, 1000)
		d.Start()
		d.Must(d.DB.Tx(t.Context(), func(tx *db.Tx) error {
			return delivery.Queue(t.Context(), tx, d.Now(), delivery.Order{Ref: flood, Version: 1, Class: delivery.Normal, Place: d.BacSon, Topic: "health", By: "officer"})
		}))
		d.drain()
		d.handed(subscribers)
		d.pass(time.Minute)
		f(d)
	})
}

func officer(area place.ID) duty.Actor { return actor("officer", duty.CommuneOfficer, area) }

func actor(id string, role duty.Role, area place.ID, langs ...string) duty.Actor {
	return duty.Actor{ID: id, Session: "s", Grants: []duty.Grant{{Role: role, Area: string(area), Langs: langs, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}}
}

// subscribe lets n people of Bắc Sơn subscribe by SMS, who read Tày and then Vietnamese.
func (d *desk) subscribe(n int) {
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
	d.exec("UPDATE subscriber SET read = 'tyz vi'")
}

func (d *desk) exec(sql string, args ...any) {
	d.Helper()
	d.Must(d.DB.Tx(d.Context(), func(tx *db.Tx) error { _, err := db.Exec(d.Context(), tx, sql, args...); return err }))
}

func (d *desk) rows(sql string, args ...any) int {
	d.Helper()
	n, err := db.Value[int](d.Context(), d.DB, "SELECT count(*) FROM "+sql, args...)
	d.Must(err)
	return n
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

// handed waits until n messages were handed to the network, and no more.
func (d *desk) handed(n int) []delivery.Outgoing {
	d.Helper()
	d.Wait(fmt.Sprintf("%d handed over", n), func() bool { return d.Net.Count() >= n })
	time.Sleep(100 * time.Millisecond)
	if got := d.Net.Count(); got != n {
		d.Fatalf("%d were handed over, want %d", got, n)
	}
	return d.Net.Sent()
}

func (d *desk) campaign() string {
	d.Helper()
	all, _, err := d.Campaigns(d.Context(), officer(d.BacSon), 1, 50)
	d.Must(err)
	for _, c := range all {
		if c.Kind == delivery.News {
			return c.ID
		}
	}
	d.Fatal("no campaign")
	return ""
}

var wish = quiz.Wish{Answer: 2, Share: 10, Words: quiz.Words{Question: "Đưa trẻ đến trạm y tế vào ngày nào?", Options: [3]string{"Thứ hai", "Thứ năm", "Chủ nhật"}}}

// begin writes the question and decides to ask it.
func (d *desk) begin() {
	d.Helper()
	boss := officer(d.BacSon)
	d.Must(d.quiz.Write(d.Context(), boss, "", d.campaign(), wish))
	d.Must(d.quiz.Begin(d.Context(), boss, "", d.campaign()))
	d.drain()
}

func (d *desk) result() (quiz.Quiz, quiz.Result) {
	d.Helper()
	_, q, r, err := d.quiz.Of(d.Context(), officer(d.BacSon), d.campaign())
	d.Must(err)
	return q, r
}

// say lets a phone write something, and gives what it is told.
func (d *desk) say(phone, text string) string {
	d.Helper()
	before := d.Net.Count()
	d.n++
	d.Must(d.Heard(d.Context(), delivery.Inbound{Provider: "p", ID: fmt.Sprint(d.n), Channel: subscriber.SMS, From: phone, Text: text, At: d.Now()}))
	return d.handed(before + 1)[before].Text
}

// place is where an option stands in a question that was sent.
func (d *desk) place(text, option string) string {
	d.Helper()
	m := regexp.MustCompile(`([123]): ` + option).FindStringSubmatch(text)
	if m == nil {
		d.Fatalf("%q does not stand in %q", option, text)
	}
	return m[1]
}

// A question goes to a share of those whom the bulletin reached, by day, once; the first answer counts, the reply tells what is right,
// what is no answer is a letter, and in the end there are only counts.
func TestAsk(t *testing.T) {
	const n = 300
	quizzes(t, n, func(d *desk) {
		d.SetClock(time.Date(2026, 9, 14, 16, 0, 0, 0, time.UTC)) // 23 h
		d.begin()
		asked := d.rows("quiz_asked")
		if asked < 8 || asked > 60 || d.rows("delivery_attempt WHERE campaign <> '' AND message = '' AND lane = 1") != asked {
			t.Fatalf("%d of %d are asked, want about 30 in the routine lane", asked, n)
		}
		d.exec("UPDATE quiz SET state = 'asking', reached = ''") // killed before it was written how far it had come
		d.exec("INSERT INTO job (id, kind, key, payload, run_at, made, state) SELECT 'again', 'quiz.ask', campaign, '\"' || campaign || '\"', 0, 0, 'waiting' FROM quiz")
		d.drain()
		if again := d.rows("quiz_asked"); again != asked {
			t.Errorf("drawn a second time %d are asked, want the same %d", again, asked)
		}
		d.handed(n) // nobody at night
		d.SetClock(time.Date(2026, 9, 15, 0, 30, 0, 0, time.UTC))
		all := d.handed(n + asked)[n:]
		orders := map[string]bool{}
		for _, o := range all {
			orders[d.place(o.Text, "Thứ hai")+d.place(o.Text, "Thứ năm")] = true
			if !strings.Contains(o.Text, "Tiêm phòng sởi") || !strings.Contains(o.Text, "(Chưa có bằng Tiếng Tày)") || !strings.Contains(o.Text, "https://banlang.example/n/") {
				t.Fatalf("a question says %q", o.Text)
			}
		}
		if len(orders) < 2 {
			t.Errorf("all see the order %v", orders)
		}

		right := all[0]
		if got := d.say(right.To, " "+d.place(right.Text, "Thứ năm")+". "); !strings.HasPrefix(got, "Cảm ơn bạn. Đúng rồi: Thứ năm.") || !strings.Contains(got, "/n/") {
			t.Errorf("a right answer is told %q", got)
		}
		if got := d.say(right.To, d.place(right.Text, "Thứ hai")); !strings.HasPrefix(got, "Chúng tôi đã ghi câu trả lời đầu") {
			t.Errorf("a second answer is told %q", got)
		}
		if got := d.say(all[1].To, d.place(all[1].Text, "Chủ nhật")); !strings.HasPrefix(got, "Cảm ơn bạn. Câu đúng là: Thứ năm.") {
			t.Errorf("a wrong answer is told %q", got)
		}
		d.say(all[2].To, "2 giờ chiều có mở cửa không?")
		if n := d.rows("delivery_letter"); n != 1 {
			t.Errorf("%d letters, want the question to the officer alone", n)
		}
		if _, r := d.result(); r.Count != (quiz.Count{Asked: int64(asked), Answered: 2, Correct: 1}) || r.Enough {
			t.Errorf("the result is %+v, want 2 answers of %d, one right, and no shares", r, asked)
		}
		for _, o := range all[3:8] {
			d.say(o.To, d.place(o.Text, "Thứ năm"))
		}
		d.pass(8 * 24 * time.Hour)
		d.say(all[2].To, "1")
		_, r := d.result()
		if r.Count != (quiz.Count{Asked: int64(asked), Answered: 7, Correct: 6}) || d.rows("delivery_letter") != 2 {
			t.Errorf("an answer after a week counts: %+v", r.Count)
		}
		d.pass(delivery.KeptFor)
		if _, thinned := d.result(); thinned != r || d.rows("quiz_asked") != 0 {
			t.Errorf("after thinning the result is %+v, want %+v and nobody named", thinned, r)
		}
	})
}

// What waits for the morning goes to nobody who stops in the night, and to nobody once the bulletin is recalled.
func TestNothingGoesOutThatEnded(t *testing.T) {
	const n = 300
	quizzes(t, n, func(d *desk) {
		night := time.Date(2026, 9, 14, 16, 0, 0, 0, time.UTC)
		d.SetClock(night)
		d.begin()
		asked := d.rows("quiz_asked")
		first, err := db.Value[string](t.Context(), d.DB, "SELECT min(endpoint) FROM quiz_asked")
		d.Must(err)
		d.Must(d.People.StopEndpoint(t.Context(), first))
		stopped := len(d.handed(n + 1)) // that they stopped is said at once
		d.SetClock(night.Add(8*time.Hour + 30*time.Minute))
		questions := d.handed(stopped + asked - 1)[stopped:]
		if n := d.rows("delivery_attempt WHERE why = 'delivery.reason.stopped'"); n != 1 {
			t.Errorf("%d questions ended because somebody stopped, want 1", n)
		}
		d.Must(d.DB.Tx(t.Context(), func(tx *db.Tx) error {
			return delivery.Withdraw(t.Context(), tx, d.Now(), flood, "officer", "Ghi nhầm ngày tiêm")
		}))
		before := d.Net.Count()
		o := questions[0]
		d.n++
		d.Must(d.Heard(t.Context(), delivery.Inbound{Provider: "p", ID: "late", Channel: subscriber.SMS, From: o.To, Text: d.place(o.Text, "Thứ năm"), At: d.Now()}))
		if got := d.handed(before + 1)[before].Text; !strings.Contains(got, "đã được thu hồi") {
			t.Errorf("an answer about a recalled bulletin is told %q", got)
		}
	})
}

// A campaign that is stopped while its questions wait takes them with it.
func TestARecallTakesTheQuestionsWithIt(t *testing.T) {
	quizzes(t, 300, func(d *desk) {
		d.SetClock(time.Date(2026, 9, 14, 16, 0, 0, 0, time.UTC))
		d.begin()
		asked := d.rows("quiz_asked")
		d.Must(d.Desk.Stop(t.Context(), officer(d.BacSon), "", d.campaign(), "Ghi nhầm ngày tiêm"))
		d.drain()
		if n := d.rows("delivery_attempt WHERE message = '' AND why = 'delivery.reason.recalled'"); n != asked {
			t.Errorf("%d of %d questions were taken out of the queue", n, asked)
		}
	})
}

func TestWhoMayWrite(t *testing.T) {
	quizzes(t, 5, func(d *desk) {
		ctx, id, boss := t.Context(), d.campaign(), officer(d.BacSon)
		away, err := d.Places.At("05977", d.Places.Today())
		d.Must(err)
		speaker := actor("speaker", duty.Speaker, d.Home, "tyz")
		tyz := quiz.Words{Lang: "tyz", Question: "Lời của người nói tiếng Tày", Options: [3]string{"a", "b", "c"}}
		refused := func(what string, err error, kind fault.Kind) {
			t.Helper()
			if !fault.Is(err, kind) {
				t.Errorf("%s: %v, want a fault of kind %v", what, err, kind)
			}
		}
		refused("an officer of another commune writes", d.quiz.Write(ctx, officer(away.ID), "", id, wish), fault.Forbidden)
		refused("a speaker writes", d.quiz.Write(ctx, speaker, "", id, wish), fault.Forbidden)
		refused("nothing is there to be asked", d.quiz.Begin(ctx, boss, "", id), fault.NotFound)
		wrong := wish
		wrong.Share = 50
		refused("half of all are asked", d.quiz.Write(ctx, boss, "", id, wrong), fault.Invalid)
		wrong = wish
		wrong.Answer = 0
		refused("no answer is right", d.quiz.Write(ctx, boss, "", id, wrong), fault.Invalid)
		wrong = wish
		wrong.Words.Question, wrong.Words.Options = strings.Repeat("đất rừng ", 17), [3]string{strings.Repeat("một ", 14), strings.Repeat("hai ", 14), strings.Repeat("ba ", 18)}
		refused("it takes more parts than may be", d.quiz.Write(ctx, boss, "", id, wrong), fault.Invalid)
		d.Must(d.quiz.Write(ctx, boss, "", id, wish))

		refused("an officer translates", d.quiz.Translate(ctx, boss, "", id, tyz), fault.Forbidden)
		refused("a speaker translates into another language", d.quiz.Translate(ctx, actor("s", duty.Speaker, d.Home, "nut"), "", id, tyz), fault.Forbidden)
		d.Must(d.quiz.Translate(ctx, speaker, "", id, tyz))
		if all, err := d.quiz.Wanted(ctx, speaker); err != nil || len(all) != 1 || all[0].Lang != "tyz" || all[0].Words.Question != tyz.Question {
			t.Errorf("the speaker is shown %+v, %v", all, err)
		}
		d.Must(d.quiz.Write(ctx, boss, "", id, wish))
		if q, _ := d.result(); len(q.Words) != 2 {
			t.Errorf("saved as it was, the quiz is told in %d languages, want 2", len(q.Words))
		}
		other := wish
		other.Words.Question = "Đưa trẻ đến đâu để tiêm phòng?"
		d.Must(d.quiz.Write(ctx, boss, "", id, other))
		if q, _ := d.result(); len(q.Words) != 1 {
			t.Errorf("a translation of an older question stays: %+v", q.Words)
		}
		d.Must(d.quiz.Translate(ctx, speaker, "", id, tyz))
		refused("an officer of another commune asks", d.quiz.Begin(ctx, officer(away.ID), "", id), fault.Forbidden)
		d.Must(d.quiz.Begin(ctx, boss, "", id))
		refused("asked twice", d.quiz.Begin(ctx, boss, "", id), fault.Conflict)
		refused("changed while it is asked", d.quiz.Write(ctx, boss, "", id, wish), fault.Conflict)
		refused("translated while it is asked", d.quiz.Translate(ctx, speaker, "", id, tyz), fault.Conflict)
		if _, _, _, err := d.quiz.Of(ctx, officer(away.ID), id); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an officer of another commune reads the result: %v", err)
		}
		d.Must(d.Desk.Stop(ctx, boss, "", id, "Ghi nhầm ngày tiêm"))
		d.drain()
		if q, _ := d.result(); q.State != quiz.Dropped && q.State != quiz.Open {
			t.Errorf("the quiz of a stopped campaign is %s", q.State)
		}
	})
}

// Who reads Tày is asked in Tày where a speaker has told it.
func TestAskedInTheirLanguage(t *testing.T) {
	quizzes(t, 300, func(d *desk) {
		d.Must(d.quiz.Write(t.Context(), officer(d.BacSon), "", d.campaign(), wish))
		d.Must(d.quiz.Translate(t.Context(), actor("speaker", duty.Speaker, d.Home, "tyz"), "", d.campaign(),
			quiz.Words{Lang: "tyz", Question: "Lời của người nói tiếng Tày", Options: [3]string{"mot", "hai", "ba"}}))
		d.Must(d.quiz.Begin(t.Context(), officer(d.BacSon), "", d.campaign()))
		d.drain()
		asked := d.rows("quiz_asked WHERE lang = 'tyz'")
		for _, o := range d.handed(300 + asked)[300:] {
			if !strings.Contains(o.Text, "Lời của người nói tiếng Tày") || strings.Contains(o.Text, "Chưa có bằng") {
				t.Errorf("a question says %q", o.Text)
			}
		}
	})
}
