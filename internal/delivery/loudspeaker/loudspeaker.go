// Package loudspeaker makes the daily programme of a commune's loudspeakers and hands it to the station that plays it. It knows
// nothing of persons: what was played was heard by nobody in particular, and is never added to receipts.
package loudspeaker

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/delivery"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/place"
)

// A station (đài, cụm loa) plays the programme of its commune.
type station struct {
	ID           string
	Place        place.ID
	Name         string
	Langs, Hours []string // in order; 05:30
	KeyHash      string
	Seen         time.Time // zero: never called
	Plan         string    // version of the programme; empty: not made yet
	Made         time.Time
	Sound        blob.Ref
	AlarmPlan    string
	Alarm        blob.Ref // empty: no emergency
	AlarmRefs    []string // ref:version
	Items        []told
}

// Told is an item of the programme in one language, or why it is left out.
type told struct {
	Ref     delivery.Ref
	Title   string
	Lang    string
	Machine bool
	Urgent  bool
	Left    string // message key of why it is not told; empty: it is
}

// A play is one line of a station's log.
type play struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"` // programme, emergency
	Version string    `json:"version"`
	Seconds int64     `json:"seconds"`
}

const (
	jobBuild = "loudspeaker.build" // something changed
	jobDay   = "loudspeaker.day"   // a new day, or an item runs out
	source   = "vi"

	mostPlays = 200 // in one call
	mostLangs = 8
)

func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// Work names the handlers of the jobs.
func (d *Desk) Work(q *job.Queue) {
	build := func(ctx context.Context, payload []byte) error { return d.build(ctx, string(payload)) }
	q.Handle(jobBuild, build)
	q.Handle(jobDay, build)
}

// A part is one stretch of a programme: tones, words for the machine, or a recording.
type part struct {
	Tones string   `json:",omitzero"` // jingle, alarm
	Say   string   `json:",omitzero"`
	Sound blob.Ref `json:",omitzero"`
}

// plan says what is played today, and what cuts in. What is broken is not played.
func plan(st station, items []delivery.Item, now time.Time, broken map[blob.Ref]bool) (daily, alarm []part, all []told, refs []string) {
	now = now.In(i18n.Zone)
	daily = []part{{Tones: "jingle"}, {Say: fmt.Sprintf("Đây là giọng đọc của máy. Hôm nay là ngày %d tháng %d năm %d.", now.Day(), int(now.Month()), now.Year())}}
	for _, i := range items {
		if !i.Ended.IsZero() || i.Recalled || !i.Expires.IsZero() && !now.Before(i.Expires) {
			continue
		}
		var heard []part
		for _, lang := range st.Langs {
			one, parts := tell(i, lang, broken)
			all = append(all, one)
			heard = append(heard, parts...)
			if i.Class == delivery.Emergency {
				heard = append(heard, parts...)
			}
		}
		if len(heard) == 0 {
			continue
		}
		var mark []part
		if i.Drill {
			mark = append(mark, part{Say: "Diễn tập."})
		}
		if i.Demo {
			mark = append(mark, part{Say: "Minh hoạ."})
		}
		if i.Class == delivery.Emergency {
			alarm = slices.Concat(alarm, mark, []part{{Tones: "alarm"}}, heard)
			refs = append(refs, fmt.Sprintf("%s:%d", i.Ref, i.Version))
		} else {
			daily = slices.Concat(daily, mark, heard)
		}
	}
	return daily, alarm, all, refs
}

// tell finds how an item is told in a language. Only Vietnamese is read by the machine, and it says so.
func tell(i delivery.Item, lang string, broken map[blob.Ref]bool) (told, []part) {
	one := told{Ref: i.Ref, Lang: lang, Urgent: i.Class == delivery.Emergency}
	if vi, ok := i.In(source); ok {
		one.Title = vi.Title
	}
	e, ok := i.In(lang)
	switch recorded := e.MP3 != "" && !broken[e.MP3]; {
	case ok && recorded && e.Machine:
		one.Machine = true
		return one, []part{{Say: "Giọng đọc của máy."}, {Sound: e.MP3}}
	case ok && recorded:
		return one, []part{{Sound: e.MP3}}
	case ok && lang == source && e.Title != "":
		one.Machine = true
		return one, []part{{Say: "Giọng đọc của máy. " + e.Title + ".\n\n" + e.Body}}
	}
	one.Left = "loudspeaker.left.no_sound"
	if broken[e.MP3] {
		one.Left = "loudspeaker.left.broken"
	}
	return one, nil
}

// build makes what a station plays, unless it is made of the same already.
func (d *Desk) build(ctx context.Context, id string) error {
	st, err := d.stations.byID(ctx, id)
	if err != nil {
		return err
	}
	old := []blob.Ref{st.Sound, st.Alarm}
	items, err := d.Source.Items(ctx, delivery.Filter{Place: st.Place, Size: 100})
	if err != nil {
		return err
	}
	for broken := map[blob.Ref]bool{}; ; {
		err := d.make(ctx, st, items, broken)
		if bad, ok := errors.AsType[brokenSound](err); ok && !broken[bad.ref] { // one bad recording silences nothing else
			broken[bad.ref] = true
			continue
		}
		if err != nil {
			return err
		}
		return d.drop(ctx, old)
	}
}

// make makes the sounds of a station and keeps them.
func (d *Desk) make(ctx context.Context, st station, items []delivery.Item, broken map[blob.Ref]bool) (err error) {
	now := d.Now()
	daily, alarm, all, refs := plan(st, items, now, broken)
	// What cuts in is made and kept first: nobody waits for the rest of the programme.
	if st.Alarm, st.AlarmPlan, err = d.made(ctx, st.Alarm, st.AlarmPlan, alarm); err != nil {
		return err
	}
	st.AlarmRefs, st.Items = refs, all
	if err := d.stations.setMade(ctx, st, time.Time{}); err != nil {
		return err
	}
	if st.Sound, st.Plan, err = d.made(ctx, st.Sound, st.Plan, daily); err != nil {
		return err
	}
	st.Made = now
	return d.stations.setMade(ctx, st, next(items, now))
}

// drop throws away what no station plays any more: a programme a day would fill the disk.
func (d *Desk) drop(ctx context.Context, old []blob.Ref) error {
	for _, ref := range old {
		if ref == "" {
			continue
		}
		n, err := d.stations.playing(ctx, ref)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := d.Files.Delete(ctx, ref); err != nil {
				return err
			}
		}
	}
	return nil
}

// next is when a programme is to be made anew by itself: after midnight, or when an item runs out.
func next(items []delivery.Item, now time.Time) time.Time {
	y, m, day := now.In(i18n.Zone).Date()
	at := time.Date(y, m, day+1, 0, 1, 0, 0, i18n.Zone)
	for _, i := range items {
		if i.Expires.After(now) && i.Expires.Before(at) {
			at = i.Expires
		}
	}
	return at
}

func (d *Desk) made(ctx context.Context, before blob.Ref, version string, parts []part) (blob.Ref, string, error) {
	if len(parts) == 0 {
		return "", "", nil
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return "", "", err
	}
	plan := hashOf(string(text))[:16]
	if plan == version && before != "" {
		if has, err := d.Files.Has(ctx, before); has || err != nil {
			return before, plan, err
		}
	}
	ref, err := mix(ctx, d.Files, parts)
	if fault.Is(err, fault.Unavailable) {
		return "", "", job.Wait(10*time.Minute, err)
	}
	return ref, plan, err
}

// standing tells whether the emergency of a station still holds, and when it was published: what was recalled a moment ago is not
// played, built anew or not.
func (d *Desk) standing(ctx context.Context, st station) (urgent bool, since time.Time, err error) {
	if st.Alarm == "" {
		return false, since, nil
	}
	for _, one := range st.AlarmRefs {
		ref, _, _ := strings.Cut(one, ":")
		i, err := d.Source.Item(ctx, delivery.Ref(ref), 0)
		if err != nil {
			return false, since, err
		}
		if i.Recalled || !i.Ended.IsZero() || !i.Expires.IsZero() && !d.Now().Before(i.Expires) || fmt.Sprintf("%s:%d", i.Ref, i.Version) != one {
			return false, since, nil
		}
		if i.Published.After(since) {
			since = i.Published
		}
	}
	return true, since, nil
}

// insisting is how long an emergency is repeated without a pause by players that take lists; after it, it comes first at each hour.
const insisting = 15 * time.Minute

// byKey is the station that holds a key; NotFound for a wrong one. It notes the call, at most once in five minutes.
func (d *Desk) byKey(ctx context.Context, key string) (station, error) {
	st, err := d.stations.byHash(ctx, hashOf(key))
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return st, fault.New(fault.NotFound, "loudspeaker.no_station")
		}
		return st, err
	}
	if now := d.Now(); now.Sub(st.Seen) > 5*time.Minute {
		return st, d.stations.setSeen(ctx, st.ID, now)
	}
	return st, nil
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// log keeps what a station says it played. The same line again changes nothing.
func (d *Desk) log(ctx context.Context, st station, plays []play) (int64, error) {
	now := d.Now()
	if len(plays) > mostPlays {
		return 0, fault.New(fault.TooLarge, "loudspeaker.log.bad")
	}
	for _, p := range plays {
		if !plain.MatchString(p.ID) || !plain.MatchString(p.Version) || p.Kind != "programme" && p.Kind != "emergency" || p.Seconds < 0 || p.Seconds > 86400 ||
			p.At.Before(now.AddDate(0, 0, -31)) || p.At.After(now.Add(time.Hour)) {
			return 0, fault.New(fault.Invalid, "loudspeaker.log.bad")
		}
	}
	return d.stations.addPlays(ctx, st.ID, plays)
}

func (d *Desk) permit(actor duty.Actor, st station) error {
	return d.Policy.Permit(actor, duty.DeliveryPlayLoudspeaker, duty.Thing{Area: string(st.Place), State: "published"})
}

func (d *Desk) byID(ctx context.Context, actor duty.Actor, id string) (station, error) {
	st, err := d.stations.byID(ctx, id)
	if err != nil {
		return st, err
	}
	return st, d.permit(actor, st)
}

// list is what the actor may see, by name.
func (d *Desk) list(ctx context.Context, actor duty.Actor) ([]station, error) {
	return d.stations.within(ctx, d.Policy.Areas(actor, duty.DeliveryPlayLoudspeaker))
}

var clock = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// save writes what a station is told: a new one where it has no ID. It is built at once.
func (d *Desk) save(ctx context.Context, actor duty.Actor, st station) (string, error) {
	if err := d.permit(actor, st); err != nil {
		return "", err
	}
	var wrong []error
	if n := len([]rune(st.Name)); n == 0 || n > 80 {
		wrong = append(wrong, fault.Field("name", "loudspeaker.name.bad"))
	}
	if len(st.Hours) == 0 || len(st.Hours) > 12 || slices.ContainsFunc(st.Hours, func(h string) bool { return !clock.MatchString(h) }) {
		wrong = append(wrong, fault.Field("hours", "loudspeaker.hours.bad"))
	}
	known := func(tag string) bool { _, err := d.Languages.Language(tag); return err == nil }
	if len(st.Langs) == 0 || len(st.Langs) > mostLangs || slices.ContainsFunc(st.Langs, func(l string) bool { return !known(l) }) {
		wrong = append(wrong, fault.Field("langs", "loudspeaker.langs.bad"))
	}
	if err := errors.Join(wrong...); err != nil {
		return "", err
	}
	if st.ID == "" {
		st.ID = newID()
	}
	return st.ID, d.stations.save(ctx, st, d.Now(), d.entry(actor, st, "station"))
}

// newKey gives a station another key, which is told once; the old one opens nothing any more.
func (d *Desk) newKey(ctx context.Context, actor duty.Actor, st station) (string, error) {
	if err := d.permit(actor, st); err != nil {
		return "", err
	}
	key := strings.ToLower(rand.Text())
	return key, d.stations.setKey(ctx, st.ID, hashOf(key), d.Now(), d.entry(actor, st, "key"))
}

func (d *Desk) entry(actor duty.Actor, st station, note string) audit.Entry {
	return audit.Entry{Actor: actor.ID, Act: string(duty.DeliveryPlayLoudspeaker), Thing: "loudspeaker/" + st.ID, Place: string(st.Place), Note: note}
}
