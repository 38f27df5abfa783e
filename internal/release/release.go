// Package release makes public what may be published: figures are asked for, protected, reviewed by a second person and frozen, and
// given out as pages, files and open data. Exact figures leave the house in exports that a leader grants. Nothing public is ever
// answered from package fact.
package release

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/release/dataset"
)

// A ReleaseState is how far a release has come.
type ReleaseState string

// The states of a release.
const (
	Building ReleaseState = "building" // figures are asked for and protected
	Failed   ReleaseState = "failed"   // could not be built; may be tried again
	Draft    ReleaseState = "draft"    // built: who proposes it looks at what was lost
	Proposed ReleaseState = "proposed" // waits for the leader
	Released ReleaseState = "released" // everybody may read it; frozen
	Recalled ReleaseState = "recalled" // was released and is not any more
)

// A Spec says what a release is of.
type Spec struct {
	Code           string // of the data set, the same in every version: "dan-so-2026h1"
	Title, TitleEN string
	Note, NoteEN   string
	Source         string // where the figures come from, in words
	SourceURL      string
	Indicators     []fact.Code
	Periods        []fact.Period
	Area           place.ID // "" is the whole country
	Level          string   // of the places that are shown, "" none but the area
	Cuts           []fact.Dim
	Geography      place.Date
	Demo           bool
}

// A Lost is what protection cost a release, and what it could not protect.
type Lost struct {
	Cells, Hidden          int
	Persons, HiddenPersons int64
	Primary                int
	Exposed                []string // keys of counts that earlier releases give away
	Folded                 []string // groups that are counted in "Dân tộc khác"
}

// Share is the part of the cells that is hidden, in percent.
func (l Lost) Share() float64 { return percent(int64(l.Hidden), int64(l.Cells)) }

// ShareOfPersons is the part of the persons who stand in them.
func (l Lost) ShareOfPersons() float64 { return percent(l.HiddenPersons, l.Persons) }

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// A Release is one version of a data set.
type Release struct {
	ID      string
	Spec    Spec
	Version int
	State   ReleaseState
	Area    string // who answers for it
	Topic   string
	Lost    Lost
	Failure string // key of a message
	Known   int64  // releases that it was protected against

	Built                    time.Time
	DraftedBy                string // who laid it out
	ProposedBy, ProposedName string
	ProposedAt               time.Time
	ReturnedReason           string
	ReleasedBy, ReleasedName string
	ReleasedAt               time.Time
	RecalledBy, RecallReason string
	RecalledAt               time.Time
	Demo                     bool
	tableFile, guardFile     blob.Ref
}

// License is under which everybody may use what is released.
var License = dataset.License{ID: "CC-BY-4.0", Title: "Creative Commons Ghi công 4.0", URL: "https://creativecommons.org/licenses/by/4.0/"}

var codeText = regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)*$`)

// cutDims are the ways in which a release may divide persons.
var cutDims = []fact.Dim{fact.ByGroup, fact.BySex, fact.ByAge, fact.ByLanguage}

// reserved are addresses below /so-lieu that are no data sets.
var reserved = []string{"danh-muc", "dia-ban", "dan-toc"}

func (d *Desk) checkSpec(s Spec) error {
	var all []error
	wrong := func(bad bool, field, key string) {
		if bad {
			all = append(all, fault.Field(field, key))
		}
	}
	wrong(!codeText.MatchString(s.Code) || len(s.Code) > 60 || slices.Contains(reserved, s.Code), "code", "stat.release.code")
	wrong(strings.TrimSpace(s.Title) == "" || len(s.Title) > 300, "title", "stat.release.title")
	wrong(strings.TrimSpace(s.Source) == "", "source", "stat.release.source")
	wrong(len(s.Indicators) == 0 || len(s.Indicators) > 20, "indicators", "stat.release.indicators")
	wrong(len(s.Periods) == 0 || len(s.Periods) > 20, "periods", "stat.release.periods")
	wrong(len(s.Cuts) > 3 || slices.ContainsFunc(s.Cuts, func(c fact.Dim) bool { return !slices.Contains(cutDims, c) }), "cuts", "stat.release.cuts")
	wrong(s.Level != "" && !slices.Contains([]string{place.Province, place.District, place.Commune}, s.Level), "level", "stat.release.level")
	for _, code := range s.Indicators {
		if _, err := d.facts.Indicator(code); err != nil {
			all = append(all, fault.Field("indicators", "stat.release.indicators"))
			break
		}
	}
	if s.Area != "" {
		if _, err := d.places.ByID(s.Area); err != nil {
			all = append(all, fault.Field("area", "stat.release.area"))
		}
	}
	return errors.Join(all...)
}

// answering is the area whose duty a release of these figures is. Of other provinces an installation holds only what censuses and
// lists have already made public: a release of the country is the home province's to make.
func (d *Desk) answering(area place.ID) string {
	if area == "" {
		return string(d.places.HomeUnit().ID)
	}
	return string(area)
}

// Draft begins a new version of a data set. It is built at once where that is quick, else in the background; key makes a repeated
// request harmless. Figures are read exactly, so the actor must have the duty to propose over all of the area.
func (d *Desk) Draft(ctx context.Context, actor duty.Actor, key string, s Spec) (string, error) {
	s.Demo = s.Demo || actor.Demo
	return d.begin(ctx, actor, key, s)
}

func (d *Desk) begin(ctx context.Context, actor duty.Actor, key string, s Spec) (string, error) {
	s.Title, s.Source, s.Code = strings.TrimSpace(s.Title), strings.TrimSpace(s.Source), strings.TrimSpace(s.Code)
	area := d.answering(s.Area)
	if err := d.policy.Permit(actor, duty.StatProposeRelease, duty.Thing{Area: area, State: string(Draft)}); err != nil {
		return "", err
	}
	if err := d.checkSpec(s); err != nil {
		return "", err
	}
	first, err := d.facts.Indicator(s.Indicators[0])
	if err != nil {
		return "", err
	}
	return d.insertRelease(ctx, actor, key, Release{Spec: s, State: Building, Area: area, Topic: first.Topic, DraftedBy: actor.ID, ProposedBy: actor.ID, ProposedName: actor.Name,
		ProposedAt: d.now(), Demo: s.Demo})
}

// Rebuild builds a draft again: the figures, or what else was released, have changed since.
func (d *Desk) Rebuild(ctx context.Context, actor duty.Actor, id string) error {
	return d.moveRelease(ctx, actor, id, duty.StatProposeRelease, Building, "", func(r Release) error {
		if r.State != Draft && r.State != Failed && r.State != Proposed {
			return fault.New(fault.Conflict, "stat.release.frozen")
		}
		return d.policy.Permit(actor, duty.StatProposeRelease, duty.Thing{Area: r.Area})
	})
}

// Propose hands a built release to the leader. One whose secrets earlier releases give away cannot be proposed.
func (d *Desk) Propose(ctx context.Context, actor duty.Actor, id string) error {
	return d.moveRelease(ctx, actor, id, duty.StatProposeRelease, Proposed, "", func(r Release) error {
		switch {
		case r.State != Draft:
			return fault.New(fault.Conflict, "stat.release.state")
		case len(r.Lost.Exposed) > 0:
			return fault.New(fault.Invalid, "stat.release.exposed", "N", len(r.Lost.Exposed))
		}
		return d.policy.Permit(actor, duty.StatProposeRelease, duty.Thing{Area: r.Area, State: string(r.State)})
	})
}

// Return gives a proposed release back with a reason.
func (d *Desk) Return(ctx context.Context, actor duty.Actor, id, reason string) error {
	return d.moveRelease(ctx, actor, id, duty.StatRelease, Draft, reason, func(r Release) error {
		if reason == "" {
			return fault.Field("reason", "stat.release.reason")
		}
		return d.mayRelease(actor, r)
	})
}

// Release makes a proposed release public. The actor is the leader and another person than who laid it out or proposed it. It is refused where
// another release came in between: what the two tell together has not been checked.
func (d *Desk) Release(ctx context.Context, actor duty.Actor, id string) error {
	return d.moveRelease(ctx, actor, id, duty.StatRelease, Released, "", func(r Release) error { return d.mayRelease(actor, r) })
}

func (d *Desk) mayRelease(actor duty.Actor, r Release) error {
	if r.State != Proposed {
		return fault.New(fault.Conflict, "stat.release.state")
	}
	return d.policy.Permit(actor, duty.StatRelease, duty.Thing{Area: r.Area, State: string(r.State), Hands: []string{r.DraftedBy, r.ProposedBy}})
}

// Recall takes a release back. That there was one and why it is gone stays to be read; later releases are still checked against
// it, for what was read is known.
func (d *Desk) Recall(ctx context.Context, actor duty.Actor, id, reason string) error {
	return d.moveRelease(ctx, actor, id, duty.StatRelease, Recalled, reason, func(r Release) error {
		switch {
		case reason == "":
			return fault.Field("reason", "stat.release.reason")
		case r.State != Released:
			return fault.New(fault.Conflict, "stat.release.state")
		}
		return d.policy.Permit(actor, duty.StatRelease, duty.Thing{Area: r.Area})
	})
}

// MayPropose and MayRelease tell whether the actor has the duty for this release, whatever its state.
func (d *Desk) MayPropose(actor duty.Actor, r Release) bool {
	return d.policy.Permit(actor, duty.StatProposeRelease, duty.Thing{Area: r.Area}) == nil
}

// MayRelease is also false for who laid it out or proposed it.
func (d *Desk) MayRelease(actor duty.Actor, r Release) bool {
	return d.policy.Permit(actor, duty.StatRelease, duty.Thing{Area: r.Area, Hands: []string{r.DraftedBy, r.ProposedBy}}) == nil
}

// ReleaseOf is one release for those who propose or release over its area.
func (d *Desk) ReleaseOf(ctx context.Context, actor duty.Actor, id string) (Release, error) {
	r, err := releaseByID(ctx, d.db, id)
	if err != nil {
		return r, err
	}
	if err := d.policy.Permit(actor, duty.StatProposeRelease, duty.Thing{Area: r.Area}); err != nil && !d.leads(actor, r.Area) {
		return Release{}, err
	}
	return r, nil
}

// leads tells whether the actor may release over an area.
func (d *Desk) leads(actor duty.Actor, area string) bool {
	return d.policy.Permit(actor, duty.StatRelease, duty.Thing{Area: area}) == nil
}

// DeskReleases are the releases over which the actor has a duty, newest first.
func (d *Desk) DeskReleases(ctx context.Context, actor duty.Actor) ([]Release, error) {
	all, err := d.releases(ctx, "", 300)
	return slices.DeleteFunc(all, func(r Release) bool { return !d.MayPropose(actor, r) && !d.leads(actor, r.Area) }), err
}

// Public are the newest versions of all data sets that are released, newest first; a data set whose newest version was recalled is
// not among them.
func (d *Desk) Public(ctx context.Context) ([]Release, error) {
	all, err := d.releases(ctx, "", 2000)
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(r Release) bool {
		if r.State != Released && r.State != Recalled || seen[r.Spec.Code] {
			return true
		}
		seen[r.Spec.Code] = true
		return r.State == Recalled
	}), err
}

// Versions are the versions of a data set that were ever released, newest first.
func (d *Desk) Versions(ctx context.Context, code string) ([]Release, error) {
	all, err := d.releases(ctx, code, 200)
	all = slices.DeleteFunc(all, func(r Release) bool { return r.State != Released && r.State != Recalled })
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "stat.release.none")
	}
	return all, err
}

// Table is the frozen table of a release that is public. One that was recalled is gone.
func (d *Desk) Table(ctx context.Context, r Release) (dataset.Table, error) {
	if r.State == Recalled {
		return dataset.Table{}, fault.New(fault.Gone, "stat.release.recalled")
	}
	if r.State != Released {
		return dataset.Table{}, fault.New(fault.NotFound, "stat.release.none")
	}
	return d.table(ctx, r)
}

// Preview is the table of a release that is not public yet, as it would be.
func (d *Desk) Preview(ctx context.Context, actor duty.Actor, r Release) (dataset.Table, error) {
	if _, err := d.ReleaseOf(ctx, actor, r.ID); err != nil {
		return dataset.Table{}, err
	}
	return d.table(ctx, r)
}

// table reads the frozen table and adds what only the row knows.
func (d *Desk) table(ctx context.Context, r Release) (dataset.Table, error) {
	t, err := d.kept.table(r.tableFile, func() (dataset.Table, error) {
		var t dataset.Table
		err := d.unpack(ctx, r.tableFile, &t)
		return t, err
	})
	at := r.ReleasedAt.In(i18n.Zone)
	t.Version, t.Issued, t.Modified = r.Version, at, at
	return t, err
}

func (r Release) result() string {
	text, err := json.Marshal(r.Lost)
	if err != nil {
		panic(err) // numbers and strings
	}
	return string(text)
}
