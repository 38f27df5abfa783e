package bulletin

import (
	"context"
	"slices"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/fault"
	"banlang/internal/place"
)

const issueColumns = "i.bulletin, i.number, i.place, i.topic, i.class, i.basis, i.expires, i.published, i.approved, b.demo, b.drill, b.life, f.published"

// issueJoin finds the issues of a bulletin with what belongs to the bulletin as a whole.
const issueJoin = ` FROM bulletin_issue i JOIN bulletin b ON b.id = i.bulletin JOIN bulletin_issue f ON f.bulletin = i.bulletin AND f.number = 1`

type issueRow struct {
	Issue
	life                      State
	expires, published, first int64
	approved                  string
}

func (r *issueRow) fields() []any {
	return []any{&r.ID, &r.Number, &r.Place, &r.Topic, &r.Class, &r.Basis, &r.expires, &r.published, &r.approved, &r.Demo, &r.Drill, &r.life, &r.first}
}

func (r issueRow) issue() Issue {
	i := r.Issue
	i.Expires, i.Published, i.First, i.Approved = db.Time(r.expires), db.Time(r.published), db.Time(r.first), strings.Fields(r.approved)
	return i
}

func (s store) addIssue(ctx context.Context, i Issue) error {
	_, err := db.Exec(ctx, s.c, `INSERT INTO bulletin_issue (bulletin, number, place, topic, class, basis, expires, published, approved)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		i.ID, i.Number, i.Place, i.Topic, i.Class, i.Basis, db.Millis(i.Expires), db.Millis(i.Published), strings.Join(i.Approved, " "))
	if err != nil {
		return err
	}
	for _, e := range i.Editions {
		_, err := db.Exec(ctx, s.c, "INSERT INTO bulletin_issue_edition (bulletin, number, lang, title, body, "+soundColumns+`)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)`,
			i.ID, i.Number, e.Lang, e.Title, e.Body, e.Sound.Voice, e.Sound.Machine, e.Sound.Opus, e.Sound.OpusSize, e.Sound.MP3, e.Sound.MP3Size,
			e.Sound.Length.Milliseconds())
		if err != nil {
			return err
		}
	}
	return nil
}

// setReading gives an issue the machine's reading of its source.
func (s store) setReading(ctx context.Context, id ID, number int64, v Sound) error {
	_, err := db.Exec(ctx, s.c, `UPDATE bulletin_issue_edition SET voice = $4, machine = $5, opus = $6, opus_size = $7, mp3 = $8, mp3_size = $9, length = $10
		WHERE bulletin = $1 AND number = $2 AND lang = $3`,
		id, number, Source, v.Voice, v.Machine, v.Opus, v.OpusSize, v.MP3, v.MP3Size, v.Length.Milliseconds())
	return err
}

// issue loads one issue, current or older.
func (s store) issue(ctx context.Context, id ID, number int64) (Issue, error) {
	r, err := db.One(ctx, s.c, (*issueRow).fields, "SELECT "+issueColumns+issueJoin+" WHERE i.bulletin = $1 AND i.number = $2", id, number)
	if fault.Is(err, fault.NotFound) {
		return Issue{}, fault.New(fault.NotFound, "bulletin.not_found")
	}
	if err != nil {
		return Issue{}, err
	}
	all, err := s.withTold(ctx, []Issue{r.issue()})
	if err != nil {
		return Issue{}, err
	}
	return all[0], nil
}

// issues lists all issues of a bulletin, newest first.
func (s store) issues(ctx context.Context, id ID) ([]Issue, error) {
	return s.load(ctx, "SELECT "+issueColumns+issueJoin+" WHERE i.bulletin = $1 ORDER BY i.number DESC LIMIT 100", id)
}

func (s store) load(ctx context.Context, text string, args ...any) ([]Issue, error) {
	rows, err := db.All(ctx, s.c, (*issueRow).fields, text, args...)
	if err != nil {
		return nil, err
	}
	all := make([]Issue, len(rows))
	for i, r := range rows {
		all[i] = r.issue()
	}
	return s.withTold(ctx, all)
}

// withTold fills in the editions of a short list of issues, of which no two are of one bulletin unless they are all.
func (s store) withTold(ctx context.Context, all []Issue) ([]Issue, error) {
	if len(all) == 0 {
		return all, nil
	}
	type key struct {
		id     ID
		number int64
	}
	at := map[key]int{}
	var w db.Where
	var ids []string
	for n, i := range all {
		at[key{i.ID, i.Number}] = n
		ids = append(ids, string(i.ID))
	}
	w.In("bulletin", ids...)
	type toldRow struct {
		editionRow
		number int64
	}
	err := db.Each(ctx, s.c, func(r *toldRow) []any {
		return append([]any{&r.bulletin, &r.number, &r.Lang, &r.Title, &r.Body}, r.soundFields()...)
	},
		func(r toldRow) error {
			if n, ok := at[key{r.bulletin, r.number}]; ok {
				r.State = Published
				all[n].Editions = append(all[n].Editions, r.edition())
			}
			return nil
		}, "SELECT bulletin, number, lang, title, body, "+soundColumns+" FROM bulletin_issue_edition"+w.SQL(), w.Args()...)
	for n := range all {
		arrange(all[n].Editions)
	}
	return all, err
}

// A Filter chooses among what is published and in force; an empty field chooses all.
type Filter struct {
	Topic Topic
	Class Class
	Place place.ID // told in this place: for an area that it lies in, or for one within it
	Lang  string   // told in this language
	Not   ID       // but for this one
	Page  int      // 1 is the first
	Size  int      // at most 100
}

// current are the conditions for what the public reads now. What has run out is left out by the clock alone.
func (f Filter) current(now time.Time) *db.Where {
	w := f.chosen()
	w.Add("b.life = $?", Published)
	w.Add("i.number = b.issue")
	w.Add("i.expires = 0 OR i.expires > $?", db.Millis(now))
	return w
}

// chosen are the conditions of the filter itself.
func (f Filter) chosen() *db.Where {
	w := &db.Where{}
	if f.Topic != "" {
		w.Add("i.topic = $?", f.Topic)
	}
	if f.Class != "" {
		w.Add("i.class = $?", f.Class)
	}
	if f.Not != "" {
		w.Add("i.bulletin <> $?", f.Not)
	}
	if f.Place != "" {
		w.Add(`EXISTS (SELECT 1 FROM place_within p WHERE (p.area = i.place AND p.place = $?) OR (p.area = $? AND p.place = i.place))`, f.Place, f.Place)
	}
	if f.Lang != "" {
		w.Add("EXISTS (SELECT 1 FROM bulletin_issue_edition e WHERE e.bulletin = i.bulletin AND e.number = i.number AND e.lang = $?)", f.Lang)
	}
	return w
}

func (s store) published(ctx context.Context, f Filter, now time.Time) ([]Issue, int, error) {
	w := f.current(now)
	total, err := db.Value[int](ctx, s.c, "SELECT count(*)"+issueJoin+w.SQL(), w.Args()...)
	if err != nil {
		return nil, 0, err
	}
	size := min(max(1, f.Size), 100)
	text := "SELECT " + issueColumns + issueJoin + w.SQL() + " ORDER BY i.published DESC, i.bulletin DESC LIMIT " + w.Next(size) + " OFFSET " + w.Next((max(1, f.Page)-1)*size)
	all, err := s.load(ctx, text, w.Args()...)
	return all, total, err
}

// topics counts what is published and in force by topic.
func (s store) topics(ctx context.Context, now time.Time) (map[Topic]int, error) {
	type tally struct {
		topic Topic
		n     int
	}
	w := Filter{}.current(now)
	rows, err := db.All(ctx, s.c, func(t *tally) []any { return []any{&t.topic, &t.n} },
		"SELECT i.topic, count(*)"+issueJoin+w.SQL()+" GROUP BY i.topic", w.Args()...)
	counts := map[Topic]int{}
	for _, t := range rows {
		counts[t.topic] = t.n
	}
	return counts, err
}

// areas lists the places for which something is published and in force.
func (s store) areas(ctx context.Context, now time.Time) ([]place.ID, error) {
	w := Filter{}.current(now)
	return db.Values[place.ID](ctx, s.c, "SELECT DISTINCT i.place"+issueJoin+w.SQL()+" ORDER BY i.place LIMIT 500", w.Args()...)
}

// A Query chooses among the working copies.
type Query struct {
	State State // as State.Stored says; "" is all
	Lang  string
	Page  int
	Size  int
}

// where adds the condition that somebody reads the draft.
func (r reach) where(w *db.Where) {
	own := "EXISTS (SELECT 1 FROM bulletin_step t WHERE t.bulletin = b.id AND t.person = " + w.Next(r.person) + ")"
	if len(r.langs) > 0 {
		own += " OR EXISTS (SELECT 1 FROM bulletin_edition e WHERE e.bulletin = b.id AND e.lang IN (" + marks(w, r.langs) + "))"
	}
	w.Add(within(w, r.whole) + " OR " + within(w, r.spoken) + " AND (" + own + ")")
}

// within is the condition that the bulletin belongs to one of the areas, "" being everywhere.
func within(w *db.Where, areas []string) string {
	switch {
	case slices.Contains(areas, ""):
		return "1 = 1"
	case len(areas) == 0:
		return "1 = 0"
	}
	return "EXISTS (SELECT 1 FROM place_within p WHERE p.place = b.place AND p.area IN (" + marks(w, areas) + "))"
}

func marks(w *db.Where, values []string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = w.Next(v)
	}
	return strings.Join(all, ", ")
}

// stands adds the condition for a state as the clock and the working copy say it.
func stands(w *db.Where, s State, now time.Time) {
	switch s {
	case "":
	case Draft, Translated, Reviewed:
		w.Add("b.stage = $? AND b.life IN ('', 'published')", s)
	case Published:
		w.Add("b.life = 'published' AND (b.expires = 0 OR b.expires > $?)", db.Millis(now))
	case Expired:
		w.Add("b.life = 'published' AND b.expires > 0 AND b.expires <= $?", db.Millis(now))
	default:
		w.Add("b.life = $?", s)
	}
}

// copies lists the working copies that somebody reads, last changed first.
func (s store) copies(ctx context.Context, q Query, r reach, now time.Time) ([]Bulletin, int, error) {
	var w db.Where
	r.where(&w)
	stands(&w, q.State, now)
	if q.Lang != "" {
		w.Add("EXISTS (SELECT 1 FROM bulletin_edition e WHERE e.bulletin = b.id AND e.lang = $?)", q.Lang)
	}
	total, err := db.Value[int](ctx, s.c, "SELECT count(*) FROM bulletin b"+w.SQL(), w.Args()...)
	if err != nil {
		return nil, 0, err
	}
	size := min(max(1, q.Size), 100)
	rows, err := db.All(ctx, s.c, (*row).fields, "SELECT "+columns+" FROM bulletin b"+w.SQL()+" ORDER BY b.changed DESC, b.id DESC LIMIT "+
		w.Next(size)+" OFFSET "+w.Next((max(1, q.Page)-1)*size), w.Args()...)
	if err != nil {
		return nil, 0, err
	}
	all := make([]Bulletin, len(rows))
	for i, r := range rows {
		all[i] = r.bulletin()
	}
	all, err = s.withEditions(ctx, all)
	return all, total, err
}
