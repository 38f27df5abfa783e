package delivery

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/web"
)

// Work lists what waits for an actor: campaigns that have not arrived, what people wrote, and houses to go round to.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	var all []web.Task
	alarms, err := d.Alarms(ctx, actor)
	if err != nil {
		return nil, err
	}
	for _, a := range alarms {
		all = append(all, web.Task{Title: d.title(ctx, a.Ref, a.Version), Kind: "delivery.work.alarm", URL: "/ban-lam-viec/gui/" + a.Campaign, State: "late",
			Word: "Còn người chưa nhận"})
	}
	tasks, err := d.Tasks(ctx, actor)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		all = append(all, web.Task{Title: d.title(ctx, t.Ref, t.Version), Kind: "delivery.work.round", URL: "/ban-lam-viec/viec-chuyen-tin", State: "late", Word: "Chờ bạn"})
	}
	_, letters, err := d.Inbox(ctx, actor, 1, 1)
	if letters > 0 {
		all = append(all, web.Task{Title: d.text.Text(i18n.Default, "delivery.work.letters", "N", letters), Kind: "delivery.work.letter", URL: "/ban-lam-viec/tin-den",
			State: "go", Word: "Chờ trả lời"})
	}
	return all, err
}
