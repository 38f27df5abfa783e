package deliverytest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/privacy"
	"banlang/internal/subscriber"
)

// A House is a desk of the ledger with all it needs, and a clock that tests move.
type House struct {
	*delivery.Desk
	DB     *db.DB
	Keeper *privacy.Keeper
	Places *place.Desk
	People *subscriber.Desk
	Queue  *job.Queue
	Net    *Network
	Home   place.ID // Lạng Sơn
	BacSon place.ID

	t     testing.TB
	clock atomic.Int64 // milliseconds
	stop  context.CancelFunc
	run   sync.WaitGroup
}

// Open makes a desk on a migrated database at nine in the morning of a day, with a network for SMS.
func Open(t testing.TB, d *db.DB, source delivery.Source) *House {
	t.Helper()
	h := &House{t: t, DB: d, Net: &Network{}}
	h.SetClock(time.Date(2026, 9, 14, 2, 0, 0, 0, time.UTC))
	files, err := blob.Folder(t.TempDir())
	h.Must(err)
	h.Keeper, err = privacy.OpenKeeper(t.TempDir())
	h.Must(err)
	t.Cleanup(func() { h.Must(h.Keeper.Close()) })
	h.Places = place.New(d, h.Now)
	h.Must(h.Places.ReadyOnly(t.Context(), place.LangSon))
	languages := ethnic.New(d, h.Places, h.Now)
	h.Must(languages.Ready(t.Context()))
	policy := duty.New(h.Places, h.Now)
	text, err := i18n.Load()
	h.Must(err)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	h.Queue = job.New(d, log, h.Now)
	h.People = subscriber.New(d, h.Keeper, policy, h.Places, languages, text, h.Now)
	h.Desk = delivery.New(delivery.Options{DB: d, Files: files, Queue: h.Queue, Keeper: h.Keeper, Policy: policy, Places: h.Places, Languages: languages,
		People: h.People, Source: source, Text: text, Origin: "https://banlang.example", Log: log, Now: h.Now,
		Connectors: []delivery.Connector{h.Net.Connector(subscriber.SMS), delivery.RehearsalConnector(subscriber.SMS)}})
	h.People.Notify = h.Notify
	h.Home, h.BacSon = h.unit("20"), h.unit("06325")
	return h
}

func (h *House) unit(code string) place.ID {
	h.t.Helper()
	u, err := h.Places.At(code, h.Places.Today())
	h.Must(err)
	return u.ID
}

// Now is what the clock shows.
func (h *House) Now() time.Time { return time.UnixMilli(h.clock.Load()).UTC() }

// SetClock sets the clock.
func (h *House) SetClock(t time.Time) { h.clock.Store(t.UnixMilli()) }

// Pass lets time pass by the clock.
func (h *House) Pass(d time.Duration) { h.clock.Add(d.Milliseconds()) }

// Must ends the test on an error.
func (h *House) Must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// Admin may set channels.
var Admin = duty.Actor{ID: "admin", Grants: []duty.Grant{{Role: duty.Admin}}}

// Provider sets up the network as a provider for SMS.
func (h *House) Provider(mode delivery.Mode, rate, window int64) string {
	h.t.Helper()
	id, err := h.SaveProvider(h.t.Context(), Admin, delivery.Provider{Connector: "test-sms", Name: "Test", Mode: mode, Rate: rate, Burst: min(rate, 10_000), Window: window,
		Settings: delivery.Settings{"host": "net.example", "password": "canary-secret"}}, "set up for a test")
	h.Must(err)
	return id
}

// Start carries the ledger out until Stop or the end of the test.
func (h *House) Start() {
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.run.Go(func() {
		if err := h.Run(ctx); err != nil {
			h.t.Errorf("Run: %v", err)
		}
	})
	h.t.Cleanup(h.Stop)
}

// Stop ends what Start began and waits for it.
func (h *House) Stop() {
	h.stop()
	h.run.Wait()
}

// Wait waits until a condition holds, and ends the test where it does not within ten seconds.
func (h *House) Wait(what string, is func() bool) {
	h.t.Helper()
	for until := time.Now().Add(60 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			h.t.Fatalf("still not after 10 s: %s", what)
		}
	}
}

// Notice is a short text to a number that nobody has.
func (h *House) Notice(n int) subscriber.Notice {
	endpoint := fmt.Sprintf("e%09d", n)
	return subscriber.Notice{To: subscriber.Seal(h.Keeper, endpoint, fmt.Sprintf("+849%08d", n)), Channel: subscriber.SMS, Place: h.BacSon, Text: "Mã của bạn là 1234"}
}
