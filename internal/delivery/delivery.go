// Package delivery knows what was sent to whom by which channel and what became of it: campaigns, messages, attempts, receipts. It
// does not write bulletins (it asks a Source for what is published) and does not speak to networks (it asks a Sender).
package delivery

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"banlang/internal/blob"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// A Ref names a bulletin for the ledger.
type Ref string

// An Item is one issue of a bulletin as it may be sent. What stands in it never changes; whether it still holds may.
type Item struct {
	Ref        Ref
	Version    int64 // number of the issue
	Place      place.ID
	Topic      string
	Class      Class
	Basis      string
	URL        string    // path of its public page
	Published  time.Time // of this issue
	First      time.Time // of the first issue
	Expires    time.Time // zero: stays
	Demo       bool
	Drill      bool      // diễn tập
	Ended      time.Time // recalled or replaced; zero while it holds
	Recalled   bool
	Reason     string // of the recall
	ReplacedBy Ref
	Replaces   Ref
	Editions   []Edition // the source (vi) first
}

// A Class says how urgent an item is: the classes of Circular 39/2020.
type Class string

// The classes.
const (
	Normal    Class = "normal"
	Priority  Class = "priority"
	Emergency Class = "emergency"
)

// An Edition tells an item in one language, as text, as sound, or both.
type Edition struct {
	Lang, Title, Body string
	Opus, MP3         blob.Ref
	Heard             string // path of the public address of Opus; empty where there is none
	OpusSize, MP3Size int64
	Length            time.Duration
	Machine           bool   // the sound is a machine's
	Voice             string // who is heard
}

// In finds the edition in a language.
func (i Item) In(lang string) (Edition, bool) {
	n := slices.IndexFunc(i.Editions, func(e Edition) bool { return e.Lang == lang })
	if n < 0 {
		return Edition{}, false
	}
	return i.Editions[n], true
}

// A Filter chooses among what is published.
type Filter struct {
	Place place.ID // told in this place: for an area that it lies in, or for one within it; empty: everywhere
	Class Class
	Topic string
	Lang  string    // told in this language
	Since time.Time // published or ended since
	Ended bool      // also what was recalled or replaced since
	Size  int
}

// A Source knows what is published.
type Source interface {
	Item(ctx context.Context, ref Ref, version int64) (Item, error) // version 0: the newest
	Items(ctx context.Context, f Filter) ([]Item, error)            // newest first
}

// A Lane is a queue of its own.
type Lane int64

// The lanes. An emergency overtakes everything.
const (
	Urgent  Lane = 0
	Routine Lane = 1
	Prompt  Lane = 2 // what somebody waits for: a code, an answer; before the routine, and at any hour
)

// Lane is the lane of a class.
func (c Class) Lane() Lane {
	if c == Emergency {
		return Urgent
	}
	return Routine
}

// A State says how far a message or an attempt has come: codes of the catalogue (message_state).
type State string

// The states.
const (
	Planned    State = "planned"
	Queued     State = "queued"
	Sending    State = "sending"
	InDoubt    State = "in_doubt"
	Accepted   State = "accepted"
	Delivered  State = "delivered"
	Opened     State = "opened"
	Understood State = "understood"
	Failed     State = "failed"
	Expired    State = "expired"
	Suppressed State = "suppressed"
	Recalled   State = "recalled"
)

// ranks order the states: what was heard later but ranks lower changes nothing. Failed and expired rank above accepted, for they
// say what became of what was accepted; delivered ranks above them, for a phone that has a message has it, whatever came before.
var ranks = map[State]int64{Planned: 10, Queued: 20, Sending: 30, InDoubt: 35, Accepted: 40, Recalled: 44, Suppressed: 45, Failed: 46, Expired: 47,
	Delivered: 60, Opened: 70, Understood: 80}

// Rank orders the states.
func (s State) Rank() int64 { return ranks[s] }

// Reached reports whether a state says that a phone has the message: nobody is asked a second time.
func (s State) Reached() bool { return s.Rank() >= Delivered.Rank() }

// A Campaign is one sending of one issue (đợt gửi).
type Campaign struct {
	ID       string
	Kind     Kind
	Of       string // the campaign that this one recalls or renews
	Ref      Ref
	Version  int64
	Class    Class
	Place    place.ID
	Topic    string
	Channels []subscriber.Channel // asked for
	Toneless bool                 // SMS without marks, where the alphabet of 160 letters suffices then
	Demo     bool
	Drill    bool
	State    CampaignState
	Starts   time.Time
	Expires  time.Time // its end: what still waits then is not sent any more
	Made     time.Time
	By       string // account
	Second   string // who signed an emergency as the second
	Reason   string // why it was stopped or recalled
	Changed  time.Time
}

// A Kind says what a campaign is for.
type Kind string

// The kinds of campaign.
const (
	News   Kind = "news"
	Recall Kind = "recall" // tells those who may have got it that it does not hold
	Test   Kind = "test"   // to the officer's own phone
)

// A CampaignState says how a campaign stands.
type CampaignState string

// The states of a campaign.
const (
	Waiting   CampaignState = "waiting"   // for its hour
	Expanding CampaignState = "expanding" // its messages are being made
	Running   CampaignState = "running"
	Paused    CampaignState = "paused"
	Done      CampaignState = "done"
	Stopped   CampaignState = "stopped" // recalled: what waited is not sent any more
	Renewed   CampaignState = "renewed" // a newer issue took its place
)

// A Message is one campaign for one subscriber.
type Message struct {
	ID         string // made of campaign, subscriber and content
	Campaign   string
	Subscriber subscriber.ID
	Commune    place.ID
	Village    string
	Lang       string // of the text that is sent
	Heard      string // of the sound that is pointed to; empty without
	State      State
	Reason     string // message key: why it is suppressed or failed
}

// An Attempt takes a message to one endpoint, once.
type Attempt struct {
	ID       string // made of message, endpoint and number
	Message  string // empty for a notice and a question
	Campaign string // empty for a notice, which belongs to no campaign
	Endpoint string
	Channel  subscriber.Channel
	Lane     Lane
	Commune  place.ID
	Lang     string
	Heard    string
	N        int64     // 1, 2, …: how often it was tried anew
	Due      time.Time // not before
	Expires  time.Time // not after
	Parts    int64     // SMS parts, 1 elsewhere: what it takes of a share
	Note     string    // the text of a notice, sealed
	State    State
	Repeat   bool // perhaps the second of the same
	Demo     bool

	title, address string // of a notice; the address is sealed
	provider       string // by whom it is being sent
	tries          int64  // how often it was leased
}

// An Outgoing is what a Sender is handed.
type Outgoing struct {
	Attempt string
	To      string // address in plain: a number as +84…, an e-mail address, a push subscription as JSON
	Title   string
	Text    string // of an SMS: all of it
	Lang    string
	URL     string // absolute
	Sound   string // absolute address of the recording (Ogg Opus); empty where there is none
	Stop    string // absolute address that ends the subscription; empty for notices
	Class   Class
	Expires time.Time
	Thread  string // what it is about: a newer one of the same takes its place; empty for notices
	Latin   bool   // the text has no letter outside of GSM 03.38
}

// Opening is what the link of a message says: in Vietnamese, and in English for who reads English. Stopping has a button on the page that
// it leads to.
func (o Outgoing) Opening() string {
	switch {
	case o.Lang == "en" && o.Stop != "":
		return "Read, listen, or stop these messages"
	case o.Lang == "en":
		return "Read and listen"
	case o.Stop != "":
		return "Đọc, nghe, hoặc thôi nhận tin"
	}
	return "Đọc và nghe"
}

// Cut is a text of n letters at most, ended at a word.
func Cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	short := string([]rune(text)[:max(0, n-1)])
	if i := strings.LastIndexAny(short, " \n"); i > 0 {
		short = short[:i]
	}
	if short == "" {
		return ""
	}
	return short + "…"
}

// A Result says what a network made of an Outgoing.
type Result struct {
	State    State         // Accepted, Delivered or Failed; InDoubt where nobody can know
	Provider string        // the network's identifier
	Again    time.Duration // above 0: not now, try again after so long
	Why      string        // message key that an officer understands; empty where all is well
	Detail   string        // as the network put it
	Gone     bool          // there is nobody at this address
}

// A Sender speaks to one network. Send hands a batch over and calls done once for each, from any goroutine, as soon as it is known;
// it returns when all are known or ctx ends. What was not called is in doubt.
type Sender interface {
	Send(ctx context.Context, batch []Outgoing, done func(i int, r Result))
	Health() Health
	Close() error
}

// Health is how a connection is, for the console.
type Health struct {
	Up    bool
	Since time.Time
	Why   string // message key where it is not up
	Note  string // as the network put it
}

// A Receipt is what a network tells of a message afterwards.
type Receipt struct {
	Provider string // of the table of providers
	ID       string // the network's identifier, or
	Attempt  string // our own, where the network gives it back
	State    State
	At       time.Time
	Why      string
	Detail   string
}

// An Inbound is what somebody wrote to us.
type Inbound struct {
	Provider string
	ID       string // the network's identifier: the same again is ignored
	Channel  subscriber.Channel
	From     string
	Text     string
	At       time.Time
}
