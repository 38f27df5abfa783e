package library

import (
	"context"
	"time"

	"banlang/internal/ethnic"
	"banlang/internal/fault"
	"banlang/internal/library/catalogue"
	"banlang/internal/place"
)

// A source tells other libraries of the documents that everyone may see. What everyone could see once and may not any more is told as
// withdrawn, with nothing but its identifier.
type source struct{ desk *Desk }

// Catalogue is what other libraries may know of the documents.
func (d *Desk) Catalogue() catalogue.Source { return source{d} }

// The sets: by kind, subject and people.
const (
	kindSet    = "kind"
	subjectSet = "subject"
	groupSet   = "group"
)

// Sets are those that have a document, each kind of set before its parts.
func (s source) Sets(ctx context.Context) ([]catalogue.Set, error) {
	var sets []catalogue.Set
	for _, of := range []struct {
		code, name string
		vocabulary func(string) string
	}{
		{kindSet, "Loại tài liệu", func(c string) string { return Kinds.Term(c).Name }},
		{subjectSet, "Chủ đề", func(c string) string { return Subjects.Term(c).Name }},
		{groupSet, "Dân tộc", s.group},
	} {
		codes, err := s.desk.store.toldCodes(ctx, of.code)
		if err != nil {
			return nil, err
		}
		if len(codes) > 0 {
			sets = append(sets, catalogue.Set{Code: of.code, Name: of.name})
		}
		for _, code := range codes {
			sets = append(sets, catalogue.Set{Code: of.code + ":" + code, Name: of.name + ": " + of.vocabulary(code)})
		}
	}
	return sets, nil
}

// Earliest is when the first of what is told changed, now where there is nothing.
func (s source) Earliest(ctx context.Context) (time.Time, error) {
	first, err := s.desk.store.toldFirst(ctx)
	if err == nil && first.IsZero() {
		first = s.desk.now()
	}
	return first, err
}

// Record is what is told of one document.
func (s source) Record(ctx context.Context, id string) (catalogue.Record, error) {
	doc, err := s.desk.store.byID(ctx, ID(id))
	if err != nil {
		return catalogue.Record{}, err
	}
	if doc.Told.IsZero() {
		return catalogue.Record{}, fault.New(fault.NotFound, "library.not_found")
	}
	return s.record(doc), nil
}

// Records are n at most after a place, in order.
func (s source) Records(ctx context.Context, q catalogue.Query, after catalogue.Cursor, n int) ([]catalogue.Record, error) {
	docs, err := s.desk.store.told(ctx, q, after, n)
	if err != nil {
		return nil, err
	}
	list := make([]catalogue.Record, len(docs))
	for i, doc := range docs {
		list[i] = s.record(doc)
	}
	return list, nil
}

// Count is how many Records there are.
func (s source) Count(ctx context.Context, q catalogue.Query) (int, error) {
	return s.desk.store.toldCount(ctx, q)
}

// dcmi are the kinds that are something else than text, in the DCMI Type Vocabulary.
var dcmi = map[string]string{"photo": "StillImage", "audio": "Sound", "video": "MovingImage", "map": "Image", "statistics": "Dataset"}

func (s source) record(doc Document) catalogue.Record {
	r := catalogue.Record{ID: string(doc.ID), Updated: doc.Told, Withdrawn: !doc.public(), Sets: doc.sets()}
	if r.Withdrawn {
		return r
	}
	r.Title, r.Lang, r.Kind, r.Type = doc.Title, doc.Lang, term(Kinds, doc.Kind), "Text"
	if t, ok := dcmi[doc.Kind]; ok {
		r.Type = t
	}
	if doc.Issuer != "" {
		r.Creators = []string{doc.Issuer}
	}
	for _, code := range doc.Subjects {
		r.Subjects = append(r.Subjects, term(Subjects, code))
	}
	for _, slug := range doc.Groups {
		r.Groups = append(r.Groups, s.group(string(slug)))
	}
	for _, id := range doc.Places {
		r.Places = append(r.Places, s.place(id))
	}
	r.Description, r.Source, r.Rights = doc.Summary, doc.Source, doc.Rights
	if doc.Demo {
		r.Notes = append(r.Notes, "Tài liệu minh hoạ.")
	}
	if doc.Proposed {
		r.Notes = append(r.Notes, "Tên, số, ngày và cơ quan do máy đọc từ văn bản, chưa có người kiểm.")
	}
	if doc.Scanned {
		r.Notes = append(r.Notes, "Chữ do máy nhận ra từ ảnh chụp các trang, có thể sai.")
	}
	r.Legal = catalogue.Legal{Number: doc.Number, Signed: doc.Signed.String(), InForce: doc.ForceFrom.String(), Expiry: doc.ForceUntil.String(), Force: term(Forces, doc.Force)}
	r.Page = doc.ID.URL()
	r.Files = []catalogue.File{{Page: doc.ID.URL() + "/tep", Type: doc.Format.MediaType(), Size: doc.FileSize, SHA256: string(doc.File)}}
	return r
}

func term(v Vocabulary, code string) catalogue.Term {
	t := v.Term(code)
	return catalogue.Term{Code: t.Code, Name: t.Name, NameEN: t.NameEN}
}

func (s source) group(slug string) string {
	g, err := s.desk.ethnic.BySlug(ethnic.Slug(slug))
	if err != nil {
		return slug
	}
	return g.Name
}

func (s source) place(id place.ID) string {
	u, err := s.desk.places.ByID(id)
	if err != nil {
		return string(id)
	}
	return u.FullName()
}

// sets are the codes of the sets that the document is in.
func (d Document) sets() (codes []string) {
	if d.Kind != "" {
		codes = append(codes, kindSet+":"+d.Kind)
	}
	for _, c := range d.Subjects {
		codes = append(codes, subjectSet+":"+c)
	}
	for _, g := range d.Groups {
		codes = append(codes, groupSet+":"+string(g))
	}
	return codes
}

// public tells whether everyone may see the document now.
func (d Document) public() bool { return d.State == Open && !d.Restricted() }
