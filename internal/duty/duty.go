// Package duty knows the sixteen duties (nhiệm vụ), the acts, an Actor and what it may do. It is pure: it knows no storage,
// no page and no place; the tree of places is asked through Tree at the time of the act.
package duty

import (
	"slices"
	"time"
)

// A Role is a duty that a person may hold in an area.
type Role string

// The sixteen duties.
const (
	Visitor        Role = "visitor"         // người đọc, người nghe: no account
	Subscriber     Role = "subscriber"      // thuê bao nhận tin: a recorded consent
	Relay          Role = "relay"           // người chuyển tin: người có uy tín, trưởng thôn, tổ công nghệ số
	CommuneOfficer Role = "commune_officer" // cán bộ xã
	CommuneLeader  Role = "commune_leader"  // lãnh đạo xã
	Editor         Role = "editor"          // biên tập cấp tỉnh
	Speaker        Role = "speaker"         // người dịch, người đọc tin
	Reviewer       Role = "reviewer"        // người duyệt ngôn ngữ
	Librarian      Role = "librarian"       // thủ thư
	Statistician   Role = "statistician"    // cán bộ thống kê
	Planner        Role = "planner"         // cán bộ kế hoạch
	DPO            Role = "dpo"             // người bảo vệ dữ liệu cá nhân
	ProvinceLeader Role = "province_leader" // lãnh đạo cấp tỉnh
	Ministry       Role = "ministry"        // người đọc của bộ
	Admin          Role = "admin"           // quản trị hệ thống
	Interviewer    Role = "interviewer"     // điều tra viên
)

var roles = []Role{Visitor, Subscriber, Relay, CommuneOfficer, CommuneLeader, Editor, Speaker, Reviewer, Librarian,
	Statistician, Planner, DPO, ProvinceLeader, Ministry, Admin, Interviewer}

// Roles lists the sixteen duties in the order of the catalogue.
func Roles() []Role { return slices.Clone(roles) }

// Level is the kind of area a duty is granted over: "province", "commune" or "village"; "" for the duties nobody grants.
func (r Role) Level() string {
	switch r {
	case Relay, Interviewer:
		return "village"
	case CommuneOfficer, CommuneLeader:
		return "commune"
	case Visitor, Subscriber:
		return ""
	}
	return "province"
}

// SpeaksLanguage marks the duties that are held for named languages only.
func (r Role) SpeaksLanguage() bool { return r == Speaker || r == Reviewer }

// An Act is something a person may do, named "room.verb".
type Act string

// Public is the act of a page that needs no duty: home, sign-in, static files.
const Public Act = "public"

// Acts lists every act in the order of the catalogue.
func Acts() []Act {
	acts := make([]Act, len(table))
	for i, l := range table {
		acts[i] = l.Act
	}
	return acts
}

// Room names the package that owns an act, "" for an unknown one.
func (a Act) Room() string { return lines[a].Room }

// A Grant is one duty of one person over one area for a time.
type Grant struct {
	Role        Role
	Area        string    // place.ID as text; "" is everything
	Village     string    // for duties of one village
	Langs       []string  // BCP 47; languages recorded for a speaker or reviewer
	From, Until time.Time // zero: since ever, without end; Until itself is outside
	Via         string    // account of the person who delegated it, "" if held in its own right
}

// Holds tells whether the grant is in force at t.
func (g Grant) Holds(t time.Time) bool {
	return (g.From.IsZero() || !t.Before(g.From)) && (g.Until.IsZero() || t.Before(g.Until))
}

// An Actor is a person (or a named service) at work. The zero Actor is a visitor.
type Actor struct {
	ID, Name string // Name is the public name of the role, never a person's own name unless they chose so
	Grants   []Grant
	Session  string    // identifies the session in the record; not the secret
	StepUp   time.Time // when the password was last asked again
	Demo     bool      // a demonstration account
}

// A Thing is what an act is done to, as far as rights need to know it.
type Thing struct {
	Area    string   // place.ID as text; "" belongs to the whole country
	Village string   // village within Area, where the thing belongs to one
	Owner   string   // account whose own record this is
	Hands   []string // accounts that wrote, translated, recorded, entered, proposed or signed it before
	State   string   // state it is in; "" is not checked
	Lang    string   // language of the edition
}

// Tree answers whether place lies in area on the day of t. It is implemented by package place.
type Tree interface {
	Within(area, place string, at time.Time) bool
}
