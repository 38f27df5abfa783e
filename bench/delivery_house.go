package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/delivery/sms"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/place"
	"banlang/internal/privacy"
	"banlang/internal/subscriber"
)

// A ledger is a desk of the ledger on a database, connected to a message centre.
type ledger struct {
	*delivery.Desk
	db     *db.DB
	keeper *privacy.Keeper
	queue  *job.Queue
	places *place.Desk
}

// window is how many messages are on their way at once, for us and for the peer.
const window = 100

// openLedger opens a ledger whose clock is ahead by some time, with a provider for the centre.
func openLedger(ctx context.Context, url, dir, centre string, ahead time.Duration, source delivery.Source, units bool) (*ledger, error) {
	l := &ledger{}
	now := func() time.Time { return time.Now().Add(ahead) }
	var err error
	if l.db, err = migrated(ctx, url); err != nil {
		return nil, err
	}
	if l.keeper, err = privacy.OpenKeeper(filepath.Join(dir, "keys")); err != nil {
		return nil, err
	}
	files, err := blob.Folder(filepath.Join(dir, "files"))
	if err != nil {
		return nil, err
	}
	text, err := i18n.Load()
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	l.queue = job.New(l.db, log, now)
	l.places = place.New(l.db, now)
	languages := ethnic.New(l.db, l.places, now)
	if units {
		if err := errors.Join(l.places.Ready(ctx, nil), languages.Ready(ctx)); err != nil {
			return nil, err
		}
	}
	policy := duty.New(l.places, now)
	people := subscriber.New(l.db, l.keeper, policy, l.places, languages, text, now)
	l.Desk = delivery.New(delivery.Options{DB: l.db, Files: files, Queue: l.queue, Keeper: l.keeper, Policy: policy, Places: l.places, Languages: languages, People: people,
		Source: source, Connectors: []delivery.Connector{sms.SMPP()}, Text: text, Origin: "https://banlang.example", Log: log, Now: now})
	people.Notify = l.Notify
	return l, l.connect(ctx, centre)
}

// connect makes the provider, the first time.
func (l *ledger) connect(ctx context.Context, centre string) error {
	all, err := l.Providers(ctx)
	if err != nil || len(all) > 0 {
		return err
	}
	host, port, err := net.SplitHostPort(centre)
	if err != nil {
		return err
	}
	admin := duty.Actor{ID: "bench", Grants: []duty.Grant{{Role: duty.Admin}}}
	_, err = l.SaveProvider(ctx, admin, delivery.Provider{Connector: "smpp", Name: "Bench", Mode: delivery.Live, Rate: 10_000, Burst: 10_000, Window: window, Inner: true,
		Settings: delivery.Settings{"host": host, "port": port, "system_id": "bench", "password": "bench", "sender": "1234", "window": fmt.Sprint(window)}}, "for the measurement")
	return err
}

func (l *ledger) close() { _ = errors.Join(l.keeper.Close(), l.db.Close()) }

// serveLedger is the part of a process of its own: it accepts messages over HTTP and says so once they are synced to disk.
//
//	bench serve-ledger DATABASE FOLDER CENTRE AHEAD
func serveLedger(args []string) error {
	ahead, err := time.ParseDuration(args[3])
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	l, err := openLedger(ctx, args[0], args[1], args[2], ahead, nil, false)
	if err != nil {
		return err
	}
	defer l.close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		endpoint := "e" + q.Get("to")
		err := l.Accept(r.Context(), subscriber.Notice{To: subscriber.Seal(l.keeper, endpoint, "+"+q.Get("to")), Channel: subscriber.SMS, Place: "06325@20250701", Text: q.Get("text")})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "0: Accepted for delivery")
	})}
	go func() { _ = s.Serve(ln) }()
	fmt.Printf("listening on http://%s\n", ln.Addr())
	err = l.Run(ctx)
	return errors.Join(err, s.Close())
}

// A gateway is a process that accepts messages over HTTP and submits them to a centre.
type gateway struct {
	send string // address of a request, up to the value of to
	cmds []*exec.Cmd
}

// startLedger starts serveLedger in a process of its own.
func startLedger(ctx context.Context, url, dir, centre string, ahead time.Duration) (*gateway, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "serve-ledger", url, dir, centre, ahead.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &gateway{cmds: []*exec.Cmd{cmd}}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		g.end(syscall.SIGKILL)
		return nil, fmt.Errorf("the ledger did not start: %w", err)
	}
	g.send = strings.TrimSpace(strings.TrimPrefix(line, "listening on ")) + "/?text=Ban+tin+do+toc+do+so+1&to="
	return g, g.ready(ctx)
}

// ready waits until the gateway accepts a message.
func (g *gateway) ready(ctx context.Context) error {
	var last error
	for range 200 {
		if last = g.accept(ctx, http.DefaultClient, "84900000000"); last == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	g.end(syscall.SIGKILL)
	return fmt.Errorf("the gateway accepts nothing: %w", last)
}

// accept hands one message over. No error: it was accepted.
func (g *gateway) accept(ctx context.Context, c *http.Client, to string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, g.send+to, nil)
	if err != nil {
		return err
	}
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("%s: %s", answer.Status, said)
	}
	return err
}

// end signals the processes and waits for them.
func (g *gateway) end(s syscall.Signal) {
	for _, c := range g.cmds {
		_ = c.Process.Signal(s)
	}
	for _, c := range g.cmds {
		_ = c.Wait()
	}
}
