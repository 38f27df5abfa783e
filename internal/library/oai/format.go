package oai

import (
	"strings"

	"banlang/internal/library/catalogue"
)

// A text is an element with words in a language.
type text struct {
	Lang string `xml:"xml:lang,attr,omitempty"`
	Text string `xml:",chardata"`
}

// A dublinCore is a record in unqualified Dublin Core, which every harvester reads.
type dublinCore struct {
	XMLName     struct{} `xml:"oai_dc:dc"`
	OAI         string   `xml:"xmlns:oai_dc,attr"`
	DC          string   `xml:"xmlns:dc,attr"`
	Location    string   `xml:"xsi:schemaLocation,attr"`
	Title       []text   `xml:"dc:title"`
	Creator     []string `xml:"dc:creator"`
	Subject     []text   `xml:"dc:subject"`
	Description []text   `xml:"dc:description"`
	Date        []string `xml:"dc:date"`
	Type        []text   `xml:"dc:type"`
	Format      []string `xml:"dc:format"`
	Identifier  []string `xml:"dc:identifier"`
	Source      []text   `xml:"dc:source"`
	Language    []string `xml:"dc:language"`
	Relation    []string `xml:"dc:relation"`
	Coverage    []string `xml:"dc:coverage"`
	Rights      []string `xml:"dc:rights"`
}

// own is the language in which the library describes.
const own = "vi"

func (p Provider) dublinCore(r catalogue.Record) any {
	d := dublinCore{OAI: "http://www.openarchives.org/OAI/2.0/oai_dc/", DC: "http://purl.org/dc/elements/1.1/",
		Location: "http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
		Title:    texts(r.Lang, append([]string{r.Title}, r.Alternative...)...), Creator: some(r.Creators...),
		Description: append(texts(r.Lang, r.Description), texts(own, r.Notes...)...), Date: some(r.Date()),
		Type: append(texts("", r.Type), texts(own, r.Kind.Name)...), Identifier: some(p.Origin+r.Page, r.Legal.Number),
		Source: texts(own, r.Source), Language: some(r.Lang), Coverage: some(r.Places...), Rights: some(r.Rights)}
	for _, s := range r.Subjects {
		d.Subject = append(d.Subject, text{own, s.Name})
	}
	d.Subject = append(d.Subject, texts("", r.Groups...)...)
	for _, f := range r.Files {
		d.Format = append(d.Format, media(f.Type))
		d.Relation = append(d.Relation, p.Origin+f.Page)
	}
	for _, other := range r.Relations {
		d.Relation = append(d.Relation, p.Origin+other.Page)
	}
	return d
}

// media is a media type without its parameters.
func media(full string) string {
	bare, _, _ := strings.Cut(full, ";")
	return bare
}

func some(values ...string) (list []string) {
	for _, v := range values {
		if v != "" {
			list = append(list, v)
		}
	}
	return list
}

func texts(lang string, values ...string) (list []text) {
	for _, v := range some(values...) {
		list = append(list, text{lang, v})
	}
	return list
}

// A mods is a record in MODS 3.7 of the Library of Congress, which has places for what Dublin Core folds together: the number, the days
// of force, the kinds of date, each file.
type mods struct {
	XMLName  struct{}       `xml:"mods"`
	NS       string         `xml:"xmlns,attr"`
	Version  string         `xml:"version,attr"`
	Location string         `xml:"xsi:schemaLocation,attr"`
	Titles   []modsTitle    `xml:"titleInfo"`
	Names    []modsName     `xml:"name"`
	Resource string         `xml:"typeOfResource,omitempty"`
	Genres   []modsGenre    `xml:"genre"`
	Origin   *modsOrigin    `xml:"originInfo"`
	Language *modsLanguage  `xml:"language"`
	Forms    []modsForm     `xml:"physicalDescription"`
	Abstract *text          `xml:"abstract"`
	Notes    []modsNote     `xml:"note"`
	Subjects []modsSubject  `xml:"subject"`
	Related  []modsRelated  `xml:"relatedItem"`
	Numbers  []modsNumber   `xml:"identifier"`
	Place    modsLocation   `xml:"location"`
	Access   []modsAccess   `xml:"accessCondition"`
	Record   modsRecordInfo `xml:"recordInfo"`
}

type modsTitle struct {
	Type  string `xml:"type,attr,omitempty"`
	Lang  string `xml:"xml:lang,attr,omitempty"`
	Title string `xml:"title"`
}

type modsName struct {
	Type string   `xml:"type,attr,omitempty"`
	Name string   `xml:"namePart"`
	Role modsRole `xml:"role>roleTerm"`
}

type modsRole struct {
	Type      string `xml:"type,attr"`
	Authority string `xml:"authority,attr"`
	Text      string `xml:",chardata"`
}

type modsGenre struct {
	Authority string `xml:"authority,attr,omitempty"`
	Lang      string `xml:"lang,attr,omitempty"`
	Text      string `xml:",chardata"`
}

type modsOrigin struct {
	Issued []modsDate `xml:"dateIssued"`
	Valid  []modsDate `xml:"dateValid"`
}

type modsDate struct {
	Encoding string `xml:"encoding,attr"`
	Key      string `xml:"keyDate,attr,omitempty"`
	Point    string `xml:"point,attr,omitempty"`
	Text     string `xml:",chardata"`
}

type modsLanguage struct {
	Term modsRole `xml:"languageTerm"`
}

type modsForm struct {
	Media  string `xml:"internetMediaType"`
	Extent string `xml:"extent,omitempty"`
}

type modsNote struct {
	Type string `xml:"type,attr,omitempty"`
	Lang string `xml:"xml:lang,attr,omitempty"`
	Text string `xml:",chardata"`
}

type modsSubject struct {
	Topic string `xml:"topic,omitempty"`
	Place string `xml:"geographic,omitempty"`
}

type modsRelated struct {
	OtherType string       `xml:"otherType,attr"`
	Place     modsLocation `xml:"location"`
}

type modsNumber struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type modsLocation struct {
	URLs []modsURL `xml:"url"`
}

type modsURL struct {
	Usage  string `xml:"usage,attr,omitempty"`
	Access string `xml:"access,attr,omitempty"`
	Text   string `xml:",chardata"`
}

type modsAccess struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type modsRecordInfo struct {
	Changed modsDate `xml:"recordChangeDate"`
	ID      string   `xml:"recordIdentifier"`
}

// resources are the types of DCMI as MODS calls them.
var resources = map[string]string{"Text": "text", "Sound": "sound recording", "StillImage": "still image", "MovingImage": "moving image",
	"Dataset": "software, multimedia", "Image": "still image"}

func (p Provider) mods(r catalogue.Record) any {
	m := mods{NS: "http://www.loc.gov/mods/v3", Version: "3.7", Location: "http://www.loc.gov/mods/v3 http://www.loc.gov/standards/mods/v3/mods-3-7.xsd",
		Titles: []modsTitle{{Lang: r.Lang, Title: r.Title}}, Resource: resources[r.Type],
		Place:  modsLocation{[]modsURL{{Usage: "primary display", Access: "object in context", Text: p.Origin + r.Page}}},
		Record: modsRecordInfo{modsDate{Encoding: "w3cdtf", Text: r.Updated.UTC().Format(second)}, p.prefix() + r.ID}}
	for _, t := range r.Alternative {
		m.Titles = append(m.Titles, modsTitle{Type: "alternative", Lang: r.Lang, Title: t})
	}
	for _, name := range some(r.Creators...) {
		m.Names = append(m.Names, modsName{"corporate", name, modsRole{"code", "marcrelator", "isb"}})
	}
	for _, name := range some(r.Kind.Name) {
		m.Genres = append(m.Genres, modsGenre{Text: name})
	}
	m.Origin = origin(r.Legal)
	if r.Lang != "" {
		m.Language = &modsLanguage{modsRole{"code", "rfc5646", r.Lang}}
	}
	for _, f := range r.Files {
		m.Forms = append(m.Forms, modsForm{Media: media(f.Type)})
		m.Place.URLs = append(m.Place.URLs, modsURL{Access: "raw object", Text: p.Origin + f.Page})
		m.Numbers = append(m.Numbers, modsNumber{"sha256", f.SHA256})
	}
	if r.Description != "" {
		m.Abstract = &text{r.Lang, r.Description}
	}
	m.Notes = notes(r)
	for _, s := range r.Subjects {
		m.Subjects = append(m.Subjects, modsSubject{Topic: s.Name})
	}
	for _, g := range r.Groups {
		m.Subjects = append(m.Subjects, modsSubject{Topic: g})
	}
	for _, place := range r.Places {
		m.Subjects = append(m.Subjects, modsSubject{Place: place})
	}
	for _, other := range r.Relations {
		m.Related = append(m.Related, modsRelated{other.Property, modsLocation{[]modsURL{{Text: p.Origin + other.Page}}}})
	}
	if r.Legal.Number != "" {
		m.Numbers = append(m.Numbers, modsNumber{"document number", r.Legal.Number})
	}
	if r.Rights != "" {
		m.Access = []modsAccess{{"use and reproduction", r.Rights}}
	}
	return m
}

func origin(l catalogue.Legal) *modsOrigin {
	if l.Signed == "" && l.InForce == "" && l.Expiry == "" {
		return nil
	}
	o := &modsOrigin{}
	for _, d := range some(l.Signed) {
		o.Issued = append(o.Issued, modsDate{Encoding: "w3cdtf", Key: "yes", Text: d})
	}
	for _, d := range some(l.InForce) {
		o.Valid = append(o.Valid, modsDate{Encoding: "w3cdtf", Point: "start", Text: d})
	}
	for _, d := range some(l.Expiry) {
		o.Valid = append(o.Valid, modsDate{Encoding: "w3cdtf", Point: "end", Text: d})
	}
	return o
}

func notes(r catalogue.Record) (list []modsNote) {
	for _, n := range some(r.Legal.Force.Name) {
		list = append(list, modsNote{"legal force", own, n})
	}
	for _, n := range some(r.Source) {
		list = append(list, modsNote{"source", own, n})
	}
	for _, n := range some(r.Notes...) {
		list = append(list, modsNote{"", own, n})
	}
	return list
}
