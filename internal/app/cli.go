package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"banlang/internal/account"
	"banlang/internal/config"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/library"
	"banlang/internal/place"
	"banlang/internal/place/intake"
)

// UserAdd adds an account.
type UserAdd struct {
	config.Config
	Name  string `arg:"" help:"Name to sign in with: small letters, digits, dots and hyphens."`
	Title string `required:"" help:"Public name of the role, such as 'Biên tập cấp tỉnh'."`
}

// Run prints the first password once; it is changed at the first sign-in.
func (c UserAdd) Run(ctx context.Context, v Version) error {
	return with(ctx, c.Config, v, func(h *House) error {
		issued, err := h.accounts.Add(ctx, account.Operator(h.home()), "", account.Newcomer{Name: c.Name, Title: c.Title, Kind: account.WithPassword, Home: h.home()})
		if err != nil {
			return err
		}
		fmt.Printf("%s was added and holds no duty yet: a leader grants them.\nFirst password, to be changed at the first sign-in: %s\n", issued.Account.Name, issued.Secret)
		return nil
	})
}

// UserList lists accounts.
type UserList struct {
	config.Config
	Search string `arg:"" optional:"" help:"Only names or titles that hold this."`
}

// Run prints name, state, title and kind of sign-in.
func (c UserList) Run(ctx context.Context, v Version) error {
	return with(ctx, c.Config, v, func(h *House) error {
		for page, more := 1, true; more; page++ {
			accounts, next, err := h.accounts.List(ctx, account.Operator(h.home()), c.Search, page, 200)
			if err != nil {
				return err
			}
			for _, a := range accounts {
				fmt.Printf("%-24s %-9s %-9s %s\n", a.Name, a.State, a.Kind, a.Title)
			}
			more = next
		}
		return nil
	})
}

// UserDisable disables an account.
type UserDisable struct {
	config.Config
	Name   string `arg:"" help:"Name to sign in with."`
	Reason string `required:"" help:"Why; kept in the record."`
}

// Run ends the account's sessions at once.
func (c UserDisable) Run(ctx context.Context, v Version) error {
	return with(ctx, c.Config, v, func(h *House) error {
		id, err := h.accounts.ByName(ctx, c.Name)
		if err != nil {
			return err
		}
		waits, err := h.accounts.Disable(ctx, account.Operator(h.home()), account.ID(id), c.Reason)
		switch {
		case err != nil:
			return err
		case waits:
			fmt.Println(c.Name, "holds a duty that nobody may end alone: it waits for a second person.")
		default:
			fmt.Println(c.Name, "is disabled; the next request of any open session is refused.")
		}
		return nil
	})
}

// Run takes files in, one after the other, and prints what was refused and why.
func (c Import) Run(ctx context.Context, v Version) error {
	return with(ctx, c.Config, v, func(h *House) error {
		refused := 0
		for _, path := range c.Paths {
			n, err := h.take(ctx, c, path)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			refused += n
		}
		if refused > 0 && c.Dry {
			return fmt.Errorf("%d would be refused; nothing was written", refused)
		} else if refused > 0 {
			return fmt.Errorf("%d refused; what is right of the rest was taken in", refused)
		}
		return nil
	})
}

func (h *House) take(ctx context.Context, c Import, path string) (refused int, err error) {
	if c.Kind == "documents" {
		return h.takeDocuments(ctx, path, c.Dry)
	}
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if errors.Is(err, os.ErrNotExist) {
		return 0, fault.New(fault.NotFound, "library.import.no_path", "Path", path)
	} else if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if i, err := f.Stat(); err == nil && i.IsDir() {
		return 0, fault.New(fault.Invalid, "import.folder", "Path", path)
	}
	said := func(done, total int) {
		if done%1000 == 0 || done == total {
			say(filepath.Base(path), done)
		}
	}
	var report intake.Report
	switch c.Kind {
	case "groups", "census":
		report, err = h.groups.Import(ctx, place.Operator(), c.Kind, filepath.Base(path), f, c.Dry, said)
	default:
		report, err = h.places.Import(ctx, place.Operator(), c.Kind, filepath.Base(path), f, c.Dry, said)
	}
	if err != nil {
		return 0, err
	}
	fmt.Printf("%s (%s%s): %d rows, %d added, %d changed, %d known already, %d left empty, %d refused\n",
		report.Name, report.Kind, tried(c.Dry), report.Rows, report.Added, report.Changed, report.Same, report.Blank, len(report.Refused))
	for _, r := range report.Refused {
		fmt.Printf("  dòng %d, cột %s: %s\n", r.Row, r.Column, h.told(r.Why))
	}
	return len(report.Refused), nil
}

// tried is what a report adds where nothing was written.
func tried(dry bool) string {
	if dry {
		return ", only tried"
	}
	return ""
}

func (h *House) takeDocuments(ctx context.Context, path string, dry bool) (refused int, err error) {
	operator := duty.Actor{ID: "system", Name: "banlang", Grants: []duty.Grant{{Role: duty.Librarian, Area: h.home()}}}
	states := map[string]int{}
	_, err = h.library.ImportFolder(ctx, operator, path, dry, func(done, total int, o library.Outcome) {
		fmt.Printf("%d/%d %s: %s", done, total, filepath.Base(o.File), o.State)
		states[o.State]++
		if o.Why != nil {
			fmt.Printf(": %s", h.told(o.Why))
		}
		fmt.Println()
	})
	refused = states[library.Refused]
	if err == nil {
		fmt.Printf("%s (documents%s): %d added, %d known already, %d refused\n", path, tried(dry), states[library.Added], states[library.Already], refused)
	}
	return refused, err
}

// told is what a fault says to a person, in Vietnamese.
func (h *House) told(err error) string {
	var said []string
	for _, f := range fault.All(err) {
		said = append(said, h.text.Text(i18n.Default, f.Key, f.Args...))
	}
	if len(said) == 0 {
		return err.Error()
	}
	return strings.Join(said, "; ")
}

// Run writes the archive beside its name first: a half one never has it.
func (c Pack) Run(ctx context.Context, v Version) error {
	return with(ctx, c.Config, v, func(h *House) error {
		if _, err := os.Stat(c.File); err == nil {
			return fmt.Errorf("%s is there already: give another name", c.File)
		}
		f, err := os.CreateTemp(filepath.Dir(c.File), filepath.Base(c.File)+".*.part")
		if err != nil {
			return err
		}
		n, err := h.library.WriteZIM(ctx, f, library.Pack{Set: c.Set, Province: h.provinceName(), Agency: h.config.Agency,
			Say:  func(key string, args ...any) string { return h.text.Text(i18n.Default, key, args...) },
			Done: func(n int) { say(filepath.Base(c.File), n) }})
		if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
			return errors.Join(err, os.Remove(f.Name()))
		}
		if err := os.Rename(f.Name(), c.File); err != nil {
			return err
		}
		fmt.Printf("%s: %d documents\n", c.File, n)
		return nil
	})
}

// with opens the house for one command.
func with(ctx context.Context, c config.Config, v Version, do func(*House) error) (err error) {
	h, err := open(ctx, c, v)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := do(h); fault.KindOf(err) > fault.Internal {
		return errors.New(h.told(err))
	} else if err != nil {
		return err
	}
	return nil
}
