package subscriber

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
)

func TestBrowserSubscribes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		key := ""
		MountPush(c.site, c.desk, func(context.Context) (string, error) { return key, nil })
		ask := func(method, address, body string) string {
			r := httptest.NewRequestWithContext(t.Context(), method, "http://banlang.test"+address, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			c.site.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Errorf("%s %s: %d %s", method, address, w.Code, w.Body)
			}
			return w.Body.String()
		}
		if got := ask("GET", "/dang-ky/khoa", ""); !strings.Contains(got, `"key":""`) {
			t.Errorf("without a key: %s", got)
		}
		key = "BExample"
		if got := ask("GET", "/dang-ky/khoa", ""); !strings.Contains(got, `"key":"BExample"`) || !strings.Contains(got, "Máy này sẽ nhận tin") {
			t.Errorf("with a key: %s", got)
		}
		if got := ask("GET", "/dang-ky/worker.js", ""); !strings.Contains(got, "showNotification") {
			t.Errorf("the worker is %s", got)
		}
		letters := base64.RawURLEncoding.EncodeToString
		subscription := func(endpoint string, n int) string {
			return `{"endpoint":"` + endpoint + `","expirationTime":null,"keys":{"p256dh":"` + letters(make([]byte, n)) + `","auth":"` + letters(make([]byte, 16)) + `"}}`
		}
		wish := func(subscription string, agreed string) string {
			return ask("POST", "/dang-ky/may", `{"subscription":`+subscription+`,"place":"`+string(c.commune)+`","heard":["tyz","vi"],"read":["vi"],"topics":["health"],"agreed":`+agreed+`}`)
		}
		good := subscription("https://push.example/send/abc", 65)
		for name, got := range map[string]string{"no agreement": wish(good, "false"), "http": wish(subscription("http://push.example/x", 65), "true"), "a short key": wish(subscription("https://push.example/x", 64), "true")} {
			if strings.Contains(got, `"problem":""`) || strings.Contains(got, "subscriber.") {
				t.Errorf("%s: %s, want a sentence that says what is wrong", name, got)
			}
		}
		for range 2 { // again: the same browser
			if got := wish(good, "true"); !strings.Contains(got, `"problem":""`) {
				t.Fatalf("a good subscription: %s", got)
			}
		}
		all, err := Reach(t.Context(), d, Reachable{Area: c.commune}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 || len(all[0].Endpoints) != 1 || all[0].Endpoints[0].Channel != Push || all[0].Heard[0] != "tyz" {
			t.Fatalf("reached are %+v, want one browser", all)
		}
		sealed, err := Addresses(t.Context(), d, []string{all[0].Endpoints[0].ID})
		if err != nil {
			t.Fatal(err)
		}
		to, err := sealed[all[0].Endpoints[0].ID].Open(c.desk.keeper)
		if err != nil || !strings.Contains(to, `"endpoint":"https://push.example/send/abc"`) || strings.Contains(to, "expirationTime") {
			t.Errorf("the address is %q, %v", to, err)
		}
	})
}
