package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"banlang/internal/account"
	"banlang/internal/audit"
	"banlang/internal/bulletin"
	"banlang/internal/config"
	"banlang/internal/console"
	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/delivery/feed"
	"banlang/internal/delivery/loudspeaker"
	"banlang/internal/delivery/sheet"
	"banlang/internal/duty"
	"banlang/internal/ethnic"
	"banlang/internal/i18n"
	"banlang/internal/library"
	"banlang/internal/openapi"
	"banlang/internal/place"
	"banlang/internal/plan"
	"banlang/internal/portal"
	"banlang/internal/privacy"
	"banlang/internal/quiz"
	"banlang/internal/release"
	"banlang/internal/report"
	"banlang/internal/stat"
	"banlang/internal/subscriber"
	"banlang/internal/web"
)

// Serve runs an installation.
type Serve struct {
	config.Config
}

// Run serves until ctx ends.
func (c Serve) Run(ctx context.Context, v Version) (err error) {
	h, err := open(ctx, c.Config, v)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	code, first, err := h.accounts.FirstRunCode(ctx)
	if err != nil {
		return err
	}
	return h.serve(ctx, false, func(address string) {
		if first {
			fmt.Printf("nobody can sign in yet: open %s/khoi-dau?ma=%s to make one administrator and two leaders (once)\n", address, code)
		}
	})
}

// Demo runs a demonstration.
type Demo struct {
	config.Config
	Facts int `placeholder:"4000000" help:"Also make so many figures by machine, marked as such, to see how it goes with many."`
}

// DemoData is where a demonstration keeps its data unless told otherwise: never where an installation does.
const demoData = "./data/demo"

// Run fills a demonstration, tells its sign-ins, and serves it.
func (c Demo) Run(ctx context.Context, v Version) (err error) {
	if c.Data == (config.Config{}).DataFolder() || c.Data == absolute("./data") {
		c.Data = demoData
	}
	if c.Agency == "" {
		c.Agency = "Bản minh hoạ, không phải của cơ quan nào"
	}
	h, err := open(ctx, c.Config, v)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	h.people.Demo = true // whoever subscribes to a demonstration is sent nothing that is real
	if err := h.seed(ctx); err != nil {
		return err
	}
	if c.Facts > 0 {
		if err := h.facts.Generate(ctx, c.Facts, 1, h.generating); err != nil {
			return fmt.Errorf("figures made by machine: %w", err)
		}
	}
	return h.serve(ctx, true, func(string) {
		fmt.Println("demonstration sign-ins (password unless it says PIN):")
		for _, p := range account.DemoSignIns() {
			fmt.Printf("  %-18s %s  %s\n", p.Name, p.Secret, p.Title)
		}
	})
}

// site builds the pages of the house.
func (h *House) site(demo bool) (*web.Site, error) {
	s, err := web.New(web.Options{
		Text: h.text, Policy: h.policy, Now: h.now, Log: h.log, Accounts: h.accounts,
		Commits: h.db.Commits, Ready: h.db.Ping,
		Origin: strings.TrimSuffix(h.config.Origin, "/"), Province: h.provinceName(), Agency: h.config.Agency, Phone: h.config.Phone, Demo: demo,
		Languages: h.languages(), Proxy: h.config.Proxy, Secure: h.config.Secure,
	})
	if err != nil {
		return nil, err
	}
	portal.Mount(s, portal.Options{News: news{h.bulletin, h.places, h.groups}, Finder: h.search, Namer: names{h.places, h.groups},
		Lists: []string{library.SiteMap}})
	bulletin.Mount(s, h.bulletin)
	subscriber.Mount(s, h.people, topics())
	subscriber.MountPush(s, h.people, h.pushKey)
	delivery.Mount(s, h.delivery)
	quiz.Mount(s, h.quiz)
	sheet.Mount(s, h.sheets)
	feed.Mount(s, h.feeds)
	loudspeaker.Mount(s, h.speakers)
	library.Mount(s, h.library)
	place.Mount(s, h.places)
	ethnic.Mount(s, h.groups)
	plan.Mount(s, h.plan)
	report.Mount(s, h.report)
	catalogue := stat.Catalogue{Facts: h.facts}
	stat.Mount(s, h.stat, catalogue)
	release.Mount(s, h.release)
	account.Mount(s, h.accounts)
	audit.Mount(s, h.record, h.accounts)
	privacy.Mount(s, h.privacy)
	desk := console.New(h.db, h.files, h.policy, console.Machine{Version: string(h.version), Started: h.now(), Data: h.config.DataFolder(), Queue: h.queue}, h.now,
		console.KindOf("units", duty.PlaceRecordEvent, 32<<20, h.places),
		console.KindOf("boundaries", duty.PlaceRecordEvent, 8<<20, h.places),
		console.KindOf("weights", duty.PlaceRecordEvent, 8<<20, h.places),
		console.KindOf("villages", duty.PlaceEditVillage, 32<<20, h.places),
		console.KindOf("classes", duty.PlaceSetAreaClass, 32<<20, h.places),
		console.KindOf("groups", duty.EthnicEdit, 32<<20, h.groups),
		console.KindOf("census", duty.EthnicEdit, 32<<20, h.groups),
		console.KindOf("indicators", duty.StatDefine, 8<<20, h.facts),
		console.KindOf("figures", duty.StatAccept, 16<<20, h.report), // of the whole province: who enters one commune has forms
	)
	console.Mount(s, desk, h.bulletin, h.library, h.accounts, h.privacy, h.places, h.groups, h.plan, h.report, h.release, h.delivery, catalogue)
	return s, openapi.Mount(s, openapi.Desks{Places: h.places, Groups: h.groups, Targets: h.plan, Bulletins: h.bulletin, Documents: h.library, Search: h.search, Figures: h.release},
		string(h.version))
}

// serve listens, tells where, and runs until ctx ends; what is open then is finished.
func (h *House) serve(ctx context.Context, demo bool, told func(address string)) error {
	s, err := h.site(demo)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", h.config.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: name another with --addr, such as --addr :8081", err)
	} else if err != nil {
		return err
	}
	address := "http://" + hostOf(ln.Addr())
	if demo && h.delivery.Origin == "" {
		h.delivery.Origin = address // a demonstration is looked at where it runs
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.Run(ctx, ln) })
	g.Go(func() error { return h.queue.Run(ctx) })
	g.Go(func() error { return h.finding(ctx) })
	g.Go(func() error { return h.facts.Run(ctx) })
	g.Go(func() error { return h.delivery.Run(ctx) })
	g.Go(func() error { return h.follow(ctx) })
	g.Go(func() error { return h.sweep(ctx) })
	if demo {
		g.Go(func() error { return h.fill(ctx) })
	}
	fmt.Println("listening on " + address)
	told(address)
	return g.Wait()
}

// finding opens the index and follows the changes. Pages are served meanwhile; only a question waits for what it lacks.
func (h *House) finding(ctx context.Context) error {
	if err := h.search.Open(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("search index: %w", err)
	}
	return h.search.Run(ctx)
}

// sweep removes, once a day, what writes of yesterday and before have left unfinished when they were cut off, and the keys of requests
// that nobody repeats any more.
func (h *House) sweep(ctx context.Context) error {
	tick := time.NewTicker(24 * time.Hour)
	defer tick.Stop()
	for {
		if err := h.files.Sweep(ctx, h.now().AddDate(0, 0, -1)); err != nil && ctx.Err() == nil {
			h.log.Warn("unfinished files stay", "error", err)
		}
		if err := db.ForgetOnce(ctx, h.db, h.now().AddDate(0, 0, -30)); err != nil && ctx.Err() == nil {
			h.log.Warn("keys of requests stay", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// follow keeps what is remembered of places and groups as the database has it: another process may have changed them.
func (h *House) follow(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := errors.Join(h.places.Refresh(ctx), h.groups.Refresh(ctx)); err != nil && ctx.Err() == nil {
			h.log.Error("follow places and groups", "error", err)
		}
	}
}

// hostOf is an address as a browser on this machine writes it.
func hostOf(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	if tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return a.String()
}

func (h *House) provinceName() string {
	u, err := h.places.At(h.config.Province, h.places.Today())
	if err != nil {
		return ""
	}
	return u.Name
}

// languages are those to be heard in this province, Vietnamese first.
func (h *House) languages() []web.Language {
	var all []web.Language
	for _, l := range h.groups.Languages() {
		if l.LangSon {
			name := l.Name // "Tiếng Việt", but "Tày" beside it
			if l.Tag != i18n.Default {
				name = strings.TrimPrefix(name, "Tiếng ")
			}
			all = append(all, web.Language{Tag: l.Tag, Name: name})
		}
	}
	return all
}

// seed makes the people and the short texts of a demonstration; doing it again changes nothing.
func (h *House) seed(ctx context.Context) error {
	if err := h.accounts.SeedDemo(ctx); err != nil {
		return fmt.Errorf("demonstration people: %w", err)
	}
	if err := h.places.SeedDemo(ctx); err != nil {
		return fmt.Errorf("demonstration villages: %w", err)
	}
	if err := h.people.SeedDemo(ctx, h.accounts.DemoActor); err != nil {
		return fmt.Errorf("demonstration subscribers: %w", err)
	}
	if err := h.delivery.SeedDemo(ctx, h.accounts.DemoActor); err != nil {
		return fmt.Errorf("demonstration channels: %w", err)
	}
	if err := h.bulletin.SeedDemo(ctx, h.accounts.DemoActor); err != nil {
		return fmt.Errorf("demonstration bulletins: %w", err)
	}
	if err := h.quiz.SeedDemo(ctx, h.accounts.DemoActor); err != nil {
		return fmt.Errorf("demonstration quiz: %w", err)
	}
	if err := h.report.SeedDemo(ctx, h.accounts.DemoActor); err != nil {
		return fmt.Errorf("demonstration reports: %w", err)
	}
	if err := h.stat.SeedDemo(ctx); err != nil {
		return fmt.Errorf("demonstration questions: %w", err)
	}
	two, err := h.librarians(ctx)
	if err != nil {
		return err
	}
	if err := h.library.SeedDemo(ctx, two); err != nil {
		return fmt.Errorf("demonstration documents: %w", err)
	}
	text, err := json.MarshalIndent(account.DemoSignIns(), "", "  ") //nolint:gosec // G117: a demonstration's passwords are for everybody
	if err != nil {
		return err
	}
	return os.WriteFile(h.config.Folder("demo-accounts.json"), text, 0o600)
}

func (h *House) librarians(ctx context.Context) (two library.Two, err error) {
	if two.Depositor, err = h.accounts.DemoActor(ctx, "librarian"); err != nil {
		return two, err
	}
	two.Opener, err = h.accounts.DemoActor(ctx, "librarian2")
	return two, err
}

// fill reads the documents and boundaries that lie beside the project into a running demonstration, while it is being looked at.
func (h *House) fill(ctx context.Context) error {
	for _, step := range []func(context.Context) error{h.fillReleases, h.fillBoundaries, h.fillDocuments} {
		if err := step(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("fill the demonstration", "error", err)
		}
	}
	return nil
}
