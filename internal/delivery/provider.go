package delivery

import (
	"context"
	"log/slog"
	"time"

	"banlang/internal/subscriber"
)

// A Connector is a way to speak to a kind of provider: "smpp", "sms-http", "webpush", "smtp", "zalo-oa", "telegram", "rehearsal".
type Connector struct {
	Name    string
	Channel subscriber.Channel
	Fields  []Field
	Open    func(Settings, Hooks) (Sender, error) // does not wait for the network
}

// A Field is one setting of a connector, labelled by the message delivery.field.<name>.
type Field struct {
	Name     string
	Secret   bool // sealed, never shown again
	Required bool
	Default  string
}

// Settings are the values of a provider's fields, secrets in plain.
type Settings map[string]string

// Hooks are how a sender tells the ledger what it hears.
type Hooks struct {
	Provider string
	Receipt  func(context.Context, []Receipt) error
	Heard    func(context.Context, Inbound) error
	Inner    bool // may connect to addresses inside: the administrator said so
	Log      *slog.Logger
	Now      func() time.Time
}

// A Mode says what may leave the machine by a provider.
type Mode string

// The modes.
const (
	Off       Mode = "off"
	Dry       Mode = "dry"       // everything is done but the handing over
	Rehearsal Mode = "rehearsal" // to a simulator: the only mode that takes what is made up for demonstration
	Live      Mode = "live"      // to real people
)
