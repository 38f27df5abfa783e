package dataset

import (
	"cmp"
	"io"
	"strconv"
	"strings"
	"time"
)

// A Catalogue lists tables and where each format of them is to be had.
type Catalogue struct {
	URL            string // its own address; tables have theirs below
	Title, TitleEN string
	Publisher      string
	Home           string // of the publisher
	Modified       time.Time
	Tables         []Table                           // without cells
	Address        func(t Table, f Format) string    // where a format of a table is downloaded
	Size           func(t Table, f Format) (n int64) // in bytes; 0 where it is not known
	Area           string                            // a URI of the place that the figures are about, if there is one
}

// node is an object of JSON-LD.
type node map[string]any

// context binds the words used below, so that no reader has to fetch one.
var context = node{
	"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
	"rdfs": "http://www.w3.org/2000/01/rdf-schema#", "xsd": "http://www.w3.org/2001/XMLSchema#",
}

// Write writes the catalogue in DCAT 3 as DCAT-AP 3 narrows it (semiceu.github.io/DCAT-AP), in JSON-LD.
func (c Catalogue) Write(w io.Writer) error {
	publisher := node{"@id": c.Home, "@type": "foaf:Agent", "foaf:name": node{"@value": c.Publisher, "@language": "vi"}}
	sets := []node{}
	for _, t := range c.Tables {
		sets = append(sets, c.set(t, publisher))
	}
	return writeJSON(w, node{
		"@context": context, "@id": c.URL, "@type": "dcat:Catalog",
		"dct:title":       both(c.Title, c.TitleEN),
		"dct:description": both(c.Title, c.TitleEN),
		"dct:publisher":   publisher,
		"dct:language":    languages,
		"dct:modified":    stamp(c.Modified),
		"foaf:homepage":   node{"@id": c.Home, "@type": "foaf:Document"},
		"dcat:dataset":    sets,
	})
}

// languages are the European vocabulary's words for Vietnamese and English, as DCAT-AP wants them.
var languages = []node{
	{"@id": "http://publications.europa.eu/resource/authority/language/VIE", "@type": "dct:LinguisticSystem"},
	{"@id": "http://publications.europa.eu/resource/authority/language/ENG", "@type": "dct:LinguisticSystem"},
}

func (c Catalogue) set(t Table, publisher node) node {
	n := node{
		"@id": t.URL, "@type": "dcat:Dataset",
		"dct:title":         both(t.Name("vi"), t.Name("en")),
		"dct:description":   both(cmp.Or(t.Note, t.Name("vi")), cmp.Or(t.NoteEN, t.Name("en"))),
		"dct:identifier":    t.ID,
		"dct:publisher":     node{"@id": publisher["@id"]},
		"dct:issued":        stamp(t.Issued),
		"dct:modified":      stamp(t.Modified),
		"dct:language":      languages,
		"dcat:version":      t.version(),
		"dcat:landingPage":  node{"@id": t.URL, "@type": "foaf:Document"},
		"dcat:distribution": c.distributions(t),
	}
	if len(t.Keywords) > 0 {
		var words []node
		for _, k := range t.Keywords {
			words = append(words, node{"@value": k, "@language": "vi"})
		}
		n["dcat:keyword"] = words
	}
	if c.Area != "" {
		n["dct:spatial"] = node{"@id": c.Area, "@type": "dct:Location"}
	}
	var from []node
	for _, s := range t.Sources {
		from = append(from, node{"@type": "dct:ProvenanceStatement", "dct:description": node{"@value": s.Title, "@language": "vi"}})
	}
	if from != nil {
		n["dct:provenance"] = from
	}
	return n
}

func (c Catalogue) distributions(t Table) []node {
	var all []node
	for _, f := range Formats {
		if !f.Fits(t) {
			continue
		}
		url := c.Address(t, f)
		d := node{
			"@id": url + "#distribution", "@type": "dcat:Distribution",
			"dct:title":        node{"@value": f.Name, "@language": "vi"},
			"dcat:accessURL":   node{"@id": url, "@type": "rdfs:Resource"},
			"dcat:downloadURL": node{"@id": url, "@type": "rdfs:Resource"},
			"dcat:mediaType":   node{"@id": "https://www.iana.org/assignments/media-types/" + f.media(), "@type": "dct:MediaType"},
		}
		if t.License.URL != "" {
			d["dct:license"] = node{"@id": t.License.URL, "@type": "dct:LicenseDocument"}
		}
		if c.Size != nil {
			if n := c.Size(t, f); n > 0 {
				d["dcat:byteSize"] = node{"@value": strconv.FormatInt(n, 10), "@type": "xsd:nonNegativeInteger"}
			}
		}
		all = append(all, d)
	}
	return all
}

func both(vi, en string) []node {
	all := []node{{"@value": vi, "@language": "vi"}}
	if en != "" {
		all = append(all, node{"@value": en, "@language": "en"})
	}
	return all
}

func stamp(t time.Time) node {
	return node{"@value": t.UTC().Format(time.RFC3339), "@type": "xsd:dateTime"}
}

// media is the type without its parameters.
func (f Format) media() string {
	name, _, _ := strings.Cut(f.Type, ";")
	return name
}
