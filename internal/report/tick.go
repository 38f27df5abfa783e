package report

import (
	"context"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/place"
)

// system is the machine at its own work.
var system = duty.Actor{ID: "system", Name: "Hệ thống"}

const tickKind = "report.day"

// start puts the daily work into the queue.
func (d *Desk) start(ctx context.Context, tx writer) error {
	return job.Put(ctx, tx, job.Job{Kind: tickKind, Key: "day", At: d.now()})
}

// Tick is the daily work: periods follow each other, and how many reports were due and in time becomes figures of its own. To run
// it twice does nothing twice. It puts itself into the queue for the next morning.
func (d *Desk) Tick(ctx context.Context) error {
	if err := d.follow(ctx); err != nil {
		return err
	}
	if err := d.count(ctx); err != nil {
		return err
	}
	tomorrow := d.today().Time().AddDate(0, 0, 1).Add(time.Hour)
	return d.change(ctx, func(tx writer) error {
		return job.Put(ctx, tx, job.Job{Kind: tickKind, Key: "day", At: tomorrow})
	})
}

// follow opens the newest period of each form whose day has come, in each area where the form was opened by a person before: the
// first period of a form is a decision, those after it are not.
func (d *Desk) follow(ctx context.Context) error {
	forms, err := d.Forms(ctx)
	if err != nil {
		return err
	}
	periods, err := periodsBy(ctx, d.db, filter{})
	if err != nil {
		return err
	}
	for _, f := range forms {
		newest := map[place.ID]Period{}
		for _, p := range periods {
			if p.Form == f.Code && p.Period > newest[p.Area].Period {
				newest[p.Area] = p
			}
		}
		for area, p := range newest {
			next := latest(f.Form, d.today())
			if next <= p.Period {
				continue
			}
			who := system
			who.Demo = p.Demo
			if _, err := d.open(ctx, who, Opening{Form: f.Code, Period: next, Area: area}); err != nil && !fault.Is(err, fault.Invalid) {
				return err
			}
		}
	}
	return nil
}

// count records the timeliness of this quarter and of the one before.
func (d *Desk) count(ctx context.Context) error {
	this := fact.PeriodAt(fact.Quarter, d.today())
	if err := d.countQuarter(ctx, this.Before()); err != nil {
		return err
	}
	return d.countQuarter(ctx, this)
}

// countQuarter records REPORT_DUE and REPORT_ONTIME of a quarter for each unit, from the days by which reports had to be sent. A
// report whose day has not passed is not due yet.
func (d *Desk) countQuarter(ctx context.Context, q fact.Period) error {
	var w filter
	w.Add("send_due >= $?", q.First())
	w.Add("send_due <= $?", min(q.Last(), d.today().Before()))
	periods, err := periodsBy(ctx, d.db, w)
	if err != nil {
		return err
	}
	tally, demo := map[place.ID]Timeliness{}, false
	for _, p := range periods {
		all, err := reportsIn(ctx, d.db, p.ID)
		if err != nil {
			return err
		}
		demo = demo || p.Demo
		for _, r := range all {
			tally[r.Unit] = tally[r.Unit].with(r, p)
		}
	}
	return d.tell(ctx, q, tally, demo)
}

// tell records the counts of one quarter. Those that are as they were leave no trace.
func (d *Desk) tell(ctx context.Context, q fact.Period, tally map[place.ID]Timeliness, demo bool) error {
	var facts []fact.Fact
	for unit, t := range tally {
		for code, value := range map[fact.Code]int{"REPORT_DUE": t.Due, "REPORT_ONTIME": t.InTime} {
			facts = append(facts, fact.Fact{
				Key: fact.Key{Indicator: code, Place: unit, Period: q}, Value: int64(value), State: fact.Known, Cell: "report_period",
			})
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return d.change(ctx, func(tx writer) error {
		_, err := fact.Record(ctx, tx, d.now(), fact.Batch{
			Origin: "report", Title: "Theo dõi báo cáo, " + d.periodName(q), Method: "log", AsOf: min(q.Last(), d.today()), Demo: demo,
			EnteredBy: system.ID, EnteredName: system.Name,
		}, facts)
		return err
	})
}

// periodName is what a person calls a period, in Vietnamese.
func (d *Desk) periodName(p fact.Period) string {
	return d.facts.Label(fact.Member{Dim: fact.ByPeriod, Code: p.String()}, "vi")
}
