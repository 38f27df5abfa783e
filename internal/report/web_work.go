package report

import (
	"context"
	"fmt"

	"banlang/internal/duty"
	"banlang/internal/web"
)

// Work lists what waits for the actor: reports that came back, that are due, that wait to be certified, sent or accepted, versions of
// forms to approve, periods to decide on, and periods in which units are late. Titles are in Vietnamese, as officers work.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	if !d.policy.May(actor, duty.StatReadExact) {
		return nil, nil // nothing of this room is theirs
	}
	mine, err := d.Mine(ctx, actor)
	if err != nil {
		return nil, err
	}
	forms, err := d.Forms(ctx)
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	for _, f := range forms {
		titles[f.Code] = f.Code + ". " + f.TitleVI
	}
	var tasks []web.Task
	for _, m := range mine {
		kind, word := d.waits(actor, m)
		if kind == "" {
			continue
		}
		t := web.Task{Title: titles[m.Period.Form] + ", " + m.Unit.FullName() + ", " + d.periodName(m.Period.Period), Kind: kind,
			URL: root + "/" + m.Report.ID, Due: m.Period.SendDue.Time(), State: "go", Word: word}
		if m.Report.State == Returned || m.Late {
			t.State = "late"
		}
		tasks = append(tasks, t)
	}
	drafts, err := d.Drafts(ctx, actor)
	if err != nil {
		return nil, err
	}
	for _, f := range drafts {
		tasks = append(tasks, web.Task{Title: f.Code + ". " + f.TitleVI, Kind: "report.work.form", URL: formRoot + "/" + f.Code, State: "go", Word: "Chờ duyệt"})
	}
	if tasks, err = d.importWork(ctx, actor, tasks); err != nil {
		return nil, err
	}
	return d.decisions(ctx, actor, titles, tasks)
}

// waits is what a report waits for, if it waits for the actor.
func (d *Desk) waits(actor duty.Actor, m Assignment) (kind, word string) {
	t := duty.Thing{Area: string(m.Report.Unit), Hands: m.Report.Hands, State: string(effective(m.Report, m.Period))}
	switch m.Report.State {
	case Open, Returned:
		t.Hands = nil
		if d.today() < m.Period.Opens || d.policy.Permit(actor, duty.StatEnter, t) != nil {
			return "", ""
		}
		switch {
		case m.Report.State == Returned:
			return "report.work.returned", "Bị trả lại"
		case m.Late:
			return "report.work.enter", "Quá hạn"
		}
		return "report.work.enter", "Đang mở"
	case Entered:
		if d.policy.Permit(actor, duty.StatCertify, t) == nil {
			return "report.work.certify", "Chờ xác nhận"
		}
	case Certified:
		if d.policy.Permit(actor, duty.StatSendUp, t) == nil && !m.Period.Provincial(m.Report.Unit) {
			return "report.work.send", "Chờ gửi"
		}
	case Sent:
		if d.policy.Permit(actor, duty.StatAccept, t) == nil {
			return "report.work.accept", "Chờ nhận"
		}
	}
	return "", ""
}

// importWork adds the files of figures that the actor may confirm.
func (d *Desk) importWork(ctx context.Context, actor duty.Actor, tasks []web.Task) ([]web.Task, error) {
	all, err := imports(ctx, d.db)
	for _, i := range all {
		if i.State == ImportWaiting && d.mayDecide(actor, i) == nil {
			tasks = append(tasks, web.Task{Title: i.FileName, Kind: "report.work.figures", URL: importRoot + "/" + i.ID, State: "go", Word: "Chờ xác nhận"})
		}
	}
	return tasks, err
}

// decisions adds the periods in which units are late, for who receives their reports, and those that wait for a leader: to be opened
// again, or sent to the ministry.
func (d *Desk) decisions(ctx context.Context, actor duty.Actor, titles map[string]string, tasks []web.Task) ([]web.Task, error) {
	periods, err := d.Periods(ctx, actor)
	if err != nil {
		return nil, err
	}
	late, err := overdue(ctx, d.db, d.today())
	if err != nil {
		return nil, err
	}
	for _, p := range periods {
		if n := late[p.ID]; n > 0 && d.receives(actor, p) == nil {
			tasks = append(tasks, web.Task{Title: fmt.Sprintf("%s, %s: %d đơn vị chưa gửi", titles[p.Form], d.periodName(p.Period), n), Kind: "report.work.late",
				URL: root + "/theo-doi?ky=" + p.ID, Due: p.SendDue.Time(), State: "late", Word: "Quá hạn"})
		}
		if p.State != Locked {
			continue
		}
		title, url := titles[p.Form]+", "+d.periodName(p.Period), periodRoot+"/"+p.ID
		t := duty.Thing{Area: string(p.Area), State: string(Locked), Hands: []string{p.Asked.By}}
		if p.Asked.By != "" && d.policy.Permit(actor, duty.StatReopen, t) == nil {
			tasks = append(tasks, web.Task{Title: title, Kind: "report.work.reopen", URL: url, State: "go", Word: "Xin mở lại"})
		}
		t.Hands = []string{p.Submitted.By}
		if p.Submitted.By != "" && p.Ministry.By == "" && d.policy.Permit(actor, duty.StatSendMinistry, t) == nil {
			tasks = append(tasks, web.Task{Title: title, Kind: "report.work.ministry", URL: url, State: "go", Word: "Chờ gửi bộ"})
		}
	}
	return tasks, nil
}
