package cap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/fault"
)

// Ring writes a closed line of points for a polygon, to a thousandth of a degree (some hundred metres). Fewer than three different
// points enclose nothing: empty.
func Ring(points []Point) string {
	var all []string
	for _, p := range points {
		one := strconv.FormatFloat(p.Latitude, 'f', 3, 64) + "," + strconv.FormatFloat(p.Longitude, 'f', 3, 64)
		if len(all) == 0 || all[len(all)-1] != one {
			all = append(all, one)
		}
	}
	if len(all) > 0 && all[0] != all[len(all)-1] {
		all = append(all, all[0])
	}
	if len(all) < 4 {
		return ""
	}
	return strings.Join(all, " ")
}

// Encode writes an alert as a document without a signature.
func (a Alert) Encode() ([]byte, error) {
	body, err := a.canonical()
	if err != nil {
		return nil, err
	}
	return limited(append([]byte(xml.Header), body...))
}

func limited(document []byte) ([]byte, error) {
	if len(document) > Limit {
		return nil, fault.New(fault.TooLarge, "cap.too_large", "KB", Limit/1000)
	}
	return document, nil
}

// canonical writes the alert as Exclusive XML Canonicalization 1.0 would, so that it can be signed as it stands.
func (a Alert) canonical() ([]byte, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	raw, err := xml.Marshal(a)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement: // only the alert has an attribute, its namespace
			out.WriteString("<" + t.Name.Local)
			for _, attr := range t.Attr {
				out.WriteString(" " + attr.Name.Local + `="` + attr.Value + `"`)
			}
			out.WriteString(">")
		case xml.EndElement:
			out.WriteString("</" + t.Name.Local + ">")
		case xml.CharData:
			escaped.WriteString(&out, string(t)) //nolint:errcheck // a buffer does not fail
		}
	}
}

var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")

// A part is an element that may stand in another, in this order.
type part struct {
	name string
	must bool
	many bool
}

// shape is the schema: what stands in what.
var shape = map[string][]part{
	"alert": parts("identifier! sender! sent! status! msgType! source scope! restriction addresses code* note references incidents info* Signature*"),
	"info": parts("language category!* event! responseType* urgency! severity! certainty! audience eventCode* effective onset expires senderName " +
		"headline description instruction web contact parameter* resource* area*"),
	"resource":  parts("resourceDesc! mimeType! size uri derefUri digest"),
	"area":      parts("areaDesc! polygon* circle* geocode* altitude ceiling"),
	"eventCode": pair, "parameter": pair, "geocode": pair,
}

var pair = parts("valueName! value!")

func parts(text string) []part {
	var all []part
	for one := range strings.FieldsSeq(text) {
		all = append(all, part{strings.TrimRight(one, "!*"), strings.Contains(one, "!"), strings.Contains(one, "*")})
	}
	return all
}

const (
	signatures = "http://www.w3.org/2000/09/xmldsig#"
	depthLimit = 16
)

// Read reads an alert and refuses whatever the schema does. It does not look at a signature.
func Read(document []byte) (Alert, error) {
	if _, err := limited(document); err != nil {
		return Alert{}, err
	}
	if err := walk(document); err != nil {
		return Alert{}, err
	}
	var a Alert
	if err := xml.Unmarshal(document, &a); err != nil {
		if fault.KindOf(err) > fault.Internal {
			return Alert{}, err
		}
		return Alert{}, fault.New(fault.Invalid, "cap.not_xml")
	}
	return a, a.Check()
}

// A frame is an element that is open while a document is read.
type frame struct {
	name string
	at   int // in its shape
	seen int // of the part at at
}

// walk holds a document against the shape.
func walk(document []byte) error {
	d := xml.NewDecoder(bytes.NewReader(document))
	var open []frame
	roots, foreign := 0, 0 // foreign: depth below the first element of a signature
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if roots != 1 {
				return fault.New(fault.Invalid, "cap.not_xml")
			}
			return nil
		}
		if err != nil {
			return fault.New(fault.Invalid, "cap.not_xml")
		}
		switch t := token.(type) {
		case xml.Directive: // no DTD, hence no entities
			return fault.New(fault.Invalid, "cap.not_xml")
		case xml.StartElement:
			switch {
			case len(open)+foreign >= depthLimit:
				return refuse(t.Name.Local)
			case foreign > 0:
				foreign++
				continue
			case len(open) == 0:
				if roots++; t.Name != (xml.Name{Space: Namespace, Local: "alert"}) || roots > 1 {
					return refuse(t.Name.Local)
				}
			case !fits(open, t.Name):
				return refuse(t.Name.Local)
			case t.Name.Space == signatures:
				foreign = 1
				continue
			}
			open = append(open, frame{name: t.Name.Local})
		case xml.EndElement:
			if foreign > 0 {
				foreign--
				continue
			}
			if missing := open[len(open)-1].missing(len(shape[open[len(open)-1].name])); missing != "" {
				return refuse(missing)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			if foreign == 0 && len(bytes.TrimSpace(t)) > 0 && (len(open) == 0 || shape[open[len(open)-1].name] != nil) {
				return fault.New(fault.Invalid, "cap.not_xml")
			}
		}
	}
}

func refuse(name string) error {
	return fault.New(fault.Invalid, "cap.element", "Name", shorten(name))
}

// fits reports whether an element may come next in the innermost open one, and moves on to it.
func fits(open []frame, name xml.Name) bool {
	f := &open[len(open)-1]
	all := shape[f.name]
	n := slices.IndexFunc(all, func(p part) bool { return p.name == name.Local })
	space := Namespace
	if name.Local == "Signature" {
		space = signatures
	}
	if n < f.at || name.Space != space {
		return false
	}
	if n > f.at {
		if f.missing(n) != "" {
			return false
		}
		f.at, f.seen = n, 0
	}
	f.seen++
	return f.seen == 1 || all[n].many
}

// missing names a part before the one at until that must be there and is not.
func (f frame) missing(until int) string {
	all := shape[f.name]
	for n := f.at; n < until; n++ {
		if all[n].must && (n > f.at || f.seen == 0) {
			return all[n].name
		}
	}
	return ""
}
