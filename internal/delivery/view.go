package delivery

import (
	"context"

	"banlang/internal/fault"
	"banlang/internal/subscriber"
)

// A View is what a subscriber sees of their own message.
type View struct {
	Message  Message
	Campaign Campaign
	Item     Item
	Text     Text
	Sound    Edition // empty where there is none in a language that they hear
}

// ByToken is the message that a token addresses. A token that nobody was given, and one of a message that was thinned, is NotFound.
func (d *Desk) ByToken(ctx context.Context, token string) (View, error) {
	id, ok := d.messageOf(token)
	if !ok {
		return View{}, fault.New(fault.NotFound, "delivery.token.none")
	}
	m, err := d.read().message(ctx, id)
	if err != nil {
		return View{}, err
	}
	v := View{Message: m}
	if v.Campaign, err = d.read().campaign(ctx, m.Campaign); err != nil {
		return View{}, err
	}
	if v.Item, err = d.source.Item(ctx, v.Campaign.Ref, v.Campaign.Version); err != nil {
		return View{}, err
	}
	v.Text = d.words(v.Campaign, v.Item, m.Lang, m.Heard)
	if v.Item.Ended.IsZero() {
		v.Sound, _ = v.Item.In(m.Heard)
	}
	return v, nil
}

// Open says that the person opened or heard their message.
func (d *Desk) Open(ctx context.Context, token string) error { return d.did(ctx, token, Opened) }

// Understand says that the person pressed that they understood.
func (d *Desk) Understand(ctx context.Context, token string) error {
	return d.did(ctx, token, Understood)
}

func (d *Desk) did(ctx context.Context, token string, s State) error {
	id, ok := d.messageOf(token)
	if !ok {
		return fault.New(fault.NotFound, "delivery.token.none")
	}
	return d.change(ctx, func(t store) error { return t.act(ctx, d.now(), id, s) })
}

// Stops tells whether a token is that of an endpoint: there is no message to show with it.
func (d *Desk) Stops(token string) bool {
	_, ok := d.endpointOf(token)
	return ok
}

// StopAll ends the endpoint that a token addresses, or every endpoint to which its message went.
func (d *Desk) StopAll(ctx context.Context, token string) error {
	endpoints, err := d.addressed(ctx, token)
	if err != nil {
		return err
	}
	for _, e := range endpoints {
		if err := d.people.StopEndpoint(ctx, e); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// addressed are the endpoints that a token stands for.
func (d *Desk) addressed(ctx context.Context, token string) ([]string, error) {
	if endpoint, ok := d.endpointOf(token); ok {
		return []string{endpoint}, nil
	}
	id, ok := d.messageOf(token)
	if !ok {
		return nil, fault.New(fault.NotFound, "delivery.token.none")
	}
	return d.read().endpoints(ctx, id)
}

// A Preview says what an order would send.
type Preview struct {
	Item    Item
	Persons int64
	Lines   []PreviewLine
	Nobody  int64           // persons with no endpoint among the channels
	Texts   map[string]Text // by language, as an SMS
	Bare    int64           // villages of the area in which nobody is subscribed
	Plain   map[string]Text // the same SMS without marks, for its cost
	Cost    int64           // đồng, of the dearest provider of each channel
}

// A PreviewLine counts what goes by one channel in one language.
type PreviewLine struct {
	Channel  subscriber.Channel
	Lang     string
	Missing  string // the language that these persons read or hear and that nobody has told it in
	Persons  int64
	Parts    int64
	Provider bool // something is connected that can send it
}
