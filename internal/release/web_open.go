package release

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/release/dataset"
	"banlang/internal/web"
)

// The addresses of open data.
const (
	dcatURL = "/du-lieu-mo/dcat.jsonld"
	ogcURL  = "/api/v1/ogc"
)

// mountOpen registers the catalogue of open data and the places of releases as OGC API Features, Part 1: Core (OGC 17-069r4).
func (h handler) mountOpen(site *web.Site) {
	p := publicHandler{h, site}
	site.Handle("GET "+dcatURL, duty.StatReadRelease, p.dcat)
	site.Handle("GET "+ogcURL, duty.StatReadRelease, p.ogcLanding)
	site.Handle("GET "+ogcURL+"/conformance", duty.StatReadRelease, p.ogcConformance)
	site.Handle("GET "+ogcURL+"/collections", duty.StatReadRelease, p.ogcCollections)
	site.Handle("GET "+ogcURL+"/collections/{id}", duty.StatReadRelease, p.ogcCollection)
	site.Handle("GET "+ogcURL+"/collections/{id}/items", duty.StatReadRelease, p.ogcItems)
	site.Handle("GET "+ogcURL+"/collections/{id}/items/{feature}", duty.StatReadRelease, p.ogcItem)
}

// tables are the public tables, newest first.
func (h publicHandler) tables(r *http.Request) ([]dataset.Table, error) {
	all, err := h.desk.Public(r.Context())
	if err != nil {
		return nil, err
	}
	tables := make([]dataset.Table, len(all))
	for i, rel := range all {
		t, err := h.desk.Table(r.Context(), rel)
		if err != nil {
			return nil, err
		}
		tables[i] = h.published(r, t)
	}
	return tables, nil
}

func (h publicHandler) dcat(w http.ResponseWriter, r *http.Request) error {
	tables, err := h.tables(r)
	if err != nil {
		return err
	}
	c := dataset.Catalogue{
		URL: web.Origin(r) + dcatURL, Title: "Dữ liệu mở về các dân tộc, " + h.site.Province, TitleEN: "Open data on ethnic affairs, " + h.site.Province,
		Publisher: h.site.Agency, Home: web.Origin(r) + "/", Tables: tables,
		Address: func(t dataset.Table, f dataset.Format) string { return web.Origin(r) + publicURL + "/" + t.ID + f.Ext },
	}
	for _, t := range tables {
		if t.Modified.After(c.Modified) {
			c.Modified = t.Modified
		}
	}
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		return err
	}
	return give(w, r, "application/ld+json", b.Bytes())
}

// give answers programs, wherever their pages come from.
func give(w http.ResponseWriter, r *http.Request, kind string, body []byte) error {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	return web.Bytes(w, r, kind, body)
}

func openJSON(w http.ResponseWriter, r *http.Request, kind string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return give(w, r, kind, body)
}

const (
	typeJSON = "application/json"
	typeGeo  = "application/geo+json"
)

type ogcLanding struct {
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Links       []dataset.Link `json:"links"`
}

func (h publicHandler) ogcLanding(w http.ResponseWriter, r *http.Request) error {
	root := web.Origin(r)
	return openJSON(w, r, typeJSON, ogcLanding{
		Title: web.T(r, "stat.public"), Description: web.T(r, "stat.public.lead"),
		Links: []dataset.Link{
			{Href: root + ogcURL, Rel: "self", Type: typeJSON, Title: "this document"},
			{Href: root + "/api/v1/openapi.json", Rel: "service-desc", Type: "application/vnd.oai.openapi+json;version=3.0", Title: "the API"},
			{Href: root + ogcURL + "/conformance", Rel: "conformance", Type: typeJSON, Title: "what it conforms to"},
			{Href: root + ogcURL + "/collections", Rel: "data", Type: typeJSON, Title: "the collections"},
		},
	})
}

func (h publicHandler) ogcConformance(w http.ResponseWriter, r *http.Request) error {
	return openJSON(w, r, typeJSON, struct {
		ConformsTo []string `json:"conformsTo"`
	}{[]string{
		"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
		"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	}})
}

// An ogcCollection is a data set with places.
type ogcCollection struct {
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	ItemType    string         `json:"itemType"`
	CRS         []string       `json:"crs"`
	Extent      *ogcExtent     `json:"extent,omitempty"`
	Links       []dataset.Link `json:"links"`
}

type ogcExtent struct {
	Spatial struct {
		BBox [][4]float64 `json:"bbox"`
		CRS  string       `json:"crs"`
	} `json:"spatial"`
}

const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

func (h publicHandler) collection(r *http.Request, t dataset.Table) ogcCollection {
	lang := web.Reader(r).UI
	self := web.Origin(r) + ogcURL + "/collections/" + t.ID
	c := ogcCollection{ID: t.ID, Title: t.Name(lang), Description: t.About(lang), ItemType: "feature", CRS: []string{crs84}, Links: []dataset.Link{
		{Href: self, Rel: "self", Type: typeJSON},
		{Href: self + "/items", Rel: "items", Type: typeGeo},
		{Href: t.URL, Rel: "describedby", Type: "text/html"},
		{Href: t.License.URL, Rel: "license", Type: "text/html"},
	}}
	var box *[4]float64
	for _, m := range t.Dims[placeAxis].Members {
		switch {
		case !m.Located():
		case box == nil:
			box = &[4]float64{m.Lon, m.Lat, m.Lon, m.Lat}
		default:
			*box = [4]float64{min(box[0], m.Lon), min(box[1], m.Lat), max(box[2], m.Lon), max(box[3], m.Lat)}
		}
	}
	if box != nil {
		c.Extent = &ogcExtent{}
		c.Extent.Spatial.BBox, c.Extent.Spatial.CRS = [][4]float64{*box}, crs84
	}
	return c
}

func (h publicHandler) ogcCollections(w http.ResponseWriter, r *http.Request) error {
	tables, err := h.tables(r)
	if err != nil {
		return err
	}
	list := struct {
		Links       []dataset.Link  `json:"links"`
		Collections []ogcCollection `json:"collections"`
	}{[]dataset.Link{{Href: web.Origin(r) + ogcURL + "/collections", Rel: "self", Type: typeJSON}}, []ogcCollection{}}
	for _, t := range tables {
		list.Collections = append(list.Collections, h.collection(r, t))
	}
	return openJSON(w, r, typeJSON, list)
}

func (h publicHandler) ogcCollection(w http.ResponseWriter, r *http.Request) error {
	t, err := h.public(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	return openJSON(w, r, typeJSON, h.collection(r, t))
}

// Pages of features: how many are given where the reader says nothing, and at most.
const (
	itemsUsual = 100
	itemsMost  = 1000
)

// ogcItems is a page of features. bbox is minLon,minLat,maxLon,maxLat (or with heights, which are left out).
func (h publicHandler) ogcItems(w http.ResponseWriter, r *http.Request) error {
	t, err := h.public(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	q := r.URL.Query()
	limit, err := natural(q.Get("limit"), itemsUsual)
	offset, err2 := natural(q.Get("offset"), 0)
	if err != nil || err2 != nil || limit < 1 {
		return fault.New(fault.Invalid, "stat.ogc.limit")
	}
	limit = min(limit, itemsMost)
	all := t.Features(web.Reader(r).UI)
	if text := q.Get("bbox"); text != "" {
		box, err := bbox(text)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(f dataset.Feature) bool { return !within(box, f.Geometry) })
	}
	from := min(offset, len(all))
	page := all[from:min(from+limit, len(all))]
	self := web.Origin(r) + r.URL.RequestURI()
	links := []dataset.Link{{Href: self, Rel: "self", Type: typeGeo}, {Href: web.Origin(r) + ogcURL + "/collections/" + t.ID, Rel: "collection", Type: typeJSON}}
	if from+limit < len(all) {
		q.Set("offset", strconv.Itoa(from+limit))
		q.Set("limit", strconv.Itoa(limit))
		links = append(links, dataset.Link{Href: web.Origin(r) + r.URL.Path + "?" + q.Encode(), Rel: "next", Type: typeGeo})
	}
	return openJSON(w, r, typeGeo, struct {
		Type     string            `json:"type"`
		Stamp    string            `json:"timeStamp"`
		Matched  int               `json:"numberMatched"`
		Returned int               `json:"numberReturned"`
		Links    []dataset.Link    `json:"links"`
		Features []dataset.Feature `json:"features"`
	}{"FeatureCollection", t.Modified.UTC().Format(time.RFC3339), len(all), len(page), links, page})
}

func (h publicHandler) ogcItem(w http.ResponseWriter, r *http.Request) error {
	t, err := h.public(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	features := t.Features(web.Reader(r).UI)
	i := slices.IndexFunc(features, func(f dataset.Feature) bool {
		return f.ID == r.PathValue("feature") || place.ID(f.ID).Code() == r.PathValue("feature")
	})
	if i < 0 {
		return fault.New(fault.NotFound, "stat.ogc.feature")
	}
	f := features[i]
	collection := web.Origin(r) + ogcURL + "/collections/" + t.ID
	f.Links = []dataset.Link{{Href: collection + "/items/" + f.ID, Rel: "self", Type: typeGeo}, {Href: collection, Rel: "collection", Type: typeJSON}}
	return openJSON(w, r, typeGeo, f)
}

func natural(text string, usual int) (int, error) {
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && n < 0 {
		err = strconv.ErrRange
	}
	return n, err
}

func bbox(text string) (box [4]float64, err error) {
	parts := strings.Split(text, ",")
	if len(parts) == 6 {
		parts = []string{parts[0], parts[1], parts[3], parts[4]}
	}
	if len(parts) != 4 {
		return box, fault.New(fault.Invalid, "stat.ogc.bbox")
	}
	for i, part := range parts {
		if box[i], err = strconv.ParseFloat(strings.TrimSpace(part), 64); err != nil {
			return box, fault.New(fault.Invalid, "stat.ogc.bbox")
		}
	}
	return box, nil
}

// within tells whether a point lies in the box; what has no place lies in none.
func within(box [4]float64, p *dataset.Point) bool {
	if p == nil {
		return false
	}
	lon, lat := p.Coordinates[0], p.Coordinates[1]
	inside := lon >= box[0] && lon <= box[2]
	if box[0] > box[2] { // across the date line
		inside = lon >= box[0] || lon <= box[2]
	}
	return inside && lat >= box[1] && lat <= box[3]
}
