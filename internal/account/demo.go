package account

import (
	"context"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// What the demonstration's people sign in with. They are printed and written in the README: a demonstration is open to everybody.
const (
	DemoPassword = "ban-lang-minh-hoa" //nolint:gosec // open to everybody, in the demonstration only
	DemoPIN      = "204681"
)

// A DemoSignIn is a line of what `banlang demo` prints.
type DemoSignIn struct {
	Name   string    `json:"user"`
	Secret string    `json:"password"`
	Role   duty.Role `json:"role"`
	Title  string    `json:"title"`
}

// demoVillage is where the relay of the demonstration works: a village that place makes up for it.
const demoVillage = "demo-" + demoCommune + "-1"

// demoPeople are one person a duty, and a second one where the work needs two. The languages are those that the demonstration's
// recordings are labelled with.
var demoPeople = []struct {
	name string
	role duty.Role
}{
	{"editor", duty.Editor}, {"editor2", duty.Editor}, {"speaker", duty.Speaker}, {"reviewer", duty.Reviewer}, {"reviewer2", duty.Reviewer},
	{"province_leader", duty.ProvinceLeader}, {"province_leader2", duty.ProvinceLeader}, {"librarian", duty.Librarian}, {"librarian2", duty.Librarian},
	{"commune_officer", duty.CommuneOfficer}, {"commune_leader", duty.CommuneLeader}, {"relay", duty.Relay}, {"statistician", duty.Statistician},
	{"planner", duty.Planner}, {"dpo", duty.DPO}, {"admin", duty.Admin}, {"ministry", duty.Ministry}, {"interviewer", duty.Interviewer},
}

// demoLangs are the languages of Lạng Sơn that speakers and reviewers of the demonstration work in.
var demoLangs = []string{"vi", "tyz", "nut", "ium", "mji", "hmn", "mlc", "x-sandiu"}

// demoCommune is Bắc Sơn.
const demoCommune = "06325"

// DemoSignIns lists the people of the demonstration.
func DemoSignIns() []DemoSignIn {
	var list []DemoSignIn
	for _, p := range demoPeople {
		secret := DemoPassword
		if p.role == duty.Relay {
			secret = DemoPIN
		}
		list = append(list, DemoSignIn{p.name, secret, p.role, "Minh hoạ: " + titles[p.role]})
	}
	return list
}

// SeedDemo makes the people of the demonstration, marked as such. Run again it makes none twice.
func (d *Desk) SeedDemo(ctx context.Context) error {
	commune, err := d.places.At(demoCommune, d.places.Today())
	if err != nil {
		return err
	}
	hash := map[string]string{DemoPassword: d.hasher.hash(DemoPassword), DemoPIN: d.hasher.hash(DemoPIN)}
	return d.change(ctx, func(s store) error {
		for _, p := range DemoSignIns() {
			if _, err := s.byName(ctx, p.Name); !fault.Is(err, fault.NotFound) {
				if err != nil {
					return err
				}
				continue
			}
			a := Account{ID: ID(newID()), Name: p.Name, Title: p.Title, Kind: WithPassword, Home: d.home(), State: Active, Demo: true, Made: d.now(), secret: hash[p.Secret]}
			w := Wish{Role: p.Role, Area: d.home(), Reason: "demonstration"}
			switch p.Role.Level() {
			case "village":
				w.Area, a.Home, w.Village = string(commune.ID), string(commune.ID), demoVillage
			case "commune":
				w.Area, a.Home = string(commune.ID), string(commune.ID)
			}
			if p.Role == duty.Relay {
				a.Kind = WithPIN
			}
			if p.Role.SpeaksLanguage() {
				w.Langs = demoLangs
			}
			if err := s.add(ctx, a, system); err != nil {
				return err
			}
			if err := d.give(ctx, s, duty.Actor{ID: system}, "", a.ID, w); err != nil {
				return err
			}
		}
		return s.setFirstRun(ctx, "done")
	})
}

// DemoActor is a person of the demonstration by sign-in name, without a session: for what the demonstration does in their name.
func (d *Desk) DemoActor(ctx context.Context, name string) (duty.Actor, error) {
	a, err := d.read().byName(ctx, name)
	if err == nil && !a.Demo {
		err = fault.New(fault.Forbidden, "duty.forbidden")
	}
	if err != nil {
		return duty.Actor{}, err
	}
	grants, err := d.duties(ctx, d.read(), a.ID, d.now())
	return duty.Actor{ID: string(a.ID), Name: a.Title, Grants: grants, Demo: true}, err
}
