package delivery

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/subscriber"
)

const campaignColumns = `id, kind, earlier, ref, version, class, place, topic, channels, toneless, demo, drill, state, starts, expires, made, made_by, second, reason, changed`

type campaignRow struct {
	Campaign
	channels                       string
	starts, expires, made, changed int64
}

func (r *campaignRow) fields() []any {
	return []any{&r.ID, &r.Kind, &r.Of, &r.Ref, &r.Version, &r.Class, &r.Place, &r.Topic, &r.channels, &r.Toneless, &r.Demo, &r.Drill, &r.State,
		&r.starts, &r.expires, &r.made, &r.By, &r.Second, &r.Reason, &r.changed}
}

func (r campaignRow) campaign() Campaign {
	c := r.Campaign
	for ch := range strings.FieldsSeq(r.channels) {
		c.Channels = append(c.Channels, subscriber.Channel(ch))
	}
	c.Starts, c.Expires, c.Made, c.Changed = db.Time(r.starts), db.Time(r.expires), db.Time(r.made), db.Time(r.changed)
	return c
}

func (s store) campaign(ctx context.Context, id string) (Campaign, error) {
	r, err := db.One(ctx, s.c, (*campaignRow).fields, "SELECT "+campaignColumns+" FROM delivery_campaign WHERE id = $1", id)
	if fault.Is(err, fault.NotFound) {
		return Campaign{}, fault.New(fault.NotFound, "delivery.campaign.none")
	}
	return r.campaign(), err
}

func (s store) campaigns(ctx context.Context, areas []string, page, size int) ([]Campaign, int, error) {
	var w db.Where
	if !inAreas(&w, "c.place", areas) {
		return nil, 0, nil
	}
	total, err := db.Value[int](ctx, s.c, "SELECT count(*) FROM delivery_campaign c"+w.SQL(), w.Args()...)
	if err != nil {
		return nil, 0, err
	}
	size = min(max(1, size), 100)
	rows, err := db.All(ctx, s.c, (*campaignRow).fields, "SELECT "+campaignColumns+" FROM delivery_campaign c"+w.SQL()+" ORDER BY made DESC, id LIMIT "+w.Next(size)+
		" OFFSET "+w.Next((max(1, page)-1)*size), w.Args()...)
	all := make([]Campaign, len(rows))
	for i, r := range rows {
		all[i] = r.campaign()
	}
	return all, total, err
}

// begin writes a campaign and puts the job that expands it; the same campaign again changes nothing.
func (s store) begin(ctx context.Context, c Campaign) error {
	_, err := s.beginNew(ctx, c)
	return err
}

// beginNew is begin, and tells whether the campaign was not there yet.
func (s store) beginNew(ctx context.Context, c Campaign) (isNew bool, err error) {
	var channels []string
	for _, ch := range c.Channels {
		channels = append(channels, string(ch))
	}
	n, err := db.Exec(ctx, s.c, "INSERT INTO delivery_campaign ("+campaignColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)
		ON CONFLICT (id) DO NOTHING`, c.ID, c.Kind, c.Of, c.Ref, c.Version, c.Class, c.Place, c.Topic, strings.Join(channels, " "), c.Toneless, c.Demo, c.Drill, c.State,
		db.Millis(c.Starts), db.Millis(c.Expires), db.Millis(c.Made), c.By, c.Second, c.Reason, db.Millis(c.Changed))
	if err != nil || n == 0 {
		return false, err
	}
	if err := s.putJob(ctx, jobEnd, campaignJob{Campaign: c.ID}, c.Expires); err != nil {
		return false, err
	}
	return true, s.expandSoon(ctx, c)
}

// save writes what may change of a campaign.
func (s store) save(ctx context.Context, c Campaign) error {
	_, err := db.Exec(ctx, s.c, "UPDATE delivery_campaign SET state = $2, reason = $3, changed = $4 WHERE id = $1", c.ID, c.State, c.Reason, db.Millis(c.Changed))
	return err
}

// record writes an act on a campaign down.
func (s store) record(ctx context.Context, at time.Time, actor duty.Actor, c Campaign, act duty.Act, e audit.Entry) error {
	e.Actor, e.Session, e.Act, e.Thing, e.Place = actor.ID, actor.Session, string(act), "campaign/"+c.ID, string(c.Place)
	return audit.Write(ctx, s.tx, at, e)
}

// A campaignJob is work on a campaign.
type campaignJob struct {
	Campaign string
	Rung     string `json:",omitempty"`
}

func (s store) putJob(ctx context.Context, kind string, j campaignJob, at time.Time) error {
	payload, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return job.Put(ctx, s.tx, job.Job{Kind: kind, Key: j.Campaign + j.Rung, Payload: payload, At: at})
}

func (s store) expandSoon(ctx context.Context, c Campaign) error {
	at := c.Starts
	if c.Class == Emergency && !at.After(c.Made) {
		at = time.Time{} // before everything else that waits, the mixing of programmes above all
	}
	return s.putJob(ctx, jobExpand, campaignJob{Campaign: c.ID}, at)
}

// stop ends a campaign: its state says so at once, which the workers ask before they submit; a job takes what waits out of the queue,
// and another campaign tells those whom it may have reached.
func (s store) stop(ctx context.Context, at time.Time, c *Campaign, by string) error {
	begun := c.State != Waiting
	c.State, c.Changed = Stopped, at
	if err := s.putJob(ctx, jobClear, campaignJob{Campaign: c.ID}, at); err != nil || !begun {
		return err
	}
	r := *c
	r.ID, r.Kind, r.Of, r.State, r.Starts, r.Expires, r.Made, r.By, r.Second = made("campaign", string(Recall), c.ID), Recall, c.ID, Waiting, at, time.Time{}, at, by, ""
	r.Expires = r.end()
	return s.begin(ctx, r)
}

// standing lists the campaigns of a bulletin that are not over, and those done, which a recall still follows.
func (s store) standing(ctx context.Context, ref Ref) ([]Campaign, error) {
	rows, err := db.All(ctx, s.c, (*campaignRow).fields, "SELECT "+campaignColumns+" FROM delivery_campaign WHERE ref = $1 AND kind = 'news' AND state NOT IN ('stopped', 'renewed') ORDER BY made LIMIT 100", ref)
	all := make([]Campaign, len(rows))
	for i, r := range rows {
		all[i] = r.campaign()
	}
	return all, err
}

// Queue begins the campaign of an emergency in the transaction that publishes it: its two signatures are those of the sending.
func Queue(ctx context.Context, tx *db.Tx, at time.Time, o Order) error {
	return store{tx, tx}.begin(ctx, o.campaign(News, at))
}

// Withdraw ends every campaign of a bulletin in the transaction that recalls it, and tells those whom they may have reached.
func Withdraw(ctx context.Context, tx *db.Tx, at time.Time, ref Ref, by, reason string) error {
	s := store{tx, tx}
	all, err := s.standing(ctx, ref)
	if err != nil {
		return err
	}
	for _, c := range all {
		c.Reason = reason
		if err := s.stop(ctx, at, &c, by); err != nil {
			return err
		}
		if err := s.save(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// Renew lets a newer issue, or the bulletin that replaces one, take the place of what still waits, in the transaction that publishes
// it. An emergency goes to everybody again; anything else to those who have not got the older one.
func Renew(ctx context.Context, tx *db.Tx, at time.Time, o Order) error {
	s := store{tx, tx}
	ref := o.Ref
	if o.Replaces != "" {
		ref = o.Replaces
	}
	all, err := s.standing(ctx, ref)
	if err != nil {
		return err
	}
	for _, old := range all {
		if old.Ref == o.Ref && old.Version >= o.Version || old.State == Done && o.Class != Emergency {
			continue
		}
		old.State, old.Changed = Renewed, at
		if err := s.save(ctx, old); err != nil {
			return err
		}
		if err := s.putJob(ctx, jobClear, campaignJob{Campaign: old.ID}, at); err != nil {
			return err
		}
		if o.Class == Emergency {
			continue
		}
		next := o
		next.Place, next.Channels, next.Toneless, next.Starts = old.Place, old.Channels, old.Toneless, old.Starts
		c := next.campaign(News, at)
		c.Of = old.ID
		if err := s.begin(ctx, c); err != nil {
			return err
		}
	}
	if o.Class == Emergency {
		return s.begin(ctx, o.campaign(News, at))
	}
	return nil
}
