package account

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/web"
)

// kinds names a proposal in Vietnamese, as officers work.
var kinds = map[string]string{"grant": "Giao nhiệm vụ", "revoke": "Thu nhiệm vụ", "disable": "Khoá tài khoản", "reset": "Cấp lại mật khẩu"}

// Work lists the proposals of others that wait for the actor's yes or no.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	if !d.policy.May(actor, duty.UserDisable) {
		return nil, nil
	}
	waiting, err := d.Proposals(ctx, actor)
	if err != nil {
		return nil, err
	}
	var tasks []web.Task
	for _, p := range waiting {
		if p.By == actor.ID || string(p.Account) == actor.ID {
			continue
		}
		names, err := d.Names(ctx, []string{string(p.Account)})
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, web.Task{Title: kinds[p.Kind] + ": " + names[string(p.Account)], Kind: "account.proposals", URL: "/ban-lam-viec/de-nghi",
			Due: p.Proposed.Add(lapse), State: "go", Word: "Chờ người thứ hai"})
	}
	return tasks, nil
}
