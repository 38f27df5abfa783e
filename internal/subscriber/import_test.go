package subscriber

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place/intake"
	"banlang/internal/privacy"
)

func (c *counter) officer(area string) duty.Actor {
	return duty.Actor{ID: "officer", Name: "officer", Session: "officer",
		Grants: []duty.Grant{{Role: duty.CommuneOfficer, Area: area, From: time.Date(2026, 1, 1, 0, 0, 0, 0, i18n.Zone)}}}
}

// list is a CSV file with the headings of the template.
func list(rows ...[]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(Columns())
	_ = w.WriteAll(rows)
	return b.Bytes()
}

func (c *counter) take(file []byte, dry bool) intake.Report {
	c.Helper()
	r, err := c.desk.Import(c.Context(), c.officer(string(c.commune)), "subscribers", "danh-sach", bytes.NewReader(file), dry, nil)
	c.must(err)
	return r
}

const how = "Ký giấy tại trụ sở xã"

// Every bad row is named by row and column, good ones are kept, doubles are one person, and nobody is taken in without an agreement.
func TestImport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		file := list(
			[]string{"0961 234 567", "", "06325", "", "Tày; vi", "vi", "có", "5/7/2026", how, "Tày"},
			[]string{"961.234.567", "", "xã Bắc Sơn", "", "Nùng", "", "x", "2026-07-04", how, ""},       // the same person: the zero lost
			[]string{"9.87654321E8", "", "6325", "", "", "", "Đồng ý", "46204", how, ""},                // as a spreadsheet keeps it
			[]string{"", "A@Example.VN", "06325", "", "", "", "yes", "1/7/2026", how, ""},               // no telephone
			[]string{"0961234568", "", "06325", "", "", "", "", "5/7/2026", how, ""},                    // no agreement
			[]string{"0961234569", "", "06325", "", "", "", "không", "6/7/2026", "ký", ""},              // none, a day to come, no how
			[]string{"02053812345", "", "06325", "", "", "", "có", "5/7/2026", how, ""},                 // a fixed line
			[]string{"12345", "", "nơi nào đó", "thôn lạ", "tiếng lạ", "", "có", "", how, "tiếng lạ"},   // nothing right
			[]string{"0961234570", "", "05977", "", "", "", "có", "5/7/2026", how, ""},                  // another commune
			[]string{"0961234567", "", "05977", "", "", "", "có", "5/7/2026", how, ""},                  // the same: refused for its commune
			[]string{"0961234571", "", "06325", "không có thôn này", "", "", "có", "5/7/2026", how, ""}, // village
		)
		for _, dry := range []bool{true, false} {
			r := c.take(file, dry)
			if r.Rows != 11 || r.Added != 3 || r.Same != 1 {
				t.Errorf("Import(dry %v) = %d rows, %d added, %d same; want 11, 3, 1", dry, r.Rows, r.Added, r.Same)
			}
			var got []string
			for _, f := range r.Refused {
				got = append(got, fmt.Sprintf("%d %s %s", f.Row, f.Column, fault.All(f.Why)[0].Key))
			}
			want := []string{
				"6 Đồng ý subscriber.import.no_consent",
				"7 Đồng ý subscriber.import.no_consent", "7 Cách đồng ý subscriber.import.how", "7 Ngày đồng ý subscriber.import.day",
				"8 Điện thoại subscriber.phone.fixed",
				"9 Điện thoại subscriber.phone.unreadable", "9 Xã subscriber.place.required", "9 Tiếng nghe subscriber.lang.unknown",
				"9 Tiếng nói câu đồng ý subscriber.lang.unknown", "9 Ngày đồng ý subscriber.import.day",
				"10 Xã duty.area", "11 Xã duty.area",
				"12 Thôn subscriber.import.village",
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("Import(dry %v) refuses\n%s\nwant\n%s", dry, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if n, want := c.persons(), map[bool]int{true: 0, false: 3}[dry]; n != want || len(c.phones) != want {
				t.Errorf("after Import(dry %v) %d are subscribed and %d phones were told, want %d", dry, n, len(c.phones), want)
			}
		}
		found, err := Reach(t.Context(), d, Reachable{Area: c.commune}, "", 10)
		c.must(err)
		for _, p := range found {
			if p.Endpoints[0].Channel == SMS && len(p.Heard) > 1 && strings.Join(p.Heard, " ") != "tyz vi nut" {
				t.Errorf("merged languages are %q", p.Heard)
			}
			agreed, err := privacy.New(d, c.desk.keeper, c.desk.policy, nil, c.desk.now).Consented(t.Context(), p.ID.Record(), Purpose)
			if err != nil || agreed.Witness != "officer" || agreed.Given.In(i18n.Zone).Month() != 7 || agreed.Manner != privacy.Assisted {
				t.Errorf("agreement of %s: %+v, %v", p.ID, agreed, err)
			}
		}
		if r := c.take(file, false); r.Added != 0 || r.Same != 4 {
			t.Errorf("the same list again: %d added, %d same; want 0, 4", r.Added, r.Same)
		}

		// Who stops is not taken in again by the same paper, but by a later one.
		now := c.desk.now
		c.desk.now = func() time.Time { return time.Date(2026, 7, 3, 9, 0, 0, 0, i18n.Zone) }
		c.must(c.desk.StopFor(t.Context(), c.officer(string(c.commune)), SMS, "0987654321"))
		c.desk.now = now
		if r := c.take(file, false); r.Added != 0 || len(r.Refused) != 14 || fault.All(r.Refused[0].Why)[0].Key != "subscriber.import.later" || c.persons() != 2 {
			t.Errorf("after one has stopped: %+v, %d subscribed; want 14 refused, 2", r, c.persons())
		}
		if r := c.take(list([]string{"0987654321", "", "06325", "", "", "", "có", "4/7/2026", how, ""}), false); r.Added != 1 || c.persons() != 3 {
			t.Errorf("a later paper: %+v, want 1 added", r)
		}
		canary(t, d, "961234567", "987654321", "example.vn")
	})
}

// What somebody did by themselves after the day of a paper stands: the paper neither moves them nor takes them in again, and its row says
// so, on a trial as well, without telling when or what they did.
func TestAnOldPaperDoesNotUndoWhatCameLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		away := c.wish()
		away.Place = c.other
		paper := func(day string) []byte { return list([]string{number, "", "06325", "", "", "", "có", day, how, ""}) }
		wants := func(what, day string, added int, key string) {
			t.Helper()
			for _, dry := range []bool{true, false} {
				phones := len(c.phones["+84961234567"])
				r := c.take(paper(day), dry)
				if r.Added != added || key != "" && (len(r.Refused) != 1 || fault.All(r.Refused[0].Why)[0].Key != key) {
					t.Errorf("%s: Import(dry %v) = %+v, want %d added and %q", what, dry, r, added, key)
				}
				for _, f := range r.Refused {
					if why := fault.All(f.Why)[0]; len(why.Args) > 0 {
						t.Errorf("%s: Import(dry %v) tells more than that: %v", what, dry, why.Args)
					}
				}
				if key != "" && len(c.phones["+84961234567"]) != phones {
					t.Errorf("%s: the phone was told something", what)
				}
			}
		}
		const later, asked = "subscriber.import.later", "subscriber.import.asked"

		c.subscribe(c.wish()) // a stranger may have typed the number: nothing is proved
		wants("a number that waits for its code", "4/7/2026", 0, asked)
		c.clock = c.clock.Add(24*time.Hour + codeFor)
		c.must(c.desk.Sweep(t.Context()))

		c.subscribe(away)
		c.must(c.desk.Confirm(t.Context(), SMS, number, c.code()))
		wants("a paper older than the own subscription elsewhere", "4/7/2026", 0, later)
		wants("a paper of the same day", "6/7/2026", 0, later)
		if n := c.persons(); n != 0 {
			t.Errorf("%d moved, want none", n)
		}
		c.clock = c.clock.AddDate(0, 0, 2)
		wants("a later paper", "7/7/2026", 1, "")
		if n := c.persons(); n != 1 {
			t.Errorf("%d are here after a later paper, want 1", n)
		}

		c.must(c.desk.AskStop(t.Context(), SMS, number))
		c.must(c.desk.StopWithCode(t.Context(), SMS, number, c.code()))
		wants("a paper older than the stop", "7/7/2026", 0, later)
		c.clock = c.clock.Add(time.Hour)
		c.subscribe(c.wish()) // unproved again: the stop must not be forgotten for it
		wants("a paper older than the stop, while somebody asks", "7/7/2026", 0, later)
		c.clock = c.clock.AddDate(0, 0, 3)
		wants("a later paper, while the address is not swept", "9/7/2026", 0, asked)
		c.must(c.desk.Sweep(t.Context()))
		wants("a paper older than the stop, after nobody proved anything", "7/7/2026", 0, later)
		c.clock = c.clock.AddDate(0, 0, 3)
		wants("a later paper after the stop", "13/7/2026", 1, "")
		c.clock = c.clock.AddDate(3, 0, 0)
		wants("a paper older than what is remembered of stops", "13/7/2027", 0, "subscriber.import.old")
	})
}

// A list in a workbook reads as its CSV does; a damaged one is refused with words.
func TestImportWorkbook(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	f := excelize.NewFile()
	for i, heading := range Columns() {
		at, _ := excelize.CoordinatesToCellName(i+1, 1)
		c.must(f.SetCellValue("Sheet1", at, heading))
	}
	c.must(f.SetCellValue("Sheet1", "A3", 961234567)) // row 2 is empty
	c.must(f.SetCellValue("Sheet1", "C3", 6325))
	c.must(f.SetCellValue("Sheet1", "G3", "có"))
	c.must(f.SetCellValue("Sheet1", "H3", c.desk.now()))
	c.must(f.SetCellValue("Sheet1", "I3", how))
	c.must(f.SetCellValue("Sheet1", "A4", 961234567))
	var b bytes.Buffer
	c.must(f.Write(&b))
	r := c.take(b.Bytes(), false)
	if r.Rows != 2 || r.Added != 1 || len(r.Refused) != 4 || r.Refused[0].Row != 4 || c.persons() != 1 {
		t.Errorf("Import(workbook) = %+v, want one added and row 4 refused four times", r)
	}
	if _, err := c.desk.Import(t.Context(), c.officer(string(c.commune)), "subscribers", "x.xlsx", bytes.NewReader(b.Bytes()[:500]), true, nil); !fault.Is(err, fault.Unsupported) {
		t.Errorf("Import(half a workbook) = %v, want Unsupported", err)
	}
	editor := duty.Actor{ID: "e", Grants: []duty.Grant{{Role: duty.Editor, Area: string(c.desk.home()), From: time.Date(2026, 1, 1, 0, 0, 0, 0, i18n.Zone)}}}
	if _, err := c.desk.Import(t.Context(), editor, "subscribers", "x", bytes.NewReader(b.Bytes()), true, nil); !fault.Is(err, fault.Forbidden) {
		t.Errorf("Import(an editor's) = %v, want Forbidden", err)
	}
}

// A hundred thousand rows (fewer under the race detector), one in ten of them wrong and one in ten a double.
func TestImportMany(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	c.desk.Notify = nil // the ledger's work is measured by itself
	const n = many
	rows := make([][]string, n)
	for i := range rows {
		rows[i] = []string{"09" + fmt.Sprintf("%08d", 61_000_000+i), "", "06325", "", "Tày", "", "có", "5/7/2026", how, ""}
		switch i % 10 {
		case 3:
			rows[i][0] = strconv.Itoa(i)
		case 7:
			rows[i][0] = rows[i-1][0]
		}
	}
	r := c.take(list(rows...), false)
	if r.Rows != n || r.Added != n*8/10 || r.Same != n/10 || len(r.Refused) != n/10 {
		t.Errorf("Import = %d rows, %d added, %d same, %d refused; want %d, %d, %d, %d", r.Rows, r.Added, r.Same, len(r.Refused), n, n*8/10, n/10, n/10)
	}
}

// A list may say what each wants to hear of; a topic that there is not is named by row. The papers of one person together ask for what
// both ask for, and for all where one of them asks for all.
func TestImportTopics(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	row := func(phone, topics string) []string {
		return []string{phone, "", "06325", "", "", "", "có", "5/7/2026", how, "", topics}
	}
	r := c.take(list(
		row("0961234567", "Thiên tai; sức khỏe"),
		row("0961234568", "health, disaster"),
		row("0961234569", "Thiên tai; giá vàng, bóng đá"),
		row("0961234570", ""), row("0961234570", "health"),
		row("0961234571", "health"), row("0961234571", "Disaster"),
	), false)
	if r.Added != 4 || r.Same != 2 {
		t.Errorf("Import = %+v, want 4 added and 2 put together", r)
	}
	var got []string
	for _, f := range r.Refused {
		got = append(got, fmt.Sprintf("%d %s %v", f.Row, f.Column, fault.All(f.Why)[0].Args))
	}
	if want := "4 Chủ đề [Topic giá vàng]\n4 Chủ đề [Topic bóng đá]"; strings.Join(got, "\n") != want {
		t.Errorf("Import refuses\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	found, err := Reach(t.Context(), c.desk.db, Reachable{Area: c.commune}, "", 10)
	c.must(err)
	wants := map[string]int{}
	for _, p := range found {
		slices.Sort(p.Topics)
		wants[strings.Join(p.Topics, " ")]++
	}
	if len(found) != 4 || wants["disaster health"] != 3 || wants[""] != 1 {
		t.Errorf("topics of %d people are %v, want three of disaster and health and one of all", len(found), wants)
	}
}

// However a spreadsheet or a person writes a number and a file its letters, it is the same number; two of them in a cell are none.
func TestImportWaysOfWriting(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	row := func(phone string) []string { return []string{phone, "", "6325", "", "", "", "có", "5/7/2026", how} }
	same := []string{"0961234567", "961234567", "+84961234567", "+84 961 234 567", "84961234567", "0961.234.567", "0961-234-567", "(096) 1234567",
		"961234567.0", "9.61234567E8", " 0961 234 567 ", "0084961234567"}
	rows := make([][]string, 0, len(same))
	for _, phone := range same {
		rows = append(rows, row(phone))
	}
	comma := string(list(rows...))
	semicolon := strings.ReplaceAll(comma, ",", ";")
	wide := func(order binary.AppendByteOrder) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune("\ufeff" + semicolon)) {
			b = order.AppendUint16(b, u)
		}
		return b
	}
	for name, file := range map[string][]byte{"comma": []byte(comma), "semicolon": []byte(semicolon), "tab": []byte(strings.ReplaceAll(comma, ",", "\t")),
		"BOM": []byte("\ufeff" + semicolon), "UTF-16LE": wide(binary.LittleEndian), "UTF-16BE": wide(binary.BigEndian)} {
		if r := c.take(file, true); r.Rows != len(same) || r.Added != 1 || r.Same != len(same)-1 || len(r.Refused) > 0 {
			t.Errorf("%s: %d rows, %d added, %d same, refused %v; want one person", name, r.Rows, r.Added, r.Same, r.Refused)
		}
	}
	two := []string{"0961234567 0961234568", "0961234567, 0961234568", "0961234567;0961234568", "0961234567/0961234568", "0961234567 hoặc 0961234568",
		"961234567\n961234568"}
	rows = nil
	for _, phone := range two {
		rows = append(rows, row(phone))
	}
	r := c.take(list(rows...), true)
	if r.Added != 0 || len(r.Refused) != len(two) {
		t.Errorf("two numbers in a cell: %+v, want each refused once", r)
	}
	for _, f := range r.Refused {
		if f.Column != "Điện thoại" || fault.All(f.Why)[0].Key != "subscriber.import.two" {
			t.Errorf("row %d is refused for %s: %v", f.Row, f.Column, f.Why)
		}
	}
}
