package app

import (
	"cmp"
	"context"

	"banlang/internal/account"
	"banlang/internal/bulletin"
	"banlang/internal/delivery"
	"banlang/internal/delivery/chat"
	"banlang/internal/delivery/mail"
	"banlang/internal/delivery/push"
	"banlang/internal/delivery/sms"
	"banlang/internal/ethnic"
	"banlang/internal/place"
	"banlang/internal/portal"
	"banlang/internal/subscriber"
)

// people tells bulletin by which public name somebody signs a bulletin.
type people struct{ accounts *account.Desk }

func (p people) Name(ctx context.Context, id string) (string, error) {
	names, err := p.accounts.Names(ctx, []string{id})
	return cmp.Or(names[id], id), err
}

// connectors are the ways to networks.
func connectors() []delivery.Connector {
	return []delivery.Connector{sms.SMPP(), sms.Gateway(), mail.SMTP(), push.WebPush(), chat.Telegram(), chat.Zalo(),
		delivery.RehearsalConnector(subscriber.SMS), delivery.RehearsalConnector(subscriber.Email), delivery.RehearsalConnector(subscriber.Push)}
}

// pushKey is the public key with which a browser subscribes: that of the push provider that sends to it, which in a demonstration is one
// to rehearse with; empty where there is none.
func (h *House) pushKey(ctx context.Context) (string, error) {
	mode := delivery.Live
	if h.people.Demo {
		mode = delivery.Rehearsal
	}
	all, err := h.delivery.Providers(ctx)
	for _, p := range all {
		if key := p.Settings["public_key"]; p.Channel == subscriber.Push && p.Mode == mode && key != "" {
			return key, err
		}
	}
	return "", err
}

// topics are what a subscriber chooses among.
func topics() []subscriber.Topic {
	var all []subscriber.Topic
	for _, t := range bulletin.Topics() {
		all = append(all, subscriber.Topic{Code: string(t), Picture: t.Picture()})
	}
	return all
}

func picture(topic string) string { return bulletin.Topic(topic).Picture() }

// news shows the first page the bulletins in force.
type news struct {
	desk      *bulletin.Desk
	places    *place.Desk
	languages *ethnic.Desk
}

func (n news) Alarms(ctx context.Context, heard []string, most int) ([]portal.Item, error) {
	return n.items(ctx, heard, bulletin.Filter{Class: bulletin.Emergency, Size: most})
}

func (n news) Told(ctx context.Context, heard []string, topic string, most int) ([]portal.Item, error) {
	return n.items(ctx, heard, bulletin.Filter{Topic: bulletin.Topic(topic), Size: most})
}

func (n news) items(ctx context.Context, heard []string, f bulletin.Filter) ([]portal.Item, error) {
	found, _, err := n.desk.Published(ctx, f)
	if err != nil {
		return nil, err
	}
	var wanted []string
	for _, tag := range heard {
		wanted = append(append(wanted, tag), n.languages.HeardFallback(tag)...)
	}
	items := make([]portal.Item, len(found))
	for i, s := range found {
		items[i] = n.item(s, wanted)
	}
	return items, nil
}

func (n news) item(s bulletin.Summary, wanted []string) portal.Item {
	item := portal.Item{Title: s.Title, URL: s.ID.URL(), Picture: s.Topic.Picture(), Day: s.Published, Urgent: s.Class == bulletin.Emergency, Demo: s.Demo}
	if u, err := n.places.ByID(s.Place); err == nil {
		item.Where = u.FullName()
	}
	for _, t := range s.Told {
		if t.Sound {
			item.Langs = append(item.Langs, n.language(t.Lang))
		}
	}
	if t, ok := s.Heard(wanted...); ok {
		item.Sound = portal.Sound{Lang: n.language(t.Lang), Length: t.Length, Machine: t.Machine,
			Opus: s.ID.SoundURL(t.Lang, "opus"), OpusSize: t.OpusSize, MP3: s.ID.SoundURL(t.Lang, "mp3"), MP3Size: t.MP3Size}
	}
	return item
}

func (n news) language(tag string) string {
	l, err := n.languages.Language(tag)
	if err != nil {
		return tag
	}
	return l.Name
}

// names gives the words for the plain values of search's facets.
type names struct {
	places *place.Desk
	groups *ethnic.Desk
}

func (n names) Name(ui, facet, value string) string {
	switch facet {
	case "place":
		if u, err := n.places.ByID(place.ID(value)); err == nil {
			return u.FullName()
		}
	case "group":
		if g, err := n.groups.BySlug(ethnic.Slug(value)); err == nil {
			return g.Name
		}
	case "lang":
		if l, err := n.groups.Language(value); err == nil {
			return l.Name
		}
	}
	return ""
}
