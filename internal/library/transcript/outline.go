package transcript

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"banlang/internal/fold"
)

// division matches the parts of a legal text: phần, chương, mục, điều, phụ lục, with the number that follows.
var division = regexp.MustCompile(`^(?i)(phần|chương|phụ lục|mục|điều)\s+(?:(thứ)\s+)?(?:số\s+)?([\dIVXLC]+[a-zđ]?|nhất|hai|ba|bốn|tư|năm|sáu|bảy|tám|chín|mười)\s*([.:)\-–]|$|\s)`)

// rank orders the divisions from the widest to the narrowest.
var rank = map[string]int{"phần": 1, "chương": 2, "phụ lục": 2, "mục": 3, "điều": 4}

// outline finds the headings of a text that has only paragraphs, and gives every heading its level and a lasting anchor. The
// divisions of a legal text are found whatever its format; a heading that the file itself marked stays one.
func outline(blocks []Block) []Block {
	out := make([]Block, 0, len(blocks))
	for _, b := range blocks {
		if b.Kind == Table || b.Kind == Item {
			out = append(out, b)
			continue
		}
		out = append(out, split(b)...)
	}
	out = joined(out)
	settle(out)
	return out
}

// named makes an anchor out of a heading's words, so that it stays when other headings come and go.
func named(heading string) string {
	words := strings.FieldsFunc(fold.Plain(strings.ToLower(heading)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(append([]string{"muc"}, words[:min(len(words), 8)]...), "-")
}

// joined joins the number of a chapter with its name, which stands in capitals on a line of its own.
func joined(blocks []Block) []Block {
	out := blocks[:0]
	for _, b := range blocks {
		if n := len(out); n > 0 && b.Kind == Paragraph && bare(out[n-1]) && b.Text == strings.ToUpper(b.Text) && utf8.RuneCountInString(b.Text) <= longest {
			out[n-1].Text = strings.TrimRight(out[n-1].Text, " .:") + ". " + strings.ReplaceAll(b.Text, "\n", " ")
			continue
		}
		out = append(out, b)
	}
	return out
}

// bare tells whether a heading is the number of a part or chapter and nothing else.
func bare(b Block) bool {
	m := division.FindString(b.Text)
	return b.Kind == Heading && b.Level < 10+rank["điều"] && len(m) == len(b.Text)
}

// longest is how many letters a heading may have. A longer article is a sentence: only its number is the heading.
const longest = 160

// split makes a heading of a paragraph that opens a division, with what follows it as a paragraph of its own.
func split(b Block) []Block {
	line, rest, _ := strings.Cut(b.Text, "\n")
	m := division.FindStringSubmatch(line)
	if m == nil || m[4] == " " && line != strings.ToUpper(line) && b.Kind != Heading && rank[strings.ToLower(m[1])] >= 3 {
		return []Block{b} // "Điều 5 của Luật này" speaks of an article and is none
	}
	b.Kind, b.Level = Heading, 10+rank[strings.ToLower(m[1])]
	b.Anchor = strings.ReplaceAll(fold.Key(m[1]+" "+m[3]), " ", "-")
	b.Text = line
	var blocks []Block
	if utf8.RuneCountInString(line) > longest {
		b.Text = strings.TrimRight(m[0], " .:)-–")
		blocks = append(blocks, Block{Kind: Paragraph, Text: strings.TrimSpace(line[len(m[0]):])})
	}
	if rest != "" {
		blocks = append(blocks, Block{Kind: Paragraph, Text: rest})
	}
	return append([]Block{b}, blocks...)
}

// settle turns the levels in use into 2, 3, 4 … without a gap, and makes anchors unique.
func settle(blocks []Block) {
	var open []int // levels of the headings around the next one
	anchors := map[string]int{}
	for i := range blocks {
		b := &blocks[i]
		if b.Kind != Heading {
			continue
		}
		for len(open) > 0 && open[len(open)-1] >= b.Level {
			open = open[:len(open)-1]
		}
		open = append(open, b.Level)
		b.Level = min(1+len(open), 6)
		if b.Anchor == "" {
			b.Anchor = named(b.Text)
		}
		for base := b.Anchor; anchors[b.Anchor] > 0; {
			anchors[base]++ // the next of this name begins to look here
			b.Anchor = base + "-" + strconv.Itoa(anchors[base])
		}
		anchors[b.Anchor] = 1
	}
}
