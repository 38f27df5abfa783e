package chat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/fault"
	"banlang/internal/subscriber"
)

// Zalo sends by an Official Account: as a message to who follows it (OA Open API 3.0), where the address is the number by which the account
// knows a person, and by an approved template to a phone number (ZNS). Both use one access token, which lives for a day and is renewed by
// a refresh token that may be spent once.
func Zalo() delivery.Connector {
	return delivery.Connector{Name: "zalo", Channel: subscriber.Zalo, Open: openZalo, Fields: []delivery.Field{
		{Name: "app_id", Required: true}, {Name: "app_secret", Secret: true, Required: true},
		{Name: accessToken, Secret: true, Required: true}, {Name: refreshToken, Secret: true, Required: true},
		{Name: "template"}, {Name: "template_title", Default: "tieu_de"}, {Name: "template_text", Default: "noi_dung"}, {Name: "template_link", Default: "duong_dan"},
		{Name: "template_length", Default: "200"},
		{Name: "server", Default: "https://openapi.zalo.me"}, {Name: "server_template", Default: "https://business.openapi.zalo.me"},
		{Name: "server_token", Default: "https://oauth.zaloapp.com"},
	}}
}

// The secrets that are renewed.
const (
	accessToken  = "access_token"
	refreshToken = "refresh_token"
)

const (
	longZalo = 2000            // letters of a message to who follows
	denied   = 5 * time.Minute // before a token that was refused is tried again
)

type zalo struct {
	*line
	settings         delivery.Settings
	oa, zns, renewal string
	most             int // letters of a part of the template

	access chan string // the token that is in use; whoever has it may put another in its place
}

var applicationID = regexp.MustCompile(`^[0-9]{5,25}$`)

func openZalo(s delivery.Settings, h delivery.Hooks) (delivery.Sender, error) {
	if !applicationID.MatchString(s["app_id"]) {
		return nil, fault.Field("app_id", "zalo.app_id")
	}
	z := &zalo{line: newLine("zalo", h), settings: s, access: make(chan string, 1)}
	var err error
	if z.most, err = strconv.Atoi(s["template_length"]); err != nil || z.most < 20 || z.most > 2000 {
		return nil, fault.Field("template_length", "zalo.template_length")
	}
	for field, at := range map[string]struct {
		to   *string
		path string
	}{
		"server":          {&z.oa, "/v3.0/oa/message/cs"},
		"server_template": {&z.zns, "/message/template"},
		"server_token":    {&z.renewal, "/v4/oa/access_token"},
	} {
		base, err := server(field, s[field], h.Inner)
		if err != nil {
			return nil, err
		}
		*at.to = base + at.path
	}
	z.access <- s[accessToken]
	return z, nil
}

// Send hands over each message of a batch by itself.
func (z *zalo) Send(ctx context.Context, batch []delivery.Outgoing, done func(int, delivery.Result)) {
	z.send(ctx, batch, done, z.submit)
}

// Try looks whether Zalo's machine is there. Whether a token holds it says to who sends.
func (z *zalo) Try(ctx context.Context) delivery.Health {
	return delivery.Reached(ctx, z.oa, z.hooks.Inner)
}

// What is asked of an account, and of a template.
type (
	zaloMessage struct {
		Recipient struct {
			User string `json:"user_id"`
		} `json:"recipient"`
		Message struct {
			Text string `json:"text"`
		} `json:"message"`
	}
	zaloTemplate struct {
		Phone    string            `json:"phone"`
		Template string            `json:"template_id"`
		Data     map[string]string `json:"template_data"`
		Tracking string            `json:"tracking_id"`
	}
)

// What both answer. Zalo says yes and no with status 200 alike.
type zaloAnswer struct {
	Error *int `json:"error"`
	Data  struct {
		Message string `json:"message_id"` // of an account
		ID      string `json:"msg_id"`     // of a template
	} `json:"data"`
}

// submit hands one message over. A token that has run out is renewed once.
func (z *zalo) submit(ctx context.Context, o delivery.Outgoing) delivery.Result {
	address, body, why := z.compose(o)
	if why != "" {
		return delivery.Result{State: delivery.Failed, Why: "zalo." + why}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return delivery.Result{State: delivery.Failed, Why: "zalo.refused"}
	}
	token := <-z.access
	z.access <- token
	for renewed := false; ; renewed = true {
		said, err := z.call(ctx, address, token, string(text))
		if err != nil {
			return z.unanswered(err)
		}
		if !said.stale() {
			return z.read(said)
		}
		if renewed {
			return z.locked(*said.Error)
		}
		if token, err = z.renew(ctx, token); err != nil {
			z.hooks.Log.Warn("zalo: token not renewed", "provider", z.hooks.Provider, "error", err)
			return z.locked(*said.Error)
		}
	}
}

// compose is where a message goes and what is asked there: the numbers of accounts are longer than any phone's.
func (z *zalo) compose(o delivery.Outgoing) (address string, body any, why string) {
	if !strings.HasPrefix(o.To, "+") {
		var m zaloMessage
		m.Recipient.User = o.To
		m.Message.Text, _ = words(o, longZalo)
		return z.oa, m, ""
	}
	if z.settings["template"] == "" {
		return "", nil, "template"
	}
	data := map[string]string{}
	for part, text := range map[string]string{"template_title": o.Title, "template_text": o.Text, "template_link": o.URL} {
		if name := z.settings[part]; name != "" {
			data[name] = delivery.Cut(strings.TrimSpace(text), z.most)
		}
	}
	return z.zns, zaloTemplate{Phone: strings.TrimPrefix(o.To, "+"), Template: z.settings["template"], Data: data, Tracking: o.Attempt}, ""
}

// call asks once. The proof ties the token to the application's secret; an application may be set to demand it.
func (z *zalo) call(ctx context.Context, address, token, body string) (zaloAnswer, error) {
	proof := hmac.New(sha256.New, []byte(z.settings["app_secret"]))
	proof.Write([]byte(token))
	header := http.Header{"Content-Type": {"application/json"}}
	header["access_token"] = []string{token} // as it is published, in small letters
	header["appsecret_proof"] = []string{hex.EncodeToString(proof.Sum(nil))}
	a, err := z.ask(ctx, address, header, body)
	if err != nil {
		return zaloAnswer{}, err
	}
	var said zaloAnswer
	if json.Unmarshal(a.body, &said) != nil || said.Error == nil {
		status := a.status
		if status < 400 { // a yes that is none
			status = http.StatusBadGateway
		}
		said = zaloAnswer{Error: &status}
	}
	return said, nil
}

// stale: the access token has run out, or is none.
func (a zaloAnswer) stale() bool { return *a.Error == -216 || *a.Error == -124 }

// read sorts answers, which are numbers: words beside them may name the person. Whom an account may not write to now it may later; who
// blocked it or has no Zalo is gone.
func (z *zalo) read(a zaloAnswer) delivery.Result {
	code := *a.Error
	detail := strconv.Itoa(code)
	failed := func(why string) delivery.Result {
		return delivery.Result{State: delivery.Failed, Why: "zalo." + why, Detail: detail}
	}
	switch code {
	case 0:
		return delivery.Result{State: delivery.Accepted, Provider: a.Data.Message + a.Data.ID}
	case -213, -217, -118, -141: // does not follow, blocked the account, has no Zalo, wants nothing from it
		r := failed("gone")
		r.Gone = true
		return r
	case -230, -232, -227, -114, -119, -139: // has not written to the account lately, is not there, takes no templates
		return failed("closed")
	case -32, http.StatusTooManyRequests:
		return z.rest(time.Minute, code)
	case -234, -133: // nothing at night
		return z.put("night", 30*time.Minute, code)
	case -211, -218, -144, -147: // enough for today
		return z.put("quota", time.Hour, code)
	case -115, -137:
		return z.put("money", 30*time.Minute, code)
	case http.StatusServiceUnavailable:
		return z.put("busy", 15*time.Second, code)
	case -100, -200:
		return delivery.Result{State: delivery.InDoubt, Why: "zalo.no_answer", Detail: detail}
	case -101, -102, -103, -104, -105, -117, -120, -125, -131, -145, -146, -204, -205, -209, -219, -221, -224, -1241:
		return z.denied(code)
	}
	if code >= http.StatusInternalServerError {
		return delivery.Result{State: delivery.InDoubt, Why: "zalo.no_answer", Detail: detail}
	}
	return failed("refused")
}

func (z *zalo) denied(code int) delivery.Result { return z.put("denied", denied, code) }

// locked keeps everything back for a while: without a token each message would only ask for another.
func (z *zalo) locked(code int) delivery.Result {
	r := z.rest(denied, code)
	r.Why = "zalo.denied"
	return r
}

// put puts a message off and keeps the number that was said.
func (z *zalo) put(why string, wait time.Duration, code int) delivery.Result {
	r := z.later(why, wait)
	r.Detail = strconv.Itoa(code)
	return r
}

// renew gives another access token in place of one that was refused. Of all who ask at once the first spends the refresh token; the pair
// that comes is kept before either is used.
func (z *zalo) renew(ctx context.Context, refused string) (string, error) {
	var token string
	select {
	case token = <-z.access:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { z.access <- token }()
	if token != refused {
		return token, nil
	}
	kept, err := z.hooks.Renew(ctx, func(kept delivery.Settings) (delivery.Settings, error) {
		if kept[accessToken] != refused { // the connection for emergencies, or another process, was faster
			return nil, nil //nolint:nilnil // nothing to keep
		}
		form := url.Values{"grant_type": {refreshToken}, refreshToken: {kept[refreshToken]}, "app_id": {z.settings["app_id"]}}
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		header["secret_key"] = []string{z.settings["app_secret"]}
		a, err := z.ask(context.WithoutCancel(ctx), z.renewal, header, form.Encode()) // the pair that comes must be heard: the old one is spent
		if err != nil {
			return nil, err
		}
		var pair struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
			Error   int    `json:"error"`
		}
		if json.Unmarshal(a.body, &pair) != nil || pair.Access == "" || pair.Refresh == "" {
			return nil, errRefused{pair.Error}
		}
		return delivery.Settings{accessToken: pair.Access, refreshToken: pair.Refresh}, nil
	})
	if err == nil {
		token = kept[accessToken]
	}
	return token, err
}

// errRefused says that no tokens were given. It has the number alone: what was sent is secret.
type errRefused struct{ code int }

func (e errRefused) Error() string { return "zalo: tokens refused with " + strconv.Itoa(e.code) }
