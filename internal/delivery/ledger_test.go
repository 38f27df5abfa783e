package delivery_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/delivery"
	"banlang/internal/delivery/deliverytest"
	"banlang/internal/duty"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// each runs f on both engines with a house.
func each(t *testing.T, f func(t *testing.T, h *deliverytest.House)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, deliverytest.Open(t, d, nil)) })
}

// notices queues n notices from number from on.
func notices(t *testing.T, h *deliverytest.House, from, n int, change func(int, *delivery.Attempt)) {
	t.Helper()
	var all []delivery.Attempt
	for i := range n {
		a := delivery.Notice(h.Desk, h.Notice(from+i))
		a.ID = fmt.Sprintf("a%09d", from+i)
		if change != nil {
			change(from+i, &a)
		}
		all = append(all, a)
	}
	for len(all) > 0 {
		k := min(1000, len(all))
		h.Must(h.Add(t.Context(), nil, all[:k]))
		all = all[k:]
	}
}

func count(t *testing.T, h *deliverytest.House, condition string) int64 {
	t.Helper()
	n, err := h.Count(t.Context(), condition)
	h.Must(err)
	return n
}

// campaign adds messages of a campaign, one attempt each.
func campaign(t *testing.T, h *deliverytest.House, name string, n int, change func(int, *delivery.Message, *delivery.Attempt)) {
	t.Helper()
	var messages []delivery.Message
	var attempts []delivery.Attempt
	for i := range n {
		m := delivery.Message{ID: fmt.Sprintf("%s-m%05d", name, i), Campaign: name, Subscriber: "s", Commune: h.BacSon, Lang: "vi", State: delivery.Planned}
		a := delivery.Attempt{ID: fmt.Sprintf("%s-a%05d", name, i), Message: m.ID, Campaign: name, Endpoint: fmt.Sprintf("e%05d", i), Channel: subscriber.SMS,
			Lane: delivery.Routine, Commune: h.BacSon, Lang: "vi", N: 1}
		if change != nil {
			change(i, &m, &a)
		}
		messages, attempts = append(messages, m), append(attempts, a)
	}
	h.Must(h.Add(t.Context(), messages, attempts))
}

func provider(t *testing.T, h *deliverytest.House, mode delivery.Mode) delivery.Provider {
	t.Helper()
	p, err := h.Desk.Provider(t.Context(), h.Provider(mode, 10_000, 1000))
	h.Must(err)
	return p
}

func TestWhatWasHeardMergesByRank(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		states := []delivery.State{delivery.InDoubt, delivery.Accepted, delivery.Failed, delivery.Expired, delivery.Delivered}
		n := 0
		rapid.Check(t, func(r *rapid.T) {
			n++
			name := "c" + strconv.Itoa(n)
			campaign(t, h, name, 1, nil)
			highest := delivery.Planned
			for _, s := range rapid.SliceOfN(rapid.SampledFrom(states), 1, 6).Draw(r, "heard") {
				h.Must(h.Observe(t.Context(), name+"-a00000", s, ""))
				if s.Rank() > highest.Rank() {
					highest = s
				}
			}
			got, err := h.StateOf(t.Context(), "delivery_attempt", name+"-a00000")
			if err != nil || got != highest {
				r.Fatalf("the attempt stands at %s (%v), want %s", got, err, highest)
			}
			if got, err = h.StateOf(t.Context(), "delivery_message", name+"-m00000"); err != nil || got != highest {
				r.Fatalf("the message stands at %s (%v), want %s", got, err, highest)
			}
		})
	})
}

func TestReceiptsDoubledShuffledAndEarly(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		p := provider(t, h, delivery.Live)
		const n = 300
		campaign(t, h, "c", n, nil)
		leased, err := h.Lease(t.Context(), p, delivery.Routine, n)
		h.Must(err)
		if len(leased) != n {
			t.Fatalf("%d leased, want %d", len(leased), n)
		}
		h.Start()
		var all []delivery.Receipt
		want := map[string]delivery.State{}
		for i, a := range leased {
			id := "net-" + strconv.Itoa(i)
			final := delivery.Delivered
			if i%5 == 0 {
				final = delivery.Failed
			}
			want[a.ID] = final
			for range 2 {
				all = append(all, delivery.Receipt{Provider: p.ID, ID: id, State: delivery.Accepted}, delivery.Receipt{Provider: p.ID, ID: id, State: final})
			}
			if i%2 == 0 { // the others are answered after their receipts
				h.Must(h.Observe(t.Context(), a.ID, delivery.Accepted, id))
			}
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for len(all) > 0 {
			k := min(100, len(all))
			h.Must(h.Receipts(t.Context(), all[:k]))
			all = all[k:]
		}
		for i, a := range leased {
			if i%2 == 1 {
				h.Must(h.Answer(t.Context(), a.ID, delivery.Accepted, "net-"+strconv.Itoa(i)))
			}
		}
		for _, a := range leased {
			if got, err := h.StateOf(t.Context(), "delivery_attempt", a.ID); err != nil || got != want[a.ID] {
				t.Fatalf("attempt %s stands at %s (%v), want %s", a.ID, got, err, want[a.ID])
			}
		}
		if held, err := db.Value[int64](t.Context(), h.DB, "SELECT count(*) FROM delivery_receipt"); err != nil || held != 0 {
			t.Errorf("%d receipts are still held (%v), want 0", held, err)
		}
	})
}

func TestAnAnswerAtTheVeryEndIsWritten(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		notices(t, h, 0, 1, nil)
		h.Must(h.LastAnswer(t.Context(), "a000000000", delivery.Delivered))
		if s, err := h.StateOf(t.Context(), "delivery_attempt", "a000000000"); err != nil || s != delivery.Delivered {
			t.Errorf("state %s, %v", s, err)
		}
	})
}

func TestNothingIsLostWhenWorkersDie(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		const n, window = 2000, 40
		notices(t, h, 0, n, nil)
		p, err := h.Desk.Provider(t.Context(), h.Provider(delivery.Live, 10_000, window))
		h.Must(err)
		doubts := 0
		for range 5 { // killed between the lease and the wire, or between the wire and the record: the ledger sees the same
			leased, err := h.Lease(t.Context(), p, delivery.Prompt, window)
			h.Must(err)
			doubts += len(leased)
			h.Start()
			before := h.Net.Count()
			h.Wait("some are sent", func() bool { return h.Net.Count() >= min(before+200, n) })
			h.Stop()
			h.Pass(delivery.LeaseFor + time.Second)
		}
		h.Start()
		h.Wait("the lost ones are in doubt", func() bool { return count(t, h, "state = 'in_doubt'") == int64(doubts) })
		h.Pass(delivery.DoubtFor + time.Second)
		h.Wait("all are accepted", func() bool { return count(t, h, "state = 'accepted'") == n })
		h.Stop()
		if again := count(t, h, "doubled"); again != int64(doubts) || doubts > 5*window {
			t.Errorf("%d were made once more, want each of %d in doubt, at most %d", again, doubts, 5*window)
		}
		if sent := h.Net.Count(); sent != n { // those in doubt never reached this network the first time
			t.Errorf("%d handed over, want %d", sent, n)
		}
		h.Pass(48 * time.Hour)
		h.Start()
		time.Sleep(50 * time.Millisecond)
		h.Stop()
		if sent := h.Net.Count(); sent != n {
			t.Errorf("%d handed over in the end: there must be no third time", sent)
		}
	})
}

func TestAnEmergencyInDoubtIsSentAgainAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		h.Provider(delivery.Live, 1000, 100)
		h.Net.Answer = func(n int, _ delivery.Outgoing) delivery.Result {
			if n == 1 {
				return delivery.Result{State: delivery.InDoubt}
			}
			return delivery.Result{State: delivery.Accepted, Provider: "again"}
		}
		notices(t, h, 0, 1, func(_ int, a *delivery.Attempt) { a.Lane = delivery.Urgent })
		h.Start()
		h.Wait("the second is accepted", func() bool { return count(t, h, "state = 'accepted' AND doubled") == 1 })
		if count(t, h, "state = 'in_doubt'") != 1 {
			t.Error("the first is not in doubt any more")
		}
	})
}

func TestQuietHours(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		h.Provider(delivery.Live, 1000, 100)
		h.SetClock(time.Date(2026, 9, 14, 15, 0, 0, 0, time.UTC)) // 22 h
		notices(t, h, 0, 3, func(i int, a *delivery.Attempt) {
			a.Lane = []delivery.Lane{delivery.Routine, delivery.Prompt, delivery.Urgent}[i]
		})
		h.Start()
		h.Wait("an emergency and an answer are sent at night", func() bool { return h.Net.Count() == 2 })
		time.Sleep(50 * time.Millisecond)
		if n := count(t, h, "state = 'queued' AND lane = 1"); n != 1 {
			t.Errorf("%d routine ones wait, want 1", n)
		}
		h.SetClock(time.Date(2026, 9, 15, 0, 0, 0, 0, time.UTC)) // 7 h
		h.Wait("the routine one is sent in the morning", func() bool { return h.Net.Count() == 3 })
	})
	night := time.Date(2026, 9, 14, 19, 30, 0, 0, time.UTC)
	if got, want := delivery.QuietUntil(subscriber.SMS, night), time.Date(2026, 9, 15, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("QuietUntil = %v, want %v", got, want)
	}
}

func TestWhatIsTooLateIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		h.Provider(delivery.Live, 1000, 100)
		notices(t, h, 0, 2, func(i int, a *delivery.Attempt) {
			if i == 0 {
				a.Expires = h.Now()
			}
		})
		h.Start()
		h.Wait("both are settled", func() bool { return count(t, h, "state IN ('expired', 'accepted')") == 2 })
		if h.Net.Count() != 1 {
			t.Errorf("%d handed over, want 1", h.Net.Count())
		}
	})
}

func TestTurnsAreFairOverCommunes(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		p := provider(t, h, delivery.Live)
		at := func(commune place.ID) func(int, *delivery.Attempt) {
			return func(_ int, a *delivery.Attempt) { a.Commune, a.Lane = commune, delivery.Routine }
		}
		notices(t, h, 0, 500, at("big"))
		notices(t, h, 1000, 5, at("small"))
		leased, err := h.Lease(t.Context(), p, delivery.Routine, 10)
		h.Must(err)
		small := 0
		for _, a := range leased {
			if a.Commune == "small" {
				small++
			}
		}
		if small != 5 {
			t.Errorf("of the first 10 turns %d are of the small commune, want 5", small)
		}
	})
}

func TestAnEmergencyOvertakesEverything(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		h.Provider(delivery.Live, 2000, 50)
		h.Net.Delay = 20 * time.Millisecond
		notices(t, h, 0, 5000, func(_ int, a *delivery.Attempt) { a.Lane = delivery.Routine })
		h.Start()
		h.Wait("the channel is full", func() bool { return h.Net.Count() > 100 })
		notices(t, h, 9000, 1, func(_ int, a *delivery.Attempt) { a.Lane = delivery.Urgent })
		before := h.Net.Count()
		h.Wait("the emergency is sent", func() bool { return count(t, h, "lane = 0 AND state = 'accepted'") == 1 })
		if after := h.Net.Count(); after-before > 4000 {
			t.Errorf("%d others went before the emergency", after-before)
		}
	})
}

func TestABadNetwork(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		h.Provider(delivery.Live, 10_000, 200)
		h.Net.Answer = func(n int, _ delivery.Outgoing) delivery.Result {
			switch n % 4 {
			case 0:
				return delivery.Result{Again: time.Second, Why: "delivery.reason.throttled"}
			case 1:
				return delivery.Result{State: delivery.Failed, Why: "delivery.reason.unknown"}
			case 2:
				return delivery.Result{State: delivery.Accepted, Provider: "the same for all"}
			}
			return delivery.Result{State: delivery.Failed, Gone: true}
		}
		notices(t, h, 0, 400, nil)
		h.Start()
		h.Wait("all are settled", func() bool {
			h.Pass(time.Second)
			return count(t, h, "state IN ('failed', 'accepted')") == 400
		})
		h.Must(h.Receipts(t.Context(), []delivery.Receipt{{Provider: "nobody", ID: "wrong", State: delivery.Delivered}, {Attempt: "never was", State: delivery.Delivered}, {}}))
		if n := count(t, h, "state = 'delivered'"); n != 0 {
			t.Errorf("%d delivered by receipts of nothing", n)
		}
	})
}

func TestWhatIsMadeUpNeverGoesToRealPeople(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		real := h.Provider(delivery.Live, 1000, 100)
		notices(t, h, 0, 20, func(i int, a *delivery.Attempt) { a.Demo = i%2 == 0 })
		h.Start()
		h.Wait("the real ones are sent", func() bool { return h.Net.Count() == 10 })
		time.Sleep(100 * time.Millisecond)
		if n := count(t, h, "demo AND state = 'queued'"); n != 10 {
			t.Fatalf("%d made-up ones wait, want 10", n)
		}
		_, err := h.SaveProvider(t.Context(), deliverytest.Admin, delivery.Provider{Connector: "rehearsal-sms", Name: "Diễn tập", Mode: delivery.Rehearsal, Rate: 100, Burst: 100, Window: 10,
			Settings: delivery.Settings{"delay": "1"}}, "for the demonstration")
		h.Must(err)
		h.Wait("the made-up ones come to the simulator and back", func() bool { return count(t, h, "demo AND state = 'delivered'") == 10 })
		if n := count(t, h, "demo AND provider = '"+real+"'"); n != 0 {
			t.Errorf("%d made-up ones went to the real network", n)
		}
		_, err = h.SaveProvider(t.Context(), deliverytest.Admin, delivery.Provider{Connector: "rehearsal-sms", Name: "Diễn tập", Mode: delivery.Live, Rate: 100, Burst: 100, Window: 10}, "a simulator is not live")
		if err == nil {
			t.Error("a simulator may be set live")
		}
	})
}

func TestAPausedCampaignWaits(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		p := provider(t, h, delivery.Live)
		campaign(t, h, "c", 5, nil)
		h.Must(h.Hold(t.Context(), "c", true))
		if leased, err := h.Lease(t.Context(), p, delivery.Routine, 10); err != nil || len(leased) != 0 {
			t.Fatalf("%d leased while paused (%v)", len(leased), err)
		}
		h.Must(h.Hold(t.Context(), "c", false))
		h.Start()
		h.Wait("it goes on", func() bool { return count(t, h, "state IN ('planned', 'queued')") == 0 })
	})
}

func TestSecretsAreSealed(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		id := h.Provider(delivery.Live, 10, 10)
		kept, err := db.Value[string](t.Context(), h.DB, "SELECT settings || secrets FROM delivery_provider WHERE id = $1", id)
		if err != nil || strings.Contains(kept, "canary-secret") {
			t.Errorf("the table has %q (%v): the secret in plain", kept, err)
		}
		p, err := h.Desk.Provider(t.Context(), id)
		if err != nil || p.Settings["password"] != "" || p.Settings["host"] != "net.example" {
			t.Errorf("Provider = %v (%v), want the host and no secret", p.Settings, err)
		}
		if _, err := h.SaveProvider(t.Context(), duty.Actor{ID: "editor", Grants: []duty.Grant{{Role: duty.Editor}}}, p, "not mine to change"); err == nil {
			t.Error("an editor may set channels")
		}
	})
}

// settled makes a campaign of which much has become.
func settled(t *testing.T, h *deliverytest.House, name string, n int) {
	t.Helper()
	campaign(t, h, name, n, func(i int, m *delivery.Message, a *delivery.Attempt) {
		m.Lang = []string{"vi", "tyz"}[i%2]
		a.Lang = m.Lang
	})
	final := []delivery.State{delivery.Accepted, delivery.Delivered, delivery.Failed, delivery.InDoubt, delivery.Delivered}
	for i := range n {
		id := fmt.Sprintf("%s-a%05d", name, i)
		if s := final[i%5]; s != delivery.Delivered || i%2 == 0 {
			h.Must(h.Observe(t.Context(), id, delivery.InDoubt, ""))
			h.Must(h.Observe(t.Context(), id, s, ""))
		} else {
			h.Must(h.Observe(t.Context(), id, s, ""))
		}
		if i%7 == 0 {
			h.Must(h.Act(t.Context(), fmt.Sprintf("%s-m%05d", name, i), delivery.Opened))
		}
	}
}

func TestRecountingTheExportGivesTheProgress(t *testing.T) {
	program := filepath.Join(t.TempDir(), "recount")
	if out, err := exec.Command("go", "build", "-o", program, "banlang/scripts/recount").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	each(t, func(t *testing.T, h *deliverytest.House) {
		settled(t, h, "c", 60)
		var export bytes.Buffer
		officer := duty.Actor{ID: "o", Grants: []duty.Grant{{Role: duty.Editor, Area: string(h.Home)}}}
		h.Must(h.Export(t.Context(), officer, &export, h.Home, "2026-09-01", "2026-09-30"))
		out := run(t, program, export.String())
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		h.Must(err)
		got := map[string]int64{}
		for _, r := range rows[1:] {
			n, err := strconv.ParseInt(r[5], 10, 64)
			h.Must(err)
			got[strings.Join(r[2:5], " ")] = n
		}
		p, err := h.Progress(t.Context(), "c")
		h.Must(err)
		want := map[string]int64{}
		for _, tally := range append(p.Messages, p.Attempts...) {
			state := tally.State
			if tally.Channel == "" && !state.Reached() {
				state = "unreached"
			}
			want[fmt.Sprintf("%s %s %s", tally.Lang, tally.Channel, state)] += tally.N
		}
		for key, n := range want {
			if got[key] != n {
				t.Errorf("%s: %d from the export, %d in the ledger", key, got[key], n)
			}
		}
		if p.Persons() != 60 || p.Doubts == 0 || len(got) != len(want) {
			t.Errorf("Progress = %+v; recounted %v", p, got)
		}
		broken := strings.Replace(export.String(), ",delivered,", ",accepted,", 1)
		if _, err := recounted(program, broken); err == nil {
			t.Error("an export that was changed is taken as whole")
		}
	})
}

func run(t *testing.T, program, in string) string {
	t.Helper()
	out, err := recounted(program, in)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func recounted(program, in string) (string, error) {
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stderr = strings.NewReader(in), os.Stderr
	out, err := cmd.Output()
	return string(out), err
}

func TestAChangedRecordIsFound(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		settled(t, h, "c", 20)
		if broken, err := h.Verify(t.Context(), h.Now()); err != nil || len(broken) != 0 {
			t.Fatalf("Verify = %v, %v; want a whole record", broken, err)
		}
		for _, change := range []string{"UPDATE delivery_event SET state = 'delivered' WHERE n = 30 AND state <> 'delivered'", "DELETE FROM delivery_event WHERE n = 25"} {
			_, err := db.Exec(t.Context(), h.DB, change)
			h.Must(err)
			if broken, err := h.Verify(t.Context(), h.Now()); err != nil || len(broken) != 1 {
				t.Errorf("after %q Verify = %v, %v; want one break", change, broken, err)
			}
		}
	})
}

func TestThinningKeepsTheCounts(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		settled(t, h, "old", 40)
		before, err := h.Progress(t.Context(), "old")
		h.Must(err)
		h.Pass(delivery.KeptFor + 25*time.Hour)
		settled(t, h, "new", 10)
		h.Must(h.Thin(t.Context()))
		after, err := h.Progress(t.Context(), "old")
		h.Must(err)
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("thinned:\n%+v\nbefore:\n%+v", after, before)
		}
		fresh, err := h.Progress(t.Context(), "new")
		h.Must(err)
		standings, err := h.Standings(t.Context(), []delivery.Campaign{{ID: "old"}, {ID: "new"}})
		h.Must(err)
		for id, want := range map[string]delivery.Progress{"old": before, "new": fresh} {
			if got := standings[id]; got.Persons() != want.Persons() || got.Reached() != want.Reached() || want.Reached() == 0 {
				t.Errorf("in the list %s has %d of %d, on its own page %d of %d", id, got.Reached(), got.Persons(), want.Reached(), want.Persons())
			}
		}
		for _, table := range []string{"delivery_message", "delivery_attempt", "delivery_event"} {
			n, err := db.Value[int64](t.Context(), h.DB, "SELECT count(*) FROM "+table+" WHERE campaign = 'old'")
			if err != nil || n != 0 {
				t.Errorf("%s still has %d rows of it (%v)", table, n, err)
			}
		}
		if n, err := db.Value[int64](t.Context(), h.DB, "SELECT count(*) FROM delivery_message WHERE campaign = 'new'"); err != nil || n != 10 {
			t.Errorf("%d messages of the new campaign are left (%v), want 10", n, err)
		}
		for _, day := range []time.Time{h.Now(), h.Now().Add(-delivery.KeptFor - 25*time.Hour)} {
			if broken, err := h.Verify(t.Context(), day); err != nil || len(broken) != 0 {
				t.Errorf("Verify(%v) = %v, %v; want a whole record", day, broken, err)
			}
		}
	})
}

func TestTheSameAgainAddsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		for range 2 {
			campaign(t, h, "c", 10, nil)
		}
		if n := count(t, h, "campaign = 'c'"); n != 10 {
			t.Errorf("%d attempts, want 10", n)
		}
		if n, err := db.Value[int64](context.Background(), h.DB, "SELECT count(*) FROM delivery_event"); err != nil || n != 10 {
			t.Errorf("%d lines of the record (%v), want 10", n, err)
		}
	})
}

// An emergency leases no more than its provider lets through before the lease runs out: the rest stays in the queue, and nothing is in
// doubt that never went to the wire.
func TestAnEmergencyLeasesWhatItCanSend(t *testing.T) {
	l := rate.NewLimiter(2, 1000)
	if n := delivery.Soon(l, 10*time.Second); n != 1020 {
		t.Errorf("of a full bucket %d messages, want its burst and what comes in ten seconds", n)
	}
	l.ReserveN(time.Now(), 1000)
	if n := delivery.Soon(l, 10*time.Second); n < 19 || n > 21 {
		t.Errorf("of an empty bucket %d messages, want 20", n)
	}
	l.ReserveN(time.Now(), 1000)
	if n := delivery.Soon(l, 10*time.Second); n > 0 {
		t.Errorf("of a bucket that owes %d messages", n)
	}
	h := deliverytest.Open(t, dbtest.SQLite(t), nil)
	id, err := h.SaveProvider(t.Context(), deliverytest.Admin, delivery.Provider{Connector: "test-sms", Name: "Slow", Mode: delivery.Live, Rate: 1, Burst: 100, Window: 100,
		Settings: delivery.Settings{"host": "net.example", "password": "x"}}, "a provider that is slow")
	h.Must(err)
	notices(t, h, 1, 200, func(_ int, a *delivery.Attempt) { a.Lane = delivery.Urgent })
	h.Start()
	h.Wait("the burst is accepted", func() bool { return count(t, h, "state = 'accepted'") >= 100 })
	if n := count(t, h, "state = 'sending' AND provider = '"+id+"'"); n > 15 {
		t.Errorf("%d messages are leased that the provider lets through one a second", n)
	}
}
