package ethnic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"banlang/internal/audit"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/place"
	"banlang/internal/place/intake"
)

// A Desk answers questions about groups and languages and records changes to them.
type Desk struct {
	db      *db.DB
	places  *place.Desk
	policy  *duty.Policy
	now     func() time.Time
	current atomic.Pointer[catalogue]
}

// New makes a desk beside the desk of places. Call Ready before asking anything.
func New(database *db.DB, places *place.Desk, now func() time.Time) *Desk {
	d := &Desk{db: database, places: places, policy: duty.New(places, now), now: now}
	d.current.Store(newCatalogue(nil, nil, nil))
	return d
}

const (
	groupColumns = `slug, code_1979, code_2008, code_2008_certainty, name, name_1979, name_2008, name_en, aliases, aliases_search_only,
		aliases_ambiguous, family, languages, minority, note, source, certainty`
	languageColumns = `tag, place_in_list, iso639_3, macrolanguage, scope, name, name_en, groups, scripts, direction, where_spoken,
		heard_fallback, read_fallback, fallback_status, lang_son, note, source, code_certainty, certainty`
	censusColumns = "year, group_slug, province, measure, value"
)

// loadReference takes in each reference list whose content is not recorded yet. A list of groups or languages that is known in an
// older form is not taken in over it: what two persons confirmed since would be lost.
func (d *Desk) loadReference(ctx context.Context) error {
	names, err := db.Values[string](ctx, d.db, "SELECT name FROM ethnic_list")
	if err != nil || !slices.ContainsFunc(referenceFiles, func(file string) bool { return !slices.Contains(names, file) }) {
		return err
	}
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		for _, file := range referenceFiles {
			t, digest, err := openReference(file)
			if err != nil {
				return err
			}
			n, err := db.Exec(ctx, tx, "INSERT INTO ethnic_list (name, digest, loaded) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
				file, digest, db.Millis(d.now()))
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			switch file {
			case "group.csv":
				var groups []Group
				for _, r := range t.Rows() {
					groups = append(groups, groupOf(r))
				}
				err = insertGroups(ctx, tx, groups)
			case "language.csv":
				var languages []Language
				for _, r := range t.Rows() {
					languages = append(languages, languageOf(r))
				}
				err = insertLanguages(ctx, tx, languages)
			default:
				var counts []count
				if counts, err = countsOf(t); err == nil {
					err = insertCounts(ctx, tx, counts)
				}
			}
			if err != nil {
				return err
			}
		}
		return touch(ctx, tx)
	})
}

func touch(ctx context.Context, tx *db.Tx) error {
	_, err := db.Exec(ctx, tx, "UPDATE ethnic_revision SET n = n + 1 WHERE id = 1")
	return err
}

func join[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, ";")
}

func insertGroups(ctx context.Context, tx *db.Tx, groups []Group) error {
	var rows [][]any
	for _, g := range groups {
		rows = append(rows, []any{string(g.Slug), g.Code1979, g.Code2008, g.Code2008Certainty, g.Name, g.Name1979, g.Name2008, g.NameEN,
			join(g.Aliases), join(g.searchOnly), join(g.ambiguous), g.Family, join(g.Languages), g.Minority, g.Note, g.Source, g.Certainty})
	}
	return db.Insert(ctx, tx, "ethnic_group", groupColumns, rows)
}

func insertLanguages(ctx context.Context, tx *db.Tx, languages []Language) error {
	var rows [][]any
	for i, l := range languages {
		rows = append(rows, []any{l.Tag, int64(i + 1), l.ISO, l.Macrolanguage, l.Scope, l.Name, l.NameEN, join(l.Groups), join(l.Scripts), l.Direction,
			l.WhereSpoken, join(l.Heard), join(l.Read), l.FallbackStatus, l.LangSon, l.Note, l.Source, l.CodeCertainty, l.Certainty})
	}
	return db.Insert(ctx, tx, "ethnic_language", languageColumns, rows)
}

func insertCounts(ctx context.Context, tx *db.Tx, counts []count) error {
	var rows [][]any
	for _, n := range counts {
		rows = append(rows, []any{int64(n.Year), string(n.Group), n.Province, n.Measure, int64(n.Value)})
	}
	return db.Insert(ctx, tx, "ethnic_census", censusColumns, rows)
}

// A list scans a column of values parted by semicolons.
type list[T ~string] struct{ all *[]T }

func (l list[T]) Scan(v any) error {
	s, _ := v.(string)
	for _, one := range split(s) {
		*l.all = append(*l.all, T(one))
	}
	return nil
}

func groupFields(g *Group) []any {
	return []any{&g.Slug, &g.Code1979, &g.Code2008, &g.Code2008Certainty, &g.Name, &g.Name1979, &g.Name2008, &g.NameEN, list[string]{&g.Aliases},
		list[string]{&g.searchOnly}, list[string]{&g.ambiguous}, &g.Family, list[string]{&g.Languages}, &g.Minority, &g.Note, &g.Source, &g.Certainty}
}

func languageFields(l *Language) []any {
	var order int64
	return []any{&l.Tag, &order, &l.ISO, &l.Macrolanguage, &l.Scope, &l.Name, &l.NameEN, list[Slug]{&l.Groups}, list[string]{&l.Scripts}, &l.Direction,
		&l.WhereSpoken, list[string]{&l.Heard}, list[string]{&l.Read}, &l.FallbackStatus, &l.LangSon, &l.Note, &l.Source, &l.CodeCertainty, &l.Certainty}
}

func countFields(n *count) []any { return []any{&n.Year, &n.Group, &n.Province, &n.Measure, &n.Value} }

// reload reads the catalogue from the tables.
func (d *Desk) reload(ctx context.Context) error {
	return d.db.Snapshot(ctx, func(s *db.Snapshot) error {
		revision, err := db.Value[int64](ctx, s, "SELECT n FROM ethnic_revision WHERE id = 1")
		if err != nil {
			return err
		}
		groups, err := db.All(ctx, s, groupFields, "SELECT "+groupColumns+" FROM ethnic_group ORDER BY code_1979")
		if err != nil {
			return err
		}
		languages, err := db.All(ctx, s, languageFields, "SELECT "+languageColumns+" FROM ethnic_language ORDER BY place_in_list")
		if err != nil {
			return err
		}
		counts, err := db.All(ctx, s, countFields, "SELECT "+censusColumns+" FROM ethnic_census")
		if err != nil {
			return err
		}
		c := newCatalogue(groups, languages, counts)
		c.revision = revision
		d.current.Store(c)
		return nil
	})
}

// renew reads the catalogue after a change and makes what changed findable.
func (d *Desk) renew(ctx context.Context) error {
	if err := d.reload(ctx); err != nil {
		return err
	}
	return d.publish(ctx)
}

// Refresh reads the catalogue again if another process has changed the tables.
func (d *Desk) Refresh(ctx context.Context) error {
	n, err := db.Value[int64](ctx, d.db, "SELECT n FROM ethnic_revision WHERE id = 1")
	if err != nil || n == d.current.Load().revision {
		return err
	}
	return d.reload(ctx)
}

// errDry ends a transaction that was only a trial.
var errDry = errors.New("dry run")

// saveCounts writes counts in one transaction and tells how many were new and how many say something else than before.
func (d *Desk) saveCounts(ctx context.Context, actor duty.Actor, counts []count, report *intake.Report) error {
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		known := map[count]int{}
		err := db.Each(ctx, tx, countFields, func(n count) error {
			value := n.Value
			n.Value = 0
			known[n] = value
			return nil
		}, "SELECT "+censusColumns+" FROM ethnic_census")
		if err != nil {
			return err
		}
		for _, n := range counts {
			key := n
			key.Value = 0
			switch value, ok := known[key]; {
			case !ok:
				report.Added++
			case value != n.Value:
				report.Changed++
			default:
				continue
			}
			if _, err := db.Exec(ctx, tx, `INSERT INTO ethnic_census (year, group_slug, province, measure, value) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (year, group_slug, province, measure) DO UPDATE SET value = excluded.value`,
				int64(n.Year), string(n.Group), n.Province, n.Measure, int64(n.Value)); err != nil {
				return err
			}
		}
		if report.Dry || report.Added+report.Changed == 0 {
			return errDry
		}
		if err := audit.Write(ctx, tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.EthnicEdit), Thing: "ethnic/import/" + report.Kind,
			Note: fmt.Sprintf("%s: %d added, %d changed", report.Name, report.Added, report.Changed)}); err != nil {
			return err
		}
		return touch(ctx, tx)
	})
	if errors.Is(err, errDry) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.renew(ctx)
}
