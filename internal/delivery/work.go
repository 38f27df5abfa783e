package delivery

import (
	"context"
	"time"

	"banlang/internal/duty"
	"banlang/internal/i18n"
)

// An Alarm tells an officer that a campaign has not arrived with everybody: the last rung of its ladder.
type Alarm struct {
	Campaign string
	Ref      Ref
	Version  int64
	At       time.Time
	N        int64 // persons not reached then
}

// alarmFor is how long an alarm stays in the list of work.
const alarmFor = 24 * time.Hour

// Alarms lists what has not arrived in the areas where the actor may send, newest first. An alarm goes with its campaign, or after a day.
func (d *Desk) Alarms(ctx context.Context, actor duty.Actor) ([]Alarm, error) {
	return d.read().alarms(ctx, d.policy.Areas(actor, duty.DeliverySendEmergency), d.now().Add(-alarmFor))
}

// title is that of an item as people know it.
func (d *Desk) title(ctx context.Context, ref Ref, version int64) string {
	item, err := d.item(ctx, ref, version)
	if err != nil {
		return string(ref)
	}
	e, _ := item.In(i18n.Default)
	return d.mark(Campaign{Kind: News, Drill: item.Drill, Demo: item.Demo}, e.Title)
}
