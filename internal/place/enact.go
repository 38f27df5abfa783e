package place

import (
	"errors"
	"slices"
	"strings"

	"banlang/internal/fault"
	"banlang/internal/fold"
)

// enact applies an event to the register, or says why that cannot be.
func (g *register) enact(e Event) error {
	if err := errors.Join(g.oldsFit(e), g.newsFit(e), e.shape(g)); err != nil {
		return err
	}
	first := g.units[e.Parts[0].Old]
	english := map[string]string{}
	for _, id := range e.Olds() {
		u := g.units[id]
		english[u.Name] = u.NameEN
		g.end(u, e.From)
	}
	for _, n := range e.New {
		g.add(listed{n.Code, first.Level, n.Kind, n.Name, english[n.Name], first.ParentCode}, e.From)
	}
	for _, p := range e.Parts {
		g.join(p.Old, e.Begun(p.New), e.Whole(p.Old))
	}
	return nil
}

// oldsFit refuses old units that do not hold on the day, that change again later, or that do not belong together.
func (g *register) oldsFit(e Event) error {
	var errs []error
	var first *Unit
	for _, id := range e.Olds() {
		u := g.units[id]
		if u == nil {
			errs = append(errs, fault.Field("old", "place.event.old", "Name", id.Code(), "Date", written(e.From)))
			continue
		}
		if first == nil {
			first = u
		}
		switch {
		case u.From >= e.From || !u.In(e.From.Before()):
			errs = append(errs, fault.Field("old", "place.event.old", "Name", u.FullName(), "Date", written(e.From)))
		case u.Until != 0:
			errs = append(errs, fault.Field("old", "place.event.later", "Name", u.FullName(), "Date", written(u.Until)))
		case u.Level != first.Level || u.ParentCode != first.ParentCode:
			errs = append(errs, fault.Field("old", "place.event.apart", "Name", u.FullName(), "Other", first.FullName()))
		case u.Level != Commune && e.Kind != Rename && e.Kind != Retype:
			errs = append(errs, fault.Field("old", "place.event.level", "Name", u.FullName()))
		}
	}
	if first == nil && len(errs) == 0 {
		return fault.Field("old", "place.event.old.none")
	}
	return errors.Join(errs...)
}

// newsFit refuses new units without a proper code, kind or name, whose code is another's, or that are made of nothing.
func (g *register) newsFit(e Event) error {
	var errs []error
	olds := e.Olds()
	level := Commune
	if len(olds) > 0 && g.units[olds[0]] != nil {
		level = g.units[olds[0]].Level
	}
	seen := map[string]bool{}
	for _, n := range e.New {
		holder := g.at(n.Code, e.From)
		switch {
		case len(n.Code) != codeWidth[level] || !digits.MatchString(n.Code):
			errs = append(errs, fault.Field("new", "place.import.code", "Text", n.Code, "Digits", codeWidth[level]))
		case seen[n.Code]:
			errs = append(errs, fault.Field("new", "place.event.twice", "Code", n.Code))
		case !slices.Contains(kinds[fold.Key(n.Kind)].levels, level):
			errs = append(errs, fault.Field("new", "place.event.new.kind", "Code", n.Code))
		case fold.Key(n.Name) == "" || len([]rune(n.Name)) > 100:
			errs = append(errs, fault.Field("new", "place.event.new.name", "Code", n.Code))
		case holder != nil && !slices.Contains(olds, holder.ID):
			errs = append(errs, fault.Field("new", "place.event.taken", "Code", n.Code, "Name", holder.FullName()))
		case level != Commune && (holder == nil || holder.ID != olds[0]):
			errs = append(errs, fault.Field("new", "place.event.code.kept", "Code", n.Code))
		case slices.ContainsFunc(g.byCode[n.Code], func(u *Unit) bool { return u.From >= e.From }):
			errs = append(errs, fault.Field("new", "place.event.code.later", "Code", n.Code))
		case e.sources(n.Code) == 0:
			errs = append(errs, fault.Field("new", "place.event.new.empty", "Code", n.Code))
		}
		seen[n.Code] = true
	}
	if len(e.New) == 0 {
		errs = append(errs, fault.Field("new", "place.event.new.none"))
	}
	for _, p := range e.Parts {
		if !seen[p.New] {
			errs = append(errs, fault.Field("old", "place.event.nowhere", "Code", p.New))
		}
	}
	return errors.Join(errs...)
}

// shape refuses an event that is not what its kind says.
func (e Event) shape(g *register) error {
	olds := e.Olds()
	single := len(olds) == 1 && len(e.New) == 1 && g.units[olds[0]] != nil
	ok := false
	switch e.Kind {
	case Merge:
		ok = slices.ContainsFunc(e.New, func(n NewUnit) bool { return e.sources(n.Code) > 1 })
	case Split:
		ok = len(olds) == 1 && len(e.New) > 1
	case Transfer:
		ok = len(olds) == len(e.New) && slices.ContainsFunc(olds, func(id ID) bool { return !e.Whole(id) }) &&
			!slices.ContainsFunc(e.New, func(n NewUnit) bool {
				return !slices.ContainsFunc(olds, func(id ID) bool { return id.Code() == n.Code })
			})
	case Rename:
		ok = single && (g.units[olds[0]].Name != e.New[0].Name || olds[0].Code() != e.New[0].Code)
	case Retype:
		ok = single && g.units[olds[0]].Kind != e.New[0].Kind
	}
	if !ok {
		return fault.Field("kind", "place.event.shape."+string(e.Kind))
	}
	return nil
}

// repeal takes an event back: its new units and threads vanish, its old units hold again. Nothing later may touch them.
func (g *register) repeal(e Event) error {
	olds := e.Olds()
	for _, n := range e.New {
		u := g.units[e.Begun(n.Code)]
		if u == nil || u.Until != 0 {
			return fault.New(fault.Conflict, "place.event.undo.later", "Name", n.Kind+" "+n.Name)
		}
		for key := range g.threads {
			if key[0] == u.ID || key[1] == u.ID && !slices.Contains(olds, key[0]) {
				return fault.New(fault.Conflict, "place.event.undo.later", "Name", u.FullName())
			}
		}
	}
	for _, p := range e.Parts {
		g.part(p.Old, e.Begun(p.New))
	}
	for _, n := range e.New {
		g.remove(e.Begun(n.Code))
	}
	for _, id := range olds {
		u := g.units[id]
		if u == nil || u.Until != e.From {
			return fault.New(fault.Conflict, "place.event.undo.later", "Name", id.Code())
		}
		g.end(u, 0)
	}
	return nil
}

// title says in one line what an event does.
func (g *register) title(e Event) string {
	var olds, news []string
	for _, id := range e.Olds() {
		name := g.units[id].FullName()
		if e.Kind == Merge && !e.Whole(id) {
			name = "một phần " + name
		}
		olds = append(olds, name)
	}
	for _, n := range e.New {
		if e.Kind != Merge || e.sources(n.Code) > 1 { // what is left of a unit is not worth a line
			news = append(news, n.Kind+" "+n.Name)
		}
	}
	from, to := strings.Join(olds, ", "), strings.Join(news, ", ")
	switch e.Kind {
	case Split:
		return "Chia " + from + " thành " + to
	case Transfer:
		return "Chuyển một phần địa giới giữa " + from
	case Rename:
		return "Đổi " + from + " thành " + to
	case Retype:
		return "Chuyển " + from + " thành " + to
	}
	return "Nhập " + from + " thành " + to
}

// sources counts what a new unit is made of.
func (e Event) sources(code string) int {
	n := 0
	for _, p := range e.Parts {
		if p.New == code {
			n++
		}
	}
	return n
}
