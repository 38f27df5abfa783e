// Package console is the officers' desk: the work that waits for a person, files taken in with a look before anything is
// written, and the state of the machine. It shows what other rooms know and decides nothing for them.
package console

import (
	"context"
	"io"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/place/intake"
)

// A Kind is a sort of file that can be taken in.
type Kind struct {
	Name  string // part of its address and of its messages: "units"
	Act   duty.Act
	Limit int64 // bytes
	// Take tells what a file would do (dry), or does it. The same file again changes nothing.
	Take func(ctx context.Context, actor duty.Actor, name string, r io.Reader, dry bool) (intake.Report, error)
}

// An Importer takes in tables, as place and ethnic do.
type Importer interface {
	Import(ctx context.Context, actor duty.Actor, kind, name string, r io.Reader, dry bool, progress func(done, total int)) (intake.Report, error)
}

// KindOf is the kind of file that an importer knows by that name.
func KindOf(name string, act duty.Act, limit int64, i Importer) Kind {
	return Kind{Name: name, Act: act, Limit: limit,
		Take: func(ctx context.Context, actor duty.Actor, file string, r io.Reader, dry bool) (intake.Report, error) {
			return i.Import(ctx, actor, name, file, r, dry, nil)
		}}
}

// Try keeps a file by its content, remembers that the actor sent it, and gives its name in the store. Nothing of it is taken
// in: Preview tells what would be.
func (d *Desk) Try(ctx context.Context, actor duty.Actor, k Kind, name string, r io.Reader) (blob.Ref, error) {
	if !d.policy.May(actor, k.Act) {
		return "", d.policy.Permit(actor, k.Act, duty.Thing{})
	}
	ref, _, err := d.files.Put(ctx, r, k.Limit)
	if err != nil {
		return "", err
	}
	return ref, d.remember(ctx, actor, k, ref, name)
}

// Preview tells what a file that the actor sent would change, row by row where it is refused. It writes nothing.
func (d *Desk) Preview(ctx context.Context, actor duty.Actor, k Kind, ref blob.Ref) (intake.Report, error) {
	return d.take(ctx, actor, k, ref, true)
}

// Take takes a file in that the actor sent and has seen the preview of. Whether each row is allowed is asked by its room.
func (d *Desk) Take(ctx context.Context, actor duty.Actor, k Kind, ref blob.Ref) (intake.Report, error) {
	return d.take(ctx, actor, k, ref, false)
}

func (d *Desk) take(ctx context.Context, actor duty.Actor, k Kind, ref blob.Ref, dry bool) (intake.Report, error) {
	name, err := d.sent(ctx, actor, k, ref)
	if err != nil {
		return intake.Report{}, err
	}
	if !d.policy.May(actor, k.Act) {
		return intake.Report{}, d.policy.Permit(actor, k.Act, duty.Thing{})
	}
	f, _, err := d.files.Open(ctx, ref)
	if err != nil {
		return intake.Report{}, err
	}
	defer f.Close()
	return k.Take(ctx, actor, name, f, dry)
}
