package release

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/db"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/job"
	"banlang/internal/release/dataset"
	"banlang/internal/search"
)

const releaseColumns = `id, code, version, state, area, topic, spec, table_file, guard_file, result, known, failure, built_at,
	drafted_by, proposed_by, proposed_name, proposed_at, returned_reason, released_by, released_name, released_at, recalled_by, recalled_at, recall_reason, demo`

type releaseRow struct {
	Release
	code, spec, result                                 string
	built, proposedAt, releasedAt, recalledAt, version int64
}

func (r *releaseRow) fields() []any {
	return []any{&r.ID, &r.code, &r.version, &r.State, &r.Area, &r.Topic, &r.spec, &r.tableFile, &r.guardFile, &r.result, &r.Known, &r.Failure, &r.built,
		&r.DraftedBy, &r.ProposedBy, &r.ProposedName, &r.proposedAt, &r.ReturnedReason, &r.ReleasedBy, &r.ReleasedName, &r.releasedAt, &r.RecalledBy, &r.recalledAt,
		&r.RecallReason, &r.Demo}
}

func (r releaseRow) release() (Release, error) {
	out := r.Release
	out.Version = int(r.version)
	out.Built, out.ProposedAt, out.ReleasedAt, out.RecalledAt = db.Time(r.built), db.Time(r.proposedAt), db.Time(r.releasedAt), db.Time(r.recalledAt)
	err := json.Unmarshal([]byte(r.spec), &out.Spec)
	if r.result != "" {
		err = errors.Join(err, json.Unmarshal([]byte(r.result), &out.Lost))
	}
	if err != nil {
		return out, fmt.Errorf("release %s: %w", r.ID, err)
	}
	return out, nil
}

// releases reads the versions of a data set, or of all where the code is empty, newest first.
func (d *Desk) releases(ctx context.Context, code string, limit int) ([]Release, error) {
	var w db.Where
	if code != "" {
		w.Add("code = $?", code)
	}
	rows, err := db.All(ctx, d.db, (*releaseRow).fields,
		"SELECT "+releaseColumns+" FROM stat_release"+w.SQL()+" ORDER BY released_at DESC, proposed_at DESC, version DESC LIMIT "+w.Next(limit), w.Args()...)
	if err != nil {
		return nil, err
	}
	all := make([]Release, len(rows))
	for i, r := range rows {
		if all[i], err = r.release(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func releaseByID(ctx context.Context, c db.Conn, id string) (Release, error) {
	r, err := db.One(ctx, c, (*releaseRow).fields, "SELECT "+releaseColumns+" FROM stat_release WHERE id = $1", id)
	switch {
	case fault.Is(err, fault.NotFound):
		return Release{}, fault.New(fault.NotFound, "stat.release.none")
	case err != nil:
		return Release{}, err
	}
	return r.release()
}

// insertRelease records a new version and queues its building.
func (d *Desk) insertRelease(ctx context.Context, actor duty.Actor, key string, r Release) (string, error) {
	r.ID = db.NewID()
	spec, err := json.Marshal(r.Spec)
	if err != nil {
		return "", err
	}
	if key != "" {
		key = "stat.release/" + actor.ID + "/" + key
	}
	err = d.db.Tx(ctx, func(tx *db.Tx) error {
		prior, repeated, err := db.Once(ctx, tx, key, r.ID)
		if err != nil || repeated {
			r.ID = prior
			return err
		}
		last, err := db.Value[int64](ctx, tx, "SELECT coalesce(max(version), 0) FROM stat_release WHERE code = $1", r.Spec.Code)
		if err != nil {
			return err
		}
		err = db.Insert(ctx, tx, "stat_release", "id, code, version, state, title, topic, area, spec, drafted_by, proposed_by, proposed_name, proposed_at, demo", [][]any{{
			r.ID, r.Spec.Code, last + 1, Building, r.Spec.Title, r.Topic, r.Area, string(spec), r.DraftedBy, r.ProposedBy, r.ProposedName, db.Millis(r.ProposedAt), r.Demo}})
		if err != nil {
			return err
		}
		if err := job.Put(ctx, tx, job.Job{Kind: buildJob, Key: r.ID, Payload: []byte(r.ID)}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatProposeRelease),
			Thing: "stat_release/" + r.ID, Place: r.Area, After: fmt.Sprintf("%s, version %d: %s", r.Spec.Code, last+1, r.Spec.Title)})
	})
	return r.ID, err
}

// moveRelease loads a release, lets rule check it and moves it to a state, in one transaction.
func (d *Desk) moveRelease(ctx context.Context, actor duty.Actor, id string, act duty.Act, to ReleaseState, reason string, rule func(Release) error) error {
	return d.db.Tx(ctx, func(tx *db.Tx) error {
		r, err := releaseByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.State == to && to != Draft {
			return nil // the same button pressed twice
		}
		if err := rule(r); err != nil {
			return err
		}
		at, was := d.now(), r.State
		var w db.Where
		set := "state = " + w.Next(to)
		switch to {
		case Building:
			set += ", failure = '', returned_reason = ''"
			err = job.Put(ctx, tx, job.Job{Kind: buildJob, Key: id, Payload: []byte(id)})
		case Proposed:
			set += ", returned_reason = '', proposed_by = " + w.Next(actor.ID) + ", proposed_name = " + w.Next(actor.Name) + ", proposed_at = " + w.Next(db.Millis(at))
		case Draft:
			set += ", returned_reason = " + w.Next(reason)
		case Released:
			set += ", released_by = " + w.Next(actor.ID) + ", released_name = " + w.Next(actor.Name) + ", released_at = " + w.Next(db.Millis(at))
			r.ReleasedAt = at
			err = search.Put(ctx, tx, releaseEntry(r))
		case Recalled:
			set += ", recalled_by = " + w.Next(actor.ID) + ", recalled_at = " + w.Next(db.Millis(at)) + ", recall_reason = " + w.Next(reason)
			err = search.Remove(ctx, tx, entryID(r))
		}
		if err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, "UPDATE stat_release SET "+set+" WHERE id = "+w.Next(id)+" AND state = "+w.Next(was), w.Args()...)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "stat.release.state")
		}
		err = audit.Write(ctx, tx, at, audit.Entry{Actor: actor.ID, Second: r.ProposedBy, Session: actor.Session, Act: string(act), Thing: "stat_release/" + id,
			Place: r.Area, After: string(to) + ": " + r.Spec.Code, Reason: reason})
		if err != nil || to != Released {
			return err
		}
		// After the record was written, which nobody else does meanwhile: of two that are released at once one is refused.
		if n, err := known(ctx, tx); err != nil || n != r.Known+1 {
			return cmp.Or(err, fault.New(fault.Conflict, "stat.release.changed"))
		}
		return nil
	})
}

// known counts the releases that were ever public.
func known(ctx context.Context, c db.Conn) (int64, error) {
	return db.Value[int64](ctx, c, "SELECT count(*) FROM stat_release WHERE state IN ($1, $2)", Released, Recalled)
}

// setBuilt freezes what was built, or why it was not.
func (d *Desk) setBuilt(ctx context.Context, r Release) error {
	_, err := db.Exec(ctx, d.db, `UPDATE stat_release SET state = $1, table_file = $2, guard_file = $3, result = $4, known = $5, failure = $6, built_at = $7
		WHERE id = $8 AND state = $9`, r.State, r.tableFile, r.guardFile, r.result(), r.Known, r.Failure, db.Millis(d.now()), r.ID, Building)
	return err
}

func entryID(r Release) string { return "figures/" + r.Spec.Code }

func releaseEntry(r Release) search.Entry {
	return search.Entry{ID: entryID(r), Kind: "figures", Title: r.Spec.Title, Heading: r.Spec.Source, Body: strings.TrimSpace(r.Spec.Note + "\n\n" + r.Spec.TitleEN),
		Lang: "vi", URL: "/so-lieu/" + r.Spec.Code, Date: r.ReleasedAt}
}

// Files are the files that releases name.
func (d *Desk) Files(ctx context.Context) ([]blob.Ref, error) {
	type row struct{ table, guard blob.Ref }
	rows, err := db.All(ctx, d.db, func(r *row) []any { return []any{&r.table, &r.guard} }, "SELECT table_file, guard_file FROM stat_release WHERE table_file <> '' LIMIT 100000")
	var all []blob.Ref
	for _, r := range rows {
		all = append(all, r.table, r.guard)
	}
	return all, err
}

// mostFile is the largest file of a release, packed.
const mostFile = 256 << 20

func (d *Desk) pack(ctx context.Context, v any) (blob.Ref, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(json.NewEncoder(z).Encode(v), z.Close()); err != nil {
		return "", err
	}
	ref, _, err := d.files.Put(ctx, &b, mostFile)
	return ref, err
}

func (d *Desk) unpack(ctx context.Context, ref blob.Ref, v any) (err error) {
	f, _, err := d.files.Open(ctx, ref)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return json.NewDecoder(io.LimitReader(z, 8*mostFile)).Decode(v)
}

// A shelf keeps the tables that are read most lately: they are frozen, so what was read once is right for ever. It also knows how far
// the releases are that are being built.
type shelf struct {
	mu       sync.Mutex
	tables   map[blob.Ref]dataset.Table
	order    []blob.Ref
	sizes    map[string]int64 // of the files of a table in a format
	progress map[string][2]int
}

const mostKept = 24

func (s *shelf) table(ref blob.Ref, read func() (dataset.Table, error)) (dataset.Table, error) {
	s.mu.Lock()
	t, ok := s.tables[ref]
	s.mu.Unlock()
	if ok {
		return t, nil
	}
	t, err := read()
	if err != nil {
		return t, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables == nil {
		s.tables = map[blob.Ref]dataset.Table{}
	}
	if _, ok := s.tables[ref]; !ok {
		s.tables[ref], s.order = t, append(s.order, ref)
	}
	if len(s.order) > mostKept {
		delete(s.tables, s.order[0])
		s.order = s.order[1:]
	}
	return t, nil
}

// size remembers how long a file is that is made when it is asked for.
func (s *shelf) size(of string, count func() (int64, error)) (int64, error) {
	s.mu.Lock()
	n, ok := s.sizes[of]
	s.mu.Unlock()
	if ok {
		return n, nil
	}
	n, err := count()
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sizes == nil || len(s.sizes) > 10_000 {
		s.sizes = map[string]int64{}
	}
	s.sizes[of] = n
	return n, nil
}

func (s *shelf) tell(id string, done, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress == nil {
		s.progress = map[string][2]int{}
	}
	if s.progress[id] = [2]int{done, total}; total == 0 {
		delete(s.progress, id)
	}
}

// BuildProgress tells how far the building of a release is; 0 of 0 where nobody knows.
func (d *Desk) BuildProgress(id string) (done, total int) {
	d.kept.mu.Lock()
	defer d.kept.mu.Unlock()
	p := d.kept.progress[id]
	return p[0], p[1]
}
