package plan

import (
	"context"
	"fmt"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/web"
)

// Work lists what waits for the actor: wordings and measurements of others to approve, and how many targets are due without a verdict.
// Titles are in Vietnamese, as officers work.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	waiting, err := d.Waiting(ctx, actor)
	if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.Unauthenticated) {
		return nil, nil // nothing of this room is theirs
	}
	if err != nil {
		return nil, err
	}
	drafts, err := d.drafts(ctx)
	if err != nil {
		return nil, err
	}
	var tasks []web.Task
	for _, w := range drafts {
		if d.policy.Permit(actor, duty.PlanCertify, duty.Thing{Area: d.area, Hands: []string{w.EditedBy}}) == nil {
			tasks = append(tasks, web.Task{
				Title: w.TextVI, Kind: "plan.work.approve", URL: fmt.Sprintf("/ban-lam-viec/muc-tieu/%s/ban/%d", w.Code, w.Number),
				State: "go", Word: "Chờ duyệt",
			})
		}
	}
	for _, m := range waiting {
		err := d.policy.Permit(actor, duty.PlanCertify, duty.Thing{Area: m.Area, Hands: []string{m.MeasuredBy}, State: string(m.State)})
		if err != nil {
			continue
		}
		t, err := d.Target(ctx, m.Target)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, web.Task{
			Title: t.TextVI, Kind: "plan.work.certify", URL: "/ban-lam-viec/muc-tieu/" + m.Target + "/so-do/" + m.ID, State: "go", Word: "Chờ xác nhận",
		})
	}
	if !d.MayMeasure(actor) {
		return tasks, nil
	}
	lines, err := d.Ledger(ctx, Filter{Verdict: NotEnough})
	if err != nil {
		return nil, err
	}
	due := 0
	for _, l := range lines {
		if l.Due(d.now()) {
			due++
		}
	}
	if due > 0 {
		tasks = append(tasks, web.Task{
			Title: fmt.Sprintf("%d mục tiêu đã đến hạn mà chưa đủ thông tin", due), Kind: "plan.work.measure",
			URL: "/ban-lam-viec/muc-tieu", State: "late", Word: "Đã đến hạn",
		})
	}
	return tasks, nil
}
