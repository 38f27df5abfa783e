// Package subscriber knows the people who asked to be sent news: where they can be reached, in which languages they hear and read,
// about what, and the agreement they gave (thuê bao nhận tin). It knows no name and no ethnic group. It does not know what is sent.
package subscriber

import (
	"slices"
	"time"

	"banlang/internal/place"
)

// An ID names a subscriber. It is made, not drawn from anything that the person has.
type ID string

// Record is the name under which agreements and the record of acts know a subscriber.
func (id ID) Record() string { return "subscriber/" + string(id) }

// A Channel is a way to reach people (kênh): the codes of the catalogue.
type Channel string

// The channels. The first group has endpoints that belong to a person; the second reaches places.
const (
	SMS      Channel = "sms"
	Push     Channel = "push"
	Email    Channel = "email"
	Call     Channel = "call" // of the ladder already, though nothing calls yet
	Zalo     Channel = "zalo"
	Telegram Channel = "telegram"

	Web         Channel = "web"
	Loudspeaker Channel = "loudspeaker"
	Feed        Channel = "feed"
	Print       Channel = "print"
	InPerson    Channel = "person" // a relay goes round the houses
)

var personal = []Channel{SMS, Push, Email, Call, Zalo, Telegram}

// Personal reports whether a person can be reached by the channel, one endpoint each.
func (c Channel) Personal() bool { return slices.Contains(personal, c) }

// A State says whether an endpoint may be sent to.
type State string

// The states of an endpoint.
const (
	Asked   State = "asked" // waits for the code or word that proves whose it is
	Active  State = "active"
	Stopped State = "stopped" // the person wants nothing more
	Gone    State = "gone"    // the network says that there is nobody
)

// Purpose is what a subscriber agrees to.
const Purpose = "news"

// A Subscriber is a person who agreed to be sent news. No name, no address in plain.
type Subscriber struct {
	ID      ID
	Place   place.ID // commune
	Village string   // of the list of villages, where it is known
	Heard   []string // languages, the dearest first
	Read    []string
	Topics  []string // empty: all
	Demo    bool     // made up; nothing ever leaves the machine for it
	Made    time.Time
}

// An Endpoint is where a subscriber can be reached. The address is sealed and is opened in the moment of sending only.
type Endpoint struct {
	ID      string
	Channel Channel
	State   State
}

// A Person is what the sending needs to know of a subscriber.
type Person struct {
	Subscriber
	Endpoints []Endpoint // those that are active
}
