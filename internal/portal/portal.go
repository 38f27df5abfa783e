// Package portal is the public face: the first page of tiles, the choice of language, one search over everything, and the pages
// that say who we are and what we keep. It shows what other rooms know and keeps nothing itself.
package portal

import (
	"context"
	"strings"
	"time"

	"banlang/internal/search"
)

// News are the bulletins in force, each with its sound in the first of the languages heard that it is told in.
type News interface {
	// Alarms gives the emergencies in force, newest first, at most n, however much was published since.
	Alarms(ctx context.Context, heard []string, n int) ([]Item, error)
	// Told gives the newest of a topic, at most n; "" is every topic.
	Told(ctx context.Context, heard []string, topic string, n int) ([]Item, error)
}

// Finder answers a question over everything that the reader may see.
type Finder interface {
	Find(ctx context.Context, q search.Query) (search.Result, error)
}

// Namer gives the words for the plain values of a facet: a place's identifier, a group's slug, a language's tag. It gives ""
// for what it does not know.
type Namer interface {
	Name(ui, facet, value string) string
}

// An Item is a bulletin on a list.
type Item struct {
	Title, URL string
	Picture    string // pictogram of its topic
	Where      string // for whom: a commune, the whole province
	Day        time.Time
	Urgent     bool // an emergency in force
	Demo       bool // made up, and says so
	Sound      Sound
	Langs      []string // names of the languages that it can be heard in
}

// Sound is a bulletin's sound in one language; the zero Sound is silence.
type Sound struct {
	Lang     string // name of the language
	Length   time.Duration
	Opus     string // addresses
	MP3      string
	OpusSize int64 // bytes
	MP3Size  int64
	Machine  bool
	Reader   string
}

// A Tile is a picture, at most three words and a sound, and leads to one thing.
type Tile struct {
	Key     string // of the sound sound/<key>.mp3 and of the words tile.<key>
	URL     string
	Picture string
}

// topics are those of a tile that several share: "/chu-de/policy,law" is told by policy and law.
func (t Tile) topics() []string {
	list := strings.Split(strings.TrimPrefix(t.URL, "/chu-de/"), ",")
	if len(list) < 2 {
		return nil
	}
	return list
}

// Topics are the tiles of the sixteen topics of news: what is asked for together stands together.
var Topics = []Tile{
	{"policy", "/chu-de/policy,law", "policy-law"},
	{"social", "/chu-de/social", "support"},
	{"sci-tech", "/chu-de/sci-tech", "science-farming"},
	{"market", "/chu-de/market", "market"},
	{"health", "/chu-de/health", "health"},
	{"education", "/chu-de/education,jobs", "education"},
	{"disaster", "/chu-de/disaster", "disaster-flood"},
	{"forest", "/chu-de/forest", "forest-fire"},
	{"safety", "/chu-de/safety,digital", "safety-fraud"},
	{"land", "/chu-de/land,border", "land"},
	{"family", "/chu-de/family", "family"},
	{"culture", "/chu-de/culture", "culture"},
}

// Reference are the tiles of what is looked up.
var Reference = []Tile{
	{"library", "/thu-vien", "library"},
	{"groups", "/dan-toc", "ethnic-groups"},
	{"places", "/dia-ban", "places-map"},
	{"figures", "/so-lieu", "figures"},
	{"targets", "/muc-tieu", "targets"},
	{"search", "/tim", "search"},
	{"choose", "/ngon-ngu", "language"},
}

// pictures are the pictograms of what was found.
var pictures = map[string]string{"document": "library", "group": "ethnic-groups", "place": "places-map", "target": "targets", "figures": "figures"}

// picture is the pictogram of a kind of entry and its topics, "" without one.
func picture(kind string, topics []string) string {
	if p := pictures[kind]; p != "" {
		return p
	}
	for _, topic := range topics {
		if p := topicPictures[topic]; p != "" {
			return p
		}
	}
	return ""
}

var topicPictures = map[string]string{
	"policy": "policy-law", "law": "policy-law", "social": "support", "sci-tech": "science-farming", "market": "market",
	"health": "health", "education": "education", "jobs": "education", "disaster": "disaster-flood", "forest": "forest-fire",
	"safety": "safety-fraud", "digital": "phone-safe", "land": "land", "border": "land", "family": "family", "culture": "culture",
}

// choose puts the language a reader has just chosen before those chosen earlier, and keeps four.
func choose(heard []string, tag string) []string {
	list := []string{tag}
	for _, old := range heard {
		if old != tag && len(list) < 4 {
			list = append(list, old)
		}
	}
	return list
}
