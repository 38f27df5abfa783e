package delivery_test

import (
	"errors"
	"maps"
	"sync"
	"testing"

	"banlang/internal/delivery"
	"banlang/internal/delivery/deliverytest"
)

// Secrets that a network renews are kept, sealed, before they are used, and the connection stays open; what the administrator types in
// meanwhile is worth more.
func TestSecretsAreRenewed(t *testing.T) {
	each(t, func(t *testing.T, h *deliverytest.House) {
		id := h.Provider(delivery.Live, 10, 10)
		renew := func(f func(delivery.Settings) (delivery.Settings, error)) (delivery.Settings, error) {
			return h.Renewing(id)(t.Context(), f)
		}
		to := func(secret string) func(delivery.Settings) (delivery.Settings, error) {
			return func(delivery.Settings) (delivery.Settings, error) { return delivery.Settings{"password": secret}, nil }
		}
		var all sync.WaitGroup
		var spent []string
		for range 8 {
			all.Go(func() {
				_, err := renew(func(kept delivery.Settings) (delivery.Settings, error) {
					spent = append(spent, kept["password"]) // one at a time, or the race detector says so
					return delivery.Settings{"password": kept["password"] + "+"}, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		seen := map[string]bool{}
		for _, s := range spent {
			seen[s] = true
		}
		if len(seen) != 8 || !seen["canary-secret"] || !seen["canary-secret+++++++"] {
			t.Errorf("spent %v, want each secret once", spent)
		}
		if kept, err := renew(func(delivery.Settings) (delivery.Settings, error) { return nil, nil }); err != nil || kept["password"] != "canary-secret++++++++" {
			t.Errorf("kept %v, %v", kept, err)
		}
		if _, err := renew(func(delivery.Settings) (delivery.Settings, error) { return nil, errors.New("refused") }); err == nil {
			t.Error("an error is lost")
		}
		p, err := h.Desk.Provider(t.Context(), id)
		h.Must(err)
		if p.Revision != 1 || p.Settings["password"] != "" {
			t.Errorf("revision %d, settings %v", p.Revision, p.Settings)
		}
		kept, err := renew(func(delivery.Settings) (delivery.Settings, error) {
			p.Settings = maps.Clone(p.Settings)
			p.Settings["password"] = "typed in"
			_, err := h.SaveProvider(t.Context(), deliverytest.Admin, p, "a new password was given")
			h.Must(err)
			return to("late")(nil)
		})
		if err != nil || kept["password"] != "typed in" {
			t.Errorf("after the administrator: kept %v, %v", kept, err)
		}
		if kept, err := renew(func(delivery.Settings) (delivery.Settings, error) { return nil, nil }); err != nil || kept["password"] != "typed in" {
			t.Errorf("afterwards: kept %v, %v", kept, err)
		}
	})
}
