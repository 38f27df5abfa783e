// Package account knows who signs in, the duties they hold and where, and their sessions. It does not know what the duties allow:
// that is package duty.
package account

import (
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// An ID names an account for ever; it is never given again.
type ID string

// Record names the sealed part of an account: full name and telephone.
func (id ID) Record() string { return "account/" + string(id) }

// The kinds of secret that an account signs in with.
const (
	WithPassword = "password"
	WithPIN      = "pin" // six digits, issued to a relay by the commune
)

// The states of an account.
const (
	Active   = "active"
	Disabled = "disabled"
)

// An Account is a person who may sign in. Its title is the public name of the role; the person's own name is a sealed field.
type Account struct {
	ID      ID
	Name    string // to sign in with
	Title   string
	Kind    string // WithPassword or WithPIN
	Home    string // place.ID of the area that answers for the account
	State   string
	Demo    bool
	Made    time.Time
	TOTP    bool // a second factor is on
	secret  string
	first   bool // the secret was issued by somebody else and must be changed at sign-in
	wrapped string
	step    int64
}

// A Grant is a duty that an account holds or held.
type Grant struct {
	ID string
	duty.Grant
	Account ID
	GivenBy string
	Second  string // the other leader, where two were needed
	Reason  string
	Given   time.Time
	Revoked time.Time // zero while it stands
}

// Over tells whether the grant is past: revoked or ended.
func (g Grant) Over(now time.Time) bool {
	return !g.Revoked.IsZero() || !g.Until.IsZero() && !now.Before(g.Until)
}

// A Newcomer is an account as a form has it. It holds no duty yet.
type Newcomer struct {
	Name, Title, Kind, Home string
	FullName, Phone         string // sealed
}

var (
	names  = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{2,31}$`)
	phones = regexp.MustCompile(`^\+?[0-9][0-9 .]{7,16}$`)
)

func (n Newcomer) check() error {
	var faults []error
	if !names.MatchString(n.Name) {
		faults = append(faults, fault.Field("name", "account.name.form"))
	}
	if l := utf8.RuneCountInString(strings.TrimSpace(n.Title)); l < 3 || l > 80 {
		faults = append(faults, fault.Field("title", "account.title.form"))
	}
	if n.Kind != WithPassword && n.Kind != WithPIN {
		faults = append(faults, fault.Field("kind", "account.kind.choose"))
	}
	if n.Phone != "" && !phones.MatchString(n.Phone) {
		faults = append(faults, fault.Field("phone", "account.phone.form"))
	}
	if utf8.RuneCountInString(n.FullName) > 80 {
		faults = append(faults, fault.Field("full_name", "account.full_name.long"))
	}
	return errors.Join(faults...)
}

// reason tells whether a written reason says anything.
func reason(text string) error {
	if utf8.RuneCountInString(strings.TrimSpace(text)) < 10 {
		return fault.Field("reason", "account.reason.short")
	}
	return nil
}

// A Session is one sign-in, as its owner sees it.
type Session struct {
	ID      string
	Device  string
	Made    time.Time
	Seen    time.Time
	Current bool
}

// lives is how long a session lasts at most and without use. A relay's telephone is their own and out of reach of the network for
// days; an officer's machine stands in an office.
func lives(kind string) (whole, idle time.Duration) {
	if kind == WithPIN {
		return 30 * 24 * time.Hour, 30 * 24 * time.Hour
	}
	return 12 * time.Hour, 2 * time.Hour
}
