package library

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"banlang/internal/fold"
	"banlang/internal/library/transcript"
	"banlang/internal/place"
)

// propose fills in what the text itself says of the document. A person confirms it.
func (doc *Document) propose(t transcript.Transcript) {
	if t.Layer == transcript.Good {
		p := readProposal(t)
		doc.Title, doc.Number, doc.Kind, doc.Issuer, doc.Signed = p.Title, p.Number, p.Kind, p.Issuer, p.Signed
	}
	if doc.Title == "" {
		doc.Title = bareName(doc.FileName)
	}
}

// bareName is a file's name without its ending.
func bareName(name string) string {
	if bare := strings.TrimSpace(strings.TrimSuffix(name, filepath.Ext(name))); bare != "" {
		return bare
	}
	return name
}

// proposePlaces fills in the provinces that the title names.
func (d *Desk) proposePlaces(doc *Document) {
	title := " " + fold.Key(doc.Title) + " "
	for _, u := range d.places.Units("", place.Province, d.places.Today()) {
		if strings.Contains(title, " "+fold.Key(u.FullName())+" ") {
			doc.Places = append(doc.Places, u.ID)
		}
	}
}

// headLines is how much of a text is its head: the names, number, date and title come within it.
const headLines = 60

var (
	numberPattern = regexp.MustCompile(`(?i)(?:^|[\s(])số\s*:?\s*(\d[\pL\d]*(?:\s?[/–-]\s?[\pL\d]+)*)`)
	datePattern   = regexp.MustCompile(`(?i)ngày\s+(\d{1,2})\s*(?:tháng\s+|[/.-]\s*)(\d{1,2})\s*(?:năm\s+|[/.-]\s*)(\d{4})`)
	byIssuer      = regexp.MustCompile(`(?i)^của\s+(.{3,80}?)(\s+(?:số|ngày)\s.*)?$`)
	groundPattern = regexp.MustCompile(`(?i)^[-–•]?\s*(?:căn cứ|chiểu|xét|theo đề nghị|kính gửi|điều\s+(?:1|thứ nhất)\b)`)
)

// kindNames are the words that stand alone above a title, the longer before the shorter they begin with.
var kindNames = []struct{ name, code string }{
	{"thông tư liên tịch", "joint_circular"}, {"thông tư", "circular"}, {"nghị định", "decree"}, {"nghị quyết", "resolution_na"},
	{"quyết định", "decision"}, {"chỉ thị", "directive"}, {"kế hoạch", "plan"}, {"chương trình", "programme"}, {"đề án", "programme"},
	{"báo cáo", "report"}, {"thông báo", "notice"}, {"hướng dẫn", "guide"}, {"pháp lệnh", "ordinance"}, {"bộ luật", "law"}, {"luật", "law"},
	{"hiến pháp", "constitution"}, {"sắc lệnh", "president_decree"}, {"công văn", "official_letter"},
}

func readProposal(t transcript.Transcript) (r Record) {
	lines := head(t)
	text := strings.Join(lines, "\n")
	if m := numberPattern.FindStringSubmatch(text); m != nil {
		r.Number = strings.NewReplacer(" ", "", "–", "-").Replace(m[1])
	}
	if m := datePattern.FindStringSubmatch(text); m != nil {
		r.Signed, _ = place.ParseDate(m[1] + "/" + m[2] + "/" + m[3]) // a day that is none stays unknown
	}
	kind, above := findKind(lines)
	r.Kind = kind
	r.Issuer = findIssuer(r.Number, lines)
	r.Kind = settleKind(r)
	r.Title = findTitle(lines, above, r, casing(t))
	return r
}

// head are the first lines of a text, tables read cell by cell.
func head(t transcript.Transcript) []string {
	var lines []string
	for _, b := range t.Blocks {
		cells := [][]string{{b.Text}}
		if b.Kind == transcript.Table {
			cells = b.Rows
		}
		for _, row := range cells {
			for _, cell := range row {
				for l := range strings.SplitSeq(cell, "\n") {
					if l = strings.TrimSpace(l); l == "" {
						continue
					}
					if groundPattern.MatchString(l) || len(lines) == headLines {
						return lines
					}
					lines = append(lines, l)
				}
			}
		}
	}
	return lines
}

// findKind finds the line that says what the document is, and its place; -1 where there is none.
func findKind(lines []string) (code string, at int) {
	for i, l := range lines {
		l = strings.ToLower(strings.TrimRight(l, " :.*"))
		for _, k := range kindNames {
			if l == k.name || strings.HasPrefix(l, k.name+" của ") || strings.HasPrefix(l, k.name+" liên tịch") {
				return k.code, i
			}
		}
	}
	for i, l := range lines {
		if about(l) != "" {
			return "official_letter", i - 1
		}
	}
	for i, l := range lines {
		for _, k := range kindNames {
			if strings.Contains(strings.ToLower(l), "kèm theo "+k.name) {
				return k.code, i
			}
		}
	}
	return "", -1
}

// about is what a letter's "V/v" line says.
func about(l string) string {
	for _, prefix := range []string{"V/v", "v/v", "V/V"} {
		if rest, ok := strings.CutPrefix(l, prefix); ok {
			return strings.TrimLeft(rest, " :.-")
		}
	}
	return ""
}

// findIssuer reads the issuer out of the number's last sign, else out of "của … số", else out of the first line in capitals.
func findIssuer(number string, lines []string) string {
	for _, l := range lines {
		if m := byIssuer.FindStringSubmatch(l); m != nil && shouted(l) && (m[2] != "" || issuers[fold.Key(m[1])] != "") {
			return nameOf(m[1])
		}
	}
	if len(lines) > 0 && capital(lines[0]) {
		full := lines[0]
		if len(lines) > 1 && capital(lines[1]) && !strings.HasPrefix(fold.Key(lines[1]), "cong hoa") && (council(full) || issuers[fold.Key(full)] == "") {
			full += " " + lines[1]
		}
		for _, name := range []string{full, lines[0]} {
			if council(name) && fold.Key(name) != fold.Key(lines[0]) || issuers[fold.Key(name)] != "" {
				return nameOf(name)
			}
		}
	}
	if _, sign, ok := strings.Cut(number, "/"); ok {
		for part := range strings.SplitSeq(strings.ToUpper(sign), "-") {
			if n := issuers[strings.TrimRight(part, "0123456789")]; n != "" {
				return n
			}
		}
	}
	if strings.HasSuffix(strings.ToUpper(number), "/TW") {
		return issuers["TW"]
	}
	return ""
}

// council tells whether a name is that of a local body, which its place completes.
func council(name string) bool {
	key := fold.Key(name)
	return strings.HasPrefix(key, "uy ban nhan dan") || strings.HasPrefix(key, "hoi dong nhan dan")
}

// nameOf writes a body's name as people write it: as the list has it, else its last words, which name a place, with capitals.
func nameOf(name string) string {
	for _, full := range []string{name, name + " Việt Nam"} {
		if n := issuers[fold.Key(full)]; n != "" {
			return n
		}
	}
	if one, other, ok := strings.Cut(name, "-"); ok && issuers[fold.Key(one)] != "" && issuers[fold.Key(other)] != "" {
		return issuers[fold.Key(one)] + ", " + issuers[fold.Key(other)] // a joint circular
	}
	for _, body := range []string{"uy ban nhan dan", "hoi dong nhan dan"} {
		words := strings.Fields(strings.ToLower(name))
		if strings.HasPrefix(fold.Key(name), body) && len(words) > 4 {
			rest := words[4:]
			for i, w := range rest {
				if i > 0 || !strings.Contains(" tỉnh thành huyện xã phường ", " "+w+" ") {
					rest[i] = upperFirst(w)
				}
			}
			text := strings.Join(rest, " ")
			return issuers[body] + " " + strings.ReplaceAll(text, "thành Phố", "thành phố")
		}
	}
	return upperFirst(strings.ToLower(name))
}

// settleKind tells apart what one word names: whose resolution, whose decision.
func settleKind(r Record) string {
	issuer := fold.Key(r.Issuer)
	switch {
	case r.Kind == "resolution_na" && strings.HasPrefix(issuer, "hoi dong nhan dan"):
		return "resolution_pc"
	case r.Kind == "resolution_na" && strings.Contains(issuer, "dang"):
		return "party_document"
	case r.Kind == "decision" && issuer == "thu tuong chinh phu":
		return "decision_pm"
	case r.Kind == "decision" && strings.HasPrefix(issuer, "uy ban nhan dan"):
		return "decision_pc"
	}
	return r.Kind
}

// findTitle joins the lines below the kind, up to the name of who decides. A document whose head names no subject is called by
// its kind, number and date.
func findTitle(lines []string, above int, r Record, cased func(string) string) string {
	if above < 0 {
		return firstSentence(lines)
	}
	kind := strings.TrimRight(lines[above], " :.*")
	if strings.Contains(strings.ToLower(kind), "kèm theo") {
		return upperFirst(cased(lines[0]))
	}
	var subject []string
	letter := false
	for _, l := range lines[above+1:] {
		said := strings.Join(subject, " ")
		if t := about(l); t != "" {
			l, letter = t, true
		} else if len(subject) == 0 && skipped(l) {
			continue
		} else if stops(l, said) {
			break
		}
		subject = append(subject, l)
	}
	rest := strings.Join(subject, " ")
	if shouted(rest) {
		rest = cased(rest)
	}
	if letter {
		return upperFirst(rest)
	}
	name := upperFirst(strings.ToLower(kind))
	if i := strings.Index(name, " của "); i > 0 {
		name = name[:i]
	}
	switch {
	case rest == "" && r.Number != "" && r.Signed != 0:
		return name + " số " + r.Number + " ngày " + r.Signed.Time().Format("2/1/2006")
	case rest == "":
		return name
	case strings.HasPrefix(strings.ToLower(rest), strings.ToLower(name)):
		return upperFirst(rest)
	}
	return name + " " + lowerFirst(rest)
}

// skipped are lines between the kind and the title: whose, of which number, when.
func skipped(l string) bool {
	return byIssuer.MatchString(l) && shouted(l) || strings.HasPrefix(strings.ToLower(l), "số") || dated(l) && utf8.RuneCountInString(l) < 45
}

// longestLine is how many letters a line of a title has at most, where it is not in capitals.
const longestLine = 160

// stops tells whether a line no longer belongs to the title that was read so far.
func stops(l, said string) bool {
	key := fold.Key(l)
	switch {
	case issuers[key] != "", strings.HasPrefix(key, "cong hoa xa hoi"), strings.HasPrefix(key, "doc lap tu do"), groundPattern.MatchString(l), decides(l):
		return true
	case said == "":
		return false
	}
	place := dated(l) && utf8.RuneCountInString(l) < 60 && !strings.Contains(key, " so ") // "Hà Nội, ngày 5 tháng 5 năm 2021"
	body := !shouted(l) && utf8.RuneCountInString(l) > longestLine
	return place || body || len(said) > 500 || strings.HasPrefix(l, "(") || shouted(said) && !shouted(l)
}

// decides tells whether a line names who decides or opens what is decided.
func decides(l string) bool {
	key := fold.Key(l)
	for _, opening := range []string{"chinh phu", "thu tuong", "bo truong", "chu tich", "thong doc", "uy ban nhan dan", "uy ban thuong vu", "quyet dinh", "quyet nghi",
		"tong kiem toan", "quoc hoi", "kinh gui", "viet nam dan chu cong hoa", "dan chu cong hoa"} {
		if key == opening || shouted(l) && strings.HasPrefix(key, opening) {
			return true
		}
	}
	return false
}

func dated(l string) bool { return datePattern.MatchString(l) }

func capital(l string) bool {
	return l == strings.ToUpper(l) && strings.ContainsFunc(l, unicode.IsLetter)
}

// shouted is a line of capitals that may hold a stray small word, as fonts of capitals left them.
func shouted(l string) bool {
	large, small := 0, 0
	for _, r := range l {
		switch {
		case unicode.IsUpper(r):
			large++
		case unicode.IsLower(r):
			small++
		}
	}
	return large > 3*small
}

// firstSentence is the first line that is not the state's own name.
func firstSentence(lines []string) string {
	for _, l := range lines {
		key := fold.Key(l)
		if strings.HasPrefix(key, "cong hoa xa hoi") || strings.HasPrefix(key, "doc lap") || utf8.RuneCountInString(l) < 10 {
			continue
		}
		if r := []rune(l); len(r) > 200 {
			return string(r[:199]) + "…"
		}
		return l
	}
	return ""
}

// casing learns from the body how each word is written and writes a line of capitals so: "LẠNG SƠN" becomes "Lạng Sơn", "NĂM"
// becomes "năm". A word that the body does not have is written small if it is a syllable, and else left as it is.
func casing(t transcript.Transcript) func(string) string {
	forms := map[string]map[string]int{} // small form: form as written: how often
	for _, b := range t.Blocks {
		text := b.Plain()
		if shouted(text) {
			continue
		}
		opens := true // the first word of a sentence is large whatever it is
		for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) && r != '.' && r != '\n' }) {
			first := opens
			opens = strings.ContainsAny(w, ".\n")
			if w = strings.Trim(w, ".\n"); first || w == "" {
				continue
			}
			small := strings.ToLower(w)
			if forms[small] == nil {
				forms[small] = map[string]int{}
			}
			forms[small][w]++
		}
	}
	return func(line string) string {
		list := strings.Fields(line)
		for i, w := range list {
			list[i] = written(w, forms)
		}
		text := strings.Join(list, " ")
		for _, name := range issuers { // no name lies within another but as its own part
			if i := strings.Index(strings.ToLower(text), strings.ToLower(name)); i >= 0 && len(strings.ToLower(text)) == len(text) {
				text = text[:i] + name + text[i+len(name):]
			}
		}
		return text
	}
}

// written is a word of a line of capitals as the body writes it most.
func written(w string, forms map[string]map[string]int) string {
	const around = `.,;:()“”"`
	small := strings.ToLower(w)
	bare := strings.Trim(small, around)
	if bare == "" || strings.ContainsAny(w, "0123456789/") || strings.Trim(bare, "ivx") == "" {
		return w
	}
	best, most := bare, 2*forms[bare][bare] // a name must be seen twice as often as the plain word
	for form, n := range forms[bare] {
		if n > most || n == most && form > best {
			best, most = form, n
		}
	}
	if len(forms[bare]) == 0 && !fold.IsSyllable(bare) {
		return w
	}
	return strings.Replace(small, bare, best, 1)
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// year is a year as readers write it, "" for none.
func year(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
