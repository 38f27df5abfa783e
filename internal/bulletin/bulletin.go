// Package bulletin knows the bulletins (bản tin): what a province or a commune tells its people, in which languages, as text
// and as sound, and who answers for it. It knows what was published and what is being worked on; it does not know how a
// bulletin travels by SMS, loudspeaker or call.
package bulletin

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"banlang/internal/blob"
	"banlang/internal/place"
)

// An ID names a bulletin for ever, through all its issues.
type ID string

// Valid tells whether an identifier has the shape of one. Nothing else is looked for in the tables.
func (id ID) Valid() bool {
	return len(id) == 20 && strings.Trim(string(id), "0123456789abcdefghijklmnopqrstuv") == ""
}

// URL is the public address of the bulletin.
func (id ID) URL() string { return "/ban-tin/" + string(id) }

// In is the public address of an edition; the source needs no language in it.
func (id ID) In(lang string) string {
	if lang == Source {
		return id.URL()
	}
	return id.URL() + "?tieng=" + lang
}

// SoundURL is the public address of an edition's sound: kind is "opus" or "mp3".
func (id ID) SoundURL(lang, kind string) string { return id.URL() + "/" + lang + "." + kind }

// DrillMark begins every title of a drill, so that no page, feed or telephone can leave it out.
const DrillMark = "DIỄN TẬP: "

// Source is the language in which every bulletin is written first; the other editions tell it again.
const Source = "vi"

// A Topic is what a bulletin is about (chủ đề).
type Topic string

// The sixteen topics of the catalogue.
const (
	Policy    Topic = "policy"
	Law       Topic = "law"
	SciTech   Topic = "sci-tech"
	Market    Topic = "market"
	Health    Topic = "health"
	Education Topic = "education"
	Disaster  Topic = "disaster"
	Forest    Topic = "forest"
	Safety    Topic = "safety"
	Social    Topic = "social"
	Land      Topic = "land"
	Family    Topic = "family"
	Jobs      Topic = "jobs"
	Culture   Topic = "culture"
	Digital   Topic = "digital"
	Border    Topic = "border"
)

// Topics lists the topics in the order of the catalogue.
func Topics() []Topic { return slices.Clone(topics) }

var topics = []Topic{Policy, Law, SciTech, Market, Health, Education, Disaster, Forest, Safety, Social, Land, Family, Jobs, Culture, Digital, Border}

// Known reports whether the topic is one of the sixteen.
func (t Topic) Known() bool { return slices.Contains(topics, t) }

// Picture names the pictogram of the topic.
func (t Topic) Picture() string {
	return map[Topic]string{
		Policy: "policy-law", Law: "policy-law", SciTech: "science-farming", Market: "market", Health: "health", Education: "education",
		Disaster: "disaster-flood", Forest: "forest-fire", Safety: "safety-fraud", Social: "support", Land: "land", Family: "family",
		Jobs: "training", Culture: "culture", Digital: "phone-safe", Border: "places-map",
	}[t]
}

// A Class says how urgent a bulletin is: the classes of Circular 39/2020 (thông thường, ưu tiên, khẩn cấp).
type Class string

// The three classes.
const (
	Normal    Class = "normal"
	Priority  Class = "priority"
	Emergency Class = "emergency" // two persons approve it, and it ends by itself
)

// Classes lists the classes from the quietest to the loudest.
func Classes() []Class { return []Class{Normal, Priority, Emergency} }

// A State says how a bulletin or an edition stands.
type State string

// The states of the catalogue.
const (
	Draft      State = "draft"      // being written
	Translated State = "translated" // translated or recorded; waits for its language review
	Reviewed   State = "reviewed"   // waits for the approval
	Published  State = "published"
	Expired    State = "expired" // never stored: the clock says it
	Recalled   State = "recalled"
	Replaced   State = "replaced"
)

// A Bulletin is the working copy and the life of a bulletin.
type Bulletin struct {
	ID         ID
	Place      place.ID // the area it is for
	Topic      Topic
	Class      Class
	Basis      string    // căn cứ: what it rests on
	Expires    time.Time // zero: stays
	Stage      State     // of the working copy
	Life       State     // for the public: empty until first published, then Published, Recalled or Replaced
	Revision   int64     // counts the changes of the working copy
	Issue      int64     // number of the issue that the public reads, 0 before the first
	Demo       bool      // made up for demonstration, and says so wherever it appears
	Drill      bool      // diễn tập: its title begins with DrillMark in every language
	Writer     string    // account
	Replaces   ID
	ReplacedBy ID
	Reason     string    // of the recall
	Ended      time.Time // when it was recalled or replaced
	Made       time.Time
	Changed    time.Time
	Editions   []Edition // the source first, then in the order of their tags
}

// State says how the bulletin stands at a moment. What has run out has expired at once: nothing has to come by and mark it.
func (b Bulletin) State(now time.Time) State {
	switch {
	case b.Life == Published && expired(b.Expires, now):
		return Expired
	case b.Life != "":
		return b.Life
	}
	return b.Stage
}

// Pending says that a published bulletin has a change which the public does not read yet.
func (b Bulletin) Pending() bool { return b.Life == Published && b.Stage != Published }

// Over says that nothing more happens to it.
func (b Bulletin) Over() bool { return b.Life == Recalled || b.Life == Replaced }

// Edition finds the edition in a language; ok is false where nobody asked for one.
func (b Bulletin) Edition(lang string) (e Edition, ok bool) {
	i := slices.IndexFunc(b.Editions, func(e Edition) bool { return e.Lang == lang })
	if i < 0 {
		return Edition{Lang: lang, State: Draft}, false
	}
	return b.Editions[i], true
}

// Words is the revision of the source and of the facts beside it: what an emergency is signed for.
func (b Bulletin) Words() int64 {
	e, _ := b.Edition(Source)
	return e.Revision
}

// Title is the title in the source language.
func (b Bulletin) Title() string {
	e, _ := b.Edition(Source)
	return e.Title
}

// Langs lists the languages asked for beside the source.
func (b Bulletin) Langs() []string {
	var langs []string
	for _, e := range b.Editions {
		if e.Lang != Source {
			langs = append(langs, e.Lang)
		}
	}
	return langs
}

// An Edition tells a bulletin in one language, as text, as sound, or both.
type Edition struct {
	Lang     string
	State    State
	Revision int64 // the bulletin's revision when its content last changed
	Title    string
	Body     string
	Remark   string   // why it came back
	Upload   blob.Ref // the sound as it was sent, while it is being made ready
	Trouble  string   // message key: why the sound is not ready
	Sound    Sound
	Changed  time.Time
}

// Text reports whether the edition can be read.
func (e Edition) Text() bool { return e.Body != "" }

// Empty reports whether the edition was asked for and nobody has told it yet.
func (e Edition) Empty() bool { return e.Body == "" && e.Upload == "" && !e.Sound.Ready() }

// A Sound is a recording made ready for weak networks.
type Sound struct {
	Voice             string // who is heard, where they agreed to be named
	Machine           bool   // read by a machine, and marked so
	Opus, MP3         blob.Ref
	OpusSize, MP3Size int64
	Length            time.Duration
}

// Ready reports whether there is something to hear.
func (s Sound) Ready() bool { return s.MP3 != "" }

func expired(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// stage is where a working copy stands: a draft until its source is handed in, translated while an edition waits for its
// language review, reviewed when only the approval is missing, published when the public reads just this.
func stage(editions []Edition) State {
	at := Published
	for _, e := range editions {
		switch {
		case e.State == Draft && e.Lang == Source:
			return Draft
		case e.State == Translated:
			at = Translated
		case e.State == Reviewed && at == Published:
			at = Reviewed
		}
	}
	return at
}

// ready lists the editions that an approval would publish.
func ready(editions []Edition) []Edition {
	return slices.DeleteFunc(slices.Clone(editions), func(e Edition) bool {
		return e.State != Reviewed && e.State != Published || !e.Text() && !e.Sound.Ready()
	})
}

// arrange puts the source first and the others in the order of their tags.
func arrange(editions []Edition) {
	slices.SortFunc(editions, func(a, b Edition) int {
		return cmp.Or(weight(b.Lang)-weight(a.Lang), strings.Compare(a.Lang, b.Lang))
	})
}

func weight(lang string) int {
	if lang == Source {
		return 1
	}
	return 0
}

// An Issue is what was published: one number of a bulletin, with the editions that were ready.
type Issue struct {
	ID        ID
	Number    int64
	Place     place.ID
	Topic     Topic
	Class     Class
	Basis     string
	Expires   time.Time
	Published time.Time // of this issue
	First     time.Time // of the first issue
	Approved  []string  // duties of who approved it, never their names
	Demo      bool
	Drill     bool
	Over      bool // expired: kept to look things up, never shown as current
	Editions  []Edition
}

// Told finds the edition in a language.
func (i Issue) Told(lang string) (Edition, bool) { return Bulletin{Editions: i.Editions}.Edition(lang) }

// Best is the edition for a reader who asked for a language: that one, or the first of the languages that help, or the source.
// missing is the language asked for, where the edition is another.
func (i Issue) Best(lang string, fallback []string) (e Edition, missing string) {
	for _, try := range append([]string{lang}, fallback...) {
		if e, ok := i.Told(try); ok {
			if try != lang {
				missing = lang
			}
			return e, missing
		}
	}
	e, _ = i.Told(Source)
	return e, lang
}
