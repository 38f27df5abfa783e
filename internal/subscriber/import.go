package subscriber

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/fold"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/place/intake"
	"banlang/internal/privacy"
)

// The headings of a list of subscribers, as the template has them.
const (
	colPhone   = "Điện thoại"
	colEmail   = "E-mail"
	colPlace   = "Xã"
	colVillage = "Thôn"
	colHeard   = "Tiếng nghe"
	colRead    = "Chữ đọc"
	colAgreed  = "Đồng ý"
	colDay     = "Ngày đồng ý"
	colHow     = "Cách đồng ý"
	colTold    = "Tiếng nói câu đồng ý"
	colTopics  = "Chủ đề"
)

// Columns are the headings of a list of subscribers, in their order.
func Columns() []string {
	return []string{colPhone, colEmail, colPlace, colVillage, colHeard, colRead, colAgreed, colDay, colHow, colTold, colTopics}
}

// headings are other words for them, folded.
var headings = map[string][]string{
	colPhone:   {"so_dien_thoai", "sdt", "so_di_dong", "di_dong", "phone"},
	colEmail:   {"email", "e_mail", "thu_dien_tu"},
	colPlace:   {"ma_xa", "xa_phuong", "commune"},
	colVillage: {"ban", "thon_ban", "village"},
	colHeard:   {"nghe", "heard"},
	colRead:    {"doc", "read"},
	colTopics:  {"chu_de_quan_tam", "topics"},
	colAgreed:  {"dong_y_nhan_tin", "agreed"},
	colDay:     {"ngay", "ngay_ky", "agreed_on"},
	colHow:     {"giay_dong_y", "cach", "reason"},
	colTold:    {"tieng_noi", "told"},
}

func heading(column string) string { return strings.ReplaceAll(fold.Key(column), " ", "_") }

// kindSubscribers is the one kind of file that is taken in here.
const kindSubscribers = "subscribers"

const importBatch = 500 // rows a transaction: a list that was cut off goes on where it stopped

// A listed person is a row of a list that can be taken in.
type listed struct {
	Wish
	n       int // row
	column  string
	address string
	hash    string
	given   time.Time
}

// Import takes in a list of people who agreed on paper, in the own commune or village: a workbook or a CSV file, 100,000 rows of it. A row
// that says no agreement, with its day and how it was given, is not taken. Rows with the same address are one person; who is subscribed
// in the own area already stays as they are; who decided something since the day of the agreement (to stop, to get news elsewhere) is kept
// out. Every person gets a confirmation with the way to stop. Nothing of the file is kept. dry tells what would happen and writes nothing.
func (d *Desk) Import(ctx context.Context, actor duty.Actor, kind, name string, r io.Reader, dry bool, progress func(done, total int)) (intake.Report, error) {
	report := intake.Report{Name: name, Kind: kind, Dry: dry}
	if kind != kindSubscribers {
		return report, fault.New(fault.Invalid, "subscriber.import.kind", "Kind", kind)
	}
	if !d.policy.May(actor, duty.ConsentGiveAssisted) {
		return report, d.policy.Permit(actor, duty.ConsentGiveAssisted, duty.Thing{})
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	t, err := intake.ReadBook(name, r)
	if err != nil {
		return report, err
	}
	for column, others := range headings {
		t.Alias(heading(column), others...)
	}
	if !t.Has(heading(colPhone)) && !t.Has(heading(colEmail)) {
		return report, t.Need(heading(colPhone))
	}
	if err := t.Need(heading(colPlace), heading(colAgreed), heading(colDay), heading(colHow)); err != nil {
		return report, err
	}
	report.Name, report.Rows, report.Encoding = t.Name, len(t.Rows()), string(t.Encoding)
	progress(0, report.Rows)
	all, err := d.readList(ctx, actor, t, &report)
	if err != nil {
		return report, err
	}
	done := report.Rows - len(all)
	for batch := range slices.Chunk(all, importBatch) {
		if err := d.takeIn(ctx, actor, batch, &report); err != nil {
			return report, err
		}
		done += len(batch)
		progress(done, report.Rows)
	}
	slices.SortStableFunc(report.Refused, func(a, b intake.Refusal) int { return a.Row - b.Row })
	return report, nil
}

// readList reads every row: the good ones, doubles put together, and what is wrong with the others.
func (d *Desk) readList(ctx context.Context, actor duty.Actor, t *intake.Table, report *intake.Report) ([]*listed, error) {
	l := lister{d, actor, d.tongues(), d.topicNames(), map[string]place.ID{}, map[place.ID]map[string]string{}}
	var all []*listed
	known := map[string]*listed{}
	for _, r := range t.Rows() {
		one, refused, err := l.read(ctx, r)
		if err != nil {
			return nil, err
		}
		if len(refused) > 0 {
			report.Refused = append(report.Refused, refused...)
			continue
		}
		first := known[one.hash]
		switch {
		case first == nil:
			known[one.hash] = one
			all = append(all, one)
		case first.Place != one.Place:
			report.Refused = append(report.Refused, refusal(r.N, one.column, "subscriber.import.twice", "Row", first.n))
		default:
			first.Heard, first.Read = merged(first.Heard, one.Heard), merged(first.Read, one.Read)
			if len(first.Topics) > 0 && len(one.Topics) > 0 {
				first.Topics = distinct(append(first.Topics, one.Topics...))
			} else {
				first.Topics = nil // one of the papers asks for all
			}
			if first.Village == "" {
				first.Village = one.Village
			}
			if one.given.After(first.given) {
				first.given = one.given
			}
			report.Same++
		}
	}
	return all, nil
}

// merged is a list of languages and what another one adds.
func merged(a, b []string) []string {
	all := distinct(append(slices.Clone(a), b...))
	return all[:min(len(all), mostLang)]
}

func refusal(row int, column, key string, args ...any) intake.Refusal {
	return intake.Refusal{Row: row, Column: column, Why: fault.Field(column, key, args...)}
}

// A lister reads rows, and asks for each commune and its villages once.
type lister struct {
	*Desk
	actor    duty.Actor
	tongues  map[string]string
	topics   map[string]string
	communes map[string]place.ID
	villages map[place.ID]map[string]string
}

// tongues are the languages by tag and by name, folded, with and without "tiếng"; a name of several is left out.
func (d *Desk) tongues() map[string]string {
	all := map[string]string{}
	for _, l := range d.languages.Languages() {
		name := fold.Key(l.Name)
		for _, key := range distinct([]string{name, strings.TrimPrefix(name, "tieng ")}) {
			if tag, twice := all[key]; twice && tag != l.Tag {
				all[key] = ""
			} else {
				all[key] = l.Tag
			}
		}
	}
	for _, l := range d.languages.Languages() {
		all[fold.Key(l.Tag)] = l.Tag
	}
	return all
}

// read reads one row, and names all that is wrong with it.
func (l lister) read(ctx context.Context, r intake.Row) (*listed, []intake.Refusal, error) {
	cell := func(column string) string { return r.Text(heading(column)) }
	one := &listed{n: r.N, column: colPhone}
	one.Channel, one.Address, one.Manner, one.Agreed = SMS, plainNumber(cell(colPhone)), privacy.Assisted, yes(cell(colAgreed))
	if one.Address == "" && cell(colEmail) != "" {
		one.Channel, one.Address, one.column = Email, cell(colEmail), colEmail
	}
	one.Heard, one.Read = l.speaks(cell(colHeard)), l.speaks(cell(colRead))
	one.Lang, one.Reason = l.tongue(cell(colTold)), cell(colHow)
	one.Place = l.commune(cell(colPlace))
	var refused []intake.Refusal
	refuse := func(column, key string, args ...any) { refused = append(refused, refusal(r.N, column, key, args...)) }
	var strange []string
	one.Topics, strange = l.wants(cell(colTopics))
	for _, name := range strange {
		refuse(colTopics, "subscriber.import.topic", "Topic", name)
	}
	if one.Channel == SMS && digits(one.Address) > mostDigits {
		refuse(colPhone, "subscriber.import.two")
	}
	address, wrong := l.check(&one.Wish)
	columns := map[string]string{"address": one.column, "channel": one.column, "place": colPlace, "heard": colHeard, "read": colRead}
	for _, f := range fault.All(wrong) {
		if f.Field == "address" && slices.ContainsFunc(refused, func(r intake.Refusal) bool { return r.Column == one.column }) {
			continue // two numbers are no number: said once
		}
		if column, ok := columns[f.Field]; ok { // the agreement is asked about below, in the words of a list
			refuse(column, f.Key, f.Args...)
		}
	}
	if !one.Agreed {
		refuse(colAgreed, "subscriber.import.no_consent")
	}
	if len([]rune(one.Reason)) < 10 {
		refuse(colHow, "subscriber.import.how")
	}
	if cell(colTold) != "" && one.Lang == unknownTongue {
		refuse(colTold, "subscriber.lang.unknown")
	}
	day, err := dayOf(cell(colDay))
	one.given = day.Time()
	if today := l.places.Today(); err != nil || day > today {
		refuse(colDay, "subscriber.import.day")
	} else if one.given.Before(l.now().Add(-stopKnown)) { // nobody knows any more who stopped since
		refuse(colDay, "subscriber.import.old")
	}
	if name := cell(colVillage); name != "" && one.Place != "" {
		known, err := l.village(ctx, one.Place)
		if err != nil {
			return nil, nil, err
		}
		if one.Village = known[fold.Key(name)]; one.Village == "" {
			refuse(colVillage, "subscriber.import.village")
		}
	}
	if len(refused) > 0 {
		return nil, refused, nil
	}
	if err := l.policy.Permit(l.actor, duty.ConsentGiveAssisted, duty.Thing{Area: string(one.Place), Village: one.Village}); err != nil {
		return nil, []intake.Refusal{{Row: r.N, Column: colPlace, Why: err}}, nil //nolint:nilerr // it is told with its row
	}
	one.address, one.hash = address, string(one.Channel)+l.hash(one.Channel, address)
	return one, nil, nil
}

const unknownTongue = "?"

// tongue is the tag of a language that is written in a cell; Vietnamese where nothing is.
func (l lister) tongue(text string) string {
	if text == "" {
		return i18n.Default
	}
	if tag := l.tongues[fold.Key(text)]; tag != "" {
		return tag
	}
	return unknownTongue // check refuses it
}

func (l lister) speaks(text string) []string {
	var all []string
	for one := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(";,/", r) }) {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, l.tongue(one))
		}
	}
	return all
}

// topicNames are the codes of the topics by code and by name, folded.
func (d *Desk) topicNames() map[string]string {
	all := map[string]string{}
	for _, t := range d.topics {
		for _, name := range []string{t.Code, d.text.Text(i18n.Default, "bulletin.topic."+t.Code), d.text.Text("en", "bulletin.topic."+t.Code)} {
			all[fold.Key(name)] = t.Code
		}
	}
	return all
}

// wants reads topics, parted by semicolons; by commas as well where no topic is called so, for some have a comma in their name. What is no
// topic is named.
func (l lister) wants(text string) (topics, strange []string) {
	for part := range strings.SplitSeq(text, ";") {
		names := []string{part}
		if l.topics[fold.Key(part)] == "" {
			names = strings.Split(part, ",")
		}
		for _, name := range names {
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if code := l.topics[fold.Key(name)]; code != "" {
				topics = append(topics, code)
			} else {
				strange = append(strange, name)
			}
		}
	}
	return distinct(topics), distinct(strange)
}

// mostDigits is how many digits a telephone number has at most, with the code of its country: a cell of more holds two of them.
const mostDigits = 15

func digits(text string) (n int) {
	for _, r := range text {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// commune is communeCalled, asked once for each text; empty where there is none.
func (l lister) commune(text string) place.ID {
	id, asked := l.communes[text]
	if !asked {
		if u, ok := l.communeCalled(text); ok {
			id = u.ID
		}
		l.communes[text] = id
	}
	return id
}

// communeCalled finds a commune by its code, which a workbook may have robbed of a zero, or by its name.
func (d *Desk) communeCalled(text string) (place.Unit, bool) {
	code := text
	if _, err := strconv.Atoi(text); err == nil && len(text) < 5 {
		code = strings.Repeat("0", 5-len(text)) + text
	}
	u, err := d.places.At(code, d.places.Today())
	if err != nil {
		u, err = d.places.Named(text, d.places.Today())
	}
	return u, err == nil && u.Level == place.Commune
}

// village gives the villages of a commune by name, folded.
func (l lister) village(ctx context.Context, commune place.ID) (map[string]string, error) {
	if all, ok := l.villages[commune]; ok {
		return all, nil
	}
	found, err := l.places.VillagesIn(ctx, commune, l.places.Today())
	all := map[string]string{}
	for _, v := range found {
		all[fold.Key(v.Name)], all[fold.Key(v.FullName())] = v.ID, v.ID
	}
	l.villages[commune] = all
	return all, err
}

// yes reads a cell that says an agreement; empty, "không" and whatever else is none.
func yes(text string) bool {
	return slices.Contains([]string{"co", "x", "yes", "1", "true", "dong y", "da dong y", "roi", "v", "✓"}, fold.Key(text))
}

// plainNumber undoes what a spreadsheet does to a telephone number: 9.61234567E8, 961234567.0.
func plainNumber(text string) string {
	if !strings.ContainsAny(text, "eE") && !strings.HasSuffix(text, ".0") {
		return text
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f > 0 && f < 1e15 && f == float64(int64(f)) {
		return strconv.FormatInt(int64(f), 10)
	}
	return text
}

// dayOf reads a day, as it is written or as a workbook counts it: days since 30 December 1899.
func dayOf(text string) (place.Date, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n > 36526 && n < 73051 { // from 2000 to 2099
		text = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n)).Format(time.DateOnly)
	}
	return place.ParseDate(text)
}
