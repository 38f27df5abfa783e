package bulletin

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/web"
)

// Work lists what waits for the actor, as "my work" shows it: the most pressing first.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	if !d.policy.May(actor, duty.BulletinReadDraft) {
		return nil, nil
	}
	chores, err := d.Chores(ctx, actor)
	tasks := make([]web.Task, len(chores))
	for i, c := range chores {
		tasks[i] = d.task(c)
	}
	return tasks, err
}

var taskKeys = map[duty.Act]string{
	duty.BulletinWrite: "bulletin.work.write", duty.BulletinRecord: "bulletin.work.record", duty.BulletinReviewLanguage: "bulletin.work.review",
	duty.BulletinApprove: "bulletin.work.approve", duty.BulletinApproveEmergency: "bulletin.work.emergency",
}

func (d *Desk) task(c Chore) web.Task {
	t := web.Task{Title: c.Bulletin.Title(), Kind: taskKeys[c.Act], URL: deskPage(c.Bulletin.ID), Due: c.Bulletin.Expires, State: "go", Word: "Chờ bạn"}
	if c.Lang != "" {
		t.URL = editionPage(c.Bulletin.ID, c.Lang)
		if l, err := d.languages.Language(c.Lang); err == nil {
			t.Title += " · " + l.Name
		}
	}
	switch {
	case c.Urgent:
		t.State, t.Word = "late", "Khẩn cấp"
	case c.Back:
		t.State, t.Word = "late", "Bị trả lại"
	}
	return t
}
