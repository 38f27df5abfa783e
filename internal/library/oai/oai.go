// Package oai speaks OAI-PMH 2.0, by which libraries read each other's catalogues: Provider answers, Harvester asks. It knows the protocol
// and its formats; what may be told is the catalogue's to say.
package oai

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"banlang/internal/fault"
	"banlang/internal/library/catalogue"
)

// The bounds of a list.
const (
	PageSize  = 100            // records an answer
	TokenLife = 24 * time.Hour // how long a harvester may rest
)

const (
	second = "2006-01-02T15:04:05Z"
	day    = time.DateOnly
)

// A Provider answers harvesters. It keeps nothing between two requests: what a resumption needs stands in its token.
type Provider struct {
	Source catalogue.Source
	Name   string
	Origin string // https://example.vn, before addresses of pages
	Path   string // of the provider's own address
	Admin  string // mail address of who answers for it
	Now    time.Time
}

// An answer is one response, in the order that the schema wants.
type answer struct {
	XMLName  xml.Name     `xml:"http://www.openarchives.org/OAI/2.0/ OAI-PMH"`
	XSI      string       `xml:"xmlns:xsi,attr"`
	Location string       `xml:"xsi:schemaLocation,attr"`
	Date     string       `xml:"responseDate"`
	Request  request      `xml:"request"`
	Errors   []protoError `xml:"error"`
	Identify *identity    `xml:"Identify"`
	Formats  *formatList  `xml:"ListMetadataFormats"`
	Sets     *setList     `xml:"ListSets"`
	Get      *recordList  `xml:"GetRecord"`
	Headers  *headerList  `xml:"ListIdentifiers"`
	Records  *recordList  `xml:"ListRecords"`
}

type request struct {
	Args []xml.Attr `xml:",any,attr"`
	Base string     `xml:",chardata"`
}

// A protoError is an error of the protocol: it is told in the answer.
type protoError struct {
	Code string `xml:"code,attr"`
	Text string `xml:",chardata"`
}

func (e protoError) Error() string { return "oai: " + e.Code + ": " + e.Text }

// The errors of the protocol.
const (
	badVerb                 = "badVerb"
	badArgument             = "badArgument"
	badResumptionToken      = "badResumptionToken" //nolint:gosec // a word of the protocol, no secret
	cannotDisseminateFormat = "cannotDisseminateFormat"
	idDoesNotExist          = "idDoesNotExist"
	noRecordsMatch          = "noRecordsMatch"
	noSetHierarchy          = "noSetHierarchy"
)

type identity struct {
	Name        string `xml:"repositoryName"`
	Base        string `xml:"baseURL"`
	Version     string `xml:"protocolVersion"`
	Admin       string `xml:"adminEmail"`
	Earliest    string `xml:"earliestDatestamp"`
	Deleted     string `xml:"deletedRecord"`
	Granularity string `xml:"granularity"`
}

type formatList struct {
	Formats []format `xml:"metadataFormat"`
}

type format struct {
	Prefix    string `xml:"metadataPrefix"`
	Schema    string `xml:"schema"`
	Namespace string `xml:"metadataNamespace"`
	body      func(Provider, catalogue.Record) any
}

type setList struct {
	Sets []set `xml:"set"`
}

type set struct {
	Spec string `xml:"setSpec"`
	Name string `xml:"setName"`
}

type headerList struct {
	Headers []header     `xml:"header"`
	Token   *resumeToken `xml:"resumptionToken"`
}

type recordList struct {
	Records []record     `xml:"record"`
	Token   *resumeToken `xml:"resumptionToken"`
}

type header struct {
	Status string   `xml:"status,attr,omitempty"`
	ID     string   `xml:"identifier"`
	Date   string   `xml:"datestamp"`
	Sets   []string `xml:"setSpec"`
}

type record struct {
	Header   header    `xml:"header"`
	Metadata *metadata `xml:"metadata"`
}

type metadata struct{ Body any }

type resumeToken struct {
	Expires string `xml:"expirationDate,attr,omitempty"`
	Total   int    `xml:"completeListSize,attr"`
	Cursor  int    `xml:"cursor,attr"`
	Text    string `xml:",chardata"`
}

// formats are those in which records are given.
var formats = []format{
	{"oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/", Provider.dublinCore},
	{"mods", "http://www.loc.gov/standards/mods/v3/mods-3-7.xsd", "http://www.loc.gov/mods/v3", Provider.mods},
}

// verbs are the arguments of each verb: those it needs, those it may have. A resumptionToken stands alone.
var verbs = map[string]struct {
	needs, may []string
	resumes    bool
	do         func(Provider, context.Context, url.Values, *answer) error
}{
	"Identify":            {do: Provider.identify},
	"ListMetadataFormats": {may: []string{"identifier"}, do: Provider.listFormats},
	"ListSets":            {resumes: true, do: Provider.listSets},
	"GetRecord":           {needs: []string{"identifier", "metadataPrefix"}, do: Provider.getRecord},
	"ListIdentifiers":     {needs: []string{"metadataPrefix"}, may: []string{"from", "until", "set"}, resumes: true, do: Provider.list},
	"ListRecords":         {needs: []string{"metadataPrefix"}, may: []string{"from", "until", "set"}, resumes: true, do: Provider.list},
}

// Answer is the response to a request, whose arguments are those of the address or of the form. An error is one of the house; those of
// the protocol are answers.
func (p Provider) Answer(ctx context.Context, args url.Values) ([]byte, error) {
	a := answer{XSI: "http://www.w3.org/2001/XMLSchema-instance", Date: p.Now.UTC().Format(second), Request: request{Base: p.base()},
		Location: "http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"}
	err := p.check(args)
	if err == nil {
		for _, name := range slices.Sorted(maps.Keys(args)) {
			a.Request.Args = append(a.Request.Args, xml.Attr{Name: xml.Name{Local: name}, Value: args.Get(name)})
		}
		err = verbs[args.Get("verb")].do(p, ctx, args, &a)
	}
	if told, ok := errors.AsType[protoError](err); ok {
		a.Errors = []protoError{told}
	} else if err != nil {
		return nil, err
	}
	body, err := xml.Marshal(a)
	return append([]byte(xml.Header), body...), err
}

func (p Provider) base() string { return p.Origin + p.Path }

// check refuses arguments that the verb does not have.
func (p Provider) check(args url.Values) error {
	verb, ok := verbs[args.Get("verb")]
	if !ok || len(args["verb"]) != 1 {
		return protoError{badVerb, "The verb is missing, repeated or none of OAI-PMH."}
	}
	for name, values := range args {
		switch {
		case len(values) != 1:
			return protoError{badArgument, "The argument " + name + " is repeated."}
		case name == "verb", slices.Contains(verb.needs, name), slices.Contains(verb.may, name), verb.resumes && name == "resumptionToken":
		default:
			return protoError{badArgument, "The verb has no argument " + name + "."}
		}
	}
	if args.Has("resumptionToken") {
		if len(args) != 2 {
			return protoError{badArgument, "A resumptionToken stands alone."}
		}
		return nil
	}
	for _, name := range verb.needs {
		if args.Get(name) == "" {
			return protoError{badArgument, "The argument " + name + " is missing."}
		}
	}
	return nil
}

func (p Provider) identify(ctx context.Context, _ url.Values, a *answer) error {
	earliest, err := p.Source.Earliest(ctx)
	a.Identify = &identity{p.Name, p.base(), "2.0", p.Admin, earliest.UTC().Format(second), "persistent", "YYYY-MM-DDThh:mm:ssZ"}
	return err
}

func (p Provider) listFormats(ctx context.Context, args url.Values, a *answer) error {
	if args.Has("identifier") {
		if _, err := p.find(ctx, args.Get("identifier")); err != nil {
			return err
		}
	}
	a.Formats = &formatList{formats}
	return nil
}

func (p Provider) listSets(ctx context.Context, args url.Values, a *answer) error {
	if args.Has("resumptionToken") {
		return protoError{badResumptionToken, "The list of sets is given whole."}
	}
	sets, err := p.Source.Sets(ctx)
	if err != nil {
		return err
	}
	if len(sets) == 0 {
		return protoError{noSetHierarchy, "There are no sets."}
	}
	a.Sets = &setList{}
	for _, s := range sets {
		a.Sets.Sets = append(a.Sets.Sets, set{s.Code, s.Name})
	}
	return nil
}

func (p Provider) getRecord(ctx context.Context, args url.Values, a *answer) error {
	f, err := formatOf(args.Get("metadataPrefix"))
	if err != nil {
		return err
	}
	r, err := p.find(ctx, args.Get("identifier"))
	if err != nil {
		return err
	}
	a.Get = &recordList{Records: []record{p.record(f, r)}}
	return nil
}

func (p Provider) find(ctx context.Context, identifier string) (catalogue.Record, error) {
	id, ours := strings.CutPrefix(identifier, p.prefix())
	if !ours {
		return catalogue.Record{}, protoError{idDoesNotExist, "The identifier is none of ours."}
	}
	r, err := p.Source.Record(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return r, protoError{idDoesNotExist, "Nothing has this identifier."}
	}
	return r, err
}

// prefix stands before the library's own identifiers: the scheme, and the name of the machine without its port.
func (p Provider) prefix() string {
	host := "localhost"
	if u, err := url.Parse(p.Origin); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return "oai:" + host + ":"
}

func formatOf(prefix string) (format, error) {
	i := slices.IndexFunc(formats, func(f format) bool { return f.Prefix == prefix })
	if i < 0 {
		return format{}, protoError{cannotDisseminateFormat, "Records are given as oai_dc and mods."}
	}
	return formats[i], nil
}

// A position is where a list stopped: what was asked for, and the last record that was given.
type position struct {
	Verb    string `json:"v"`
	Prefix  string `json:"p"`
	Set     string `json:"s,omitzero"`
	From    int64  `json:"f,omitzero"` // milliseconds, as the catalogue's times
	Until   int64  `json:"u,omitzero"`
	Updated int64  `json:"t,omitzero"`
	ID      string `json:"i,omitzero"`
	Given   int    `json:"n,omitzero"`
	Total   int    `json:"c,omitzero"`
	Expires int64  `json:"e,omitzero"`
}

func (at position) query() catalogue.Query {
	return catalogue.Query{Set: at.Set, From: moment(at.From), Until: moment(at.Until)}
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// token is the position as harvesters carry it. It is no secret and gives no right: whoever changes it asks another question.
func (at position) token() (string, error) {
	text, err := json.Marshal(at)
	return base64.RawURLEncoding.EncodeToString(text), err
}

func (p Provider) resume(verb, token string) (at position, err error) {
	bad := protoError{badResumptionToken, "The resumptionToken is none of ours or too old: begin again."}
	if len(token) > 1024 {
		return at, bad
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(text, &at) != nil {
		return at, bad
	}
	if at.Verb != verb || at.ID == "" || at.Given <= 0 || at.Total < 0 || p.Now.UnixMilli() > at.Expires {
		return at, bad
	}
	return at, nil
}

// begin reads the arguments of a list.
func (p Provider) begin(ctx context.Context, args url.Values) (at position, err error) {
	at = position{Verb: args.Get("verb"), Prefix: args.Get("metadataPrefix"), Set: args.Get("set")}
	from, fine, err := parse(args, "from")
	if err != nil {
		return at, err
	}
	until, fineUntil, err := parse(args, "until")
	switch {
	case err != nil:
		return at, err
	case !from.IsZero() && !until.IsZero() && (fine != fineUntil || from.After(until)):
		return at, protoError{badArgument, "The argument from is after until, or written otherwise."}
	case !until.IsZero() && fineUntil:
		until = until.Add(time.Second) // all of the second, all of the day
	case !until.IsZero():
		until = until.AddDate(0, 0, 1)
	}
	at.From, at.Until = millis(from), millis(until)
	if args.Has("set") {
		sets, err := p.Source.Sets(ctx)
		if err != nil {
			return at, err
		}
		if len(sets) == 0 {
			return at, protoError{noSetHierarchy, "There are no sets."}
		}
	}
	at.Total, err = p.Source.Count(ctx, at.query())
	return at, err
}

// parse reads a day or a second; fine is whether it was a second.
func parse(args url.Values, name string) (t time.Time, fine bool, err error) {
	text := args.Get(name)
	if !args.Has(name) {
		return t, false, nil
	}
	if t, err = time.Parse(day, text); err == nil && t.Unix() > 0 {
		return t, false, nil
	}
	if t, err = time.Parse(second, text); err == nil && t.Unix() > 0 {
		return t, true, nil
	}
	return t, false, protoError{badArgument, "The argument " + name + " is no date of the forms 2006-01-02 and 2006-01-02T15:04:05Z."}
}

// list answers ListRecords and ListIdentifiers.
func (p Provider) list(ctx context.Context, args url.Values, a *answer) error {
	var at position
	var err error
	if args.Has("resumptionToken") {
		at, err = p.resume(args.Get("verb"), args.Get("resumptionToken"))
	} else {
		at, err = p.begin(ctx, args)
	}
	if err != nil {
		return err
	}
	f, err := formatOf(at.Prefix)
	if err != nil {
		return err
	}
	found, err := p.Source.Records(ctx, at.query(), catalogue.Cursor{Updated: moment(at.Updated), ID: at.ID}, PageSize+1)
	if err != nil {
		return err
	}
	if len(found) == 0 && at.Given == 0 {
		return protoError{noRecordsMatch, "Nothing is like that."}
	}
	token, found, err := p.page(at, found)
	if err != nil {
		return err
	}
	if at.Verb == "ListIdentifiers" {
		a.Headers = &headerList{Token: token}
		for _, r := range found {
			a.Headers.Headers = append(a.Headers.Headers, p.header(r))
		}
		return nil
	}
	a.Records = &recordList{Token: token}
	for _, r := range found {
		a.Records.Records = append(a.Records.Records, p.record(f, r))
	}
	return nil
}

// page cuts a page off what was found, and makes the token that leads on. The last page of several has an empty one.
func (p Provider) page(at position, found []catalogue.Record) (*resumeToken, []catalogue.Record, error) {
	token := &resumeToken{Total: max(at.Total, at.Given+len(found)), Cursor: at.Given}
	if len(found) <= PageSize {
		if at.Given == 0 {
			token = nil
		}
		return token, found, nil
	}
	found = found[:PageSize]
	last, expires := found[PageSize-1], p.Now.Add(TokenLife)
	at.Updated, at.ID, at.Given, at.Expires = last.Updated.UnixMilli(), last.ID, at.Given+PageSize, expires.UnixMilli()
	var err error
	token.Text, err = at.token()
	token.Expires = expires.UTC().Format(second)
	return token, found, err
}

func (p Provider) header(r catalogue.Record) header {
	h := header{ID: p.prefix() + r.ID, Date: r.Updated.UTC().Format(second), Sets: r.Sets}
	if r.Withdrawn {
		h.Status = "deleted"
	}
	return h
}

func (p Provider) record(f format, r catalogue.Record) record {
	out := record{Header: p.header(r)}
	if !r.Withdrawn {
		out.Metadata = &metadata{f.body(p, r)}
	}
	return out
}
