package duty

import (
	"testing"
	"time"

	"banlang/internal/fault"
)

// tree is a world of one country: the place is its path, and a unit lies in every unit its path begins with. "20/moved" lies in
// the commune until noon of the first day and in the other one after it.
type tree struct{ noon time.Time }

func (t tree) Within(area, place string, at time.Time) bool {
	if place == "moved" {
		place = "20/a/moved"
		if at.After(t.noon) {
			place = "20/b/moved"
		}
	}
	return len(place) > len(area) && place[:len(area)] == area && place[len(area)] == '/'
}

var morning = time.Date(2025, 7, 1, 8, 0, 0, 0, time.UTC)

func at(now time.Time) *Policy {
	return New(tree{morning.Add(4 * time.Hour)}, func() time.Time { return now })
}

func person(id string, grants ...Grant) Actor {
	return Actor{ID: id, Session: "s-" + id, Grants: grants}
}

func TestPermit(t *testing.T) {
	commune := func(r Role) Grant { return Grant{Role: r, Area: "20/a"} }
	province := func(r Role, langs ...string) Grant { return Grant{Role: r, Area: "20", Langs: langs} }
	ended, early := province(Editor), province(Editor)
	ended.Until, early.From = morning, morning.Add(time.Hour)
	for _, c := range []struct {
		name  string
		actor Actor
		act   Act
		thing Thing
		key   string
	}{
		{"a visitor reads", Actor{}, BulletinRead, Thing{Area: "20"}, ""},
		{"a visitor sends a request about own data", Actor{}, PrivacyRequest, Thing{}, ""},
		{"a visitor does not write", Actor{}, BulletinWrite, Thing{Area: "20"}, "duty.unauthenticated"},
		{"an act without a row is refused", person("p", province(Editor)), "bulletin.invent", Thing{Area: "20"}, "duty.forbidden"},
		{"nobody without a duty does anything", person("p"), BulletinWrite, Thing{Area: "20"}, "duty.no_duty"},
		{"who has no duty still reads", person("p"), BulletinRead, Thing{Area: "20"}, ""},
		{"an editor writes in the province", person("p", province(Editor)), BulletinWrite, Thing{Area: "20/a"}, ""},
		{"an editor does not write in the next province", person("p", province(Editor)), BulletinWrite, Thing{Area: "21"}, "duty.area"},
		{"codes are no prefixes", person("p", Grant{Role: Editor, Area: "2"}), BulletinWrite, Thing{Area: "20"}, "duty.area"},
		{"an officer does not write for the province", person("p", commune(CommuneOfficer)), BulletinWrite, Thing{Area: "20"}, "duty.area"},
		{"nobody in an area writes for the country", person("p", province(Editor)), BulletinWrite, Thing{}, "duty.area"},
		{"a grant that has ended is none", person("p", ended), BulletinWrite, Thing{Area: "20"}, "duty.no_duty"},
		{"a grant that begins later is none", person("p", early), BulletinWrite, Thing{Area: "20"}, "duty.no_duty"},
		{"a state that does not fit", person("p", province(Editor)), BulletinWrite, Thing{Area: "20", State: "published"}, "duty.state"},
		{"who wrote does not approve", person("p", province(Editor)), BulletinApprove, Thing{Area: "20", Hands: []string{"p"}}, "duty.same_person"},
		{"nor by another duty of theirs", person("p", province(Editor), province(ProvinceLeader)), BulletinApprove, Thing{Area: "20", Hands: []string{"p"}}, "duty.same_person"},
		{"another approves", person("p", province(Editor)), BulletinApprove, Thing{Area: "20", Hands: []string{"q"}, State: "reviewed"}, ""},
		{"who entered does not accept", person("p", province(Statistician)), StatAccept, Thing{Area: "20", Hands: []string{"p"}}, "duty.same_person"},
		{"a speaker translates the own language", person("p", province(Speaker, "tyz")), BulletinTranslate, Thing{Area: "20", Lang: "tyz"}, ""},
		{"and no other", person("p", province(Speaker, "tyz")), BulletinTranslate, Thing{Area: "20", Lang: "nut"}, "duty.language"},
		{"and none that is not named", person("p", province(Speaker, "tyz")), BulletinRecord, Thing{Area: "20"}, "duty.language"},
		{"a reviewer of the language", person("p", province(Reviewer, "tyz")), BulletinReviewLanguage, Thing{Area: "20", Lang: "tyz", Hands: []string{"p"}}, "duty.same_person"},
		{"a draft of another language", person("p", province(Reviewer, "tyz")), BulletinReadDraft, Thing{Area: "20", Lang: "nut"}, "duty.language"},
		{"a relay works in the village", person("p", Grant{Role: Relay, Area: "20/a", Village: "v"}), RelayWork, Thing{Area: "20/a", Village: "v"}, ""},
		{"and in no other", person("p", Grant{Role: Relay, Area: "20/a", Village: "v"}), RelayWork, Thing{Area: "20/a", Village: "w"}, "duty.area"},
		{"nor where no village is named", person("p", Grant{Role: Relay, Area: "20/a"}), RelayWork, Thing{Area: "20/a"}, "duty.area"},
		{"own record", person("p", commune(CommuneOfficer)), AccountUse, Thing{Owner: "p"}, ""},
		{"somebody else's record", person("p", commune(CommuneOfficer)), AccountUse, Thing{Owner: "q"}, "duty.area"},
		{"nobody's record", person("p", commune(CommuneOfficer)), AccountUse, Thing{}, "duty.area"},
		{"an administrator operates everywhere", person("p", province(Admin)), SystemOperate, Thing{}, ""},
		{"an administrator who edits sees no draft", person("p", province(Admin), province(Editor)), BulletinReadDraft, Thing{Area: "20"}, "duty.separated"},
		{"an administrator who edits still recalls", person("p", province(Admin), province(Editor)), BulletinRecall, Thing{Area: "20"}, ""},
		{"an administrator who leads does nothing", person("p", province(Admin), province(ProvinceLeader)), BulletinRecall, Thing{Area: "20"}, "duty.separated"},
		{"a data-protection officer who edits does nothing", person("p", province(DPO), province(Editor)), BulletinWrite, Thing{Area: "20"}, "duty.separated"},
		{"a ministry reader sees no draft", person("p", province(Ministry)), BulletinReadDraft, Thing{Area: "20"}, "duty.forbidden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := at(morning).Permit(c.actor, c.act, c.thing)
			got := ""
			if all := fault.All(err); len(all) == 1 {
				got = all[0].Key
			}
			if got != c.key || err != nil && got == "" {
				t.Errorf("Permit(%s, %+v) = %v, want %q", c.act, c.thing, err, c.key)
			}
		})
	}
}

func TestRightsMoveWithTheUnit(t *testing.T) {
	p := person("p", Grant{Role: CommuneOfficer, Area: "20/a"})
	moved := Thing{Area: "moved"}
	if err := at(morning).Permit(p, BulletinWrite, moved); err != nil {
		t.Errorf("before the move: %v", err)
	}
	if err := at(morning.Add(8*time.Hour)).Permit(p, BulletinWrite, moved); !fault.Is(err, fault.Forbidden) {
		t.Errorf("after the move: %v, want forbidden", err)
	}
}

func TestMayAndAreas(t *testing.T) {
	p := at(morning)
	a := person("p", Grant{Role: CommuneOfficer, Area: "20/a"}, Grant{Role: CommuneOfficer, Area: "20/b"}, Grant{Role: Relay, Area: "20/c", Village: "v"})
	if !p.May(a, BulletinWrite) || p.May(a, BulletinApprove) || p.May(Actor{}, BulletinWrite) || !p.May(Actor{}, BulletinRead) || !p.May(Actor{}, Public) {
		t.Error("May disagrees with the table")
	}
	if got := p.Areas(a, BulletinWrite); len(got) != 2 || got[0] != "20/a" || got[1] != "20/b" {
		t.Errorf("Areas = %q", got)
	}
	if got := p.Villages(a, RelayWork); len(got) != 1 || got[0] != "v" {
		t.Errorf("Villages = %q", got)
	}
	if got := p.Areas(person("q", Grant{Role: Admin, Area: "20"}), SystemOperate); len(got) != 1 || got[0] != "" {
		t.Errorf("Areas of an administrator = %q", got)
	}
	if got := p.Areas(Actor{}, BulletinWrite); len(got) != 0 {
		t.Errorf("Areas of a visitor = %q", got)
	}
}

func TestEmergencyNeedsTwoPersonsAndALeader(t *testing.T) {
	p, here := at(morning), Thing{Area: "20/a"}
	sign := func(a Actor) Signature {
		t.Helper()
		s, err := p.SignEmergency(a, here)
		if err != nil {
			t.Fatalf("SignEmergency(%s): %v", a.ID, err)
		}
		return s
	}
	officer := sign(person("o", Grant{Role: CommuneOfficer, Area: "20/a"}))
	leader := sign(person("l", Grant{Role: CommuneLeader, Area: "20/a"}))
	editor := sign(person("e", Grant{Role: Editor, Area: "20"}))
	both := sign(person("b", Grant{Role: CommuneOfficer, Area: "20/a"}, Grant{Role: CommuneLeader, Area: "20/a"}))
	shared := leader
	shared.Session = officer.Session
	for _, c := range []struct {
		name          string
		first, second Signature
		ok            bool
	}{
		{"an officer and the leader", officer, leader, true},
		{"an editor and the leader", editor, leader, true},
		{"an officer and an editor", officer, editor, false},
		{"one person with two duties", both, both, false},
		{"two persons in one session", officer, shared, false},
		{"nobody and a leader", Signature{}, leader, false},
	} {
		if err := EmergencyPair(c.first, c.second); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := p.SignEmergency(person("x", Grant{Role: CommuneLeader, Area: "20/b"}), here); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a leader of another commune: %v", err)
	}
	again := Thing{Area: "20/a", Hands: []string{"l"}}
	if _, err := p.SignEmergency(person("l", Grant{Role: CommuneLeader, Area: "20/a"}), again); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the same leader again: %v", err)
	}
}

func TestCompatible(t *testing.T) {
	for _, c := range []struct {
		name string
		held []Grant
		ok   bool
	}{
		{"editor and speaker", []Grant{{Role: Editor}, {Role: Speaker}}, true},
		{"administrator and leader", []Grant{{Role: Admin}, {Role: ProvinceLeader}}, false},
		{"administrator and data-protection officer", []Grant{{Role: Admin}, {Role: DPO}}, false},
		{"data-protection officer and librarian", []Grant{{Role: Librarian}, {Role: DPO}}, false},
		{"interviewer in another village", []Grant{{Role: Interviewer, Village: "v"}, {Role: Relay, Village: "w"}}, true},
		{"interviewer in the own village", []Grant{{Role: Relay, Village: "v"}, {Role: Interviewer, Village: "v"}}, false},
	} {
		if err := Compatible(c.held); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestFresh(t *testing.T) {
	p := at(morning)
	for _, c := range []struct {
		name string
		at   time.Time
		ok   bool
	}{{"never", time.Time{}, false}, {"just now", morning, true}, {"long ago", morning.Add(-time.Hour), false}, {"in the future", morning.Add(time.Hour), false}} {
		if err := p.Fresh(Actor{ID: "p", StepUp: c.at}); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
