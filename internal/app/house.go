// Package app puts the house together: it opens the database, builds the desks, mounts the pages and starts what runs beside
// them. It is the only package that reads the clock, and the table of its test says which room may know which.
package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"banlang/internal/account"
	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/bulletin"
	"banlang/internal/config"
	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/delivery/cap"
	"banlang/internal/delivery/feed"
	"banlang/internal/delivery/loudspeaker"
	"banlang/internal/delivery/sheet"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/fact"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/job"
	"banlang/internal/library"
	"banlang/internal/library/transcript"
	"banlang/internal/place"
	"banlang/internal/plan"
	"banlang/internal/privacy"
	"banlang/internal/quiz"
	"banlang/internal/release"
	"banlang/internal/report"
	"banlang/internal/search"
	"banlang/internal/stat"
	"banlang/internal/subscriber"
)

// A House is an open installation: every desk, ready to work.
type House struct {
	config  config.Config
	version Version
	log     *slog.Logger
	now     func() time.Time

	db       *db.DB
	files    blob.Store
	keeper   *privacy.Keeper
	headKey  audit.Key
	alertKey cap.Key
	text     *i18n.Bundle
	queue    *job.Queue
	policy   *duty.Policy
	places   *place.Desk
	groups   *ethnic.Desk
	accounts *account.Desk
	record   *audit.Desk
	privacy  *privacy.Desk
	search   *search.Desk
	people   *subscriber.Desk
	bulletin *bulletin.Desk
	delivery *delivery.Desk
	quiz     *quiz.Desk
	sheets   *sheet.Desk
	feeds    *feed.Desk
	speakers *loudspeaker.Desk
	library  *library.Desk
	plan     *plan.Desk
	facts    *fact.Desk
	report   *report.Desk
	stat     *stat.Desk
	release  *release.Desk
}

// open opens the installation and brings its tables and reference data up to date.
func open(ctx context.Context, c config.Config, v Version) (_ *House, err error) {
	h := &House{config: c, version: v, now: now, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	defer func() {
		if err != nil {
			if fault.KindOf(err) > fault.Internal {
				err = errors.New(h.told(err))
			}
			err = errors.Join(err, h.close())
		}
	}()
	if h.text, err = i18n.Load(); err != nil {
		return nil, err
	}
	if h.db, err = db.Open(ctx, db.Options{URL: c.DatabaseURL()}); err != nil {
		return nil, err
	}
	if err = h.db.Migrate(ctx, nil); err != nil {
		return nil, err
	}
	if h.files, err = openFiles(ctx, c); err != nil {
		return nil, err
	}
	if err = privacy.KeysBelong(ctx, h.db, c.KeyFolder()); err != nil {
		return nil, err
	}
	if h.keeper, err = privacy.OpenKeeper(c.KeyFolder()); err != nil {
		return nil, err
	}
	if h.headKey, err = audit.OpenKey(c.KeyFolder()); err != nil {
		return nil, err
	}
	if h.alertKey, err = cap.OpenKey(c.KeyFolder()); err != nil {
		return nil, err
	}
	return h, h.build(ctx)
}

// build makes the desks, each after those that it works with.
func (h *House) build(ctx context.Context) error {
	h.places = place.New(h.db, h.now)
	h.places.Home, h.places.Uses, h.places.Groups = h.config.Province, h.uses, h.groupNames
	if err := h.places.Ready(ctx, h.loading); err != nil {
		return fmt.Errorf("load the list of units: %w", err)
	}
	h.groups = ethnic.New(h.db, h.places, h.now)
	if err := h.groups.Ready(ctx); err != nil {
		return fmt.Errorf("load the list of ethnic groups: %w", err)
	}
	h.policy = duty.New(h.places, h.now)
	h.record = audit.New(h.db, h.policy, h.headKey, h.now)
	h.privacy = privacy.New(h.db, h.keeper, h.policy, h.home, h.now)
	if err := h.privacy.Reconcile(ctx); err != nil { // a restored backup may hold records whose keys were destroyed since
		return err
	}
	h.queue = job.New(h.db, h.log, h.now)
	h.accounts = account.New(h.db, h.policy, h.places, h.privacy, h.keeper, h.home, h.now)
	h.people = subscriber.New(h.db, h.keeper, h.policy, h.places, h.groups, h.text, h.now)
	h.search = search.New(h.db, h.config.Folder(indexFolder), h.policy, h.log)
	h.bulletin = bulletin.New(h.db, h.files, h.queue, h.policy, h.places, h.groups, people{h.accounts}, h.log, h.now)
	h.delivery = delivery.New(delivery.Options{
		DB: h.db, Files: h.files, Queue: h.queue, Keeper: h.keeper, Policy: h.policy, Places: h.places, Languages: h.groups, People: h.people,
		Source: h.bulletin, Connectors: connectors(), Text: h.text, Origin: strings.TrimSuffix(h.config.Origin, "/"), Log: h.log, Now: h.now,
	})
	h.people.Notify = h.delivery.Notify
	h.quiz = quiz.New(quiz.Options{DB: h.db, Keeper: h.keeper, Policy: h.policy, Languages: h.groups, Ledger: h.delivery, Source: h.bulletin, Text: h.text, Now: h.now}, h.queue)
	h.delivery.Answers = h.quiz
	h.sheets = sheet.New(sheet.Options{DB: h.db, Files: h.files, Source: h.bulletin, Places: h.places, Languages: h.groups, Picture: picture, Now: h.now})
	h.speakers = loudspeaker.New(loudspeaker.Options{DB: h.db, Files: h.files, Source: h.bulletin, Policy: h.policy, Places: h.places, Languages: h.groups, Now: h.now})
	h.speakers.Work(h.queue)
	h.feeds = feed.New(feed.Options{Files: h.files, Source: h.bulletin, Places: h.places, Languages: h.groups, Topics: topics(), Key: h.alertKey, Now: h.now})
	h.library = library.New(h.db, h.files, transcript.Tools{}, h.queue, h.policy, h.places, h.groups, h.search, h.log, h.now)
	h.plan = plan.New(h.db, h.policy, h.home(), h.now)
	h.facts = fact.New(h.db, h.policy, h.places, h.groups, h.now)
	if err := h.facts.Ready(ctx); err != nil {
		return fmt.Errorf("load the catalogue of indicators: %w", err)
	}
	h.report = report.New(h.db, h.files, h.queue, h.policy, h.places, h.groups, h.facts, h.now)
	if err := h.report.Ready(ctx); err != nil {
		return fmt.Errorf("load the forms: %w", err)
	}
	h.stat = stat.New(h.db, h.policy, h.facts, h.places, h.groups, h.now)
	h.release = release.New(h.db, h.files, h.policy, h.facts, h.stat, h.places, h.groups, h.now)
	h.release.Serve(h.queue)
	return h.plan.Index(ctx)
}

// loading tells of the first start, which takes some seconds.
func (h *House) loading(done, total int) {
	if done%5000 == 0 || done == total {
		fmt.Fprintf(os.Stderr, "  units of Vietnam: %d of %d\n", done, total)
	}
}

// home is the province that this installation serves, as it is today.
func (h *House) home() string {
	u, err := h.places.At(h.config.Province, h.places.Today())
	if err != nil {
		return h.config.Province
	}
	return string(u.ID)
}

func (h *House) close() error {
	var all []error
	if h.keeper != nil {
		all = append(all, h.keeper.Close())
	}
	if h.db != nil {
		all = append(all, h.db.Close())
	}
	return errors.Join(all...)
}

// openFiles opens the folder or the bucket that keeps files by content.
func openFiles(ctx context.Context, c config.Config) (blob.Store, error) {
	if c.Bucket == "" {
		return blob.Folder(c.Folder("blob"))
	}
	u, err := url.Parse(c.Bucket)
	if err != nil || u.Scheme != "s3" && u.Scheme != "s3+http" || u.Host == "" {
		return nil, fmt.Errorf("the bucket must be given as s3://KEY:SECRET@HOST/BUCKET")
	}
	secret, _ := u.User.Password()
	return blob.Bucket(ctx, blob.BucketConfig{
		Endpoint:  u.Host,
		Region:    u.Query().Get("region"),
		Bucket:    strings.Trim(u.Path, "/"),
		AccessKey: u.User.Username(),
		SecretKey: secret,
		Plain:     u.Scheme == "s3+http",
	})
}

// signedHead is the end of the audit record, signed, as it is kept outside.
func (h *House) signedHead(ctx context.Context, c db.Conn) (json.RawMessage, error) {
	head, err := audit.SignedHead(ctx, c, h.headKey, h.now())
	if err != nil {
		return nil, err
	}
	return json.Marshal(head)
}

// verify checks the chain of the audit record, against a head kept outside if a file of one is named, and every file by content.
func (h *House) verify(ctx context.Context, headFile string) error {
	var kept *audit.Head
	if headFile != "" {
		text, err := headOf(headFile)
		if err != nil {
			return err
		}
		head, err := audit.ReadHead(text)
		if err != nil {
			return fmt.Errorf("%s: %w", headFile, err)
		}
		kept = &head
	}
	report, err := audit.Verify(ctx, h.db, kept)
	if err != nil {
		return err
	}
	absent, err := h.named(ctx)
	if err != nil {
		return err
	}
	files, damaged := 0, 0
	for ref, err := range h.files.Walk(ctx) {
		if err != nil {
			return err
		}
		files++
		delete(absent, ref)
		if err := blob.Verify(ctx, h.files, ref); err != nil {
			damaged++
			fmt.Printf("file %s: %s\n", ref, h.told(err))
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(absent)) {
		fmt.Printf("file %s: missing\n", ref)
	}
	for _, f := range report.Findings {
		fmt.Printf("audit record, row %d: %s\n", f.Seq, f.Flaw)
	}
	if !report.Whole() || damaged+len(absent) > 0 {
		return fmt.Errorf("not whole; flaws of the audit record: %d, damaged files: %d, missing files: %d", len(report.Findings), damaged, len(absent))
	}
	fmt.Printf("audit record: %d entries, whole%s; files: %d, whole\n", report.Rows, against(kept), files)
	return nil
}

// named are the files that some row names.
func (h *House) named(ctx context.Context) (map[blob.Ref]bool, error) {
	originals, err := h.library.Files(ctx)
	if err != nil {
		return nil, err
	}
	sounds, err := h.bulletin.Files(ctx)
	if err != nil {
		return nil, err
	}
	workbooks, err := h.report.Files(ctx)
	if err != nil {
		return nil, err
	}
	releases, err := h.release.Files(ctx)
	all := map[blob.Ref]bool{}
	for _, ref := range slices.Concat(originals, sounds, workbooks, releases) {
		all[ref] = true
	}
	return all, err
}

func against(kept *audit.Head) string {
	if kept == nil {
		return " (a cut tail shows only against a head kept outside: --head)"
	}
	return " up to and beyond the head kept outside"
}
