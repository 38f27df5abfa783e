package duty

import (
	"slices"
	"strings"

	"banlang/internal/fault"
)

// judges are acts of one person that still may not be done to own work.
var judges = map[Act]bool{StatAccept: true}

// tongued are acts done in a language: a speaker or reviewer does them in the languages recorded for them.
var tongued = map[Act]bool{BulletinTranslate: true, BulletinRecord: true, BulletinReviewLanguage: true, EthnicConfirmFallback: true}

// speaks tells whether the grant's languages allow the act. A draft whose language is named is shown to its speakers and to who
// has worked on it.
func speaks(a Actor, g Grant, act Act, t Thing) bool {
	if !g.Role.SpeaksLanguage() || !tongued[act] && act != BulletinReadDraft {
		return true
	}
	if act == BulletinReadDraft && (t.Lang == "" || slices.Contains(t.Hands, a.ID)) {
		return true
	}
	return slices.Contains(g.Langs, t.Lang)
}

// exists tells whether an act exists in a state: rule is "", "draft", "open|returned" or "reviewed->published".
func exists(rule, state string) bool {
	from, _, _ := strings.Cut(rule, "->")
	return from == "" || slices.Contains(strings.Split(from, "|"), state)
}

// writes are duties that write content or figures; the data-protection officer holds none of them.
var writes = []Role{Relay, CommuneOfficer, Editor, Speaker, Reviewer, Librarian, Statistician, Planner, Interviewer}

// unseen are acts that an administrator never does, whatever other duty the same person holds: no sealed field, no draft, no
// answer, no exact figure, no sending, no granting.
var unseen = map[Act]bool{
	RelayReadSealed: true, DeliveryReadRecipient: true, LibraryReadRestricted: true, PrivacyHandleRequest: true, PrivacyDestroyKey: true,
	BulletinReadDraft: true, BulletinWrite: true, BulletinTranslate: true, BulletinRecord: true, BulletinReviewLanguage: true,
	BulletinApprove: true, BulletinApproveEmergency: true,
	AskRead: true, AskAnswer: true, AskApproveAnswer: true, SurveyReadAnswers: true,
	StatReadExact: true, StatExportExact: true, StatEnter: true, StatCertify: true,
	DeliverySend: true, DeliverySendEmergency: true,
	RoleGrant: true, RoleDelegate: true, RoleRevoke: true,
}

func barred(held []Grant, act Act) bool {
	return unseen[act] && slices.ContainsFunc(held, func(g Grant) bool { return g.Role == Admin })
}

// Compatible tells whether one person may hold these duties together: an administrator is neither data-protection officer nor
// province leader, the data-protection officer writes nothing, an interviewer is not the relay of the same village.
func Compatible(held []Grant) error {
	has := func(roles ...Role) bool {
		return slices.ContainsFunc(held, func(g Grant) bool { return slices.Contains(roles, g.Role) })
	}
	switch {
	case has(Admin) && has(DPO, ProvinceLeader):
		return fault.New(fault.Forbidden, "duty.separate.admin")
	case has(DPO) && has(writes...):
		return fault.New(fault.Forbidden, "duty.separate.dpo")
	}
	for _, g := range held {
		for _, h := range held {
			if g.Role == Interviewer && h.Role == Relay && g.Village == h.Village {
				return fault.New(fault.Forbidden, "duty.separate.interviewer")
			}
		}
	}
	return nil
}

// A Signature is one person's yes to an emergency.
type Signature struct {
	Person  string // account
	Session string
	Leader  bool // is a leader of the area where it is sent
}

// SignEmergency makes the actor's signature under an emergency for the thing's area. t.Hands are those who signed before; who
// wrote the warning may be the first to sign it, so that a commune's officer and its leader suffice.
func (p *Policy) SignEmergency(a Actor, t Thing) (Signature, error) {
	if err := p.Permit(a, BulletinApproveEmergency, t); err != nil {
		return Signature{}, err
	}
	now := p.now()
	leads := slices.ContainsFunc(p.standing(a, BulletinApproveEmergency, now), func(g Grant) bool {
		return (g.Role == CommuneLeader || g.Role == ProvinceLeader) && p.within(g.Area, t.Area, now)
	})
	return Signature{Person: a.ID, Session: a.Session, Leader: leads}, nil
}

// EmergencyPair tells whether two signatures release an emergency: two persons, two sessions, at least one leader of the area.
func EmergencyPair(first, second Signature) error {
	switch {
	case first.Person == "" || second.Person == "" || first.Person == second.Person || first.Session == second.Session:
		return fault.New(fault.Forbidden, "duty.same_person")
	case !first.Leader && !second.Leader:
		return fault.New(fault.Forbidden, "duty.no_leader")
	}
	return nil
}

// Leads tells whether holding one duty lets a person grant another in the own area: a commune leader the duties of the commune, a
// province leader every duty. What a leader does not lead exceeds their right, whatever else they may do.
func Leads(leader, granted Role) bool {
	switch leader {
	case CommuneLeader:
		return granted == Relay || granted == CommuneOfficer || granted == CommuneLeader
	case ProvinceLeader:
		return granted != Visitor && granted != Subscriber && slices.Contains(roles, granted)
	}
	return false
}

// TwoLeaders marks the duties that only two province leaders grant together.
func (r Role) TwoLeaders() bool { return r == DPO || r == Admin || r == ProvinceLeader }
