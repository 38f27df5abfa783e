package delivery

import (
	"context"

	"banlang/internal/duty"
)

// SeedDemo gives a demonstration a provider for each channel that has one to rehearse with, so that what is sent goes all the way and
// reaches nobody. A second time it changes nothing.
func (d *Desk) SeedDemo(ctx context.Context, as func(ctx context.Context, name string) (duty.Actor, error)) error {
	there, err := d.read().providers(ctx)
	if err != nil || len(there) > 0 {
		return err
	}
	admin, err := as(ctx, "admin")
	if err != nil {
		return err
	}
	for _, c := range d.Connectors() {
		if !c.Simulated {
			continue
		}
		p := Provider{Connector: c.Name, Name: d.say("delivery.connector." + c.Name), Mode: Rehearsal, Settings: Settings{}, Rate: 200, Burst: 200, Window: 200}
		if _, err := d.SaveProvider(ctx, admin, p, d.say("delivery.demo.reason")); err != nil {
			return err
		}
	}
	return nil
}
