package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"banlang/internal/job"
	"banlang/internal/subscriber"
)

const (
	jobExpand = "delivery.expand"
	jobClear  = "delivery.clear"
	jobRung   = "delivery.rung"
	jobFinish = "delivery.finish"
	jobEnd    = "delivery.end"
	jobThin   = "delivery.thin"
)

// schedule names the handlers of the ledger's jobs.
func (d *Desk) schedule(q *job.Queue) {
	q.Handle(jobExpand, withCampaign(d.expand))
	q.Handle(jobClear, withCampaign(d.clear))
	q.Handle(jobRung, withCampaign(d.climb))
	q.Handle(jobFinish, withCampaign(d.finish))
	q.Handle(jobEnd, withCampaign(d.finish))
	q.Handle(jobThin, d.tidy)
}

// tidy takes away, once a day, what is known of persons for longer than it is needed.
func (d *Desk) tidy(ctx context.Context, _ []byte) error {
	if err := errors.Join(d.Thin(ctx), d.people.Sweep(ctx)); err != nil {
		return err
	}
	return d.tidyIn(ctx, 24*time.Hour)
}

func (d *Desk) tidyIn(ctx context.Context, after time.Duration) error {
	return d.change(ctx, func(s store) error {
		return job.Put(ctx, s.tx, job.Job{Kind: jobThin, Key: "daily", At: d.now().Add(after)})
	})
}

func withCampaign(f func(context.Context, campaignJob) error) job.Handler {
	return func(ctx context.Context, payload []byte) error {
		var j campaignJob
		if err := json.Unmarshal(payload, &j); err != nil {
			return err
		}
		return f(ctx, j)
	}
}

// The rungs of the ladder (bậc thang): who is not reached by one is tried by the next.
const (
	RungFirst   = "first" // the page, feeds, loudspeakers; push, mail and chat to those who have them
	RungSMS     = "sms"
	RungCall    = "call"    // skipped, and says so, until something can call
	RungRelay   = "relay"   // a relay goes round the houses
	RungOfficer = "officer" // somebody is told that it has not arrived
)

// A Rung is one step of a campaign's ladder.
type Rung struct {
	Name string
	Due  time.Time
	Done time.Time // zero while it is to come
	N    int64     // persons not yet reached then
	Note string    // message key: what came of it
}

// smsAfter is how long who has a faster channel waits for it before an SMS goes out.
const smsAfter = 2 * time.Minute

// ladder is when each rung of a class falls due after the start; a rung that a class has not is left out.
func ladder(c Class) map[string]time.Duration {
	all := map[string]time.Duration{RungFirst: 0, RungSMS: smsAfter}
	switch c {
	case Emergency:
		all[RungCall], all[RungRelay], all[RungOfficer] = 5*time.Minute, 15*time.Minute, 30*time.Minute
	case Priority:
		all[RungCall], all[RungRelay] = 5*time.Minute, 24*time.Hour
	}
	return all
}

// due is when a person's endpoint has its turn. Who has nothing faster does not wait.
func due(start time.Time, ch subscriber.Channel, faster bool) time.Time {
	if ch == subscriber.SMS && faster {
		return start.Add(smsAfter)
	}
	return start
}

// fast reports whether a channel is of the first rung.
func fast(ch subscriber.Channel) bool {
	return slices.Contains([]subscriber.Channel{subscriber.Push, subscriber.Email, subscriber.Zalo, subscriber.Telegram}, ch)
}

// climb does a rung of the ladder that has fallen due.
func (d *Desk) climb(ctx context.Context, j campaignJob) error {
	c, err := d.read().campaign(ctx, j.Campaign)
	if err != nil || c.Over() && c.State != Done {
		return err
	}
	if c.State == Paused || c.State == Expanding { // it goes on later, and so does its ladder
		return job.Wait(30*time.Second, errNotYet)
	}
	unreached, err := d.read().unreachedBy(ctx, c.ID)
	if err != nil {
		return err
	}
	r := Rung{Name: j.Rung, Done: d.now(), Note: "delivery.rung.done"}
	for _, u := range unreached {
		r.N += u.n
	}
	var tasks []Task
	switch {
	case j.Rung == RungCall && r.N > 0:
		r.Note = "delivery.rung.no_voice"
	case j.Rung == RungRelay:
		if tasks, err = d.tasksFor(ctx, c, unreached); err != nil {
			return err
		}
		r.Note = "delivery.rung.tasks"
		if len(tasks) == 0 {
			r.Note = "delivery.rung.not_needed"
		}
	case j.Rung == RungOfficer && r.N > 0:
		r.Note = "delivery.rung.officer_told"
	case r.N == 0 && j.Rung != RungFirst:
		r.Note = "delivery.rung.not_needed"
	}
	return d.change(ctx, func(s store) error {
		if err := s.addTasks(ctx, d.now(), tasks); err != nil {
			return err
		}
		return s.doRung(ctx, c.ID, r)
	})
}

// Rungs tells how far the ladder of a campaign has been climbed.
func (d *Desk) Rungs(ctx context.Context, campaign string) ([]Rung, error) {
	return d.read().rungs(ctx, campaign)
}

// finish ends a campaign of which nothing waits any more: one that runs, and after its end any.
func (d *Desk) finish(ctx context.Context, j campaignJob) error {
	c, err := d.read().campaign(ctx, j.Campaign)
	if err != nil || c.Over() {
		return err
	}
	left, err := d.read().left(ctx, c.ID)
	if err != nil {
		return err
	}
	ended := !d.now().Before(c.Expires)
	if left > 0 || c.State != Running && !ended {
		return job.Wait(15*time.Second, errNotYet)
	}
	return d.change(ctx, func(s store) error {
		c, err := s.campaign(ctx, c.ID)
		if err != nil || c.Over() || c.State != Running && !ended {
			return err
		}
		c.State, c.Changed = Done, d.now()
		return s.save(ctx, c)
	})
}
