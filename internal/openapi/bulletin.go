package openapi

import (
	"context"
	"strings"
	"time"

	"banlang/internal/bulletin"
)

// Bulletin is a published bulletin as a list shows it.
type Bulletin struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Opening   string    `json:"opening,omitempty"`
	Topic     string    `json:"topic"`
	Class     string    `json:"class"`
	Place     string    `json:"place"`
	Published time.Time `json:"published"`
	Updated   time.Time `json:"updated"`
	Expires   time.Time `json:"expires,omitzero"`
	Demo      bool      `json:"demonstration,omitempty"` // made up, not real news
	Told      []Told    `json:"told"`                    // what exists in each language
	URL       string    `json:"url"`
}

// Told says what exists of a bulletin in a language.
type Told struct {
	Lang  string `json:"lang"`
	Text  bool   `json:"text"`
	Sound bool   `json:"sound"`
}

// BulletinDetail is a bulletin with its editions.
type BulletinDetail struct {
	ID        string    `json:"id"`
	Topic     string    `json:"topic"`
	Class     string    `json:"class"`
	Place     string    `json:"place"`
	Basis     string    `json:"basis,omitempty"`
	Issue     int64     `json:"issue"`
	Published time.Time `json:"published"` // of the first issue
	Updated   time.Time `json:"updated"`   // of this one
	Expires   time.Time `json:"expires,omitzero"`
	Expired   bool      `json:"expired,omitempty"`
	Demo      bool      `json:"demonstration,omitempty"`
	Editions  []Edition `json:"editions"`
	URL       string    `json:"url"`
}

// Edition tells a bulletin in one language, as text, as sound, or both.
type Edition struct {
	Lang  string `json:"lang"`
	Title string `json:"title,omitempty"`
	Body  string `json:"body,omitempty"`
	Sound *Sound `json:"sound,omitempty"`
}

// Sound is a recording in two codings.
type Sound struct {
	Seconds  float64 `json:"seconds"`
	Machine  bool    `json:"machine"` // a machine's voice
	Voice    string  `json:"voice,omitempty"`
	Opus     string  `json:"opus,omitempty"`
	OpusSize int64   `json:"opus_bytes,omitempty"`
	MP3      string  `json:"mp3"`
	MP3Size  int64   `json:"mp3_bytes"`
}

func bulletins(ctx context.Context, d Desks, q query) (any, error) {
	f := bulletin.Filter{
		Topic: bulletin.Topic(q.text("topic")), Class: bulletin.Class(q.text("class")), Lang: q.text("lang"), Page: q.page, Size: q.size,
	}
	if code := q.text("place"); code != "" {
		u, err := placeAt(d, code, d.Places.Today())
		if err != nil {
			return nil, err
		}
		f.Place = u.ID
	}
	all, total, err := d.Bulletins.Published(ctx, f)
	items := make([]Bulletin, len(all))
	for i, s := range all {
		items[i] = Bulletin{
			ID: string(s.ID), Title: s.Title, Opening: s.Opening, Topic: string(s.Topic), Class: string(s.Class), Place: string(s.Place),
			Published: s.Published, Updated: s.Updated, Expires: s.Expires, Demo: s.Demo, Told: []Told{}, URL: "/ban-tin/" + string(s.ID),
		}
		for _, t := range s.Told {
			items[i].Told = append(items[i].Told, Told{t.Lang, t.Text, t.Sound})
		}
	}
	return pageOf(q, items, total), err
}

func oneBulletin(ctx context.Context, d Desks, q query) (any, error) {
	i, err := d.Bulletins.Public(ctx, bulletin.ID(q.parts["id"]))
	if err != nil {
		return nil, err
	}
	b := BulletinDetail{
		ID: string(i.ID), Topic: string(i.Topic), Class: string(i.Class), Place: string(i.Place), Basis: i.Basis, Issue: i.Number,
		Published: i.First, Updated: i.Published, Expires: i.Expires, Expired: i.Over, Demo: i.Demo, Editions: []Edition{},
		URL: "/ban-tin/" + string(i.ID),
	}
	for _, e := range i.Editions {
		b.Editions = append(b.Editions, newEdition(b.URL, e))
	}
	return b, nil
}

func newEdition(url string, e bulletin.Edition) Edition {
	out := Edition{Lang: e.Lang, Title: e.Title, Body: e.Body}
	if e.Sound.Ready() {
		out.Sound = &Sound{
			Seconds: e.Sound.Length.Seconds(), Machine: e.Sound.Machine, Voice: e.Sound.Voice,
			MP3: url + "/" + e.Lang + ".mp3", MP3Size: e.Sound.MP3Size,
		}
		if e.Sound.Opus != "" {
			out.Sound.Opus, out.Sound.OpusSize = url+"/"+e.Lang+".opus", e.Sound.OpusSize
		}
	}
	return out
}

func topicNames() []string {
	var names []string
	for _, t := range bulletin.Topics() {
		names = append(names, string(t))
	}
	return names
}

func classNames() []string {
	var names []string
	for _, c := range bulletin.Classes() {
		names = append(names, string(c))
	}
	return names
}

// lastPart is what stands after the kind in the identifier of an entry: "document/01h…".
func lastPart(id string) string { return id[strings.LastIndex(id, "/")+1:] }
