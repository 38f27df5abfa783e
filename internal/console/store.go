package console

import (
	"context"
	"time"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/job"
)

// A Desk keeps files between the look and the taking in, and shows how the machine stands.
type Desk struct {
	db      *db.DB
	files   blob.Store
	policy  *duty.Policy
	machine Machine
	kinds   []Kind
	now     func() time.Time
}

// New opens the desk with the kinds of file that can be taken in, in the order in which they are shown.
func New(d *db.DB, files blob.Store, policy *duty.Policy, machine Machine, now func() time.Time, kinds ...Kind) *Desk {
	return &Desk{db: d, files: files, policy: policy, machine: machine, kinds: kinds, now: now}
}

// sentKey is where it is remembered that a person sent a file: only they may look at it and take it in.
func sentKey(actor duty.Actor, k Kind, ref blob.Ref) string {
	return "console.import/" + actor.ID + "/" + k.Name + "/" + string(ref)
}

func (d *Desk) remember(ctx context.Context, actor duty.Actor, k Kind, ref blob.Ref, name string) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		_, _, err := db.Once(ctx, tx, sentKey(actor, k, ref), name)
		return err
	})
}

func (d *Desk) sent(ctx context.Context, actor duty.Actor, k Kind, ref blob.Ref) (name string, err error) {
	name, err = db.Value[string](ctx, d.db, "SELECT result FROM once WHERE key = $1", sentKey(actor, k, ref))
	if fault.Is(err, fault.NotFound) {
		return "", fault.New(fault.NotFound, "console.import.gone")
	}
	return name, err
}

// lastBackup is when the last backup was made; zero where none is on record.
func (d *Desk) lastBackup(ctx context.Context) (time.Time, error) {
	at, err := db.Value[string](ctx, d.db, "SELECT value FROM setting WHERE name = 'backup.last'")
	if fault.Is(err, fault.NotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	t, _ := time.Parse(time.RFC3339, at) // what cannot be read counts as none: the page then asks for a backup
	return t, nil
}

// engine names the database for the page that shows it.
func (d *Desk) engine() string { return string(d.db.Engine()) }

// look records that an operator saw how the machine stands.
func (d *Desk) look(ctx context.Context, actor duty.Actor) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		return d.note(ctx, tx, actor, audit.Entry{Thing: "system", After: "looked"})
	})
}

// again begins a job anew and records why.
func (d *Desk) again(ctx context.Context, actor duty.Actor, id, reason string) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		if err := job.Again(ctx, tx, id, d.now()); err != nil {
			return err
		}
		return d.note(ctx, tx, actor, audit.Entry{Thing: "job/" + id, After: "again", Reason: reason})
	})
}

func (d *Desk) note(ctx context.Context, tx *db.Tx, actor duty.Actor, e audit.Entry) error {
	e.Actor, e.Session, e.Act = actor.ID, actor.Session, string(duty.SystemOperate)
	return audit.Write(ctx, tx, d.now(), e)
}
