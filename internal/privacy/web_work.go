package privacy

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/web"
)

// asked names a kind of request in Vietnamese, as officers work.
var asked = map[string]string{"see": "Xem dữ liệu", "correct": "Sửa dữ liệu", "delete": "Xoá dữ liệu", "withdraw": "Thôi đồng ý", "object": "Phản đối cách dùng", "other": "Việc khác"}

// Work lists the requests that wait for the data-protection officer, and the keys that wait for a leader's yes.
func (d *Desk) Work(ctx context.Context, actor duty.Actor) ([]web.Task, error) {
	var tasks []web.Task
	if d.policy.May(actor, duty.PrivacyHandleRequest) {
		requests, err := d.Requests(ctx, actor, 1, 50)
		if err != nil {
			return nil, err
		}
		for _, r := range requests {
			if r.State != "received" {
				continue
			}
			t := web.Task{Title: "Yêu cầu về dữ liệu: " + asked[r.Kind], Kind: "privacy.requests", URL: "/ban-lam-viec/du-lieu-ca-nhan/" + r.ID, Due: r.Due, State: "go", Word: "Chờ trả lời"}
			if r.Late(d.now()) {
				t.State, t.Word = "late", "Quá hạn"
			}
			tasks = append(tasks, t)
		}
	}
	if d.holds(actor, duty.ProvinceLeader) {
		waiting, err := d.Destructions(ctx, actor)
		if err != nil {
			return nil, err
		}
		for _, x := range waiting {
			if x.Confirmed.IsZero() {
				tasks = append(tasks, web.Task{Title: "Huỷ khoá hồ sơ " + x.Record, Kind: "privacy.destroy", URL: "/ban-lam-viec/huy-khoa", State: "go", Word: "Chờ người thứ hai"})
			}
		}
	}
	return tasks, nil
}
