package subscriber

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"banlang/internal/fault"
	"banlang/internal/place/intake"
	"banlang/internal/web"
)

// largestList is the most bytes of a list.
const largestList = 32 << 20

// A listImportPage takes in a list of people who agreed on paper. The file is read and not kept: it is full of numbers.
type listImportPage struct {
	Done    bool
	Report  intake.Report
	Rows    int          // that are not taken: one may be wrong in several ways
	Refused []refusedRow // the first of what is wrong with them
}

type refusedRow struct {
	Row         int
	Column, Why string
}

// mostRefused is how many refused rows a page shows.
const mostRefused = 500

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	run := h.runs.of(web.Actor(r).ID, h.desk.now())
	if run == nil {
		return h.room.Show(w, r, "import", deskMeta(r, "subscriber.import.open"), listImportPage{})
	}
	if run.isOver() {
		return h.taken(w, r, run)
	}
	w.Header().Set("Refresh", "3")
	return h.room.Show(w, r, "importing", deskMeta(r, "subscriber.import.open"), importingPage{run.done.Load(), run.total.Load()})
}

// takeList tries a list, or takes it in. Both send the file, which is kept nowhere. A short list is answered at once; of a long one, the
// page says how far it is.
func (h handler) takeList(w http.ResponseWriter, r *http.Request) error {
	file, err := web.Upload(r, "file", largestList)
	var raw []byte
	if err == nil {
		raw, err = whole(file)
	}
	if err != nil {
		return h.taken(w, r, &listRun{err: err})
	}
	actor, dry := web.Actor(r), r.PostFormValue("do") != "take"
	ctx := context.WithoutCancel(r.Context()) // who leaves the page leaves a list that is taken in
	run := h.runs.start(actor.ID, h.desk.now(), func(progress func(done, total int)) (intake.Report, error) {
		return h.desk.Import(ctx, actor, kindSubscribers, file.Name, bytes.NewReader(raw), dry, progress)
	})
	if run != nil {
		select {
		case <-run.ended:
			h.runs.forget(actor.ID)
			return h.taken(w, r, run)
		case <-time.After(patience):
		}
	}
	return web.Redirect(w, r, "/ban-lam-viec/thue-bao/nhap")
}

// taken shows what became of a list.
func (h handler) taken(w http.ResponseWriter, r *http.Request, run *listRun) error {
	p := listImportPage{Report: run.report}
	if err := run.err; fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) || fault.Is(err, fault.Unsupported) {
		return h.room.Form(w, r, "import", deskMeta(r, "subscriber.import.open"), p, err)
	} else if err != nil {
		return err
	}
	p.Done = true
	wrong := map[int]bool{}
	for _, one := range p.Report.Refused {
		wrong[one.Row] = true
	}
	p.Rows = len(wrong)
	for _, one := range p.Report.Refused[:min(len(p.Report.Refused), mostRefused)] {
		row := refusedRow{Row: one.Row, Column: one.Column}
		for _, f := range fault.All(one.Why) {
			row.Why = web.T(r, f.Key, f.Args...)
		}
		p.Refused = append(p.Refused, row)
	}
	return h.room.Show(w, r, "import", deskMeta(r, "subscriber.import.open"), p)
}

// whole reads a file that was sent: it is gone when the request is answered.
func whole(file web.Uploaded) ([]byte, error) {
	f, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

const (
	patience  = 2 * time.Second // how long a page waits for a list before it says how far it is
	toldAfter = time.Hour       // how long what became of a list is told to who sent it
)

// An importingPage says how far a list is.
type importingPage struct{ Done, Total int64 }

// A listRun is a list that is being taken in, and then what became of it: it names rows, never numbers.
type listRun struct {
	began       time.Time
	done, total atomic.Int64
	ended       chan struct{} // closed when report and err are known
	report      intake.Report
	err         error
}

// listRuns are the lists of this process, one for each person. A list that a restart has cut off is sent again: what was taken is known.
type listRuns struct {
	mu  sync.Mutex
	all map[string]*listRun
}

func (l *listRuns) of(actor string, now time.Time) *listRun {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.all, func(_ string, run *listRun) bool { return run.isOver() && now.Sub(run.began) > toldAfter })
	return l.all[actor]
}

func (l *listRuns) forget(actor string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, actor)
}

// start begins a list, or returns nil while another one of the same person runs.
func (l *listRuns) start(actor string, now time.Time, do func(progress func(done, total int)) (intake.Report, error)) *listRun {
	l.mu.Lock()
	defer l.mu.Unlock()
	if run := l.all[actor]; run != nil && !run.isOver() {
		return nil
	}
	run := &listRun{began: now, ended: make(chan struct{})}
	l.all[actor] = run
	go func() {
		defer close(run.ended)
		defer func() {
			if p := recover(); p != nil { // one list must not end the process
				run.err = fmt.Errorf("subscriber: import: %v", p)
			}
		}()
		run.report, run.err = do(func(done, total int) {
			run.done.Store(int64(done))
			run.total.Store(int64(total))
		})
	}()
	return run
}

func (r *listRun) isOver() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}
