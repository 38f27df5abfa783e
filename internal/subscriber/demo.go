package subscriber

import (
	"context"
	"fmt"

	"banlang/internal/duty"
	"banlang/internal/place"
	"banlang/internal/privacy"
)

// demoPeople are how the subscribers of a demonstration hear and read: nobody is meant by any of them.
var demoPeople = []struct {
	channel     Channel
	heard, read []string
	n           int
}{
	{SMS, []string{"vi"}, []string{"vi"}, 12},
	{SMS, []string{"tyz", "vi"}, []string{"vi"}, 14},
	{SMS, []string{"nut", "vi"}, []string{"vi"}, 16},
	{SMS, []string{"ium"}, []string{"ium", "vi"}, 6},
	{Email, []string{"vi"}, []string{"vi"}, 5},
}

// SeedDemo makes subscribers up in the commune of the demonstration's officer, who writes each down as with a paper in hand. Their
// numbers are in order and belong to nobody; nothing ever leaves the machine for them. A second time it changes nothing.
func (d *Desk) SeedDemo(ctx context.Context, as func(ctx context.Context, name string) (duty.Actor, error)) error {
	n, err := d.countAll(ctx)
	if err != nil || n > 0 {
		return err
	}
	officer, err := as(ctx, "commune_officer")
	if err != nil {
		return err
	}
	commune := place.ID("")
	for _, g := range officer.Grants {
		commune = place.ID(g.Area)
	}
	villages, err := d.places.VillagesIn(ctx, commune, d.places.Today())
	if err != nil {
		return err
	}
	number := 0
	for _, p := range demoPeople {
		for range p.n {
			number++
			w := Wish{Channel: p.channel, Address: fmt.Sprintf("0900000%03d", number), Place: commune, Heard: p.heard, Read: p.read,
				Manner: privacy.Assisted, Reason: d.text.Text("vi", "subscriber.demo.reason"), Agreed: true}
			if p.channel == Email {
				w.Address = fmt.Sprintf("minh-hoa-%d@example.vn", number)
			}
			if len(villages) > 0 {
				w.Village = villages[number%len(villages)].ID
			}
			if _, err := d.Subscribe(ctx, officer, w); err != nil {
				return err
			}
		}
	}
	return nil
}
