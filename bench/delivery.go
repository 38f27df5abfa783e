package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"banlang/internal/delivery/smpp"
)

// senders are the clients that hand messages over, each with a connection that it keeps.
const senders = 16

// messageRate is D1: from the accepted request to the submit, against Kannel with its spool store and without a store, at the same
// simulated centre over one bind with the same window.
func messageRate(ctx context.Context) ([]figure, error) {
	if err := need(ctx, map[string]string{"bearerbox": "kannel", "smsbox": "kannel"}); err != nil {
		return nil, err
	}
	database, stop, err := syncedPostgres(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	kinds := []struct {
		name  string
		start func(ctx context.Context, dir, centre string) (*gateway, error)
	}{
		{"ours, SQLite", func(ctx context.Context, dir, centre string) (*gateway, error) {
			return startLedger(ctx, "sqlite:"+filepath.Join(dir, "banlang.db"), dir, centre, 0)
		}},
		{"ours, PostgreSQL", func(ctx context.Context, dir, centre string) (*gateway, error) {
			return startLedger(ctx, database, dir, centre, 0)
		}},
		{"Kannel, spool", func(ctx context.Context, dir, centre string) (*gateway, error) {
			return startKannel(ctx, dir, centre, "spool")
		}},
		{"Kannel, no store", func(ctx context.Context, dir, centre string) (*gateway, error) {
			return startKannel(ctx, dir, centre, "")
		}},
	}
	passes := make([][]pass, len(kinds))
	for round := range 3 { // in turn, so that a busy moment of the machine falls on all
		for i, k := range kinds {
			r, err := rateOf(ctx, k.start)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			say("D1: round %d: %s: %.0f messages a second, accepted within %s (p99)", round+1, k.name, r.rate, r.accepted.Round(100*time.Microsecond))
			passes[i] = append(passes[i], r)
			if i == 1 { // the next round begins with an empty database again
				if err := emptied(ctx, database); err != nil {
					return nil, err
				}
			}
		}
	}
	of := func(kind int, value func(pass) float64) float64 {
		var all []float64
		for _, r := range passes[kind] {
			all = append(all, value(r))
		}
		return median(all)
	}
	rate := func(r pass) float64 { return r.rate }
	ours, postgres, spool, none := of(0, rate), of(1, rate), of(2, rate), of(3, rate)
	accepted := func(r pass) float64 { return float64(r.accepted) / float64(time.Millisecond) }
	processor, memory := func(r pass) float64 { return r.processor }, func(r pass) float64 { return r.memory }
	return []figure{
		{ID: "D1", Measure: "messages a second, accepted and synced to submitted, SQLite, peer Kannel with spool", Unit: "/s", Ours: ours, Peer: spool, Bar: "ratio >= 2", Met: ours >= 2*spool},
		{ID: "D1", Measure: "the same, peer Kannel without a store", Unit: "/s", Ours: ours, Peer: none, Bar: "ratio >= 1", Met: ours >= none},
		{ID: "D1", Measure: "the same on PostgreSQL, peer Kannel without a store", Unit: "/s", Ours: postgres, Peer: none, Bar: "shown", Met: true},
		{ID: "D1", Measure: "accepted within, p99, SQLite, peer Kannel with spool", Unit: "ms", Ours: of(0, accepted), Peer: of(2, accepted), Bar: "shown", Met: true},
		{ID: "D1", Measure: "processor seconds for 10,000, SQLite, peer Kannel without a store", Unit: "s", Ours: of(0, processor), Peer: of(3, processor), Bar: "shown", Met: true},
		{ID: "D1", Measure: "memory at its highest, SQLite, peer Kannel with spool", Unit: "MB", Ours: of(0, memory), Peer: of(2, memory), Bar: "shown", Met: true},
	}, nil
}

// A pass is what one gateway did with the messages it was handed.
type pass struct {
	rate      float64       // messages a second, until the last was submitted
	accepted  time.Duration // 99 of 100 requests were answered within it
	processor float64       // seconds of its processes for 10,000 messages, without those of a database server
	memory    float64       // megabytes of its processes at their highest
}

// rateOf measures a gateway that takes messages and submits them, once it is warm.
func rateOf(ctx context.Context, start func(ctx context.Context, dir, centre string) (*gateway, error)) (r pass, err error) {
	const warm, n = 2_000, 20_000
	dir, remove, err := scratch()
	if err != nil {
		return r, err
	}
	defer remove()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	centre := &smpp.Centre{}
	address, err := centre.Listen(ctx)
	if err != nil {
		return r, err
	}
	g, err := start(ctx, dir, address)
	if err != nil {
		return r, err
	}
	defer g.end(syscall.SIGTERM)
	if _, err := g.load(ctx, warm); err != nil {
		return r, err
	}
	if err := counted(ctx, centre, warm); err != nil {
		return r, err
	}
	spent, _, err := g.used()
	if err != nil {
		return r, err
	}
	before, began := centre.Count(), time.Now()
	if r.accepted, err = g.load(ctx, n); err != nil {
		return r, err
	}
	if err := counted(ctx, centre, before+n); err != nil {
		return r, err
	}
	r.rate = n / time.Since(began).Seconds()
	all, memory, err := g.used()
	r.processor, r.memory = (all-spent)*10_000/n, memory
	return r, err
}

// used is what the gateway's processes have had of the machine: processor seconds, and megabytes at their highest.
func (g *gateway) used() (processor, memory float64, err error) {
	const ticks = 100 // a second, on Linux
	for _, c := range g.cmds {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.Process.Pid))
		if err != nil {
			return 0, 0, err
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // the third of proc_pid_stat(5) comes first
		for _, field := range fields[11:13] {
			n, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return 0, 0, err
			}
			processor += n / ticks
		}
		_, highest, err := memoryOf(c.Process.Pid)
		if err != nil {
			return 0, 0, err
		}
		memory += highest
	}
	return processor, memory, nil
}

// load hands n messages over by all senders at once and tells within what time 99 of 100 were accepted. Each sender writes and reads
// its connection itself, so that the machine is spent on what is measured.
func (g *gateway) load(ctx context.Context, n int64) (time.Duration, error) {
	address, err := url.Parse(g.send)
	if err != nil {
		return 0, err
	}
	took := make([]time.Duration, n+1)
	var next atomic.Int64
	var all sync.WaitGroup
	wrong := make([]error, senders)
	for i := range senders {
		all.Go(func() {
			wrong[i] = oneSender(ctx, address, func() (int64, bool) { k := next.Add(1); return k, k <= n },
				func(k int64, d time.Duration) { took[k] = d })
		})
	}
	all.Wait()
	slices.Sort(took)
	return took[n*99/100], errors.Join(wrong...)
}

// oneSender hands over the messages that next numbers, until there is none. accepted is told of each that was accepted, and
// after what time.
func oneSender(ctx context.Context, address *url.URL, next func() (int64, bool), accepted func(int64, time.Duration)) error {
	var dial net.Dialer
	conn, err := dial.DialContext(ctx, "tcp", address.Host)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // whatever matters was read
	read := bufio.NewReader(conn)
	for {
		k, ok := next()
		if !ok || ctx.Err() != nil {
			return ctx.Err()
		}
		began := time.Now()
		if _, err := fmt.Fprintf(conn, "GET %s849%08d HTTP/1.1\r\nHost: bench\r\n\r\n", address.RequestURI(), k); err != nil {
			return err
		}
		answer, err := http.ReadResponse(read, nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusAccepted {
			return errors.New(answer.Status)
		}
		accepted(k, time.Since(began))
	}
}

// counted waits until the centre was handed n messages.
func counted(ctx context.Context, c *smpp.Centre, n int64) error {
	for until := time.Now().Add(time.Minute); c.Count() < n; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) || ctx.Err() != nil {
			return errors.Join(fmt.Errorf("the centre was handed %d of %d messages", c.Count(), n), ctx.Err())
		}
	}
	return nil
}

// syncedPostgres is a throw-away PostgreSQL that syncs to disk as a real one does.
func syncedPostgres(ctx context.Context) (url string, stop func(), err error) {
	if url, stop, err = postgres(ctx); err != nil {
		return "", nil, err
	}
	if err := statements(ctx, url, "ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"); err != nil {
		stop()
		return "", nil, err
	}
	return url, stop, nil
}

// emptied takes everything out of a database.
func emptied(ctx context.Context, url string) error {
	return statements(ctx, url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
}

func statements(ctx context.Context, url string, statements ...string) error {
	c, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	for _, text := range statements {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return errors.Join(err, c.Close())
		}
	}
	return c.Close()
}

// startKannel starts bearerbox and smsbox with a bind to the centre.
func startKannel(ctx context.Context, dir, centre, store string) (*gateway, error) {
	var ports [3]int
	for i := range ports {
		var err error
		if ports[i], err = freePort(); err != nil {
			return nil, err
		}
	}
	host, port, err := net.SplitHostPort(centre)
	if err != nil {
		return nil, err
	}
	keep := ""
	if store != "" {
		folder := filepath.Join(dir, "spool")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
		keep = "store-type = " + store + "\nstore-location = " + folder + "\n"
	}
	conf := filepath.Join(dir, "kannel.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, `group = core
admin-port = %d
admin-password = bench
smsbox-port = %d
box-allow-ip = "127.0.0.1"
log-file = "%s/bearerbox.log"
log-level = 3
%s
group = smsc
smsc = smpp
smsc-id = centre
host = %s
port = %s
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = ""
max-pending-submits = %d

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %d
log-file = "%s/smsbox.log"
log-level = 3

group = sendsms-user
username = bench
password = bench
`, ports[0], ports[1], dir, keep, host, port, window, ports[2], dir), 0o600); err != nil {
		return nil, err
	}
	g := &gateway{send: fmt.Sprintf("http://127.0.0.1:%d/cgi-bin/sendsms?username=bench&password=bench&from=1234&text=Ban+tin+do+toc+do+so+1&to=", ports[2])}
	for _, name := range []string{"smsbox", "bearerbox"} { // smsbox ends first, bearerbox starts first
		g.cmds = append(g.cmds, exec.Command("/usr/sbin/"+name, "-v", "4", conf))
	}
	if err := g.cmds[1].Start(); err != nil {
		return nil, err
	}
	time.Sleep(500 * time.Millisecond)
	if err := g.cmds[0].Start(); err != nil {
		g.cmds = g.cmds[1:]
		g.end(syscall.SIGKILL)
		return nil, err
	}
	if err := g.ready(ctx); err != nil {
		said, _ := os.ReadFile(filepath.Join(dir, "bearerbox.log"))
		return nil, fmt.Errorf("with Kannel: %w\n%s", err, said)
	}
	return g, nil
}
