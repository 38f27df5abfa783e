package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/subscriber"
)

// A finding is something that was learnt of an attempt.
type finding struct {
	attempt  string
	state    State
	provider string // the network's identifier, where it was given
	why      string
	detail   string
	at       time.Time
}

// A risen attempt is one whose state has changed.
type risen struct {
	id, message, campaign, lang string
	channel                     subscriber.Channel
	commune                     place.ID
	state                       State
	doubled                     bool
}

// observe merges findings by rank into attempts, their messages and the chained record: the only way in which a state changes once
// an attempt was leased. What is not higher than what is known changes nothing.
func (s store) observe(ctx context.Context, at time.Time, all []finding) error {
	if len(all) == 0 {
		return nil
	}
	best := map[string]finding{}
	for _, f := range all {
		if b, ok := best[f.attempt]; !ok || f.state.Rank() > b.state.Rank() {
			if f.provider == "" {
				f.provider = b.provider
			}
			best[f.attempt] = f
		} else if b.provider == "" {
			b.provider = f.provider
			best[f.attempt] = b
		}
	}
	rows := make([][]any, 0, len(best))
	for _, f := range all { // in the order of all, each once
		if f, ok := best[f.attempt]; ok {
			delete(best, f.attempt)
			rows = append(rows, []any{f.attempt, string(f.state), f.state.Rank(), f.provider, f.why, f.detail, db.Millis(cmpTime(f.at, at)), db.Millis(at)})
		}
	}
	ended := strconv.FormatInt(Accepted.Rank(), 10)
	ids, err := updateFrom(ctx, s.c, `UPDATE delivery_attempt SET state = v.column2, rank = v.column3, why = v.column5, detail = v.column6,
		address = CASE WHEN v.column3 < `+ended+` THEN address ELSE '' END, note = CASE WHEN v.column3 < `+ended+` THEN note ELSE '' END,
		provider_id = CASE WHEN v.column4 <> '' THEN v.column4 ELSE provider_id END,
		sent = CASE WHEN sent = 0 AND v.column3 >= `+ended+` THEN v.column7 ELSE sent END, changed = v.column8`,
		rows, "delivery_attempt.id = v.column1 AND delivery_attempt.rank < v.column3", "CASE WHEN message <> '' THEN id ELSE '' END")
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" }) // notices
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.follow(ctx, at, ids)
}

func cmpTime(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

// follow brings messages and the chained record up to what their attempts say now.
func (s store) follow(ctx context.Context, at time.Time, attempts []string) error {
	var all []risen
	for part := range slices.Chunk(attempts, 500) {
		var w db.Where
		w.In("id", part...)
		w.Add("message <> ''")
		some, err := db.All(ctx, s.c, func(r *risen) []any {
			return []any{&r.id, &r.message, &r.campaign, &r.channel, &r.commune, &r.lang, &r.state, &r.doubled}
		}, "SELECT id, message, campaign, channel, commune, lang, state, doubled FROM delivery_attempt"+w.SQL(), w.Args()...)
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil
	}
	if err := s.settle(ctx, at, all); err != nil {
		return err
	}
	if err := s.chain(ctx, at, all); err != nil {
		return err
	}
	return s.enough(ctx, at, all)
}

// settle gives messages the state that follows from their attempts: that a phone has it, else the furthest of what is under way,
// else why it came to nothing.
func (s store) settle(ctx context.Context, at time.Time, all []risen) error {
	messages := make([]string, 0, len(all))
	for _, r := range all {
		messages = append(messages, r.message)
	}
	slices.Sort(messages)
	messages = slices.Compact(messages)
	type one struct {
		message, why string
		state        State
	}
	states := map[string]one{}
	for part := range slices.Chunk(messages, 500) {
		var w db.Where
		w.In("message", part...)
		w.Add("message <> ''")
		err := db.Each(ctx, s.c, func(o *one) []any { return []any{&o.message, &o.state, &o.why} }, func(o one) error {
			if b, ok := states[o.message]; !ok || outranks(o.state, b.state) {
				states[o.message] = o
			}
			return nil
		}, "SELECT message, state, why FROM delivery_attempt"+w.SQL(), w.Args()...)
		if err != nil {
			return err
		}
	}
	rows := make([][]any, 0, len(states))
	for _, id := range messages {
		o := states[id]
		rows = append(rows, []any{id, string(o.state), o.state.Rank(), o.why, db.Millis(at)})
	}
	// What a person did (opened, understood) stands in the message alone and is never lowered.
	_, err := updateFrom(ctx, s.c, "UPDATE delivery_message SET state = v.column2, rank = v.column3, reason = v.column4, changed = v.column5",
		rows, "delivery_message.id = v.column1 AND (delivery_message.rank < v.column3 OR delivery_message.rank < "+strconv.FormatInt(Delivered.Rank(), 10)+
			") AND delivery_message.state <> v.column2", "")
	return err
}

// outranks tells whether, of two attempts of one message, the first says how the message stands.
func outranks(a, b State) bool { return standing(a) > standing(b) }

// standing orders the states of attempts within a message: what failed counts only where nothing else is under way.
func standing(s State) int64 {
	switch s {
	case Failed, Expired, Suppressed, Recalled:
		return s.Rank() - 100
	}
	return s.Rank()
}

// A line is one event of the chained record.
type line struct {
	Commune                                          place.ID
	Day                                              string
	N                                                int64
	Campaign, Message, Attempt, Channel, Lang, State string
	At                                               int64
	Doubled                                          bool
	Hash                                             string
}

func (l *line) fields() []any {
	return []any{&l.Commune, &l.Day, &l.N, &l.Campaign, &l.Message, &l.Attempt, &l.Channel, &l.Lang, &l.State, &l.At, &l.Doubled, &l.Hash}
}

const lineColumns = "commune, day, n, campaign, message, attempt, channel, lang, state, at, doubled, hash"

// sum is the hash of a line that follows one with the hash before: SHA-256 over the columns of the export, in their order, between
// tabs. scripts/recount computes the same.
func (l line) sum(before string) string {
	sum := sha256.Sum256([]byte(before + "\t" + strings.Join(l.parts(), "\t")))
	return hex.EncodeToString(sum[:])
}

// chain appends what has risen to the record, chained by commune and day.
func (s store) chain(ctx context.Context, at time.Time, all []risen) error {
	if len(all) == 0 {
		return nil
	}
	day := i18n.Day(at)
	heads := map[place.ID]line{}
	rows := make([][]any, 0, len(all))
	for _, r := range all {
		head, ok := heads[r.commune]
		if !ok {
			last, err := db.All(ctx, s.c, (*line).fields, "SELECT "+lineColumns+" FROM delivery_event WHERE commune = $1 AND day = $2 ORDER BY n DESC LIMIT 1", r.commune, day)
			if err != nil {
				return err
			}
			if len(last) > 0 {
				head = last[0]
			}
		}
		l := line{Commune: r.commune, Day: day, N: head.N + 1, Campaign: r.campaign, Message: r.message, Attempt: r.id, Channel: string(r.channel), Lang: r.lang,
			State: string(r.state), At: db.Millis(at), Doubled: r.doubled}
		l.Hash = l.sum(head.Hash)
		heads[r.commune] = l
		rows = append(rows, []any{l.Commune, l.Day, l.N, l.Campaign, l.Message, l.Attempt, l.Channel, l.Lang, l.State, l.At, l.Doubled, l.Hash})
	}
	return db.Insert(ctx, s.c, "delivery_event", lineColumns, rows)
}

// act records what a person did with a message: opened it, said that they understood.
func (s store) act(ctx context.Context, at time.Time, message string, state State) error {
	n, err := db.Exec(ctx, s.c, "UPDATE delivery_message SET state = $2, rank = $3, changed = $4 WHERE id = $1 AND rank < $3", message, state, state.Rank(), db.Millis(at))
	if err != nil || n == 0 {
		return err
	}
	all, err := db.All(ctx, s.c, func(r *risen) []any { return []any{&r.message, &r.campaign, &r.commune, &r.lang} },
		"SELECT id, campaign, commune, lang FROM delivery_message WHERE id = $1", message)
	if err != nil {
		return err
	}
	all[0].state, all[0].channel = state, subscriber.Web
	if err := s.chain(ctx, at, all); err != nil {
		return err
	}
	return s.enough(ctx, at, all)
}
