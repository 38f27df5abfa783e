package portal

import (
	"context"
	"slices"
	"strings"

	"banlang/internal/bulletin"
	"banlang/internal/ethnic"
	"banlang/internal/library"
	"banlang/internal/place"
)

// Bulletins are the News of the house's own bulletins.
type Bulletins struct {
	Desk   *bulletin.Desk
	Places *place.Desk
	Groups *ethnic.Desk
}

// Front puts the emergencies in force first, then what is newest.
func (b Bulletins) Front(ctx context.Context, heard []string, n int) ([]Item, error) {
	alarms, _, err := b.Desk.Published(ctx, bulletin.Filter{Class: bulletin.Emergency, Size: 3})
	if err != nil {
		return nil, err
	}
	newest, _, err := b.Desk.Published(ctx, bulletin.Filter{Size: n + len(alarms)})
	if err != nil {
		return nil, err
	}
	newest = slices.DeleteFunc(newest, func(s bulletin.Summary) bool { return s.Class == bulletin.Emergency })
	all := slices.Concat(alarms, newest)
	return b.items(all[:min(len(all), n+len(alarms))], heard), nil
}

// Told lists what is in force of one topic.
func (b Bulletins) Told(ctx context.Context, heard []string, topic string, n int) ([]Item, error) {
	found, _, err := b.Desk.Published(ctx, bulletin.Filter{Topic: bulletin.Topic(topic), Size: n})
	return b.items(found, heard), err
}

func (b Bulletins) items(found []bulletin.Summary, heard []string) []Item {
	wanted := slices.Clone(heard)
	if len(heard) > 0 {
		wanted = append(wanted, b.Groups.HeardFallback(heard[0])...)
	}
	items := make([]Item, len(found))
	for i, s := range found {
		item := Item{Title: s.Title, URL: s.ID.URL(), Picture: picture("bulletin", []string{string(s.Topic)}),
			Where: b.where(s.Place), Day: s.Published, Urgent: s.Class == bulletin.Emergency}
		for _, t := range s.Told {
			if t.Sound {
				item.Langs = append(item.Langs, strings.TrimPrefix(languageName(b.Groups, "vi", t.Lang), "Tiếng "))
			}
		}
		if t, ok := s.Heard(wanted...); ok {
			item.Sound = Sound{Lang: languageName(b.Groups, "vi", t.Lang), Length: t.Length, Machine: t.Machine,
				Opus: s.ID.SoundURL(t.Lang, "opus"), MP3: s.ID.SoundURL(t.Lang, "mp3"), OpusSize: t.OpusSize, MP3Size: t.MP3Size}
		}
		items[i] = item
	}
	return items
}

func (b Bulletins) where(id place.ID) string {
	if u, err := b.Places.ByID(id); err == nil {
		return u.FullName()
	}
	return ""
}

// Names are the words of the house's own rooms for the values of facets.
type Names struct {
	Places *place.Desk
	Groups *ethnic.Desk
}

// Name gives "" for what no room knows.
func (n Names) Name(ui, facet, value string) string {
	switch facet {
	case "place":
		if u, err := n.Places.ByID(place.ID(value)); err == nil {
			return u.FullName()
		}
	case "group":
		if g, err := n.Groups.BySlug(ethnic.Slug(value)); err == nil {
			return g.Name
		}
	case "lang":
		return languageName(n.Groups, ui, value)
	case "kind":
		return library.Kinds.Term(value).In(ui)
	case "subject":
		return library.Subjects.Term(value).In(ui)
	}
	return ""
}

func languageName(groups *ethnic.Desk, ui, tag string) string {
	l, err := groups.Language(tag)
	switch {
	case err != nil:
		return ""
	case ui == "en" && l.NameEN != "":
		return l.NameEN
	}
	return l.Name
}
