package delivery_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/subscriber"
)

// hears lets the network say something, without a word about how it went.
func (d *desk) hears(id, from, text string) error {
	return d.Heard(d.Context(), delivery.Inbound{Provider: "p", ID: id, Channel: subscriber.SMS, From: from, Text: text, At: d.Now()})
}

// away takes a table out of the way while f runs: what a process would have written that dies.
func (d *desk) away(table string, f func()) {
	d.Helper()
	rename := func(from, to string) {
		d.tx(func(tx *db.Tx) error {
			_, err := db.Exec(d.Context(), tx, "ALTER TABLE "+from+" RENAME TO "+to)
			return err
		})
	}
	rename(table, table+"_away")
	defer rename(table+"_away", table)
	f()
}

// What came in and what is made of it are kept together: what a failure cut in half is taken whole when the network says it again.
func TestHeardIsWholeOrNotAtAll(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(1, 0)
		d.People.Notify = d.Notify
		d.ordinary()
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Normal))
		d.Start()
		d.sent(1)
		for _, c := range []struct{ id, text, table, want string }{
			{"1", "Cầu Nà Lay còn đi được không?", "delivery_letter", "delivery_letter"},
			{"2", "Đã hiểu", "delivery_event", "delivery_message WHERE state = 'understood'"},
		} {
			waiting := d.rows("delivery_attempt WHERE message = ''")
			d.away(c.table, func() {
				if d.hears(c.id, "+84961200000", c.text) == nil {
					d.Errorf("%q: Heard = nil though %s is away", c.text, c.table)
				}
			})
			if n := d.rows("delivery_attempt WHERE message = ''"); n != waiting {
				d.Errorf("%q: an answer was queued to what was not kept", c.text)
			}
			d.Must(d.hears(c.id, "+84961200000", c.text))
			if n := d.rows(c.want); n != 1 {
				d.Errorf("%q, said again after a failure: %d %s, want 1", c.text, n, c.want)
			}
		}
	})
}

// The confirmations of a list wait for the morning, and for nobody who has stopped meanwhile; an answer does not wait.
func TestConfirmationsOfAListRestAtNight(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.People.Notify = d.Notify
		d.Provider(delivery.Live, 1000, 100)
		d.SetClock(time.Date(2026, 9, 14, 15, 0, 0, 0, time.UTC)) // 22 h
		d.subscribe(3, 0)
		d.Start()
		d.Must(d.hears("1", "+84961200000", "Trợ giúp"))
		d.sent(1)
		d.Must(d.hears("2", "+84961200001", "Thôi"))
		d.sent(2)
		d.SetClock(time.Date(2026, 9, 15, 0, 0, 0, 0, time.UTC)) // 7 h
		for _, o := range d.sent(4)[2:] {
			if !strings.Contains(o.Text, "từ nay số này nhận tin") || o.To == "+84961200001" {
				d.Errorf("in the morning went out %+v", o)
			}
		}
		if n := d.rows("delivery_attempt WHERE state = 'suppressed'"); n != 1 {
			d.Errorf("%d are not sent, want the confirmation of who has stopped", n)
		}
	})
}

// Whoever stops is sent nothing more, though the window with the message was leased already; whatever way the word is written.
func TestAStopHoldsForALeasedWindow(t *testing.T) {
	campaigns(t, func(d *desk) {
		words := []string{"THOI", "TU CHOI", "STOP", "tho\u0302i nhé.", "Từ chối"}
		d.subscribe(len(words)+1, 0)
		p := provider(d.T, d.House, delivery.Live)
		d.queue(d.order(delivery.Emergency))
		leased, err := d.Lease(d.Context(), p, delivery.Urgent, 100)
		if d.Must(err); len(leased) != len(words)+1 {
			d.Fatalf("%d leased, want %d", len(leased), len(words)+1)
		}
		for i, text := range words {
			d.Must(d.hears(text, fmt.Sprintf("+8496120000%d", i), text))
			batch, err := d.Ready(d.Context(), subscriber.SMS, leased)
			if d.Must(err); len(batch) != len(words)-i {
				d.Errorf("after %q %d go to the wire, want %d", text, len(batch), len(words)-i)
			}
			for _, o := range batch {
				if o.To == fmt.Sprintf("+8496120000%d", i) {
					d.Errorf("after %q the message goes to who has stopped", text)
				}
			}
		}
	})
}

// quiz is the world that asks: it takes what it waits for.
type quiz struct {
	*desk
	waits string
	fails error
	said  []delivery.Said
}

func (q *quiz) Answer(ctx context.Context, tx *db.Tx, s delivery.Said) (string, bool, error) {
	q.said = append(q.said, s)
	if q.fails != nil {
		return "", false, q.fails
	}
	if !strings.EqualFold(s.Text, q.waits) {
		return "", false, nil
	}
	_, err := db.Exec(ctx, tx, "INSERT INTO once (key, result) VALUES ($1, 'taken')", "quiz/"+s.Endpoint+"/"+s.Text)
	return "Đúng rồi.", true, err
}

// What a subscriber answers to a question of ours goes to who asked, in the transaction that heard it, and is no letter.
func TestAnswersToAQuiz(t *testing.T) {
	campaigns(t, func(d *desk) {
		d.subscribe(1, 0)
		d.People.Notify = d.Notify
		q := &quiz{desk: d, waits: "b"}
		d.Answers = q
		const here, elsewhere = "+84961200000", "+84961300000"
		taken := func() int64 { return d.rows("once WHERE result = 'taken'") }

		q.fails = context.DeadlineExceeded
		if d.hears("1", here, "B") == nil {
			d.Error("Heard = nil though the quiz failed")
		}
		q.fails = nil
		d.Must(d.hears("1", here, "B"))
		d.Must(d.hears("1", here, "B")) // a network says everything twice
		if n, letters := taken(), d.rows("delivery_letter"); n != 1 || letters != 0 {
			d.Errorf("after the answer %d are taken and %d are letters, want 1 and 0", n, letters)
		}
		if s := q.said[len(q.said)-1]; len(q.said) != 2 || s.Endpoint == "" || s.Subscriber == "" || s.Place != d.BacSon || s.Text != "B" || !s.At.Equal(d.Now()) {
			d.Errorf("the quiz heard %+v", q.said)
		}
		q.waits = "có"
		d.Must(d.hears("2", here, "Có"))
		if n := taken(); n != 2 {
			d.Errorf("a yes is not taken as the answer: %d taken, want 2", n)
		}
		q.waits = "-"
		d.Must(d.hears("3", here, "Cầu còn đi được không?"))
		d.Must(d.hears("4", elsewhere, "Cầu còn đi được không?"))
		d.Must(d.hears("5", here, "Trợ giúp"))
		d.Must(d.hears("6", here, "Thôi"))
		if n, letters, heard := taken(), d.rows("delivery_letter"), len(q.said); n != 2 || letters != 2 || heard != 4 {
			d.Errorf("%d taken, %d letters, the quiz was asked %d times; want 2, 2, 4", n, letters, heard)
		}
		if n := d.rows("delivery_attempt WHERE message = ''"); n != 6 {
			d.Errorf("%d answers were queued, want 6: right, right, somebody will answer twice, help, stopped", n)
		}
	})
}
