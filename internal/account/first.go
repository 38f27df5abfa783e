package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
)

// A Founder is one of the three whom the first run makes.
type Founder struct {
	Role duty.Role
	Name string
}

// firstRoles are who the first run makes: one administrator, and two leaders, who give every other duty.
var firstRoles = []duty.Role{duty.Admin, duty.ProvinceLeader, duty.ProvinceLeader}

// FirstRunCode opens the sealed first run of an installation without accounts and gives the code that leads through it, to be
// printed where only who installs it sees it. open is false once it was used, or where accounts exist: it never opens again.
func (d *Desk) FirstRunCode(ctx context.Context) (code string, open bool, err error) {
	code = rand.Text()
	return code, open, d.change(ctx, func(s store) error {
		if open, err = s.firstRunOpen(ctx); err != nil || !open {
			return err
		}
		return s.setFirstRun(ctx, digest("first run", code))
	})
}

// FirstRun makes one administrator and two leaders, all or none, with the code that was printed. Their first passwords come back and
// are kept nowhere; each is changed at the first sign-in. It works once.
func (d *Desk) FirstRun(ctx context.Context, code string, names []string) ([]Issued, error) {
	var issued []Issued
	home := d.home()
	var faults []error
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		for _, other := range names[:i] {
			if strings.ToLower(strings.TrimSpace(other)) == name {
				faults = append(faults, fault.Field(fmt.Sprintf("name%d", i+1), "account.name.taken"))
			}
		}
		if len(names) != len(firstRoles) || !namesOK(name) {
			faults = append(faults, fault.Field(fmt.Sprintf("name%d", i+1), "account.name.form"))
			continue
		}
		secret := issue(WithPassword)
		issued = append(issued, Issued{Secret: secret, Account: Account{ID: ID(newID()), Name: name, Title: titles[firstRoles[i]], Kind: WithPassword,
			Home: home, State: Active, Made: d.now(), secret: d.hasher.hash(secret), first: true}})
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	err := d.change(ctx, func(s store) error {
		open, err := s.firstRunOpen(ctx)
		if err != nil {
			return err
		}
		if !open {
			return fault.New(fault.Gone, "account.first_run.over")
		}
		right, err := s.isFirstRun(ctx, digest("first run", strings.ToUpper(strings.TrimSpace(code))))
		if err != nil {
			return err
		}
		if !right {
			return fault.Field("code", "account.first_run.code")
		}
		for i, one := range issued {
			if err := s.add(ctx, one.Account, "first run"); err != nil {
				return err
			}
			w := Wish{Role: firstRoles[i], Area: home, Reason: "sealed first run"}
			if err := d.give(ctx, s, duty.Actor{ID: system}, "", one.Account.ID, w); err != nil {
				return err
			}
		}
		if err := s.setFirstRun(ctx, "done"); err != nil {
			return err
		}
		return s.record(ctx, d.now(), audit.Entry{Actor: system, Act: string(duty.RoleGrant), Thing: "account", Place: home, After: "first run done"})
	})
	if err != nil {
		return nil, err
	}
	return issued, nil
}

func namesOK(name string) bool { return names.MatchString(name) }

// titles are the public names of the duties, in the language that officers work in.
var titles = map[duty.Role]string{
	duty.Relay: "Người chuyển tin", duty.CommuneOfficer: "Cán bộ xã", duty.CommuneLeader: "Lãnh đạo xã", duty.Editor: "Biên tập cấp tỉnh",
	duty.Speaker: "Người dịch, người đọc tin", duty.Reviewer: "Người duyệt ngôn ngữ", duty.Librarian: "Thủ thư", duty.Statistician: "Cán bộ thống kê",
	duty.Planner: "Cán bộ kế hoạch", duty.DPO: "Người bảo vệ dữ liệu cá nhân", duty.ProvinceLeader: "Lãnh đạo cấp tỉnh", duty.Ministry: "Người đọc của bộ",
	duty.Admin: "Quản trị hệ thống", duty.Interviewer: "Điều tra viên",
}

// system stands in the record for the machine itself.
const system = "system"

// Operator is who works at the machine itself, by `banlang user`: what an administrator may do, recorded as the system's own.
func Operator(home string) duty.Actor {
	return duty.Actor{ID: system, Name: "banlang", Session: system, Grants: []duty.Grant{{Role: duty.Admin, Area: home}}}
}

// FirstRunOpen tells whether the first run may still be used.
func (d *Desk) FirstRunOpen(ctx context.Context) (bool, error) { return d.read().firstRunOpen(ctx) }
