package delivery

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// A Tally counts what stands alike in a campaign: messages (one a person; Channel is empty then), or attempts.
type Tally struct {
	Commune place.ID
	Lang    string
	Channel subscriber.Channel
	State   State
	N       int64
	Repeats int64 // of attempts: perhaps the second of the same
}

// Progress is how far a campaign has come.
type Progress struct {
	Messages   []Tally // by commune, language and state: one a person
	Attempts   []Tally // by commune, language, channel and state
	Doubts     int64   // attempts that were in doubt at some time
	Repeats    int64   // attempts made once more because of a doubt
	Overridden int64   // sent in the hours of rest because it is an emergency
}

// Persons is how many messages there are: who is to be told.
func (p Progress) Persons() int64 { return p.count(func(State) bool { return true }) }

// Reached is how many persons' phones have the message.
func (p Progress) Reached() int64 { return p.count(State.Reached) }

// In counts the persons whose message stands in one of the states.
func (p Progress) In(states ...State) int64 {
	return p.count(func(s State) bool {
		return slices.Contains(states, s)
	})
}

func (p Progress) count(which func(State) bool) (n int64) {
	for _, t := range p.Messages {
		if which(t.State) {
			n += t.N
		}
	}
	return n
}

// Progress counts a campaign as it stands, thinned or not.
func (d *Desk) Progress(ctx context.Context, campaign string) (Progress, error) {
	return d.read().progress(ctx, campaign)
}

// Standings count the persons of several campaigns by how their message stands.
func (d *Desk) Standings(ctx context.Context, all []Campaign) (map[string]Progress, error) {
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	return d.read().standings(ctx, ids)
}

func sortTallies(all []Tally) {
	slices.SortFunc(all, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(a.Commune, b.Commune), cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.State.Rank(), b.State.Rank()))
	})
}

// parts are what a line says, in the order of the export.
func (l line) parts() []string {
	return []string{string(l.Commune), l.Day, strconv.FormatInt(l.N, 10), l.Campaign, l.Message, l.Attempt, l.Channel, l.Lang, l.State,
		strconv.FormatInt(l.At, 10), strconv.FormatBool(l.Doubled)}
}

// A Break is a place in the record where a line does not follow from the one before.
type Break struct {
	Commune place.ID
	Day     string
	N       int64
}
