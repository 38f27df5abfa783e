package library

import (
	"net/http"

	"banlang/internal/web"
)

// A linked is a document in the words of schema.org, by which search engines know what a page is about.
type linked struct {
	Context     string       `json:"@context"`
	Type        string       `json:"@type"`
	ID          string       `json:"@id"`
	URL         string       `json:"url"`
	Name        string       `json:"name"`
	Language    string       `json:"inLanguage,omitzero"`
	Description string       `json:"description,omitzero"`
	Identifier  string       `json:"identifier,omitzero"`
	LegalNumber string       `json:"legislationIdentifier,omitzero"`
	LegalKind   string       `json:"legislationType,omitzero"`
	LegalDate   string       `json:"legislationDate,omitzero"`
	LegalForce  string       `json:"legislationLegalForce,omitzero"`
	PassedBy    *linkedBody  `json:"legislationPassedBy,omitzero"`
	Genre       string       `json:"genre,omitzero"`
	Published   string       `json:"datePublished,omitzero"`
	InForce     string       `json:"temporalCoverage,omitzero"`
	Publisher   *linkedBody  `json:"publisher,omitzero"`
	About       []string     `json:"keywords,omitzero"`
	Places      []linkedBody `json:"spatialCoverage,omitzero"`
	UsageInfo   string       `json:"copyrightNotice,omitzero"`
	Free        bool         `json:"isAccessibleForFree"`
	Files       []linkedFile `json:"encoding,omitzero"`
}

type linkedBody struct {
	Type string `json:"@type"`
	Name string `json:"name"`
}

type linkedFile struct {
	Type   string `json:"@type"`
	URL    string `json:"contentUrl"`
	Format string `json:"encodingFormat"`
	SHA256 string `json:"sha256,omitzero"`
}

// schemaTypes are the kinds that are no legal document, as schema.org calls them; what is not here is a CreativeWork.
var schemaTypes = map[string]string{"report": "Report", "study": "ScholarlyArticle", "thesis": "Thesis", "statistics": "Report", "textbook": "Book", "guide": "Book",
	"manuscript": "Manuscript", "photo": "Photograph", "audio": "AudioObject", "video": "VideoObject", "map": "Map", "news": "NewsArticle", "song_music": "MusicComposition"}

// legislation are the kinds that bind: they have a number, days of force and a body that passed them.
var legislation = map[string]bool{"constitution": true, "law": true, "resolution_na": true, "ordinance": true, "decree": true, "decision_pm": true, "circular": true,
	"joint_circular": true, "resolution_pc": true, "decision_pc": true, "directive": true, "decision": true, "president_decree": true}

// schemaForces are the states of validity that schema.org has a word for. What nobody checked is not said.
var schemaForces = map[string]string{"in_force": "InForce", "partly": "PartiallyInForce", "expired": "NotInForce", "not_yet": "NotInForce", "suspended": "NotInForce"}

// linked is what the reading page tells machines; the document came from ByID.
func (h handler) linked(r *http.Request, doc Document) linked {
	c := source{h.desk}.record(doc)
	page := web.Origin(r) + c.Page
	l := linked{Context: "https://schema.org", Type: "CreativeWork", ID: page, URL: page, Name: c.Title, Language: c.Lang, Description: c.Description,
		UsageInfo: c.Rights, Free: true}
	var issuer *linkedBody
	if len(c.Creators) > 0 {
		issuer = &linkedBody{"Organization", c.Creators[0]}
	}
	if t, ok := schemaTypes[doc.Kind]; ok {
		l.Type = t
	}
	if legislation[doc.Kind] {
		l.Type, l.LegalNumber, l.LegalKind, l.LegalDate, l.PassedBy = "Legislation", c.Legal.Number, c.Kind.Name, c.Legal.Signed, issuer
		if force, ok := schemaForces[doc.Force]; ok {
			l.LegalForce = "https://schema.org/" + force
		}
		if c.Legal.InForce != "" {
			until := c.Legal.Expiry
			if until == "" {
				until = ".."
			}
			l.InForce = c.Legal.InForce + "/" + until
		}
	} else {
		l.Identifier, l.Genre, l.Published, l.Publisher = c.Legal.Number, c.Kind.Name, c.Legal.Signed, issuer
	}
	for _, s := range c.Subjects {
		l.About = append(l.About, s.Name)
	}
	l.About = append(l.About, c.Groups...)
	for _, name := range c.Places {
		l.Places = append(l.Places, linkedBody{"Place", name})
	}
	for _, f := range c.Files {
		l.Files = append(l.Files, linkedFile{"MediaObject", web.Origin(r) + f.Page, f.Type, f.SHA256})
	}
	if doc.Legible() {
		l.Files = append(l.Files, linkedFile{Type: "MediaObject", URL: page + bookName, Format: "application/epub+zip"})
	}
	return l
}
