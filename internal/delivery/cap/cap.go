// Package cap knows the Common Alerting Protocol, version 1.2 (OASIS, 1 July 2010): the form in which warnings are handed to other
// systems. It writes, reads and signs alerts; it does not know whence they come and where they go.
package cap

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"banlang/internal/fault"
)

// Namespace is that of every element of an alert.
const Namespace = "urn:oasis:names:tc:emergency:cap:1.2"

// Limit is the largest alert that is written or read, in bytes.
const Limit = 100_000

// ContentType is the media type of an alert.
const ContentType = "application/cap+xml; charset=utf-8"

// An Alert is one message of the protocol. Empty fields stay away.
type Alert struct {
	XMLName      struct{}   `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert"`
	Identifier   string     `xml:"identifier"` // without blanks, commas, < and &
	Sender       string     `xml:"sender"`     // likewise
	Sent         Time       `xml:"sent"`
	Status       Status     `xml:"status"`
	Type         Type       `xml:"msgType"`
	Source       string     `xml:"source,omitempty"`
	Scope        string     `xml:"scope"` // Public, Restricted or Private
	Restriction  string     `xml:"restriction,omitempty"`
	Addresses    string     `xml:"addresses,omitempty"`
	Codes        []string   `xml:"code"`
	Note         string     `xml:"note,omitempty"`
	References   References `xml:"references,omitempty"`
	Incidents    string     `xml:"incidents,omitempty"`
	Informations []Info     `xml:"info"`
}

// A Status says whether an alert is meant.
type Status string

// The statuses that are written.
const (
	Actual   Status = "Actual"
	Exercise Status = "Exercise" // a drill
	Test     Status = "Test"     // a demonstration
)

// A Type says what an alert does to those before it.
type Type string

// The types that are written.
const (
	New    Type = "Alert"
	Update Type = "Update"
	Cancel Type = "Cancel"
)

// Public is the scope of what everybody may read.
const Public = "Public"

// An Info tells the alert in one language.
type Info struct {
	Language    string     `xml:"language,omitempty"` // BCP 47
	Categories  []string   `xml:"category"`
	Event       string     `xml:"event"`
	Responses   []string   `xml:"responseType"`
	Urgency     string     `xml:"urgency"`
	Severity    string     `xml:"severity"`
	Certainty   string     `xml:"certainty"`
	Audience    string     `xml:"audience,omitempty"`
	EventCodes  []Pair     `xml:"eventCode"`
	Effective   Time       `xml:"effective,omitempty"`
	Onset       Time       `xml:"onset,omitempty"`
	Expires     Time       `xml:"expires,omitempty"`
	SenderName  string     `xml:"senderName,omitempty"`
	Headline    string     `xml:"headline,omitempty"`
	Description string     `xml:"description,omitempty"`
	Instruction string     `xml:"instruction,omitempty"`
	Web         string     `xml:"web,omitempty"`
	Contact     string     `xml:"contact,omitempty"`
	Parameters  []Pair     `xml:"parameter"`
	Resources   []Resource `xml:"resource"`
	Areas       []Area     `xml:"area"`
}

// A Pair is a value in a list that others keep.
type Pair struct {
	Name  string `xml:"valueName"`
	Value string `xml:"value"`
}

// A Resource is a file that belongs to an alert.
type Resource struct {
	Description string `xml:"resourceDesc"`
	MIMEType    string `xml:"mimeType"`
	Size        int64  `xml:"size,omitempty"` // bytes
	URI         string `xml:"uri,omitempty"`
	Content     string `xml:"derefUri,omitempty"` // base 64
	Digest      string `xml:"digest,omitempty"`   // SHA-1 in hex, as the protocol has it
}

// An Area is where an alert holds: the union of all that stands in it.
type Area struct {
	Description string   `xml:"areaDesc"`
	Polygons    []string `xml:"polygon"` // see Ring
	Circles     []string `xml:"circle"`
	Geocodes    []Pair   `xml:"geocode"`
	Altitude    string   `xml:"altitude,omitempty"`
	Ceiling     string   `xml:"ceiling,omitempty"`
}

// A Time is a moment as the protocol writes it: 2026-07-05T02:10:00+07:00, never with Z.
type Time string

const layout = "2006-01-02T15:04:05-07:00"

// At writes a moment in its own zone; the zero time is empty.
func At(t time.Time) Time {
	if t.IsZero() {
		return ""
	}
	s := t.Format(layout)
	if _, offset := t.Zone(); offset == 0 {
		s = strings.TrimSuffix(s, "+00:00") + "-00:00"
	}
	return Time(s)
}

// Time reads it back.
func (t Time) Time() (time.Time, error) {
	at, err := time.Parse(layout, string(t))
	if err != nil {
		return at, fault.New(fault.Invalid, "cap.value", "Name", "dateTime", "Value", shorten(string(t)))
	}
	return at, nil
}

// A Reference names an earlier alert.
type Reference struct {
	Sender, Identifier string
	Sent               Time
}

// References are the earlier alerts that one updates or cancels.
type References []Reference

// MarshalText writes them as sender,identifier,sent with blanks between.
func (r References) MarshalText() ([]byte, error) {
	all := make([]string, len(r))
	for n, one := range r {
		all[n] = one.Sender + "," + one.Identifier + "," + string(one.Sent)
	}
	return []byte(strings.Join(all, " ")), nil
}

// UnmarshalText reads them.
func (r *References) UnmarshalText(text []byte) error {
	for one := range strings.FieldsSeq(string(text)) {
		part := strings.Split(one, ",")
		if len(part) != 3 {
			return fault.New(fault.Invalid, "cap.value", "Name", "references", "Value", shorten(one))
		}
		*r = append(*r, Reference{part[0], part[1], Time(part[2])})
	}
	return nil
}

// A Point is a place in WGS 84.
type Point struct{ Latitude, Longitude float64 }

// choices are the values that the protocol lists.
var choices = map[string][]string{
	"status":       {"Actual", "Exercise", "System", "Test", "Draft"},
	"msgType":      {"Alert", "Update", "Cancel", "Ack", "Error"},
	"scope":        {"Public", "Restricted", "Private"},
	"category":     {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"},
	"responseType": {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"},
	"urgency":      {"Immediate", "Expected", "Future", "Past", "Unknown"},
	"severity":     {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
	"certainty":    {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}

var (
	languageTag = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)
	pointText   = regexp.MustCompile(`^-?[0-9]{1,3}(\.[0-9]{1,9})?,-?[0-9]{1,3}(\.[0-9]{1,9})?$`)
	circleText  = regexp.MustCompile(`^-?[0-9]{1,3}(\.[0-9]{1,9})?,-?[0-9]{1,3}(\.[0-9]{1,9})? [0-9]{1,5}(\.[0-9]{1,9})?$`)
	decimal     = regexp.MustCompile(`^([+-]?[0-9]{1,9}(\.[0-9]{1,9})?)?$`)
)

// A value is one field to be checked.
type value struct {
	name, text string
	ok         bool
}

// Check finds what the protocol does not allow.
func (a Alert) Check() error {
	all := []value{
		{"identifier", a.Identifier, named(a.Identifier)}, {"sender", a.Sender, named(a.Sender)}, moment("sent", a.Sent, true),
		choice("status", string(a.Status)), choice("msgType", string(a.Type)), choice("scope", a.Scope),
		{"references", "", len(a.References) > 0 || a.Type != Update && a.Type != Cancel},
	}
	for _, r := range a.References {
		all = append(all, value{"references", r.Identifier, named(r.Identifier) && named(r.Sender)}, moment("references", r.Sent, true))
	}
	for _, i := range a.Informations {
		all = append(all, i.values()...)
	}
	for _, v := range all {
		if !v.ok {
			return fault.New(fault.Invalid, "cap.value", "Name", v.name, "Value", shorten(v.text))
		}
	}
	return nil
}

func (i Info) values() []value {
	all := []value{
		{"language", i.Language, i.Language == "" || languageTag.MatchString(i.Language)},
		{"category", "", len(i.Categories) > 0}, {"event", i.Event, i.Event != ""},
		choice("urgency", i.Urgency), choice("severity", i.Severity), choice("certainty", i.Certainty),
		moment("effective", i.Effective, false), moment("onset", i.Onset, false), moment("expires", i.Expires, false),
	}
	for _, c := range i.Categories {
		all = append(all, choice("category", c))
	}
	for _, c := range i.Responses {
		all = append(all, choice("responseType", c))
	}
	for _, r := range i.Resources {
		all = append(all, value{"resourceDesc", "", r.Description != ""}, value{"mimeType", "", r.MIMEType != ""}, value{"size", "", r.Size >= 0})
	}
	for _, a := range i.Areas {
		all = append(all, value{"areaDesc", "", a.Description != ""}, value{"altitude", a.Altitude, decimal.MatchString(a.Altitude)},
			value{"ceiling", a.Ceiling, decimal.MatchString(a.Ceiling)})
		for _, p := range a.Polygons {
			all = append(all, value{"polygon", p, closed(p)})
		}
		for _, c := range a.Circles {
			all = append(all, value{"circle", c, circleText.MatchString(c)})
		}
	}
	return all
}

func choice(name, text string) value { return value{name, text, slices.Contains(choices[name], text)} }

func moment(name string, t Time, must bool) value {
	if t == "" {
		return value{name, "", !must}
	}
	_, err := t.Time()
	return value{name, string(t), err == nil}
}

func named(s string) bool { return s != "" && !strings.ContainsAny(s, " ,<&\t\r\n") }

// closed reports whether a polygon is a ring of at least four points, the last of which is the first.
func closed(polygon string) bool {
	points := strings.Fields(polygon)
	return len(points) >= 4 && points[0] == points[len(points)-1] && !slices.ContainsFunc(points, func(p string) bool { return !pointText.MatchString(p) })
}

func shorten(s string) string {
	for n := range s {
		if n >= 60 {
			return s[:n] + "…"
		}
	}
	if !utf8.ValidString(s) {
		return ""
	}
	return s
}
