package account

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// A Try is one attempt to sign in, as the form has it.
type Try struct {
	Name, Secret string
	Code         string // of the second factor, or a recovery code; "" without one
	Address      string // of the network; only a keyed hash is kept, for a day
	Device       string // kind of browser, so that a person knows own sessions
	Former       string // session token that the browser had: it ends
}

// errWrong is the one answer to whatever is wrong: an unknown name, a wrong secret or code, a disabled account, too many tries.
var errWrong = fault.New(fault.Invalid, "account.sign_in.wrong")

// ErrChangeFirst says that the secret is right but was issued by somebody else: the person chooses an own one with ChooseFirst, and
// has no session until then.
var ErrChangeFirst = fault.New(fault.Conflict, "account.change_first")

// SignIn opens a session and gives its token, which is new each time and kept nowhere. Whatever is wrong, the answer and about the
// time it takes are the same.
func (d *Desk) SignIn(ctx context.Context, t Try) (token string, err error) {
	a, err := d.admit(ctx, t)
	if err != nil {
		return "", err
	}
	if a.first {
		return "", ErrChangeFirst
	}
	return d.begin(ctx, a, t, "sign-in")
}

// ChooseFirst replaces a secret that was issued by one's own, and signs in.
func (d *Desk) ChooseFirst(ctx context.Context, t Try, fresh, again string) (token string, err error) {
	a, err := d.admit(ctx, t)
	if err != nil {
		return "", err
	}
	if err := d.choose(a, t.Secret, fresh, again); err != nil {
		return "", err
	}
	hashed := d.hasher.hash(fresh)
	err = d.change(ctx, func(s store) error { return s.setSecret(ctx, a.ID, hashed, false) })
	if err != nil {
		return "", err
	}
	return d.begin(ctx, a, t, "secret changed at first sign-in")
}

func (d *Desk) choose(a Account, old, fresh, again string) error {
	var faults []error
	if err := checkSecret(a.Kind, a.Name, fresh); err != nil {
		faults = append(faults, err)
	} else if fresh == old {
		faults = append(faults, fault.Field("new", "account.password.same"))
	}
	if fresh != again {
		faults = append(faults, fault.Field("again", "account.password.again"))
	}
	return errors.Join(faults...)
}

// admit checks name, secret and second factor, and counts failures by name and by address, known or not.
func (d *Desk) admit(ctx context.Context, t Try) (Account, error) {
	name := strings.ToLower(strings.TrimSpace(t.Name))
	if len(t.Secret) > longest || len(name) > 64 {
		t.Secret, name = "", ""
	}
	now := d.now()
	subjects := []string{d.subject("name", name), d.subject("address", t.Address)}
	closed, err := d.read().closed(ctx, subjects, now)
	if err != nil {
		return Account{}, err
	}
	a, err := d.read().byName(ctx, name)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Account{}, err
	}
	kept := a.secret
	if a.State != Active {
		kept = ""
	}
	right := d.hasher.matches(kept, t.Secret) && !closed
	step, used := int64(0), ""
	if right && a.TOTP {
		if step, used, right, err = d.second(ctx, a, t.Code, now); err != nil {
			return Account{}, err
		}
	}
	err = d.change(ctx, func(s store) error {
		if right { // tries that came at the same moment have been counted since
			shut, err := s.closed(ctx, subjects, now)
			if err != nil {
				return err
			}
			right = !shut
		}
		if !right {
			return s.fail(ctx, subjects, a.Kind, now)
		}
		if used != "" {
			n, err := s.useRecovery(ctx, a.ID, used)
			if err != nil {
				return err
			}
			right = n == 1
		}
		if step != 0 {
			n, err := s.useStep(ctx, a.ID, step)
			if err != nil {
				return err
			}
			right = right && n == 1
		}
		return s.forgive(ctx, subjects[0])
	})
	if err != nil {
		return Account{}, err
	}
	if !right {
		return Account{}, errWrong
	}
	return a, nil
}

// Times of the second factor: a code holds half a minute, and clocks may differ by one step.
const stepSeconds = 30

var codeForm = totp.ValidateOpts{Period: stepSeconds, Skew: 0, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// second checks the code of the second factor: the step of a code that fits and was not used, or the hash of a recovery code.
func (d *Desk) second(ctx context.Context, a Account, code string, now time.Time) (step int64, recovery string, ok bool, err error) {
	code = strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code))
	if len(code) != 6 {
		h := digest("recovery "+string(a.ID), code)
		ok, err = d.read().hasRecovery(ctx, a.ID, h)
		return 0, h, ok, err
	}
	secret, err := d.keeper.Unwrap(string(a.ID), a.wrapped)
	if err != nil {
		return 0, "", false, err
	}
	step, ok = fits(secret, code, now, a.step)
	return step, "", ok, nil
}

// fits finds the step near now, later than the last one used, of which this is the code.
func fits(secret, code string, now time.Time, last int64) (int64, bool) {
	for _, skew := range []int64{0, -1, 1} {
		at := now.Add(time.Duration(skew*stepSeconds) * time.Second)
		step := at.Unix() / stepSeconds
		if good, err := totp.ValidateCustom(code, secret, at, codeForm); err == nil && good && step > last {
			return step, true
		}
	}
	return 0, false
}

func (d *Desk) begin(ctx context.Context, a Account, t Try, note string) (string, error) {
	token, now := rand.Text()+rand.Text(), d.now()
	whole, _ := lives(a.Kind)
	id := newID()
	return token, d.change(ctx, func(s store) error {
		if t.Former != "" {
			if err := s.endToken(ctx, digest("session", t.Former), now); err != nil {
				return err
			}
		}
		if err := s.addSession(ctx, digest("session", token), id, a.ID, device(t.Device), now, now.Add(whole)); err != nil {
			return err
		}
		return s.record(ctx, now, audit.Entry{Actor: string(a.ID), Session: id, Act: string(duty.AccountUse), Thing: a.ID.Record(), Place: a.Home, Note: note})
	})
}

// Actor is who holds a session token, with the duties in force. It reads the tables each time, so that what was ended a moment ago
// is ended: a fault of kind Unauthenticated.
func (d *Desk) Actor(ctx context.Context, token string) (duty.Actor, error) {
	now := d.now()
	h := digest("session", token)
	a, found, err := d.read().session(ctx, h)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return duty.Actor{}, err
	}
	_, idle := lives(a.Kind)
	if err != nil || a.State != Active || !found.ended.IsZero() || !now.Before(found.until) || now.Sub(found.seen) > idle {
		return duty.Actor{}, fault.New(fault.Unauthenticated, "error.unauthenticated")
	}
	if now.Sub(found.seen) > 5*time.Minute {
		if err := d.change(ctx, func(s store) error { return s.see(ctx, h, now) }); err != nil {
			return duty.Actor{}, err
		}
	}
	grants, err := d.duties(ctx, d.read(), a.ID, now)
	return duty.Actor{ID: string(a.ID), Name: a.Title, Grants: grants, Session: found.id, StepUp: found.stepped, Demo: a.Demo}, err
}

// SignOut ends the session of a token.
func (d *Desk) SignOut(ctx context.Context, token string) error {
	return d.change(ctx, func(s store) error { return s.endToken(ctx, digest("session", token), d.now()) })
}

// StepUp takes the password (and the second factor, if it is on) again in a session: sealed fields, exports and emergencies need
// it a short while before.
func (d *Desk) StepUp(ctx context.Context, actor duty.Actor, secret, code, address string) error {
	if err := d.own(actor); err != nil {
		return err
	}
	a, err := d.read().byID(ctx, ID(actor.ID))
	if err != nil {
		return err
	}
	if _, err := d.admit(ctx, Try{Name: a.Name, Secret: secret, Code: code, Address: address}); err != nil {
		return fault.Field("secret", "account.secret.wrong")
	}
	return d.change(ctx, func(s store) error {
		if err := s.step(ctx, actor.Session, d.now()); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.AccountUse), Thing: a.ID.Record(), Place: a.Home, Note: "password asked again"})
	})
}

// own is what everybody who signed in may do with their own account.
func (d *Desk) own(actor duty.Actor) error {
	return d.policy.Permit(actor, duty.AccountUse, duty.Thing{Owner: actor.ID})
}

// ChangeSecret replaces the password or PIN. Every other session ends, and this one gets a new token.
func (d *Desk) ChangeSecret(ctx context.Context, actor duty.Actor, t Try, fresh, again string) (token string, err error) {
	if err := d.own(actor); err != nil {
		return "", err
	}
	a, err := d.read().byID(ctx, ID(actor.ID))
	if err != nil {
		return "", err
	}
	if err := d.choose(a, t.Secret, fresh, again); err != nil {
		return "", err
	}
	t.Name = a.Name
	if _, err := d.admit(ctx, t); err != nil {
		return "", fault.Field("secret", "account.secret.wrong")
	}
	hashed := d.hasher.hash(fresh)
	err = d.change(ctx, func(s store) error {
		if err := s.setSecret(ctx, a.ID, hashed, false); err != nil {
			return err
		}
		return s.endAll(ctx, a.ID, d.now())
	})
	if err != nil {
		return "", err
	}
	return d.begin(ctx, a, t, "secret changed")
}

// Sessions lists where the actor is signed in.
func (d *Desk) Sessions(ctx context.Context, actor duty.Actor) ([]Session, error) {
	if err := d.own(actor); err != nil {
		return nil, err
	}
	sessions, err := d.read().sessions(ctx, ID(actor.ID), d.now())
	for i := range sessions {
		sessions[i].Current = sessions[i].ID == actor.Session
	}
	return sessions, err
}

// EndSession ends one of the actor's own sessions.
func (d *Desk) EndSession(ctx context.Context, actor duty.Actor, id string) error {
	if err := d.own(actor); err != nil {
		return err
	}
	return d.change(ctx, func(s store) error { return s.endOne(ctx, ID(actor.ID), id, d.now()) })
}

// Enrol begins a second factor: the address that a telephone's app takes. It counts only after ConfirmSecond.
func (d *Desk) Enrol(ctx context.Context, actor duty.Actor) (secret, address string, err error) {
	if err := d.own(actor); err != nil {
		return "", "", err
	}
	a, err := d.read().byID(ctx, ID(actor.ID))
	if err != nil {
		return "", "", err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Bản Làng", AccountName: a.Name})
	if err != nil {
		return "", "", err
	}
	return key.Secret(), key.URL(), nil
}

// ConfirmSecond turns the second factor on once the telephone shows a fitting code. It gives ten recovery codes, each for one use.
func (d *Desk) ConfirmSecond(ctx context.Context, actor duty.Actor, secret, code string) (recovery []string, err error) {
	if err := d.policy.Fresh(actor); err != nil {
		return nil, err
	}
	step, ok := fits(secret, strings.ReplaceAll(code, " ", ""), d.now(), 0)
	if !ok {
		return nil, fault.Field("code", "account.totp.wrong")
	}
	id := ID(actor.ID)
	var hashes []string
	for range 10 {
		c := draw("abcdefghkmnprstuvwxy34679", 5) + "-" + draw("abcdefghkmnprstuvwxy34679", 5)
		recovery = append(recovery, c)
		hashes = append(hashes, digest("recovery "+actor.ID, strings.ReplaceAll(c, "-", "")))
	}
	return recovery, d.change(ctx, func(s store) error {
		if err := s.setSecond(ctx, id, d.keeper.Wrap(actor.ID, secret), step, hashes); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.AccountUse), Thing: id.Record(), Note: "second factor on"})
	})
}

// DropSecond turns the second factor off.
func (d *Desk) DropSecond(ctx context.Context, actor duty.Actor) error {
	if err := errors.Join(d.own(actor), d.policy.Fresh(actor)); err != nil {
		return err
	}
	return d.change(ctx, func(s store) error {
		if err := s.setSecond(ctx, ID(actor.ID), "", 0, nil); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.AccountUse), Thing: ID(actor.ID).Record(), Note: "second factor off"})
	})
}

// device is the kind of browser in two words; the whole text would mark the person.
func device(agent string) string {
	system, browser := "", ""
	for _, known := range []string{"Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux"} {
		if strings.Contains(agent, known) {
			system = known
			break
		}
	}
	for _, known := range []string{"Opera Mini", "OPR", "Edg", "coc_coc", "Firefox", "Chrome", "Safari"} {
		if strings.Contains(agent, known) {
			browser = known
			break
		}
	}
	return strings.TrimSpace(browser + " " + system)
}
