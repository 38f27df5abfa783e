package oai_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"banlang/internal/fault"
	"banlang/internal/library/catalogue"
	"banlang/internal/library/oai"
	"banlang/internal/outgoing"
)

var noon = time.Date(2026, 6, 1, 5, 0, 0, 0, time.UTC)

// shelf is a catalogue in memory.
type shelf struct {
	records []catalogue.Record
	sets    []catalogue.Set
}

func (s shelf) Sets(context.Context) ([]catalogue.Set, error) { return s.sets, nil }

func (s shelf) Earliest(context.Context) (time.Time, error) { return noon.AddDate(-1, 0, 0), nil }

func (s shelf) Record(_ context.Context, id string) (catalogue.Record, error) {
	for _, r := range s.records {
		if r.ID == id {
			return r, nil
		}
	}
	return catalogue.Record{}, fault.New(fault.NotFound, "library.not_found")
}

func (s shelf) Records(_ context.Context, q catalogue.Query, after catalogue.Cursor, n int) (list []catalogue.Record, _ error) {
	for _, r := range s.records {
		place := cmp.Or(r.Updated.Compare(after.Updated), strings.Compare(r.ID, after.ID))
		if place > 0 && r.In(q.Set) && !r.Updated.Before(q.From) && (q.Until.IsZero() || r.Updated.Before(q.Until)) && len(list) < n {
			list = append(list, r)
		}
	}
	return list, nil
}

func (s shelf) Count(ctx context.Context, q catalogue.Query) (int, error) {
	list, err := s.Records(ctx, q, catalogue.Cursor{}, len(s.records))
	return len(list), err
}

// library has 250 records, one in ten withdrawn.
func library() shelf {
	s := shelf{sets: []catalogue.Set{{Code: "kind", Name: "Loại"}, {Code: "kind:law", Name: "Luật"}, {Code: "kind:song_music", Name: "Bài hát"}}}
	for i := range 250 {
		kind := []string{"law", "song_music"}[i%2]
		r := catalogue.Record{ID: fmt.Sprintf("d%03d", i), Updated: noon.Add(time.Duration(i/3)*time.Minute + 500*time.Millisecond - 300*time.Hour), Sets: []string{"kind:" + kind}}
		if i%10 == 9 {
			r.Withdrawn = true
			s.records = append(s.records, r)
			continue
		}
		r.Title, r.Lang, r.Kind, r.Type = fmt.Sprintf("Văn bản <%d> & \"Nghị định\"", i), "vi", catalogue.Term{Code: kind, Name: "Luật"}, "Text"
		r.Alternative, r.Creators, r.Subjects = []string{"Tên khác"}, []string{"Chính phủ"}, []catalogue.Term{{Code: "x", Name: "Chính sách dân tộc"}}
		r.Groups, r.Places, r.Description, r.Rights, r.Notes = []string{"Tày"}, []string{"Xã Bắc Sơn"}, "Tóm tắt \x01 lạ", "Tự do", []string{"Minh hoạ"}
		r.Legal = catalogue.Legal{Number: "12/2026/NĐ-CP", Signed: "2026-05-05", InForce: "2026-07-01", Expiry: "2030-01-01", Force: catalogue.Term{Name: "Chưa có hiệu lực"}}
		r.Relations = []catalogue.Relation{{Property: "replaces", Page: "/thu-vien/d000"}}
		r.Page, r.Source = "/thu-vien/"+r.ID, "Công báo"
		r.Files = []catalogue.File{{Page: r.Page + "/tep", Type: "text/html; charset=utf-8", Size: 5, SHA256: strings.Repeat("ab", 32)}}
		s.records = append(s.records, r)
	}
	return s
}

func provider(s catalogue.Source) oai.Provider {
	return oai.Provider{Source: s, Name: "Thư viện thử", Origin: "http://example.vn", Path: "/oai", Admin: "thu.vien@example.vn", Now: noon}
}

func ask(t *testing.T, p oai.Provider, query string) string {
	t.Helper()
	args, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	body, err := p.Answer(t.Context(), args)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestErrors(t *testing.T) {
	p := provider(library())
	tests := []struct{ query, code string }{
		{"", "badVerb"},
		{"verb=Nothing", "badVerb"},
		{"verb=Identify&verb=Identify", "badVerb"},
		{"verb=Identify&set=kind", "badArgument"},
		{"verb=ListRecords", "badArgument"},
		{"verb=GetRecord&identifier=oai:example.vn:d000", "badArgument"},
		{"verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=mods", "badArgument"},
		{"verb=ListRecords&metadataPrefix=oai_dc&from=yesterday", "badArgument"},
		{"verb=ListRecords&metadataPrefix=oai_dc&from=", "badArgument"},
		{"verb=ListRecords&metadataPrefix=oai_dc&from=2026-02-01&until=2026-01-01", "badArgument"},
		{"verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&until=2026-02-01T00:00:00Z", "badArgument"},
		{"verb=ListRecords&resumptionToken=x&metadataPrefix=oai_dc", "badArgument"},
		{"verb=ListRecords&resumptionToken=x", "badResumptionToken"},
		{"verb=ListIdentifiers&resumptionToken=e30", "badResumptionToken"},
		{"verb=ListSets&resumptionToken=x", "badResumptionToken"},
		{"verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"},
		{"verb=GetRecord&metadataPrefix=marc&identifier=oai:example.vn:d000", "cannotDisseminateFormat"},
		{"verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:example.vn:none", "idDoesNotExist"},
		{"verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:other.vn:d000", "idDoesNotExist"},
		{"verb=ListMetadataFormats&identifier=oai:example.vn:none", "idDoesNotExist"},
		{"verb=ListRecords&metadataPrefix=oai_dc&from=2027-01-01", "noRecordsMatch"},
		{"verb=ListIdentifiers&metadataPrefix=oai_dc&set=kind:none", "noRecordsMatch"},
	}
	for _, test := range tests {
		if got := ask(t, p, test.query); !strings.Contains(got, `<error code="`+test.code+`">`) || strings.Count(got, "<error") != 1 {
			t.Errorf("%q answers %s, want %s", test.query, got, test.code)
		}
	}
	if got := ask(t, p, "verb=Nothing&x=1"); !strings.Contains(got, "<request>http://example.vn/oai</request>") {
		t.Errorf("after badVerb the request has arguments: %s", got)
	}
	for _, query := range []string{"verb=ListSets", "verb=ListRecords&metadataPrefix=oai_dc&set=kind"} {
		if got := ask(t, provider(shelf{}), query); !strings.Contains(got, `code="noSetHierarchy"`) {
			t.Errorf("%q without sets answers %s", query, got)
		}
	}
}

func TestTokenEnds(t *testing.T) {
	p := provider(library())
	_, rest, _ := strings.Cut(ask(t, p, "verb=ListRecords&metadataPrefix=oai_dc"), `<resumptionToken expirationDate="2026-06-02T05:00:00Z" completeListSize="250" cursor="0">`)
	token, _, ok := strings.Cut(rest, "<")
	if !ok {
		t.Fatal("the first page has no token")
	}
	if got := ask(t, p, "verb=ListIdentifiers&resumptionToken="+token); !strings.Contains(got, "badResumptionToken") {
		t.Errorf("the token serves another verb: %s", got)
	}
	p.Now = noon.Add(25 * time.Hour)
	if got := ask(t, p, "verb=ListRecords&resumptionToken="+token); !strings.Contains(got, "badResumptionToken") {
		t.Errorf("the token never ends: %s", got)
	}
}

// Deleted records keep their identifier and nothing else.
func TestWithdrawnIsDeleted(t *testing.T) {
	got := ask(t, provider(library()), "verb=GetRecord&metadataPrefix=mods&identifier=oai:example.vn:d009")
	want := `<record><header status="deleted"><identifier>oai:example.vn:d009</identifier><datestamp>2026-05-19T17:03:00Z</datestamp><setSpec>kind:song_music</setSpec></header></record>`
	if !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDates(t *testing.T) {
	p := provider(library())
	for query, want := range map[string]int{"&from=2026-05-19T17:00:00Z&until=2026-05-19T17:00:00Z": 3, "&from=2026-05-19T17:00:01Z&until=2026-05-19T17:01:00Z": 3,
		"&from=2026-05-19&until=2026-05-19": 100, "&until=2026-05-19T17:02:00Z&set=kind:law": 5, "&until=2026-05-19T17:02:00Z&set=kind": 9} {
		if got := strings.Count(ask(t, p, "verb=ListIdentifiers&metadataPrefix=oai_dc"+query), "<header"); got != want {
			t.Errorf("%s gives %d, want %d", query, got, want)
		}
	}
}

// Every kind of answer keeps to the schema of the protocol.
func TestAnswersAreValid(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed")
	}
	schema := filepath.Join("..", "..", "..", "..", "shared", "data", "formats", "oai", "oai-pmh.xsd")
	if _, err := os.Stat(schema); err != nil {
		t.Skip("the schema of OAI-PMH does not lie beside the project")
	}
	schema = together(t, schema)
	p := provider(library())
	for i, query := range []string{"verb=Identify", "verb=ListMetadataFormats", "verb=ListSets", "verb=ListIdentifiers&metadataPrefix=mods",
		"verb=ListRecords&metadataPrefix=oai_dc", "verb=ListRecords&metadataPrefix=mods", "verb=GetRecord&metadataPrefix=mods&identifier=oai:example.vn:d001",
		"verb=GetRecord&metadataPrefix=mods&identifier=oai:example.vn:d009", "verb=x", "verb=ListRecords&metadataPrefix=x"} {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.xml", i))
		if err := os.WriteFile(file, []byte(ask(t, p, query)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--schema", schema, file).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", query, out)
		}
	}
}

// together is a schema of the protocol and of what stands in its records: Dublin Core whole, MODS by the name of its element.
func together(t *testing.T, protocol string) string {
	t.Helper()
	var places []string
	for _, file := range []string{protocol, filepath.Join("testdata", "oai_dc.xsd"), filepath.Join("testdata", "mods.xsd")} {
		full, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, full)
	}
	file := filepath.Join(t.TempDir(), "all.xsd")
	text := fmt.Sprintf(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace="http://www.openarchives.org/OAI/2.0/" schemaLocation="%s"/>`+
		`<xs:import namespace="http://www.openarchives.org/OAI/2.0/oai_dc/" schemaLocation="%s"/>`+
		`<xs:import namespace="http://www.loc.gov/mods/v3" schemaLocation="%s"/></xs:schema>`, places[0], places[1], places[2])
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func serve(t *testing.T, s catalogue.Source) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := provider(s)
		p.Now = time.Now()
		p.Origin = "http://" + r.Host
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		body, err := p.Answer(r.Context(), r.Form)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/oai"
}

// The harvester of Perl walks through everything.
func TestPerlHarvests(t *testing.T) {
	if exec.CommandContext(t.Context(), "perl", "-MHTTP::OAI", "-e1").Run() != nil {
		t.Skip("HTTP::OAI of Perl is not installed")
	}
	const script = `use HTTP::OAI; binmode STDOUT, ":utf8"; $| = 1;
my $h = HTTP::OAI::Harvester->new(baseURL => $ARGV[0]);
my $i = $h->Identify; die $i->message if $i->is_error;
print "name ", $i->repositoryName, "\n", "deleted ", $i->deletedRecord, "\n";
my $f = $h->ListMetadataFormats; while (my $x = $f->next) { print "format ", $x->metadataPrefix, "\n" }
my $s = $h->ListSets; while (my $x = $s->next) { print "set ", $x->setSpec, "\n" }
for my $prefix ("oai_dc", "mods") {
  my ($n, $d) = (0, 0);
  my $r = $h->ListRecords(metadataPrefix => $prefix, onRecord => sub { my $x = shift; $n++; $d++ if $x->is_deleted; die "no metadata" unless $x->is_deleted || $x->metadata });
  die $r->message if $r->is_error; print "$prefix $n $d\n";
}
my $n = 0; $h->ListIdentifiers(metadataPrefix => "oai_dc", set => "kind:law", onRecord => sub { $n++ }); print "law $n\n";
for my $e ($h->GetRecord(identifier => "oai:x:y", metadataPrefix => "oai_dc"), $h->ListRecords(metadataPrefix => "marc"), $h->ListRecords(resumptionToken => "x")) {
  print $e->code, " ", $e->message =~ /^(\w+)/, "\n";
}
`
	out, err := exec.CommandContext(t.Context(), "perl", "-e", script, serve(t, library())).CombinedOutput()
	want := "name Thư viện thử\ndeleted persistent\nformat oai_dc\nformat mods\nset kind\nset kind:law\nset kind:song_music\noai_dc 250 25\nmods 250 25\nlaw 125\n" +
		"500 idDoesNotExist\n500 cannotDisseminateFormat\n500 badResumptionToken\n"
	if err != nil || string(out) != want {
		t.Errorf("Perl: %v\n%s\nwant\n%s", err, out, want)
	}
}

func harvester(base string, waits *[]time.Duration) oai.Harvester {
	return oai.Harvester{Base: base, Client: outgoing.Client(true, 10*time.Second, 1), Now: time.Now,
		Sleep: func(ctx context.Context, d time.Duration) error { *waits = append(*waits, d); return ctx.Err() }}
}

func TestHarvest(t *testing.T) {
	base := serve(t, library())
	var got []oai.Harvested
	var waits []time.Duration
	since, err := harvester(base, &waits).Records(t.Context(), oai.Ask{Set: "kind"}, func(r oai.Harvested) error { got = append(got, r); return nil })
	if err != nil || since == "" {
		t.Fatalf("since %q, %v", since, err)
	}
	deleted := 0
	for _, r := range got {
		if r.Deleted {
			deleted++
		}
	}
	if len(got) != 250 || deleted != 25 {
		t.Errorf("%d records and %d deleted, want 250 and 25", len(got), deleted)
	}
	if r := got[2]; r.Title[0] != `Văn bản <2> & "Nghị định"` || !slices.Contains(r.Identifiers, "12/2026/NĐ-CP") || r.Date[0] != "2026-05-05" {
		t.Errorf("the third record is %+v", r)
	}
	if _, err := harvester(base, &waits).Records(t.Context(), oai.Ask{From: "2099-01-01"}, nil); err != nil {
		t.Errorf("a harvest of nothing: %v", err)
	}
}

// A server that is busy is waited for; one that is broken is left.
func TestHarvestOfBadServers(t *testing.T) {
	const open = `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-01-01T00:00:00Z</responseDate>`
	tests := []struct {
		name   string
		answer func(w http.ResponseWriter, n int)
		asked  int // how often
		wrong  bool
	}{
		{"busy, then not", func(w http.ResponseWriter, n int) {
			if n < 3 {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			fmt.Fprint(w, open, `<error code="noRecordsMatch"/></OAI-PMH>`)
		}, 3, false},
		{"always busy", func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusTooManyRequests) }, 5, true},
		{"not there", func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusNotFound) }, 1, true},
		{"elsewhere", func(w http.ResponseWriter, _ int) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(http.StatusFound)
		}, 1, true},
		{"a page for people", func(w http.ResponseWriter, _ int) { fmt.Fprint(w, "<html><body>Hello</body></html>") }, 1, true},
		{"a list that leads back to itself", func(w http.ResponseWriter, _ int) {
			fmt.Fprint(w, open, `<ListRecords><record><header><identifier>a</identifier></header></record><resumptionToken>t</resumptionToken></ListRecords></OAI-PMH>`)
		}, 2, true},
		{"a record without identifier", func(w http.ResponseWriter, _ int) {
			fmt.Fprint(w, open, `<ListRecords><record><header/></record></ListRecords></OAI-PMH>`)
		}, 1, false},
		{"an answer without end", func(w http.ResponseWriter, _ int) {
			fmt.Fprint(w, open)
			for range 17 {
				fmt.Fprint(w, strings.Repeat(" ", 1<<20))
			}
		}, 1, true},
		{"a refusal", func(w http.ResponseWriter, _ int) { fmt.Fprint(w, open, `<error code="badArgument"/></OAI-PMH>`) }, 1, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { n++; test.answer(w, n) }))
			defer server.Close()
			var waits []time.Duration
			_, err := harvester(server.URL, &waits).Records(t.Context(), oai.Ask{}, func(oai.Harvested) error { return nil })
			if (err != nil) != test.wrong || n != test.asked {
				t.Errorf("asked %d times: %v; want %d times, error %v", n, err, test.asked, test.wrong)
			}
			if test.name == "busy, then not" && !slices.Equal(waits, []time.Duration{7 * time.Second, 7 * time.Second}) {
				t.Errorf("waited %v", waits)
			}
		})
	}
}

// The harvest reads what other servers say, as they say it.
func TestHarvestOfRealAnswers(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "..", "shared", "data", "formats", "oai", "responses", "ListRecords*.xml"))
	if len(files) == 0 {
		t.Skip("the answers of other servers do not lie beside the project")
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }))
		defer server.Close()
		found := errors.New("enough")
		_, err = harvester(server.URL, new([]time.Duration)).Records(t.Context(), oai.Ask{}, func(r oai.Harvested) error { return found })
		if broken := strings.Contains(file, "Broken"); broken == errors.Is(err, found) {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add("e30")
	f.Add("eyJ2IjoiTGlzdFJlY29yZHMiLCJwIjoib2FpX2RjIiwidCI6MSwiaSI6ImEiLCJuIjoxLCJlIjo5OTk5OTk5OTk5OTk5fQ")
	p := provider(library())
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := p.Answer(t.Context(), url.Values{"verb": {"ListRecords"}, "resumptionToken": {token}}); err != nil {
			t.Error(err)
		}
	})
}
