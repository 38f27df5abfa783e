package subscriber

import (
	"cmp"
	"context"
	"slices"

	"banlang/internal/duty"
	"banlang/internal/place"
)

// few is the smallest number that is told: below it a person could be guessed.
const few = 5

// A Count is how many people a channel reaches in a commune, by the language that they hear best.
type Count struct {
	Place   place.ID // commune
	Channel Channel
	Lang    string
	N       int64 // 0 where Few
	Few     bool  // from one to four; how many is told to nobody
}

// Counts counts those who may be sent to in an area, or in all areas of the actor where it is empty. The actor must be allowed
// delivery.read_counts there. Somebody with two addresses counts once for each channel. There is no list of persons.
func (d *Desk) Counts(ctx context.Context, actor duty.Actor, area place.ID) ([]Count, error) {
	areas := []string{string(area)}
	if area == "" {
		areas = d.policy.Areas(actor, duty.DeliveryReadCounts)
	} else if err := d.policy.Permit(actor, duty.DeliveryReadCounts, duty.Thing{Area: string(area)}); err != nil {
		return nil, err
	}
	cells := map[Count]int64{}
	seen := map[place.ID]bool{} // areas may lie in one another
	for _, a := range areas {
		if a == "" {
			a = string(d.home())
		}
		found, err := d.countIn(ctx, place.ID(a), actor.Demo || d.Demo)
		if err != nil {
			return nil, err
		}
		fresh := map[place.ID]bool{}
		for _, f := range found {
			if !seen[f.Place] {
				fresh[f.Place] = true
				cells[Count{Place: f.Place, Channel: f.Channel, Lang: f.Lang}] += f.N
			}
		}
		for p := range fresh {
			seen[p] = true
		}
	}
	all := make([]Count, 0, len(cells))
	for c, n := range cells {
		if c.N = n; n < few {
			c.N, c.Few = 0, true
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Lang, b.Lang))
	})
	return all, nil
}
