package delivery

import (
	"context"

	"banlang/internal/fault"
	"banlang/internal/subscriber"
)

// outgoing composes an attempt. why is a message key: there is nothing that could be sent.
func (d *Desk) outgoing(ctx context.Context, a Attempt, channel subscriber.Channel) (o Outgoing, why string, err error) {
	if a.Campaign != "" {
		return Outgoing{}, "", fault.New(fault.Unsupported, "delivery.campaign.none")
	}
	text, err := d.keeper.Unwrap(noticeOf(a.Endpoint), a.Note)
	return Outgoing{Title: a.title, Text: text, Lang: "vi", Class: Normal}, "", err
}

// Heard takes what somebody wrote to us.
func (d *Desk) Heard(context.Context, Inbound) error { return nil }
