package bulletin

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"strings"
	"time"

	"banlang/internal/duty"
)

// Texts and machine readings of the demonstration; demo/make.sh makes the sounds.
//
//go:embed demo/*.txt demo/*.opus demo/*.mp3
var demo embed.FS

// samples are the twelve bulletins of the demonstration.
var samples = []struct {
	file  string
	topic Topic
	class Class
	code  string // of the unit it is for
}{
	{"12-le-hoi", Culture, Normal, "20"},
	{"11-duong-nui", Safety, Normal, "20"},
	{"10-bao-luc", Family, Normal, "20"},
	{"09-dat-dai", Land, Normal, "20"},
	{"08-ban-hang", Market, Normal, "20"},
	{"07-cay-hoi", SciTech, Normal, "06325"}, // Bắc Sơn
	{"06-hoc-sinh", Education, Normal, "20"},
	{"05-tiem-chung", Health, Normal, "20"},
	{"04-giam-ngheo", Social, Normal, "20"},
	{"03-lua-dao", Safety, Normal, "20"},
	{"02-lu-quet", Disaster, Emergency, "20"},
	{"01-chay-rung", Forest, Priority, "20"},
}

// A cast is who writes and approves in the demonstration.
type cast struct{ editor, leader, second duty.Actor }

// SeedDemo writes, approves and publishes the twelve bulletins of the demonstration through the same use cases as people do. as
// gives the demonstration account of a sign-in name. A second time it changes nothing.
func (d *Desk) SeedDemo(ctx context.Context, as func(ctx context.Context, name string) (duty.Actor, error)) error {
	var by cast
	for name, a := range map[string]*duty.Actor{"editor": &by.editor, "province_leader": &by.leader, "province_leader2": &by.second} {
		var err error
		if *a, err = as(ctx, name); err != nil {
			return fmt.Errorf("demonstration account %s: %w", name, err)
		}
		a.Session = cmp.Or(a.Session, "demo/"+name) // each sits at a machine of their own
		a.StepUp = d.now()
	}
	for _, s := range samples {
		text, err := demo.ReadFile("demo/" + s.file + ".txt")
		if err != nil {
			return err
		}
		unit, err := d.places.At(s.code, d.places.Today())
		if err != nil {
			return err
		}
		title, body, _ := strings.Cut(string(text), "\n")
		t := Text{Place: unit.ID, Topic: s.topic, Class: s.class, Title: title, Body: body, Basis: "Tin soạn để minh hoạ", HandIn: true}
		if s.class == Emergency {
			t.Expires = d.now().AddDate(0, 1, 0).Truncate(time.Hour)
		}
		if err := d.seed(ctx, by, "demo/bulletin/"+s.file, s.file, t); err != nil {
			return fmt.Errorf("demonstration bulletin %s: %w", s.file, err)
		}
	}
	return nil
}

func (d *Desk) seed(ctx context.Context, by cast, key, file string, t Text) error {
	id, err := d.Write(ctx, by.editor, key, t)
	if err != nil {
		return err
	}
	b, err := d.read().byID(ctx, id)
	if err != nil || b.Life != "" {
		return err
	}
	if err := d.seedVoice(ctx, id, file); err != nil {
		return err
	}
	if t.Class != Emergency {
		return d.Approve(ctx, by.leader, "", id, b.Revision)
	}
	const reason = "Minh hoạ: mưa to kéo dài, cần báo ngay cho bà con."
	if signed, err := d.read().signatures(ctx, id, b.Words()); err != nil {
		return err
	} else if len(signed) == 0 {
		if _, err := d.ApproveEmergency(ctx, by.leader, "", id, b.Revision, reason); err != nil {
			return err
		}
	}
	_, err = d.ApproveEmergency(ctx, by.second, "", id, b.Revision, reason)
	return err
}

// seedVoice gives a draft the machine's reading that comes with the program.
func (d *Desk) seedVoice(ctx context.Context, id ID, file string) error {
	opus, err := demo.ReadFile("demo/" + file + ".opus")
	if err != nil {
		return err
	}
	mp3, err := demo.ReadFile("demo/" + file + ".mp3")
	if err != nil {
		return err
	}
	made, err := d.keepBytes(ctx, opus, mp3)
	if err != nil {
		return err
	}
	made.Machine = true
	return d.change(ctx, func(s store) error {
		b, err := s.byID(ctx, id)
		if err != nil {
			return err
		}
		e := b.Editions[0]
		e.Sound = made
		return s.saveEdition(ctx, id, e)
	})
}
