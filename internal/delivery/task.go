package delivery

import (
	"context"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
)

// A Task asks a relay to go round the houses of a village (đến từng nhà). It carries a count and never a list of persons.
type Task struct {
	ID        string
	Campaign  string
	Ref       Ref
	Version   int64
	Commune   place.ID
	Village   string
	Unreached int64 // subscribers of the village whose phone has nothing yet; 0 where nobody there is subscribed
	Told      int64 // how many the relay says to have told: evidence of class C, never added to receipts
	Note      string
	Made      time.Time
	Done      time.Time // zero while it is open
}

// tasksFor makes the tasks of a campaign: every village with somebody not reached, and every one where nobody is subscribed, for there
// nobody can be reached by phone at all. A commune without a list of villages is one task.
func (d *Desk) tasksFor(ctx context.Context, c Campaign, unreached []gap) ([]Task, error) {
	open := map[place.ID]map[string]int64{}
	for _, g := range unreached {
		if open[g.commune] == nil {
			open[g.commune] = map[string]int64{}
		}
		open[g.commune][g.village] = g.n
	}
	known, err := d.read().peopled(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	var all []Task
	add := func(commune place.ID, village string, n int64) {
		all = append(all, Task{ID: made("task", c.ID, string(commune), village), Campaign: c.ID, Commune: commune, Village: village, Unreached: n})
	}
	today := d.places.Today()
	for _, commune := range d.communes(c.Place) {
		villages, err := d.places.VillagesIn(ctx, commune, today)
		if err != nil {
			return nil, err
		}
		listed := map[string]bool{}
		for _, v := range villages {
			listed[v.ID] = true
			if n, ok := open[commune][v.ID]; ok || !known[commune][v.ID] {
				add(commune, v.ID, n)
			}
		}
		rest := int64(0) // those who named no village, or one that is not in the list any more
		for village, n := range open[commune] {
			if !listed[village] {
				rest += n
			}
		}
		if rest > 0 || len(villages) == 0 && len(known[commune]) == 0 {
			add(commune, "", rest)
		}
	}
	return all, nil
}

// communes lists the communes of an area, itself where it is one.
func (d *Desk) communes(area place.ID) []place.ID {
	var all []place.ID
	for _, u := range d.places.Units(area, place.Commune, d.places.Today()) {
		all = append(all, u.ID)
	}
	if len(all) == 0 {
		all = append(all, area)
	}
	return all
}

// Tasks lists the open tasks of the villages that the actor works in as a relay, newest first.
func (d *Desk) Tasks(ctx context.Context, actor duty.Actor) ([]Task, error) {
	var communes, villages []string
	for _, r := range d.rounds(actor) {
		communes, villages = append(communes, r.Area), append(villages, r.Village)
	}
	return d.read().tasks(ctx, communes, villages)
}

// rounds are the villages in which the actor works as a relay, each in its commune.
func (d *Desk) rounds(actor duty.Actor) []duty.Thing {
	var all []duty.Thing
	for _, g := range d.policy.Holds(actor) {
		if thing := (duty.Thing{Area: g.Area, Village: g.Village}); d.policy.Permit(actor, duty.RelayWork, thing) == nil {
			all = append(all, thing)
		}
	}
	return all
}

// AnswerTask says that a relay has gone round, and to how many people it was told.
func (d *Desk) AnswerTask(ctx context.Context, actor duty.Actor, key, id string, told int64, note string) error {
	if told < 0 || told > 100_000 {
		return fault.Field("told", "delivery.task.told")
	}
	if len([]rune(note)) > 500 {
		return fault.Field("note", "delivery.task.note")
	}
	return d.once(ctx, key, func(s store) error {
		t, err := s.task(ctx, id)
		if err != nil {
			return err
		}
		thing := duty.Thing{Area: string(t.Commune), Village: t.Village}
		if t.Village == "" { // of the whole commune: any of its relays
			for _, r := range d.rounds(actor) {
				if d.policy.Within(r.Area, thing.Area) {
					thing.Village = r.Village
				}
			}
		}
		if err := d.policy.Permit(actor, duty.RelayWork, thing); err != nil {
			return err
		}
		if !t.Done.IsZero() {
			return fault.New(fault.Conflict, "delivery.task.done")
		}
		if err := s.endTask(ctx, d.now(), id, actor.ID, told, note); err != nil {
			return err
		}
		return audit.Write(ctx, s.tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.RelayWork), Thing: "task/" + id,
			Place: string(t.Commune), After: "done"})
	})
}

// A Word counts the tasks of a campaign: how many there are, how many are done, and how many people relays say to have told.
type Word struct{ Tasks, Done, Told int64 }

// Word is what relays say of a campaign: evidence of class C, beside the receipts and never added to them.
func (d *Desk) Word(ctx context.Context, campaign string) (Word, error) {
	return d.read().word(ctx, campaign)
}
