package sms

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/delivery/gsm"
	"banlang/internal/fault"
	"banlang/internal/outgoing"
	"banlang/internal/subscriber"
)

// Gateway connects to a gateway that takes messages by HTTP. The address, the headers ("Name: value | Name: value") and the body are
// templates: {to} is +84912345678, {number} the same without the plus, {text}, {from} the sender, {id} our name for the attempt,
// {coding} 0 where the default alphabet suffices and 2 where not, {user}, {password}, {token} what is kept sealed. Each value is
// escaped for the place where it stands. {user} and {password} go as Basic where no template names the password, and {token} as Bearer.
//
// success is a regular expression that the answer of a message that was taken matches; its first group, where there is one, is the
// gateway's identifier. Where there is none, receipts come back with ours: give {id} along in their address.
//
// Kannel's smsbox (User Guide, chapter 6), with max-messages above 1 in its sendsms-user and omit-empty in its sms-service:
//
//	method   GET
//	url      http://smsbox:13013/cgi-bin/sendsms?username={user}&password={password}&from={from}&to={to}&text={text}&charset=UTF-8&coding={coding}&dlr-mask=19&dlr-url=…
//	success  ^0: Accepted
//	dlr-url  our address for calls, escaped: https://…/goi-lai/{provider}?key=SECRET&id={id}&status=%d
//	get-url  of its sms-service: https://…/goi-lai/{provider}?key=SECRET&from=%p&text=%a&coding=%c&message_id=%I
//
// What calls mean stands at Call.
func Gateway() delivery.Connector {
	return delivery.Connector{Name: "sms-http", Channel: subscriber.SMS, Open: openGateway, Fields: []delivery.Field{
		{Name: "url", Required: true}, {Name: "method", Default: "POST"}, {Name: "headers", Default: "Content-Type: application/json"},
		{Name: "body", Default: `{"to":"{to}","from":"{from}","text":"{text}","id":"{id}"}`}, {Name: "success"},
		{Name: "sender"}, {Name: "user"}, {Name: "password", Secret: true}, {Name: "token", Secret: true}, {Name: "toneless", Default: "no"},
		{Name: "call_secret", Secret: true}, {Name: "call_header"}, {Name: "call_id", Default: "id"}, {Name: "call_state", Default: "status"},
		{Name: "call_from", Default: "from"}, {Name: "call_text", Default: "text"}, {Name: "call_message", Default: "message_id"},
		{Name: "call_delivered", Default: "1,delivered,DELIVRD"}, {Name: "call_failed", Default: "2,16,failed,undelivered,rejected,expired"},
	}}
}

// A gateway is one that takes messages by HTTP.
type gateway struct {
	settings delivery.Settings
	hooks    delivery.Hooks
	client   *http.Client
	success  *regexp.Regexp
	escape   func(string) string // of the body
	*delivery.Pulse
}

const (
	atOnce     = 32 // requests on their way
	longAnswer = 64 << 10
	answerIn   = 30 * time.Second
)

func openGateway(s delivery.Settings, h delivery.Hooks) (delivery.Sender, error) {
	u, err := url.Parse(fill(s["url"], func(string) string { return "x" }, url.QueryEscape))
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !h.Inner) || strings.Contains(authority(s["url"]), "{") {
		return nil, fault.Field("url", "sms.url")
	}
	success, err := regexp.Compile(s["success"])
	if err != nil {
		return nil, fault.Field("success", "sms.success")
	}
	if s["method"] != http.MethodPost && s["method"] != http.MethodGet && s["method"] != http.MethodPut {
		return nil, fault.Field("method", "sms.method")
	}
	g := &gateway{settings: s, hooks: h, success: success, escape: url.QueryEscape, Pulse: delivery.NewPulse(h.Now, "sms.down", "sms.password", "sms.no_answer", "sms.busy"),
		client: outgoing.Client(h.Inner, answerIn, atOnce)}
	for line := range strings.SplitSeq(s["headers"], "|") {
		name, value, ok := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
		case !ok || strings.ContainsAny(line, "\r\n"):
			return nil, fault.Field("headers", "sms.headers")
		case !strings.EqualFold(strings.TrimSpace(name), "Content-Type"):
		case strings.Contains(value, "json"):
			g.escape = escapeJSON
		case strings.Contains(value, "xml"):
			g.escape = escapeXML
		}
	}
	return g, nil
}

// authority is the part of an address that says with whom is spoken: no message may change it.
func authority(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return rest[:i]
	}
	return rest
}

var placeholder = regexp.MustCompile(`\{(to|number|text|from|id|coding|user|password|token)\}`)

// fill puts values into a template, each escaped.
func fill(template string, value, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(template, func(name string) string { return escape(value(name[1 : len(name)-1])) })
}

func escapeJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil { // a string can always be written
		return ""
	}
	return string(b[1 : len(b)-1])
}

func escapeXML(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil { // a buffer takes everything
		return ""
	}
	return b.String()
}

// escapeHeader leaves out what would end a header's line.
func escapeHeader(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// Send asks for each message of a batch by itself.
func (g *gateway) Send(ctx context.Context, batch []delivery.Outgoing, done func(int, delivery.Result)) {
	delivery.Each(batch, atOnce, func(o delivery.Outgoing) delivery.Result {
		r := g.submit(ctx, o)
		g.learn(r)
		return r
	}, done)
}

// request writes one message as the templates say.
func (g *gateway) request(ctx context.Context, o delivery.Outgoing) (*http.Request, error) {
	s, text := g.settings, o.Text
	if s["toneless"] == "yes" {
		text = gsm.Toneless(text)
	}
	coding := "2"
	if _, latin := gsm.Encode(text); latin {
		coding = "0"
	}
	values := map[string]string{"to": o.To, "number": strings.TrimPrefix(o.To, "+"), "text": text, "from": s["sender"], "id": o.Attempt,
		"coding": coding, "user": s["user"], "password": s["password"], "token": s["token"]}
	value := func(name string) string { return values[name] }
	var body io.Reader
	if s["method"] != http.MethodGet {
		body = strings.NewReader(fill(s["body"], value, g.escape))
	}
	r, err := http.NewRequestWithContext(ctx, s["method"], fill(s["url"], value, url.QueryEscape), body)
	if err != nil {
		return nil, err
	}
	for line := range strings.SplitSeq(s["headers"], "|") {
		if name, v, ok := strings.Cut(line, ":"); ok && (body != nil || !strings.EqualFold(strings.TrimSpace(name), "Content-Type")) {
			r.Header.Set(strings.TrimSpace(name), strings.TrimSpace(fill(v, value, escapeHeader)))
		}
	}
	templates := s["url"] + s["headers"] + s["body"]
	if s["user"] != "" && !strings.Contains(templates, "{password}") {
		r.SetBasicAuth(s["user"], s["password"])
	}
	if s["token"] != "" && !strings.Contains(templates, "{token}") {
		r.Header.Set("Authorization", "Bearer "+s["token"])
	}
	return r, nil
}

// submit hands one message over and reads the answer. What may have gone out and was not answered is in doubt.
func (g *gateway) submit(ctx context.Context, o delivery.Outgoing) delivery.Result {
	if ctx.Err() != nil { // those before it took all the time
		return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "sms.busy"}
	}
	r, err := g.request(ctx, o)
	if err != nil {
		return delivery.Result{State: delivery.Failed, Why: "sms.refused"}
	}
	answer, err := g.client.Do(r)
	if err != nil {
		// An error of net/http has the whole address in it, with the number and the text: none of it is kept.
		if outgoing.Dialled(err) {
			return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "sms.down"}
		}
		return delivery.Result{State: delivery.InDoubt, Why: "sms.no_answer"}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, longAnswer))
	detail := strconv.Itoa(answer.StatusCode)
	switch code := answer.StatusCode; {
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		return delivery.Result{State: delivery.Failed, Again: outgoing.Pause(answer.Header.Get("Retry-After"), g.hooks.Now()), Why: "sms.busy", Detail: detail}
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusProxyAuthRequired:
		return delivery.Result{State: delivery.Failed, Again: 5 * time.Minute, Why: "sms.password", Detail: detail}
	case code >= 500:
		return delivery.Result{State: delivery.InDoubt, Why: "sms.no_answer", Detail: detail}
	case code >= 300:
		return delivery.Result{State: delivery.Failed, Why: "sms.refused", Detail: detail}
	case err != nil:
		return delivery.Result{State: delivery.InDoubt, Why: "sms.no_answer", Detail: detail}
	}
	found := g.success.FindSubmatch(text)
	if found == nil {
		return delivery.Result{State: delivery.Failed, Why: "sms.refused", Detail: detail}
	}
	id := o.Attempt
	if len(found) > 1 && len(found[1]) > 0 {
		id = string(found[1])
	}
	return delivery.Result{State: delivery.Accepted, Provider: id}
}

// learn keeps how the gateway is, by its last answer; what it said last stays until it says something else.
func (g *gateway) learn(r delivery.Result) {
	r.Detail = cmp.Or(r.Detail, g.Health().Note)
	g.Learn(r)
}

// Try looks whether the gateway's machine is there: whatever is asked of it may be taken for a message.
func (g *gateway) Try(ctx context.Context) delivery.Health {
	return delivery.Reached(ctx, fill(g.settings["url"], func(string) string { return "x" }, url.QueryEscape), g.hooks.Inner)
}

// Close ends what is kept open.
func (g *gateway) Close() error {
	g.client.CloseIdleConnections()
	return nil
}
