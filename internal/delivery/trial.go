package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/outgoing"
)

// A Trier is a Sender that can ask its network whether it would be let in, without sending anything to anybody. Why says what came, be
// it good or bad.
type Trier interface {
	Try(ctx context.Context) Health
}

// trialFor is how long a network may take to let us in.
const trialFor = 10 * time.Second

// Try tries the connection of a provider as it is set up now, be it on or off, and sends nothing. A kind of connection of which only a
// message can tell was not tried.
func (d *Desk) Try(ctx context.Context, actor duty.Actor, id string) (h Health, tried bool, err error) {
	if err := d.policy.Permit(actor, duty.DeliverySetChannel, duty.Thing{}); err != nil {
		return Health{}, false, err
	}
	p, sealed, err := d.read().provider(ctx, id)
	if err != nil {
		return Health{}, false, err
	}
	if h, tried, err = d.try(ctx, p, sealed); err != nil || !tried {
		return h, tried, err
	}
	if l, ok := d.engine.open.Load(p.ID); ok && l.(*link).Revision == p.Revision {
		l.(*link).tried(h)
	}
	return h, true, d.change(ctx, func(s store) error {
		return audit.Write(ctx, s.tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.DeliverySetChannel), Thing: "provider/" + id,
			Before: string(p.Mode), After: string(p.Mode), Note: h.Why})
	})
}

func (d *Desk) try(ctx context.Context, p Provider, sealed map[string]string) (h Health, tried bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, trialFor)
	defer cancel()
	if l, ok := d.engine.open.Load(p.ID); ok { // one that stands is asked: many networks refuse a third connection
		l := l.(*link)
		if trier, ok := l.sender.(Trier); ok && l.Revision == p.Revision && l.Health().Up {
			return trier.Try(ctx), true, nil
		}
	}
	p.Mode = Live // of a dry run nothing would be opened
	sender, err := d.open(p, sealed)
	if told := fault.All(err); len(told) > 0 {
		return Health{Why: told[0].Key}, true, nil
	}
	if err != nil {
		return Health{}, false, err
	}
	trier, ok := sender.(Trier)
	if ok {
		h = trier.Try(ctx)
	}
	return h, ok, sender.Close()
}

// reached is said where a machine is there, and no more is known.
const reached = "delivery.try.reached"

// Unreached puts into words why a connection could not be made, for a Trier. Of the error itself nothing is told: it may have an address
// with secrets in it.
func Unreached(err error) Health {
	dns, _ := errors.AsType[*net.DNSError](err)
	_, unproven := errors.AsType[*tls.CertificateVerificationError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	late, _ := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, outgoing.ErrInner):
		return Health{Why: "delivery.try.inner"}
	case dns != nil:
		return Health{Why: "delivery.try.name"}
	case unproven:
		return Health{Why: "delivery.try.unproven"}
	case plain || alert:
		return Health{Why: "delivery.try.encryption"}
	case errors.Is(err, context.DeadlineExceeded) || late != nil && late.Timeout():
		return Health{Why: "delivery.try.late"}
	case outgoing.Dialled(err):
		return Health{Why: "delivery.try.port"}
	}
	return Health{Why: "delivery.try.broken"}
}

// Reached is what a Trier says where the machine is there, and nothing more can be asked without sending.
func Reached(ctx context.Context, address string, inner bool) Health {
	if err := outgoing.Reach(ctx, address, inner); err != nil {
		return Unreached(err)
	}
	return Health{Up: true, Why: reached}
}
