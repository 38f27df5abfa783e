package library

import (
	"context"
	"slices"
	"strings"
	"time"

	"banlang/internal/db"
	"banlang/internal/library/catalogue"
)

// setColumns are where the codes of each kind of set stand.
var setColumns = map[string]string{kindSet: "kind", subjectSet: "subjects", groupSet: "groups"}

// toldWhere are the documents that a query of the catalogue chooses.
func toldWhere(q catalogue.Query) db.Where {
	var w db.Where
	w.Add("told > 0")
	if q.Set != "" {
		of, code, part := strings.Cut(q.Set, ":")
		column, known := setColumns[of]
		switch {
		case !known || part && code == "":
			w.Add("1 = 0")
		case part:
			w.Add("' ' || "+column+" || ' ' LIKE $? ESCAPE '!'", "% "+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(code)+" %")
		default:
			w.Add(column + " <> ''")
		}
	}
	if !q.From.IsZero() {
		w.Add("told >= $?", db.Millis(q.From))
	}
	if !q.Until.IsZero() {
		w.Add("told < $?", db.Millis(q.Until))
	}
	return w
}

func (s store) told(ctx context.Context, q catalogue.Query, after catalogue.Cursor, n int) ([]Document, error) {
	w := toldWhere(q)
	if after.ID != "" {
		w.Add("told > $? OR told = $? AND id > $?", db.Millis(after.Updated), db.Millis(after.Updated), after.ID)
	}
	rows, err := db.All(ctx, s.conn(), (*row).fields, "SELECT "+columns+" FROM library_document"+w.SQL()+" ORDER BY told, id LIMIT "+w.Next(n), w.Args()...)
	if err != nil {
		return nil, err
	}
	list := make([]Document, len(rows))
	for i, r := range rows {
		if list[i], err = r.document(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s store) toldCount(ctx context.Context, q catalogue.Query) (int, error) {
	w := toldWhere(q)
	return db.Value[int](ctx, s.conn(), "SELECT count(*) FROM library_document"+w.SQL(), w.Args()...)
}

func (s store) toldFirst(ctx context.Context) (time.Time, error) {
	first, err := db.Value[int64](ctx, s.conn(), "SELECT coalesce(min(told), 0) FROM library_document WHERE told > 0")
	return db.Time(first), err
}

// toldCodes are the codes of a kind of set that documents have, in order.
func (s store) toldCodes(ctx context.Context, of string) ([]string, error) {
	lines, err := db.Values[string](ctx, s.conn(), "SELECT DISTINCT "+setColumns[of]+" FROM library_document WHERE told > 0")
	if err != nil {
		return nil, err
	}
	codes := map[string]bool{}
	for _, l := range lines {
		for _, code := range words[string](l) {
			codes[code] = true
		}
	}
	list := make([]string, 0, len(codes))
	for code := range codes {
		list = append(list, code)
	}
	slices.Sort(list)
	return list, nil
}

// A mappedDoc is a document as a site map has it.
type mappedDoc struct {
	id   ID
	told int64
}

func (m *mappedDoc) fields() []any { return []any{&m.id, &m.told} }

func (m mappedDoc) changed() time.Time { return db.Time(m.told) }

// openIDs are the documents that everyone may see, in the order of their identifiers.
func (s store) openIDs(ctx context.Context, page, size int) ([]mappedDoc, error) {
	return db.All(ctx, s.conn(), (*mappedDoc).fields, "SELECT id, told FROM library_document WHERE state = 'open' AND access = 'open' ORDER BY id LIMIT $1 OFFSET $2",
		size, (page-1)*size)
}

func (s store) openCount(ctx context.Context) (int, error) {
	return db.Value[int](ctx, s.conn(), "SELECT count(*) FROM library_document WHERE state = 'open' AND access = 'open'")
}
