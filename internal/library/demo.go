package library

import (
	"context"
	"embed"
	"fmt"
	"path/filepath"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
)

//go:embed demo/*.md
var demoFiles embed.FS

// demoDocuments are our own short documents, each marked as a demonstration in its first line.
var demoDocuments = []struct {
	file string
	Record
}{
	{"dung-ban-lang.md", Record{Title: "Dùng Bản Làng như thế nào", Kind: "guide", Lang: "vi", Subjects: []string{"digital_skills"},
		Summary: "Nghe tin, tìm và đọc văn bản trên Bản Làng, không cần đăng nhập."}},
	{"muc-tieu-ke-hoach-101.md", Record{Title: "Tóm tắt mục tiêu của Kế hoạch 101/KH-UBND", Kind: "guide", Lang: "vi", Subjects: []string{"ethnic_policy"},
		Summary: "Các mục tiêu năm 2023 và 2025 của tỉnh, và vì sao chưa đánh giá được.", Source: "vanphong.langson.gov.vn, bài 65893"}},
	{"doc-mot-van-ban.md", Record{Title: "Cách xem một văn bản của Nhà nước", Kind: "guide", Lang: "vi", Subjects: []string{"public_service"},
		Summary: "Số, ngày, hiệu lực, điều và khoản là gì."}},
	{"gui-tai-lieu.md", Record{Title: "Gửi tài liệu vào thư viện", Kind: "guide", Lang: "vi", Subjects: []string{"officials_training"},
		Summary: "Các bước gửi, biên mục và mở một tài liệu."}},
	{"about-ban-lang.md", Record{Title: "What Bản Làng is", Kind: "guide", Lang: "en", Subjects: []string{"ethnic_policy"},
		Summary: "The information system on ethnic affairs in one page."}},
}

// Two are the two librarians of a demonstration: one hands in and describes, the other opens.
type Two struct{ Depositor, Opener duty.Actor }

// SeedDemo puts our own short documents into the library, marked as a demonstration. Doing it again changes nothing.
func (d *Desk) SeedDemo(ctx context.Context, by Two) error {
	for _, demo := range demoDocuments {
		f, err := demoFiles.Open("demo/" + demo.file)
		if err != nil {
			return err
		}
		id, err := d.Deposit(ctx, by.Depositor, "", Offer{Name: demo.file, Content: f, Demo: true})
		f.Close()
		if fault.Is(err, fault.Conflict) {
			id, err = twin(err), nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", demo.file, err)
		}
		r := demo.Record
		r.Force, r.Access, r.Places = "unknown", AccessOpen, []place.ID{d.province()}
		r.Rights = "Do nhóm làm Bản Làng viết, dùng tự do."
		if err := d.finish(ctx, by, id, &r); err != nil {
			return fmt.Errorf("%s: %w", demo.file, err)
		}
	}
	return nil
}

// ImportDemo takes the files below a folder into a demonstration and opens those whose text can be read, with what the machine
// read of them and the remark that nobody has checked it. The others wait for a librarian. It may be run again.
func (d *Desk) ImportDemo(ctx context.Context, by Two, path string, progress func(done, total int, o Outcome)) error {
	files, err := filesBelow(path)
	if err != nil {
		return err
	}
	for i, file := range files {
		o := d.importFile(ctx, by.Depositor, file, Offer{Source: "Tệp minh hoạ " + filepath.Base(file), Demo: true})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if o.State != Refused {
			// The queue may be reading it at this moment: then the next start goes on with it.
			if err := d.finish(ctx, by, o.ID, nil); err != nil && !fault.Is(err, fault.Conflict) {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		if progress != nil {
			progress(i+1, len(files), o)
		}
	}
	return nil
}

// finish brings a demonstration document to the readers, from wherever an earlier run left it. Without a record it keeps what
// the machine proposed.
func (d *Desk) finish(ctx context.Context, by Two, id ID, r *Record) error {
	doc, err := d.store.byID(ctx, id)
	if err != nil || !doc.Demo {
		return err
	}
	if doc.State == Received || doc.State == Reading {
		if err := d.Read(ctx, id); err != nil {
			return err
		}
		if doc, err = d.store.byID(ctx, id); err != nil {
			return err
		}
	}
	switch {
	case doc.State == Read && r != nil:
		if err := d.Describe(ctx, by.Depositor, id, doc.Revision, *r, false); err != nil {
			return err
		}
	case doc.State == Read && !doc.Legible():
		return nil
	case doc.State == Read:
		if err := d.acceptProposal(ctx, by.Depositor, id); err != nil {
			return err
		}
	case doc.State != Described:
		return nil
	}
	return d.Publish(ctx, by.Opener, id)
}

// acceptProposal lets a document go on with what the machine read; that nobody has checked it stays written on it.
func (d *Desk) acceptProposal(ctx context.Context, actor duty.Actor, id ID) error {
	return d.store.change(ctx, func(s store) error {
		doc, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		if err := d.policy.Permit(actor, duty.LibraryDescribe, doc.thing(doc.draft())); err != nil {
			return err
		}
		before := doc.State
		doc.State, doc.Describer, doc.Changed = Described, actor.ID, d.now()
		if err := s.save(ctx, doc); err != nil {
			return err
		}
		return d.record(ctx, s, actor, duty.LibraryDescribe, doc, before, "")
	})
}
