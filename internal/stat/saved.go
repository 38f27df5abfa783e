package stat

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
)

// A Saved is a question kept for later.
type Saved struct {
	ID        string
	Owner     string // account
	OwnerName string
	Area      place.ID // that it is about
	Title     string
	Address   string // the words of its address, without the page
	Remark    string
	Board     string // the page on which it stands with others; "" on none
	Position  int
	Shared    bool // with whoever may read exact figures of its area
	Demo      bool
	Changed   time.Time
	Removed   time.Time // zero while it is kept
}

// The lengths of what is written about a saved question.
const (
	titleMost  = 160
	remarkMost = 1000
	boardMost  = 60
)

// savedMost is how many questions a person keeps at most, and how many a page lists.
const savedMost = 300

// Takeback is how long a removed question can be taken back.
const Takeback = 30 * 24 * time.Hour

// Save keeps a question. The actor must be allowed to read exact figures of its area.
func (d *Desk) Save(ctx context.Context, actor duty.Actor, key string, s Saved) (string, error) {
	s, err := d.checked(actor, s)
	if err != nil {
		return "", err
	}
	s.ID, s.Owner, s.OwnerName, s.Changed = newID(), actor.ID, actor.Name, d.now()
	err = d.change(ctx, func(tx writer) error {
		prior, repeated, err := once(ctx, tx, key, s.ID)
		if err != nil || repeated {
			s.ID = prior
			return err
		}
		n, last, err := savedCount(ctx, tx, s.Owner, s.Board)
		if err != nil {
			return err
		}
		if n >= savedMost {
			return fault.Field("title", "stat.saved.most", "Most", savedMost)
		}
		s.Position = last + 1
		if err := insertSaved(ctx, tx, s); err != nil {
			return err
		}
		return d.record(ctx, tx, actor, s, "", s.Title)
	})
	return s.ID, err
}

// checked is a question to be kept, its address written in the one way, or what is wrong with it.
func (d *Desk) checked(actor duty.Actor, s Saved) (Saved, error) {
	s.Title, s.Remark, s.Board = strings.TrimSpace(s.Title), strings.TrimSpace(s.Remark), strings.Join(strings.Fields(s.Board), " ")
	var wrong error
	for _, f := range []struct {
		name, text string
		most       int
	}{{"title", s.Title, titleMost}, {"remark", s.Remark, remarkMost}, {"board", s.Board, boardMost}} {
		if len([]rune(f.text)) > f.most {
			wrong = errors.Join(wrong, fault.Field(f.name, "stat.saved.long", "Most", f.most))
		}
	}
	if s.Title == "" {
		wrong = errors.Join(wrong, fault.Field("title", "stat.saved.title.required"))
	}
	v, err := url.ParseQuery(s.Address)
	if err != nil || len(s.Address) > 8000 {
		wrong = errors.Join(wrong, fault.Field("address", "stat.saved.address"))
	}
	if wrong != nil {
		return s, wrong
	}
	a, _ := d.ParseAsk(v)
	s.Address, s.Area = d.Query(a), a.Question.Area
	return s, d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(s.Area)})
}

// record keeps who keeps, changes or removes which question.
func (d *Desk) record(ctx context.Context, tx writer, actor duty.Actor, s Saved, before, after string) error {
	return audit.Write(ctx, tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatReadExact),
		Thing: "stat_saved/" + s.ID, Place: string(s.Area), Before: before, After: after})
}

// Take records that an exact answer was taken away in a file, beside the record of its reading.
func (d *Desk) Take(ctx context.Context, actor duty.Actor, area place.ID, file, address string) error {
	return d.change(ctx, func(tx writer) error {
		return audit.Write(ctx, tx, d.now(), audit.Entry{Actor: actor.ID, Session: actor.Session, Act: string(duty.StatReadExact),
			Thing: "fact", Place: string(area), After: file, Note: address})
	})
}

// Saved lists the questions that an actor sees: the own ones, and those shared with who may read exact figures of their area.
func (d *Desk) Saved(ctx context.Context, actor duty.Actor) ([]Saved, error) {
	all, err := visibleSaved(ctx, d.db, actor.ID)
	return slices.DeleteFunc(all, func(s Saved) bool {
		return d.policy.Permit(actor, duty.StatReadExact, duty.Thing{Area: string(s.Area)}) != nil
	}), err
}

// Removed lists what the actor removed and can still take back, the latest first.
func (d *Desk) Removed(ctx context.Context, actor duty.Actor) ([]Saved, error) {
	return removedSaved(ctx, d.db, actor.ID, d.now().Add(-Takeback))
}

// Change gives an own question another title, remark or board, or shares it.
func (d *Desk) Change(ctx context.Context, actor duty.Actor, id string, to Saved) error {
	return d.own(ctx, actor, id, func(tx writer, s Saved) error {
		old := s.Title
		s.Title, s.Remark, s.Board, s.Shared = to.Title, to.Remark, to.Board, to.Shared
		s, err := d.checked(actor, s)
		if err != nil {
			return err
		}
		s.Changed = d.now()
		if err := updateSaved(ctx, tx, s); err != nil {
			return err
		}
		return d.record(ctx, tx, actor, s, old, s.Title)
	})
}

// Remove takes an own question away; Restore takes it back.
func (d *Desk) Remove(ctx context.Context, actor duty.Actor, id string) error {
	return d.own(ctx, actor, id, func(tx writer, s Saved) error {
		s.Removed = d.now()
		if err := updateSaved(ctx, tx, s); err != nil {
			return err
		}
		return d.record(ctx, tx, actor, s, s.Title, "")
	})
}

// Restore takes a removed question back.
func (d *Desk) Restore(ctx context.Context, actor duty.Actor, id string) error {
	return d.own(ctx, actor, id, func(tx writer, s Saved) error {
		s.Removed = time.Time{}
		if err := updateSaved(ctx, tx, s); err != nil {
			return err
		}
		return d.record(ctx, tx, actor, s, "", s.Title)
	})
}

// Move puts an own question before its neighbour on the same board, or after it.
func (d *Desk) Move(ctx context.Context, actor duty.Actor, id string, up bool) error {
	return d.own(ctx, actor, id, func(tx writer, s Saved) error {
		all, err := visibleSaved(ctx, tx, actor.ID)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(o Saved) bool { return o.Owner != actor.ID || o.Board != s.Board })
		i := slices.IndexFunc(all, func(o Saved) bool { return o.ID == id })
		j := i + 1
		if up {
			j = i - 1
		}
		if i < 0 || j < 0 || j >= len(all) {
			return nil
		}
		all[i].Position, all[j].Position = all[j].Position, all[i].Position
		return errors.Join(updateSaved(ctx, tx, all[i]), updateSaved(ctx, tx, all[j]))
	})
}

// own does something with a question of the actor's own.
func (d *Desk) own(ctx context.Context, actor duty.Actor, id string, do func(writer, Saved) error) error {
	return d.change(ctx, func(tx writer) error {
		s, err := savedByID(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, "stat.saved.gone")
		}
		if err != nil {
			return err
		}
		if s.Owner != actor.ID {
			return fault.New(fault.Forbidden, "stat.saved.other")
		}
		return do(tx, s)
	})
}

// SeedDemo keeps the questions of two boards of the demonstration, one of the province and one of a commune, if none is kept yet.
func (d *Desk) SeedDemo(ctx context.Context) error {
	province := d.places.HomeUnit()
	boards := []struct{ area, board string }{{province.Code, "Tỉnh " + province.Name}}
	if u, err := d.places.At("06325", d.places.Today()); err == nil && province.Code == place.LangSon {
		boards = append(boards, struct{ area, board string }{u.Code, "Xã " + u.Name})
	}
	return d.change(ctx, func(tx writer) error {
		for i, b := range boards {
			for n, q := range demoQuestions {
				a, err := url.ParseQuery(q.address + "&dia-ban=" + b.area)
				if err != nil {
					return err
				}
				ask, _ := d.ParseAsk(a)
				s := Saved{ID: "demo" + string(rune('a'+i)) + string(rune('a'+n)), Owner: "demo", OwnerName: "Minh hoạ", Area: ask.Question.Area,
					Title: q.title, Address: d.Query(ask), Remark: q.remark, Board: b.board, Position: n + 1, Shared: true, Demo: true, Changed: d.now()}
				if _, err := savedByID(ctx, tx, s.ID); !fault.Is(err, fault.NotFound) {
					return err // they are there
				}
				if err := insertSaved(ctx, tx, s); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// demoQuestions are asked about each area of the demonstration.
var demoQuestions = []struct{ title, address, remark string }{
	{"Dân số theo dân tộc", "chi-tieu=POP&hang=group&cot=period&ky=moi&dau=10&hinh=cot", "Mười dân tộc đông nhất."},
	{"Dân số và số hộ qua các kỳ", "chi-tieu=POP,HH&hang=indicator&cot=period&ky=moi-6&hinh=duong", "Kỳ nào thiếu số thì vẽ chấm."},
	{"Tỷ lệ hộ nghèo, hộ cận nghèo", "chi-tieu=POOR_RATE,NEARPOOR_RATE&hang=indicator&cot=period&ky=moi-4&hinh=duong", "Chuẩn nghèo đổi từ năm 2027: trước và sau không so được."},
	{"Dân số theo nơi", "chi-tieu=POP&hang=place&cot=period&ky=moi&dia-gioi=nay&tong=1&hinh=ban-do", ""},
}
