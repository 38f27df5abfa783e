package delivery

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/subscriber"
)

// A Connector is a way to speak to a kind of provider: "smpp", "sms-http", "webpush", "smtp", "zalo", "telegram", "rehearsal".
type Connector struct {
	Name    string
	Channel subscriber.Channel
	Fields  []Field
	// Simulated says that it reaches nobody, so that it is never live.
	Simulated bool
	// Make makes what a new connection needs and nobody can think of, such as keys; nil where there is nothing.
	Make func() (Settings, error)
	// Remade says that another of what was made may take its place later, and nobody is lost by it.
	Remade bool
	// Notes are what is to be published elsewhere for a connection, such as the record of a key; nil where there is nothing.
	Notes func(Settings) []Note
	Open  func(Settings, Hooks) (Sender, error) // does not wait for the network
}

// A Field is one setting of a connector, labelled by the message delivery.field.<name>.
type Field struct {
	Name     string
	Secret   bool // sealed, never shown again
	Required bool
	Default  string
}

// A Note is a line to be published elsewhere. Key is the message that says where.
type Note struct{ Key, Name, Value string }

// Settings are the values of a provider's fields, secrets in plain.
type Settings map[string]string

// Hooks are how a sender tells the ledger what it hears.
type Hooks struct {
	Provider string
	Receipt  func(context.Context, []Receipt) error
	Heard    func(context.Context, Inbound) error
	// Renew keeps other secrets in place of those that renew is given, before anything is done with them, and gives those that are kept
	// afterwards. renew may take its time; one is at work for a provider at a time. It gives nil where there is nothing to change.
	Renew func(ctx context.Context, renew func(kept Settings) (Settings, error)) (Settings, error)
	Inner bool // may connect to addresses inside: the administrator said so
	Log   *slog.Logger
	Now   func() time.Time
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

// A Provider is a connection that the administrator set up.
type Provider struct {
	ID        string
	Connector string
	Channel   subscriber.Channel
	Name      string
	Mode      Mode
	Settings  Settings // without secrets when it is read
	Kept      []string // names of the secrets that are there, when it is read
	Rate      int64    // messages a second
	Burst     int64
	Window    int64 // messages on their way at once: what a killed process leaves in doubt
	Cost      int64 // đồng a part
	Inner     bool  // may connect to addresses inside
	Revision  int64
	Health    Health
}

// faults gather what is wrong with a form, field by field.
type faults []error

func (f *faults) say(bad bool, field, key string, args ...any) {
	if bad {
		*f = append(*f, fault.Field(field, key, args...))
	}
}

// check says what is wrong with a provider by itself, and with the reason for changing it.
func (p Provider) check(c Connector, reason string) (wrong faults) {
	wrong.say(p.Name == "" || len(p.Name) > 80, "name", "delivery.provider.name")
	wrong.say(!slices.Contains([]Mode{Off, Dry, Rehearsal, Live}, p.Mode), "mode", "delivery.provider.mode")
	wrong.say(p.Mode == Live && c.Simulated, "mode", "delivery.provider.simulated")
	wrong.say(p.Rate < 1 || p.Rate > 10_000, "rate", "delivery.provider.rate")
	wrong.say(p.Burst < 1 || p.Burst > 10_000, "burst", "delivery.provider.burst")
	wrong.say(p.Window < 1 || p.Window > 2_000, "window", "delivery.provider.window")
	wrong.say(p.Cost < 0 || p.Cost > 1_000_000, "cost", "delivery.provider.cost")
	wrong.say(len([]rune(reason)) < 10, "reason", "privacy.reason.short")
	return wrong
}

// fill adds to the settings of a new connection what the connector makes, all of it or none: keys come in pairs.
func (c Connector) fill(s Settings) error {
	if c.Make == nil {
		return nil
	}
	made, err := c.Make()
	if err != nil || slices.ContainsFunc(slices.Collect(maps.Keys(made)), func(name string) bool { return s[name] != "" }) {
		return err
	}
	maps.Copy(s, made)
	return nil
}

// SaveProvider makes a provider or changes it. A secret that is left empty stays as it is.
func (d *Desk) SaveProvider(ctx context.Context, actor duty.Actor, p Provider, reason string) (string, error) {
	if err := d.policy.Permit(actor, duty.DeliverySetChannel, duty.Thing{}); err != nil {
		return "", err
	}
	c, ok := d.connectors[p.Connector]
	if !ok {
		return "", fault.Field("connector", "delivery.connector.unknown")
	}
	p.Channel, p.Name, reason = c.Channel, strings.TrimSpace(p.Name), strings.TrimSpace(reason)
	wrong := p.check(c, reason)
	if p.ID == "" {
		if err := c.fill(p.Settings); err != nil {
			return "", err
		}
	}
	id := p.ID
	err := d.change(ctx, func(s store) error {
		var before Provider
		var err error
		sealed := map[string]string{}
		if id != "" {
			if before, sealed, err = s.provider(ctx, id); err != nil {
				return err
			}
			wrong.say(before.Connector != p.Connector, "connector", "delivery.connector.fixed")
			wrong.say(before.Revision != p.Revision, "name", "delivery.provider.changed")
		} else {
			id = newID()
		}
		plain := Settings{}
		for _, f := range c.Fields {
			v := strings.TrimSpace(p.Settings[f.Name])
			switch {
			case !f.Secret:
				plain[f.Name] = cmp.Or(v, f.Default)
			case v != "":
				sealed[f.Name] = d.keeper.Wrap(secretOf(id, f.Name), v)
			}
			wrong.say(f.Required && plain[f.Name] == "" && sealed[f.Name] == "", f.Name, "delivery.provider.field", "Field", f.Name)
		}
		if err := errors.Join(wrong...); err != nil {
			return err
		}
		p.ID, p.Settings, p.Revision = id, plain, before.Revision+1
		if err := d.tried(p, sealed); err != nil {
			return err
		}
		if err := s.putProvider(ctx, d.now(), p, sealed); err != nil {
			return err
		}
		return audit.Write(ctx, s.tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.DeliverySetChannel), Thing: "provider/" + id,
			Before: string(before.Mode), After: string(p.Mode), Reason: reason, Note: p.Connector})
	})
	if err == nil {
		ring(d.engine.changed)
	}
	return id, err
}

// Remake makes anew what a connection needs and nobody can think of, in place of what is there.
func (d *Desk) Remake(ctx context.Context, actor duty.Actor, id, reason string) error {
	if err := d.policy.Permit(actor, duty.DeliverySetChannel, duty.Thing{}); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if len([]rune(reason)) < 10 {
		return fault.Field("remake", "privacy.reason.short")
	}
	p, _, err := d.read().provider(ctx, id)
	if err != nil {
		return err
	}
	c := d.connectors[p.Connector]
	if !c.Remade {
		return fault.New(fault.NotFound, "delivery.provider.none")
	}
	made, err := c.Make() // takes a while: nobody waits for it to write
	if err != nil {
		return err
	}
	err = d.change(ctx, func(s store) error {
		p, sealed, err := s.provider(ctx, id)
		if err != nil {
			return err
		}
		for _, f := range c.Fields {
			switch v, ok := made[f.Name]; {
			case ok && f.Secret:
				sealed[f.Name] = d.keeper.Wrap(secretOf(id, f.Name), v)
			case ok:
				p.Settings[f.Name] = v
			}
		}
		p.Revision++
		if err := d.tried(p, sealed); err != nil {
			return err
		}
		if err := s.putProvider(ctx, d.now(), p, sealed); err != nil {
			return err
		}
		return audit.Write(ctx, s.tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.DeliverySetChannel), Thing: "provider/" + id,
			Before: string(p.Mode), After: string(p.Mode), Reason: reason, Note: p.Connector + " remade"})
	})
	if err == nil {
		ring(d.engine.changed)
	}
	return err
}

// Notes are what is to be published elsewhere for a connection.
func (d *Desk) Notes(ctx context.Context, actor duty.Actor, id string) ([]Note, error) {
	if err := d.policy.Permit(actor, duty.DeliverySetChannel, duty.Thing{}); err != nil {
		return nil, err
	}
	p, sealed, err := d.read().provider(ctx, id)
	if err != nil {
		return nil, err
	}
	c := d.connectors[p.Connector]
	if c.Notes == nil {
		return nil, nil
	}
	settings, err := d.unsealed(id, sealed)
	if err != nil {
		return nil, err
	}
	maps.Copy(settings, p.Settings)
	return c.Notes(settings), nil
}

// tried opens a connection with its settings and closes it again, so that what is wrong with them is told where they are typed. It does
// not wait for the network.
func (d *Desk) tried(p Provider, sealed map[string]string) error {
	if p.Mode == Off {
		return nil
	}
	sender, err := d.open(p, sealed)
	if err != nil {
		return err
	}
	return sender.Close()
}

func secretOf(provider, field string) string { return "provider/" + provider + "/" + field }

// Providers lists the connections with how they are, for who sets channels.
func (d *Desk) Providers(ctx context.Context) ([]Provider, error) {
	all, err := d.read().providers(ctx)
	for i := range all {
		all[i].Health = d.healthOf(all[i])
	}
	return all, err
}

// Provider is one connection.
func (d *Desk) Provider(ctx context.Context, id string) (Provider, error) {
	p, _, err := d.read().provider(ctx, id)
	p.Health = d.healthOf(p)
	return p, err
}

// Connectors lists the kinds of connection that there are, in the order of their names.
func (d *Desk) Connectors() []Connector {
	return slices.SortedFunc(maps.Values(d.connectors), func(a, b Connector) int { return strings.Compare(a.Name, b.Name) })
}

// healthOf asks the connection that is open, if one is.
func (d *Desk) healthOf(p Provider) Health {
	switch p.Mode {
	case Off:
		return Health{Why: "delivery.health.off"}
	case Dry:
		return Health{Up: true, Why: "delivery.health.dry"}
	}
	if l, ok := d.engine.open.Load(p.ID); ok {
		return l.(*link).Health()
	}
	if r := d.refusalOf(p); r.revision > 0 {
		return Health{Since: r.since, Why: r.why}
	}
	return Health{Why: "delivery.health.closed"}
}

// open opens a connection of a provider with its secrets.
func (d *Desk) open(p Provider, sealed map[string]string) (Sender, error) {
	if p.Mode == Dry {
		return dry{}, nil
	}
	settings, err := d.unsealed(p.ID, sealed)
	if err != nil {
		return nil, err
	}
	maps.Copy(settings, p.Settings)
	return d.connectors[p.Connector].Open(settings, Hooks{Provider: p.ID, Receipt: d.Receipts, Heard: d.Heard, Renew: d.renewing(p.ID), Inner: p.Inner, Log: d.log, Now: d.now})
}

// unsealed are the secrets of a provider in plain.
func (d *Desk) unsealed(provider string, sealed map[string]string) (Settings, error) {
	plain := Settings{}
	for name, box := range sealed {
		text, err := d.keeper.Unwrap(secretOf(provider, name), box)
		if err != nil {
			return nil, err
		}
		plain[name] = text
	}
	return plain, nil
}

// renewing is Hooks.Renew of a provider. What the administrator typed in meanwhile stays.
func (d *Desk) renewing(provider string) func(context.Context, func(Settings) (Settings, error)) (Settings, error) {
	return func(ctx context.Context, renew func(Settings) (Settings, error)) (Settings, error) {
		turn, _ := d.engine.renewing.LoadOrStore(provider, new(sync.Mutex))
		turn.(*sync.Mutex).Lock()
		defer turn.(*sync.Mutex).Unlock()
		_, before, err := d.read().provider(ctx, provider)
		if err != nil {
			return nil, err
		}
		kept, err := d.unsealed(provider, before)
		if err != nil {
			return nil, err
		}
		fresh, err := renew(kept)
		if err != nil || fresh == nil {
			return kept, err
		}
		err = d.change(context.WithoutCancel(ctx), func(s store) error { // the old ones are spent: nothing may come between
			_, sealed, err := s.provider(ctx, provider)
			if err != nil {
				return err
			}
			if !maps.Equal(before, sealed) {
				kept, err = d.unsealed(provider, sealed)
				return err
			}
			for name, text := range fresh {
				sealed[name] = d.keeper.Wrap(secretOf(provider, name), text)
			}
			maps.Copy(kept, fresh)
			return s.putSecrets(ctx, provider, sealed)
		})
		return kept, err
	}
}

// dry does everything but the handing over.
type dry struct{}

func (dry) Send(_ context.Context, batch []Outgoing, done func(int, Result)) {
	for i := range batch {
		done(i, Result{State: Suppressed, Why: "delivery.reason.dry"})
	}
}

func (dry) Health() Health { return Health{Up: true, Why: "delivery.health.dry"} }
func (dry) Close() error   { return nil }

// A Call is what a network tells by HTTP.
type Call struct {
	Method        string
	Header, Query map[string][]string
	Body          []byte
}

// A Caller is a Sender that networks call back. It checks who calls; a status of 404 says nothing to a stranger.
type Caller interface {
	Call(ctx context.Context, c Call) (status int, reply []byte)
}

// Call hands a call to the connection of a provider. One that takes no calls is not there.
func (d *Desk) Call(ctx context.Context, provider string, c Call) (status int, reply []byte, err error) {
	if l, ok := d.engine.open.Load(provider); ok {
		if caller, ok := l.(*link).sender.(Caller); ok {
			status, reply = caller.Call(ctx, c)
			return status, reply, nil
		}
	}
	return 0, nil, fault.New(fault.NotFound, "delivery.provider.none")
}
