package subscriber

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/privacy"
)

// Words are understood with marks and without, in any case; what only begins like one is a question for a person.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		text string
		says Says
		rest string
	}{
		{"THOI", SaysStop, ""}, {"Thôi", SaysStop, ""}, {"  thôi. ", SaysStop, ""}, {"TỪ CHỐI", SaysStop, ""}, {"tu choi", SaysStop, ""},
		{"TC", SaysStop, ""}, {"Huỷ", SaysStop, ""}, {"Hủy đăng ký", SaysStop, ""}, {"Thôi nhận tin", SaysStop, ""}, {"stop!", SaysStop, ""},
		{"DK Bắc Sơn", SaysSubscribe, "Bắc Sơn"}, {"đăng ký 06325", SaysSubscribe, "06325"}, {"ĐK", SaysSubscribe, ""},
		{"Có", SaysAgree, ""}, {"ĐỒNG Ý", SaysAgree, ""}, {"Đã hiểu", SaysUnderstood, ""}, {"HIEU", SaysUnderstood, ""}, {"trợ giúp", SaysHelp, ""},
		{"tho\u0302i", SaysStop, ""}, {"TU\u031b\u0300 CHO\u0302\u0301I", SaysStop, ""}, {"Ｓｔｏｐ", SaysStop, ""}, // taken apart, wide
		{"THOI...", SaysStop, ""}, {"Thôi nhé.", SaysStop, ""}, {"Từ chối nhận tin ạ", SaysStop, ""}, {"STOP please", SaysStop, ""}, {"“thôi”", SaysStop, ""},
		{"TU-CHOI", SaysStop, ""}, {"thôi 👍", SaysStop, ""}, {"Từ chối thì mất gì ạ?", Asks, ""}, {"Stop ở đâu?", Asks, ""},
		{"Thôi thì cho tôi hỏi giá ngô", Asks, ""}, {"Đúng", Asks, ""}, {"Có lũ không?", Asks, ""}, {"", Asks, ""}, {"👍", Asks, ""},
	} {
		if says, rest := read(c.text); says != c.says || rest != c.rest {
			t.Errorf("read(%q) = %s, %q; want %s, %q", c.text, says, rest, c.says, c.rest)
		}
	}
}

func (c *counter) last() string {
	c.Helper()
	got := c.phones["+84961234567"]
	if len(got) == 0 {
		c.Fatal("nothing came to the number")
	}
	return got[len(got)-1]
}

func (c *counter) sms(id, text string) Reading {
	c.Helper()
	r, err := c.desk.Word(c.Context(), Word{Channel: SMS, From: "+84961234567", Text: text, ID: id}, nil)
	c.must(err)
	return r
}

// Somebody without a browser asks by SMS, is told what is agreed to, agrees, and stops; each word once, however often it comes.
func TestBySMS(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		if r := c.sms("1", "DK một nơi nào đó"); r.Kind != SaysSubscribe || !strings.Contains(c.last(), "DK Bắc Sơn") {
			t.Errorf("an unknown commune is answered %q", c.last())
		}
		c.sms("2", "Có")
		if n := c.persons(); n != 0 || !strings.Contains(c.last(), "DK và tên xã") {
			t.Errorf("agreeing to nothing: %d subscribed, answered %q", n, c.last())
		}
		c.sms("3", "đk Bắc Sơn")
		offer := c.last()
		if n := c.persons(); n != 0 || !strings.Contains(offer, "xã Bắc Sơn") || !strings.Contains(offer, "THOI") {
			t.Errorf("after the offer %d are subscribed, it says %q", n, offer)
		}
		if r := c.sms("3", "đk Bắc Sơn"); !r.Repeated || len(c.phones["+84961234567"]) != 3 {
			t.Errorf("the same word again: %+v, %d answers", r, len(c.phones["+84961234567"]))
		}
		c.sms("4", "CO")
		found, err := Reach(t.Context(), d, Reachable{Area: c.commune}, "", 10)
		c.must(err)
		if len(found) != 1 {
			t.Fatalf("after agreeing %d are subscribed, want 1", len(found))
		}
		agreed, err := privacy.New(d, c.desk.keeper, c.desk.policy, nil, c.desk.now).Consented(t.Context(), found[0].ID.Record(), Purpose)
		if err != nil || agreed.Wording != offer || agreed.Manner != privacy.BySMS {
			t.Errorf("the agreement is %+v, %v; want the words of the offer", agreed, err)
		}
		if r := c.sms("5", "Đường vào thôn bị sạt, ai sửa?"); r.Kind != Asks || r.Endpoint == "" || r.Place != c.commune {
			t.Errorf("a question reads as %+v", r)
		}
		if r := c.sms("6", "thôi"); r.Kind != SaysStop || c.persons() != 0 || !strings.Contains(c.last(), "đã dừng") {
			t.Errorf("stopping: %+v, %d subscribed, answered %q", r, c.persons(), c.last())
		}
		var boxes int64
		boxes, err = db.Value[int64](t.Context(), d, "SELECT count(*) FROM subscriber_endpoint WHERE address <> ''")
		if c.must(err); boxes != 0 {
			t.Errorf("%d addresses are kept after stopping", boxes)
		}
		canary(t, d, "961234567", "sạt")
	})
}

func (c *counter) wish() Wish {
	return Wish{Channel: SMS, Address: number, Place: c.commune, Heard: []string{"tyz"}, Manner: privacy.ByOneself, Agreed: true}
}

func (c *counter) subscribe(w Wish) {
	c.Helper()
	_, err := c.desk.Subscribe(c.Context(), duty.Actor{}, w)
	c.must(err)
}

// A code counts its tries, grows old, and works once; nobody learns from an answer who is subscribed.
func TestCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		clock := c.desk.now()
		c.desk.now = func() time.Time { return clock }
		confirm := func(what, code string, want fault.Kind) {
			t.Helper()
			if err := c.desk.Confirm(t.Context(), SMS, number, code); fault.KindOf(err) != want {
				t.Errorf("%s: Confirm = %v, want %v", what, err, want)
			}
		}
		wrong := func(code string) string { return fmt.Sprintf("%06d", 999_999-len(code)) }
		c.subscribe(c.wish())
		code := c.code()
		for range tries {
			confirm("a wrong code", wrong(code), fault.Invalid)
		}
		confirm("the right one after too many wrong ones", code, fault.Invalid)
		clock = clock.Add(codeFor + time.Second)
		c.subscribe(c.wish())
		if c.code() == code && len(c.phones["+84961234567"]) != 2 {
			t.Fatal("no fresh code came")
		}
		code = c.code()
		c.subscribe(c.wish())
		if n := len(c.phones["+84961234567"]); n != 2 {
			t.Errorf("%d codes were sent while one was on its way, want 2", n)
		}
		clock = clock.Add(codeFor + time.Second)
		confirm("an old code", code, fault.Invalid)
		c.subscribe(c.wish())
		confirm("the code", c.code(), fault.None)
		confirm("the code again", c.code(), fault.Invalid)
		if n := c.persons(); n != 1 {
			t.Errorf("%d are subscribed, want 1", n)
		}
		if err := c.desk.AskStop(t.Context(), SMS, "0987654321"); err != nil || len(c.phones["+84987654321"]) > 0 {
			t.Errorf("AskStop(unknown) = %v, and it was sent %q", err, c.phones["+84987654321"])
		}
		if err := c.desk.StopWithCode(t.Context(), SMS, number, code); !fault.Is(err, fault.Invalid) {
			t.Errorf("StopWithCode(a code for joining) = %v, want Invalid", err)
		}
		c.must(c.desk.AskStop(t.Context(), SMS, number))
		c.must(c.desk.StopWithCode(t.Context(), SMS, number, c.code()))
		if n := c.persons(); n != 0 {
			t.Errorf("%d are subscribed after stopping, want 0", n)
		}
		canary(t, d, "961234567", code)
	})
}

// What is no telephone, is a fixed line, or comes without an agreement is refused by its field, in one answer.
func TestSubscribeFaults(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	c.village("v1")
	for _, k := range []struct {
		what  string
		spoil func(*Wish)
		want  string
	}{
		{"no number", func(w *Wish) { w.Address = "" }, "address"},
		{"letters", func(w *Wish) { w.Address = "gọi tôi" }, "address"},
		{"a fixed line", func(w *Wish) { w.Address = "0205 3812 345" }, "address"},
		{"no agreement", func(w *Wish) { w.Agreed = false }, "agreed"},
		{"a province", func(w *Wish) { w.Place = c.desk.home() }, "place"},
		{"a village of another commune", func(w *Wish) { w.Place, w.Village = c.other, "v1" }, "village"},
		{"no such village", func(w *Wish) { w.Village = "v2" }, "village"},
		{"no such language", func(w *Wish) { w.Heard = []string{"xx"} }, "heard"},
		{"no such channel", func(w *Wish) { w.Channel = Loudspeaker }, "channel"},
		{"no mail", func(w *Wish) { w.Channel, w.Address = Email, "a@b" }, "address"},
	} {
		w := c.wish()
		k.spoil(&w)
		_, err := c.desk.Subscribe(t.Context(), duty.Actor{}, w)
		if all := fault.All(err); len(all) != 1 || all[0].Field != k.want {
			t.Errorf("%s: Subscribe = %v, want one fault of %s", k.what, err, k.want)
		}
	}
}

// Counts tell no number below five, and nothing to who may not know.
func TestCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		var rows [][]string
		for i := range 9 {
			heard := "Tày"
			if i >= 6 {
				heard = "Nùng; Tày"
			}
			rows = append(rows, []string{fmt.Sprintf("09612345%02d", i), "", "06325", "", heard, "", "có", "5/7/2026", how, ""})
		}
		c.take(list(rows...), false)
		got, err := c.desk.Counts(t.Context(), c.officer(string(c.commune)), "")
		c.must(err)
		want := []Count{{c.commune, SMS, "nut", 0, true}, {c.commune, SMS, "tyz", 6, false}}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("Counts = %v, want %v", got, want)
		}
		if _, err := c.desk.Counts(t.Context(), c.officer(string(c.other)), c.commune); !fault.Is(err, fault.Forbidden) {
			t.Errorf("Counts(another commune) = %v, want Forbidden", err)
		}
	})
}

// Addresses that nobody proved are not kept, marks of those who stopped are kept long enough, and nobody without an address is.
func TestSweep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		clock := c.desk.now()
		c.desk.now = func() time.Time { return clock }
		rows := func(table string) int64 {
			t.Helper()
			n, err := db.Value[int64](t.Context(), d, "SELECT count(*) FROM "+table)
			c.must(err)
			return n
		}
		c.subscribe(c.wish()) // never confirmed
		w := c.wish()
		w.Address = "0987654321"
		c.subscribe(w)
		c.must(c.desk.Confirm(t.Context(), SMS, w.Address, sixDigits.FindString(c.phones["+84987654321"][0])))
		clock = clock.Add(askedFor + time.Minute)
		c.must(c.desk.Sweep(t.Context()))
		if e, s := rows("subscriber_endpoint"), rows("subscriber"); e != 1 || s != 1 {
			t.Errorf("after a day %d addresses of %d subscribers are kept, want the proven one", e, s)
		}
		c.must(c.desk.StopFor(t.Context(), c.officer(string(c.commune)), SMS, w.Address))
		clock = clock.Add(goneFor)
		c.must(c.desk.Sweep(t.Context()))
		if e := rows("subscriber_endpoint"); e != 1 {
			t.Errorf("after 90 days %d marks of who stopped are kept, want 1", e)
		}
		clock = clock.Add(stopKnown)
		c.must(c.desk.Sweep(t.Context()))
		if e, s := rows("subscriber_endpoint"), rows("subscriber"); e != 0 || s != 0 {
			t.Errorf("after two years %d marks of %d subscribers are kept, want none", e, s)
		}
	})
}

// Two machines do not answer each other without end: after so many answers in a day a number is answered no more, what it says is done
// all the same, and nobody agrees to what they were not told.
func TestAnswersEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		clock := c.desk.now()
		c.desk.now = func() time.Time { return clock }
		c.sms("a1", "đk Bắc Sơn")
		c.sms("a2", "CO")
		for n := range 30 {
			c.sms(fmt.Sprintf("b%d", n), "Cảm ơn quý khách, chúng tôi sẽ trả lời sớm nhất")
		}
		if n := len(c.phones["+84961234567"]); n != mostReplies {
			t.Errorf("%d answers in a day, want %d", n, mostReplies)
		}
		if c.sms("a3", "thôi"); c.persons() != 0 {
			t.Error("who says stop is not stopped because there were too many answers")
		}
		c.sms("a4", "đk Bắc Sơn")
		clock = clock.Add(time.Hour)
		if c.sms("a5", "CO"); c.persons() != 0 {
			t.Error("somebody agreed to what they were not told")
		}
		clock = clock.AddDate(0, 0, 1)
		if c.sms("a6", "trợ giúp"); len(c.phones["+84961234567"]) != mostReplies+1 {
			t.Error("the next day nothing is answered")
		}
		clock = clock.AddDate(0, 0, 2)
		c.must(c.desk.Sweep(t.Context()))
		if n, err := db.Value[int64](t.Context(), d, "SELECT count(*) FROM subscriber_day"); err != nil || n != 0 {
			t.Errorf("%d days are kept, %v", n, err)
		}
		canary(t, d, "961234567")
	})
}

// Nobody has a stranger's phone ring all day with codes.
func TestCodesEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		clock := c.desk.now()
		c.desk.now = func() time.Time { return clock }
		for range 12 {
			c.subscribe(c.wish())
			clock = clock.Add(codeFor + time.Second)
			c.must(c.desk.Sweep(t.Context()))
		}
		if n := len(c.phones["+84961234567"]); n != mostCodes {
			t.Errorf("%d codes in two hours, want %d", n, mostCodes)
		}
		clock = clock.AddDate(0, 0, 1)
		if c.subscribe(c.wish()); len(c.phones["+84961234567"]) != mostCodes+1 {
			t.Error("the next day no code comes")
		}
	})
}
