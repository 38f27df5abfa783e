package account

import (
	"context"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/duty"
)

type grantRow struct {
	Grant
	langs                        string
	begins, ends, given, revoked int64
}

const grantColumns = "g.id, g.account, g.role, g.area, g.village, g.langs, g.begins, g.ends, g.via, g.given_by, g.second, g.reason, g.given, g.revoked"

func (r *grantRow) fields() []any {
	return []any{&r.ID, &r.Account, &r.Role, &r.Area, &r.Village, &r.langs, &r.begins, &r.ends, &r.Via, &r.GivenBy, &r.Second, &r.Reason, &r.given, &r.revoked}
}

func (r grantRow) grant() Grant {
	r.Langs, r.From, r.Until, r.Given, r.Revoked = strings.Fields(r.langs), db.Time(r.begins), db.Time(r.ends), db.Time(r.given), db.Time(r.revoked)
	return r.Grant
}

func grantsOf(rows []grantRow) []Grant {
	out := make([]Grant, len(rows))
	for i, r := range rows {
		out[i] = r.grant()
	}
	return out
}

func (s store) addGrant(ctx context.Context, g Grant) error {
	return s.run(ctx, `INSERT INTO account_grant (id, account, role, area, village, langs, begins, ends, via, given_by, second, reason, given)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, newID(), g.Account, string(g.Role), g.Area, g.Village, strings.Join(g.Langs, " "),
		db.Millis(g.From), db.Millis(g.Until), g.Via, g.GivenBy, g.Second, g.Reason, db.Millis(g.Given))
}

func (s store) grant(ctx context.Context, id string) (Grant, error) {
	r, err := db.One(ctx, s.c, (*grantRow).fields, "SELECT "+grantColumns+" FROM account_grant g WHERE g.id = $1", id)
	return r.grant(), err
}

// grants lists every duty of an account, past ones too, the newest first.
func (s store) grants(ctx context.Context, id ID) ([]Grant, error) {
	rows, err := db.All(ctx, s.c, (*grantRow).fields, "SELECT "+grantColumns+" FROM account_grant g WHERE g.account = $1 ORDER BY g.revoked <> 0, g.given DESC, g.id LIMIT 500", id)
	return grantsOf(rows), err
}

// standing is what makes a grant count at $2: not revoked, within its time, and, where it was delegated, who delegated it is active
// and still holds such a duty in their own right. That it reaches the area only the policy can tell: see Desk.duties.
const standing = ` g.revoked = 0 AND g.begins <= $2 AND (g.ends = 0 OR g.ends > $2) AND (g.via = '' OR EXISTS (
	SELECT 1 FROM account_grant o JOIN account p ON p.id = o.account WHERE o.account = g.via AND p.state = 'active' AND o.role = g.role AND o.via = ''
	AND o.revoked = 0 AND o.begins <= $2 AND (o.ends = 0 OR o.ends > $2)))`

// inForce lists the duties that count at a time.
func (s store) inForce(ctx context.Context, id ID, at time.Time) ([]duty.Grant, error) {
	rows, err := db.All(ctx, s.c, (*grantRow).fields, "SELECT "+grantColumns+" FROM account_grant g WHERE g.account = $1 AND"+standing+" ORDER BY g.id", id, db.Millis(at))
	var out []duty.Grant
	for _, g := range grantsOf(rows) {
		out = append(out, g.Grant)
	}
	return out, err
}

func (s store) revoke(ctx context.Context, id, by string, at time.Time) error {
	return s.run(ctx, "UPDATE account_grant SET revoked = $3, revoked_by = $2 WHERE id = $1", id, by, db.Millis(at))
}

// holders counts the active others who hold a duty over exactly that area in their own right.
func (s store) holders(ctx context.Context, r duty.Role, area string, but ID, at time.Time) (int64, error) {
	return db.Value[int64](ctx, s.c, `SELECT count(DISTINCT g.account) FROM account_grant g JOIN account a ON a.id = g.account
		WHERE g.role = $1 AND g.area = $3 AND g.account <> $4 AND a.state = 'active' AND g.via = '' AND`+standing, string(r), db.Millis(at), area, but)
}

type holder struct {
	account Account
	area    string
}

// holding lists who holds a duty in their own right, and where.
func (s store) holding(ctx context.Context, at time.Time) ([]holder, error) {
	return db.All(ctx, s.c, func(h *holder) []any { return []any{&h.account.ID, &h.account.Name, &h.account.Title, &h.area} },
		`SELECT a.id, a.name, a.title, g.area FROM account_grant g JOIN account a ON a.id = g.account
		WHERE a.state = $1 AND g.via = '' AND`+standing+" ORDER BY a.title, a.name LIMIT 5000", Active, db.Millis(at))
}

type proposalRow struct {
	Proposal
	ends, proposed int64
}

const proposalColumns = "id, kind, account, role, area, ends, duty, reason, proposed_by, session, proposed, state"

func (r *proposalRow) fields() []any {
	return []any{&r.ID, &r.Kind, &r.Account, &r.Role, &r.Area, &r.ends, &r.Duty, &r.Reason, &r.By, &r.session, &r.proposed, &r.State}
}

func (r proposalRow) proposal() Proposal {
	r.Until, r.Proposed = db.Time(r.ends), db.Time(r.proposed)
	return r.Proposal
}

func (s store) addProposal(ctx context.Context, p Proposal) error {
	return s.run(ctx, `INSERT INTO account_proposal (id, kind, account, role, area, ends, duty, reason, proposed_by, session, proposed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, p.ID, p.Kind, p.Account, string(p.Role), p.Area, db.Millis(p.Until), p.Duty, p.Reason, p.By, p.session, db.Millis(p.Proposed))
}

func (s store) proposal(ctx context.Context, id string) (Proposal, error) {
	r, err := db.One(ctx, s.c, (*proposalRow).fields, "SELECT "+proposalColumns+" FROM account_proposal WHERE id = $1", id)
	return r.proposal(), err
}

func (s store) proposals(ctx context.Context, since time.Time) ([]Proposal, error) {
	rows, err := db.All(ctx, s.c, (*proposalRow).fields, "SELECT "+proposalColumns+" FROM account_proposal WHERE state = 'waiting' AND proposed > $1 ORDER BY proposed LIMIT 200", db.Millis(since))
	out := make([]Proposal, len(rows))
	for i, r := range rows {
		out[i] = r.proposal()
	}
	return out, err
}

func (s store) sameProposal(ctx context.Context, p Proposal, since time.Time) (bool, error) {
	n, err := db.Value[int64](ctx, s.c, `SELECT count(*) FROM account_proposal
		WHERE state = 'waiting' AND proposed > $1 AND kind = $2 AND account = $3 AND role = $4 AND area = $5 AND duty = $6`,
		db.Millis(since), p.Kind, p.Account, string(p.Role), p.Area, p.Duty)
	return n > 0, err
}

func (s store) decide(ctx context.Context, id, by, state string, at time.Time) error {
	return s.run(ctx, "UPDATE account_proposal SET state = $3, decided_by = $2, decided = $4 WHERE id = $1", id, by, state, db.Millis(at))
}
