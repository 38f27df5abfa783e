package delivery_test

import (
	"testing"

	"banlang/internal/delivery"
)

// A channel that can let something be heard is told where it is; of what was recalled nothing is heard.
func TestWhereItIsHeard(t *testing.T) {
	campaigns(t, func(d *desk) {
		i := d.shelf[flood]
		i.Editions[1].Heard = "/ban-tin/flood/tyz.opus"
		d.shelf[flood] = i
		d.subscribe(1, 0)
		d.Provider(delivery.Live, 1000, 100)
		d.queue(d.order(delivery.Emergency))
		d.Start()
		if got := d.sent(1)[0].Sound; got != "https://banlang.example/ban-tin/flood/tyz.opus" {
			d.Errorf("Sound = %q", got)
		}
		d.Must(d.Desk.Stop(t.Context(), officer(d.BacSon), "", d.campaign(delivery.News).ID, "suối đã rút, tin không còn đúng"))
		d.drain()
		if got := d.sent(2)[1].Sound; got != "" {
			d.Errorf("of a recall Sound = %q", got)
		}
	})
}
