package sms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"banlang/internal/delivery"
	"banlang/internal/delivery/gsm"
	"banlang/internal/subscriber"
)

// Call takes what the gateway tells: what became of a message, or what somebody wrote. Where call_header names a header, that has to
// carry the HMAC-SHA256 of the body under call_secret in hexadecimal, and only the body counts; otherwise the parameter "key" of the
// address has to be call_secret. Values come from the address, or from a body that is a form or one JSON object. Whoever does not have
// the secret is told that nothing is there.
func (g *gateway) Call(ctx context.Context, c delivery.Call) (status int, reply []byte) {
	if !g.known(c) {
		return http.StatusNotFound, nil
	}
	v := g.values(c)
	now, s := g.hooks.Now(), g.settings
	if id := v[s["call_id"]]; id != "" && v[s["call_state"]] != "" {
		state, why := g.state(v[s["call_state"]])
		if state == "" {
			return http.StatusOK, nil
		}
		r := delivery.Receipt{Provider: g.hooks.Provider, ID: id, State: state, At: now, Why: why, Detail: v[s["call_state"]]}
		if err := g.hooks.Receipt(ctx, []delivery.Receipt{r}); err != nil {
			return http.StatusServiceUnavailable, nil // it comes again
		}
		return http.StatusOK, nil
	}
	from, text := v[s["call_from"]], v[s["call_text"]]
	if from == "" {
		return http.StatusBadRequest, nil
	}
	if v["coding"] == "2" && strings.ContainsRune(text, 0) { // Kannel hands UCS-2 on as it came
		text = gsm.DecodeUCS2([]byte(text))
	}
	id := v[s["call_message"]]
	if id == "" {
		id = fmt.Sprintf("%s/%x", from, now.UnixNano())
	}
	if err := g.hooks.Heard(ctx, delivery.Inbound{Provider: g.hooks.Provider, ID: id, Channel: subscriber.SMS, From: international(from), Text: text, At: now}); err != nil {
		return http.StatusServiceUnavailable, nil
	}
	return http.StatusOK, nil
}

// known reports whether a call comes from who has the secret.
func (g *gateway) known(c delivery.Call) bool {
	secret, header := g.settings["call_secret"], g.settings["call_header"]
	if secret == "" {
		return false
	}
	if header == "" {
		given := first(c.Query, "key")
		return subtle.ConstantTimeCompare([]byte(given), []byte(secret)) == 1
	}
	for name, values := range c.Header {
		if strings.EqualFold(name, header) && len(values) == 1 {
			given, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(values[0]), "sha256="))
			sign := hmac.New(sha256.New, []byte(secret))
			sign.Write(c.Body)
			return err == nil && hmac.Equal(given, sign.Sum(nil))
		}
	}
	return false
}

func first(all map[string][]string, name string) string {
	if len(all[name]) == 0 {
		return ""
	}
	return all[name][0]
}

// values are the parameters of a call. Those of a signed one come from the body alone, for nothing else is signed.
func (g *gateway) values(c delivery.Call) map[string]string {
	v := map[string]string{}
	if g.settings["call_header"] == "" {
		for name := range c.Query {
			v[name] = first(c.Query, name)
		}
	}
	var object map[string]any
	if json.Unmarshal(c.Body, &object) == nil {
		for name, value := range object {
			switch value.(type) {
			case string, float64, bool:
				v[name] = fmt.Sprint(value)
			}
		}
		return v
	}
	if form, err := url.ParseQuery(string(c.Body)); err == nil {
		for name := range form {
			v[name] = form.Get(name)
		}
	}
	return v
}

// state is what a gateway's word means: as the administrator said, or as networks say it.
func (g *gateway) state(word string) (s delivery.State, why string) {
	in := func(list string) bool {
		return slices.ContainsFunc(strings.Split(list, ","), func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), word) })
	}
	if in(g.settings["call_delivered"]) {
		return delivery.Delivered, ""
	}
	if in(g.settings["call_failed"]) {
		return delivery.Failed, "sms.undelivered"
	}
	return State(strings.ToUpper(word))
}

// international writes a number of Vietnam or of abroad as +84…
func international(number string) string {
	switch {
	case strings.HasPrefix(number, "+"):
		return number
	case strings.HasPrefix(number, "00"):
		return "+" + number[2:]
	case strings.HasPrefix(number, "0"):
		return "+84" + number[1:]
	}
	return "+" + number
}
