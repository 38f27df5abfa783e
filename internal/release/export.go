package release

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
)

// An Export is exact figures that leave the house in a file: a statistician asks with a reason, the leader grants, and until a day
// who asked may download them. The file says so, and every download is in the record.
type Export struct {
	ID, Area, Title, Question, Reason string
	State                             ExportState
	AskedBy, AskedName                string
	AskedAt                           time.Time
	DecidedBy, DecidedName            string
	DecidedAt, Until                  time.Time
}

// An ExportState is what became of the request.
type ExportState string

// The states of an export.
const (
	Asked   ExportState = "asked"
	Granted ExportState = "granted"
	Refused ExportState = "refused"
)

// exportDays is how long a granted export may be downloaded.
const exportDays = 7

// holds tells whether the actor has a duty, anywhere.
func (d *Desk) holds(actor duty.Actor, role duty.Role) bool {
	return slices.ContainsFunc(d.policy.Holds(actor), func(g duty.Grant) bool { return g.Role == role })
}

// AskExport asks for a file with the exact answer to a question, by its address.
func (d *Desk) AskExport(ctx context.Context, actor duty.Actor, key, title, question, reason string) (string, error) {
	title, reason = strings.TrimSpace(title), strings.TrimSpace(reason)
	v, err := url.ParseQuery(question)
	switch {
	case err != nil || len(v) == 0:
		return "", fault.Field("question", "stat.export.question")
	case title == "":
		return "", fault.Field("title", "stat.release.title")
	case reason == "":
		return "", fault.Field("reason", "stat.release.reason")
	case !d.holds(actor, duty.Statistician):
		return "", fault.New(fault.Forbidden, "stat.export.who")
	}
	q := d.questions.Question(v)
	e := Export{Area: d.answering(q.Area), Title: cut(title, 200), Question: v.Encode(), Reason: cut(reason, 1000), State: Asked,
		AskedBy: actor.ID, AskedName: actor.Name, AskedAt: d.now()}
	if err := d.policy.Permit(actor, duty.StatExportExact, duty.Thing{Area: e.Area}); err != nil {
		return "", err
	}
	return d.insertExport(ctx, actor, key, e)
}

// mayGrant tells whether the actor is the leader of the area and another person than who asked.
func (d *Desk) mayGrant(actor duty.Actor, e Export) error {
	if !d.holds(actor, duty.ProvinceLeader) {
		return fault.New(fault.Forbidden, "stat.export.who")
	}
	return d.policy.Permit(actor, duty.StatExportExact, duty.Thing{Area: e.Area, Hands: []string{e.AskedBy}})
}

// DecideExport grants or refuses a request.
func (d *Desk) DecideExport(ctx context.Context, actor duty.Actor, id string, grant bool) error {
	return d.decideExport(ctx, actor, id, grant, func(e Export) error { return d.mayGrant(actor, e) })
}

// Export is the answer itself, for who asked, while the grant holds. Reading it is recorded.
func (d *Desk) Export(ctx context.Context, actor duty.Actor, id string) (Export, fact.Answer, error) {
	e, err := exportByID(ctx, d.db, id)
	if err != nil {
		return e, fact.Answer{}, err
	}
	switch {
	case e.AskedBy != actor.ID:
		return e, fact.Answer{}, fault.New(fault.Forbidden, "stat.export.who")
	case e.State != Granted:
		return e, fact.Answer{}, fault.New(fault.Conflict, "stat.export.state")
	case !d.now().Before(e.Until):
		return e, fact.Answer{}, fault.New(fault.Gone, "stat.export.over")
	}
	if err := d.policy.Permit(actor, duty.StatExportExact, duty.Thing{Area: e.Area}); err != nil {
		return e, fact.Answer{}, err
	}
	a, err := d.facts.Ask(ctx, d.questions.Question(e.address()))
	if err != nil {
		return e, a, err
	}
	return e, a, d.recordExport(ctx, actor, e, "downloaded")
}

// Exports are the requests that the actor asked or may decide, newest first.
func (d *Desk) Exports(ctx context.Context, actor duty.Actor) ([]Export, error) {
	all, err := d.exports(ctx)
	return slices.DeleteFunc(all, func(e Export) bool { return e.AskedBy != actor.ID && d.mayGrant(actor, e) != nil }), err
}
