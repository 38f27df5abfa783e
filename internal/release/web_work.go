package release

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/web"
)

// Work lists what waits for the actor: releases to look at or to mend, and exports to decide or to fetch. Titles are in Vietnamese,
// as officers work.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	if !d.policy.May(actor, duty.StatExportExact) {
		return nil, nil // nothing of this room is theirs
	}
	releases, err := d.DeskReleases(ctx, actor)
	if err != nil {
		return nil, err
	}
	var tasks []web.Task
	for _, r := range releases {
		task := web.Task{Title: r.Spec.Title, Kind: "stat.release.work", URL: deskURL + "/" + r.ID}
		switch {
		case r.State == Proposed && d.MayRelease(actor, r):
			task.State, task.Word = "go", "Chờ phát hành"
		case r.State == Draft && r.ReturnedReason != "" && d.MayPropose(actor, r):
			task.State, task.Word = "late", "Lãnh đạo trả lại"
		case r.State == Failed && d.MayPropose(actor, r):
			task.State, task.Word = "late", "Chưa lập được"
		default:
			continue
		}
		tasks = append(tasks, task)
	}
	exports, err := d.Exports(ctx, actor)
	for _, e := range exports {
		task := web.Task{Title: e.Title, Kind: "stat.export", URL: exportURL}
		switch {
		case e.State == Asked && d.mayGrant(actor, e) == nil:
			task.State, task.Word = "go", "Chờ duyệt"
		case e.State == Granted && e.AskedBy == actor.ID && d.now().Before(e.Until):
			task.State, task.Word, task.Due = "ok", "Đã duyệt, tải được", e.Until
		default:
			continue
		}
		tasks = append(tasks, task)
	}
	return tasks, err
}
