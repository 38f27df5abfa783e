package oai

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"banlang/internal/outgoing"
)

// The bounds of a harvest: a server that goes on for ever, or sends without end, is left.
const (
	maxAnswer = 16 << 20
	maxPages  = 20_000
	attempts  = 5
)

// A Harvester reads the catalogue of another library.
type Harvester struct {
	Base   string       // the other's address
	Client *http.Client // of package outgoing
	Now    func() time.Time
	Sleep  func(context.Context, time.Duration) error // waits as long as the other asks; an error of the context ends the harvest
}

// An Ask says what to harvest. From and Until are written as the other's granularity has them; empty is everything.
type Ask struct{ Set, From, Until string }

// A Harvested is a record of the other library, in Dublin Core.
type Harvested struct {
	Identifier string
	Datestamp  string
	Sets       []string
	Deleted    bool // nothing else is known of it any more
	Core
}

// A Core is unqualified Dublin Core as it came.
type Core struct {
	Title       []string `xml:"http://purl.org/dc/elements/1.1/ title"`
	Creator     []string `xml:"http://purl.org/dc/elements/1.1/ creator"`
	Subject     []string `xml:"http://purl.org/dc/elements/1.1/ subject"`
	Description []string `xml:"http://purl.org/dc/elements/1.1/ description"`
	Publisher   []string `xml:"http://purl.org/dc/elements/1.1/ publisher"`
	Date        []string `xml:"http://purl.org/dc/elements/1.1/ date"`
	Type        []string `xml:"http://purl.org/dc/elements/1.1/ type"`
	Format      []string `xml:"http://purl.org/dc/elements/1.1/ format"`
	Identifiers []string `xml:"http://purl.org/dc/elements/1.1/ identifier"`
	Language    []string `xml:"http://purl.org/dc/elements/1.1/ language"`
	Relation    []string `xml:"http://purl.org/dc/elements/1.1/ relation"`
	Coverage    []string `xml:"http://purl.org/dc/elements/1.1/ coverage"`
	Rights      []string `xml:"http://purl.org/dc/elements/1.1/ rights"`
}

// received is a response as far as a harvest needs it.
type received struct {
	XMLName xml.Name     `xml:"http://www.openarchives.org/OAI/2.0/ OAI-PMH"`
	Date    string       `xml:"responseDate"`
	Errors  []protoError `xml:"error"`
	Records []struct {
		Header header `xml:"header"`
		Core   Core   `xml:"metadata>dc"`
	} `xml:"ListRecords>record"`
	Token string `xml:"ListRecords>resumptionToken"`
}

// ErrServer says that the other server does not answer as the protocol wants.
var ErrServer = errors.New("oai: the other server does not keep to the protocol")

// Records hands every record to each, and returns the other's time at the beginning: the next harvest asks from there. A record may
// come twice.
func (h Harvester) Records(ctx context.Context, ask Ask, each func(Harvested) error) (since string, err error) {
	args := url.Values{"verb": {"ListRecords"}, "metadataPrefix": {"oai_dc"}}
	for name, value := range map[string]string{"set": ask.Set, "from": ask.From, "until": ask.Until} {
		if value != "" {
			args.Set(name, value)
		}
	}
	seen := map[string]bool{}
	for range maxPages {
		page, err := h.fetch(ctx, args)
		if err != nil {
			return since, err
		}
		if since == "" {
			since = page.Date
		}
		for _, e := range page.Errors {
			if e.Code == noRecordsMatch {
				return since, nil
			}
			return since, e
		}
		for _, r := range page.Records {
			if r.Header.ID == "" { // such servers are there; nothing can be kept of it
				continue
			}
			deleted := r.Header.Status == "deleted"
			if err := each(Harvested{r.Header.ID, r.Header.Date, r.Header.Sets, deleted, r.Core}); err != nil {
				return since, err
			}
		}
		if page.Token == "" {
			return since, nil
		}
		if seen[page.Token] {
			return since, fmt.Errorf("%w: its list leads back to itself", ErrServer)
		}
		seen[page.Token] = true
		args = url.Values{"verb": {"ListRecords"}, "resumptionToken": {page.Token}}
	}
	return since, fmt.Errorf("%w: its list has no end", ErrServer)
}

// fetch asks once, and again while the other says that it is busy.
func (h Harvester) fetch(ctx context.Context, args url.Values) (page received, err error) {
	for n := 1; ; n++ {
		wait, err := h.try(ctx, args, &page)
		if err == nil || wait == 0 || n == attempts {
			return page, err
		}
		if err := h.Sleep(ctx, wait); err != nil {
			return page, err
		}
	}
}

// try asks once. After an error that may pass it says how long to wait.
func (h Harvester) try(ctx context.Context, args url.Values, page *received) (wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Base+"?"+args.Encode(), http.NoBody)
	if err != nil {
		return 0, err
	}
	answer, err := h.Client.Do(request)
	if err != nil {
		if errors.Is(err, outgoing.ErrInner) || ctx.Err() != nil {
			return 0, err
		}
		return outgoing.Pause("", h.Now()), err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusServiceUnavailable || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= 500:
		return outgoing.Pause(answer.Header.Get("Retry-After"), h.Now()), fmt.Errorf("%w: it answers %s", ErrServer, answer.Status)
	case answer.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("%w: it answers %s", ErrServer, answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil: // it broke off
		return outgoing.Pause("", h.Now()), err
	case len(body) > maxAnswer:
		return 0, fmt.Errorf("%w: an answer is larger than %d bytes", ErrServer, maxAnswer)
	}
	*page = received{}
	if err := xml.Unmarshal(body, page); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrServer, err)
	}
	return 0, nil
}
