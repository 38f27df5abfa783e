package app

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"banlang/internal/account"
	"banlang/internal/privacy"
	"banlang/internal/web/webtest"
)

// A canary person is sent through every flow that takes personal data, and must not come out where people are not meant to be:
// in the log, in the metrics, on public pages, in an address, or as plain text in a table, which is what a backup holds (R12).
func TestCanaryStaysInside(t *testing.T) {
	const (
		name  = "Canarina Thị Thử"
		phone = "0909 123 321"
		story = "chuyện riêng của Canarina"
	)
	signs := []string{"Canarina", "canarina", url.QueryEscape(name), phone, strings.ReplaceAll(phone, " ", ""), "198.51.100.77"}
	h := demonstration(t)
	var log bytes.Buffer
	h.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	site, err := h.site(true)
	if err != nil {
		t.Fatal(err)
	}
	visitor := webtest.New(t, site)
	post := func(c *webtest.Client, path string, pairs ...string) {
		t.Helper()
		if page := c.Post(path, pairs...); page.Status >= http.StatusInternalServerError {
			t.Fatalf("POST %s: %d", path, page.Status)
		} else if at := page.Header.Get("Location"); found(at, signs) != "" {
			t.Errorf("POST %s leads to the address %q", path, at)
		}
	}
	var leader account.DemoSignIn
	for _, p := range account.DemoSignIns() {
		if p.Name == "province_leader" {
			leader = p
		}
	}
	token, err := h.accounts.SignIn(t.Context(), account.Try{Name: leader.Name, Secret: leader.Secret, Address: "198.51.100.77"})
	if err != nil {
		t.Fatal(err)
	}

	post(visitor, "/rieng-tu/yeu-cau", "kind", privacy.Kinds[0], "text", story, "contact", name+" "+phone)
	post(visitor, "/rieng-tu/yeu-cau", "kind", "", "text", story, "contact", phone) // comes back to be mended
	post(visitor, "/dang-nhap", "name", name, "secret", phone)
	post(webtest.New(t, site).As(token), "/ban-lam-viec/nguoi-dung/them",
		"name", "nguoi-moi", "title", "Cán bộ thử", "kind", account.WithPassword, "home", h.home(), "full_name", name, "phone", phone)
	if id, err := h.accounts.ByName(t.Context(), "nguoi-moi"); err != nil || id == "" {
		t.Fatalf("the new account is not there: %v", err)
	}
	visitor.Get("/tim?q=" + url.QueryEscape(name+" "+phone))
	visitor.Get("/dia-ban?q=" + url.QueryEscape(name))

	for _, route := range site.Routes() {
		if !strings.HasPrefix(route.Pattern, "GET /") || strings.Contains(route.Pattern, "/ban-lam-viec") {
			continue
		}
		if page := visitor.Get(webtest.Fill(route.Pattern)); found(page.Body, signs) != "" {
			t.Errorf("%s shows %q", route.Pattern, found(page.Body, signs))
		}
	}
	if sign := found(log.String(), signs); sign != "" || log.Len() == 0 {
		t.Errorf("the log of %d bytes holds %q", log.Len(), sign)
	}
	tables, err := h.db.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		err := table.Rows(context.Background(), h.db, func(row []any) error {
			line, err := json.Marshal(row)
			if sign := found(string(line), signs); sign != "" {
				t.Errorf("table %s keeps %q in plain text", table.Name, sign)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// found is the first of the signs that stands in the text.
func found(text string, signs []string) string {
	for _, sign := range signs {
		if strings.Contains(text, sign) {
			return sign
		}
	}
	return ""
}
