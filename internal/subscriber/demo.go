package subscriber

import (
	"context"
	"fmt"

	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/privacy"
)

// demoPeople are how the subscribers of a demonstration hear and read, in communes that there are: nobody is meant by any of them, and
// they say nothing about who lives there. Those of the first commune are the officer's of the demonstration.
var demoPeople = []struct {
	commune     string
	channel     Channel
	heard, read []string
	n           int
}{
	{"06325", SMS, []string{"vi"}, []string{"vi"}, 12}, // Bắc Sơn
	{"06325", SMS, []string{"tyz", "vi"}, []string{"vi"}, 14},
	{"06325", SMS, []string{"nut", "vi"}, []string{"vi"}, 16},
	{"06325", SMS, []string{"ium"}, []string{"ium", "vi"}, 6},
	{"06325", Email, []string{"vi"}, []string{"vi"}, 5},
	{"06040", SMS, []string{"tyz", "vi"}, []string{"vi"}, 13}, // Thất Khê
	{"06040", SMS, []string{"vi"}, []string{"vi"}, 8},
	{"06040", Email, []string{"tyz", "vi"}, []string{"vi"}, 5},
	{"06184", SMS, []string{"nut", "vi"}, []string{"vi"}, 11}, // Đồng Đăng
	{"06184", SMS, []string{"vi"}, []string{"vi"}, 9},
	{"06541", SMS, []string{"ium", "vi"}, []string{"vi"}, 10}, // Mẫu Sơn
	{"06541", SMS, []string{"nut"}, []string{"vi"}, 3},
	{"06613", SMS, []string{"x-sanchi", "vi"}, []string{"vi"}, 7}, // Đình Lập
	{"06613", SMS, []string{"tyz", "vi"}, []string{"vi"}, 6},
	{"06385", SMS, []string{"nut", "vi"}, []string{"vi"}, 9}, // Hữu Lũng
	{"06385", SMS, []string{"mlc", "vi"}, []string{"vi"}, 5},
	{"06385", Email, []string{"vi"}, []string{"vi"}, 6},
}

// SeedDemo makes subscribers up. The demonstration's officer writes those of the own commune down, as with a paper in hand; those of
// others asked by themselves. Their numbers are in order and belong to nobody; nothing ever leaves the machine for them. A second time it
// changes nothing.
func (d *Desk) SeedDemo(ctx context.Context, as func(ctx context.Context, name string) (duty.Actor, error)) error {
	n, err := d.countAll(ctx)
	if err != nil || n > 0 {
		return err
	}
	officer, err := as(ctx, "commune_officer")
	if err != nil {
		return err
	}
	number := 0
	for _, p := range demoPeople {
		commune, err := d.places.At(p.commune, d.places.Today())
		if err != nil {
			return err
		}
		villages, err := d.places.VillagesIn(ctx, commune.ID, d.places.Today())
		if err != nil {
			return err
		}
		for range p.n {
			number++
			w := Wish{Channel: p.channel, Address: fmt.Sprintf("0900000%03d", number), Place: commune.ID, Heard: p.heard, Read: p.read, Agreed: true}
			if p.channel == Email {
				w.Address = fmt.Sprintf("minh-hoa-%d@example.vn", number)
			}
			if len(villages) > 0 {
				w.Village = villages[number%len(villages)].ID
			}
			if err := d.seedPerson(ctx, officer, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// seedPerson subscribes somebody of a demonstration: with the officer's help where it is the officer's, else as whoever has typed the code.
func (d *Desk) seedPerson(ctx context.Context, officer duty.Actor, w Wish) error {
	if d.policy.Permit(officer, duty.ConsentGiveAssisted, duty.Thing{Area: string(w.Place), Village: w.Village}) == nil {
		w.Manner, w.Reason = privacy.Assisted, d.text.Text(i18n.Default, "subscriber.demo.reason")
		_, err := d.Subscribe(ctx, officer, w)
		return err
	}
	w.Manner = privacy.ByOneself
	address, wrong := d.check(&w)
	if wrong != nil {
		return wrong
	}
	s := d.newSubscriber(w, true)
	return d.change(ctx, func(t change) error {
		if err := t.addSubscriber(ctx, s, d.consent(s, w, duty.Actor{})); err != nil {
			return err
		}
		e, err := t.endpoint(ctx, w.Channel, address, s.ID)
		if err != nil {
			return err
		}
		if err := t.join(ctx, e, address, s.ID); err != nil {
			return err
		}
		return t.record(ctx, duty.Actor{}, duty.ConsentGive, s, "", string(Active), d.text.Text(i18n.Default, "subscriber.demo.reason"))
	})
}
