package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/net/html"
)

// A browser is a person's, without script: it keeps cookies, reads forms and sends them. Each request comes from another address, so
// that limits on one address do not bound what is measured: the servers are started as behind a proxy.
type browser struct {
	base   string
	client *http.Client
}

func newBrowser(base string) *browser {
	jar, _ := cookiejar.New(nil) // has no error without options
	return &browser{base, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// An answer is what came back, read to its end.
type answer struct {
	status   int
	location string
	body     string
}

func (b *browser) do(ctx context.Context, method, path string, form url.Values) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("2001:db8:%x:%x::1", rand.Uint32N(1<<16), rand.Uint32N(1<<16)))
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header.Get("Location"), string(body)}, err
}

// A form is one of a page, with what stands in its fields.
type form struct {
	action string
	fields url.Values
	name   string // of the field for the sign-in name
	secret string // of the field for the password
}

// form reads the form of the page that posts to the address.
func (b *browser) form(ctx context.Context, path, action string) (form, error) {
	page, err := b.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return form{}, err
	}
	if page.status != http.StatusOK {
		return form{}, fmt.Errorf("GET %s: status %d", path, page.status)
	}
	root, err := html.Parse(strings.NewReader(page.body))
	if err != nil {
		return form{}, err
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") {
			if to := attr(n, "action"); to == action || to == "" && path == action {
				return readForm(n, action), nil
			}
		}
	}
	return form{}, fmt.Errorf("%s has no form that posts to %s", path, action)
}

func readForm(n *html.Node, action string) form {
	f := form{action: action, fields: url.Values{}}
	for field := range n.Descendants() {
		if field.Type != html.ElementNode {
			continue
		}
		name := attr(field, "name")
		switch kind := attr(field, "type"); {
		case name == "":
		case field.Data == "select":
			f.fields.Set(name, chosen(field))
		case field.Data == "textarea":
			f.fields.Set(name, "")
		case field.Data != "input":
		case kind == "checkbox" || kind == "radio":
			if _, checked := find(field, "checked"); checked {
				f.fields.Add(name, attr(field, "value"))
			}
		case kind == "password":
			f.secret = name
		default:
			if kind != "hidden" && f.name == "" {
				f.name = name
			}
			f.fields.Set(name, attr(field, "value"))
		}
	}
	return f
}

// chosen is the value of the selected option, or of the first that has one.
func chosen(list *html.Node) string {
	value := ""
	for option := range list.Descendants() {
		if option.Type != html.ElementNode || option.Data != "option" {
			continue
		}
		if _, selected := find(option, "selected"); selected {
			return attr(option, "value")
		}
		if value == "" {
			value = attr(option, "value")
		}
	}
	return value
}

func attr(n *html.Node, name string) string {
	value, _ := find(n, name)
	return value
}

func find(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// signIn signs in as one of the people of the demonstration.
func (b *browser) signIn(ctx context.Context, data, name string) error {
	passwords, err := demoAccounts(data)
	if err != nil {
		return err
	}
	got, err := b.trySignIn(ctx, name, passwords[name])
	if err != nil {
		return err
	}
	if got.status != http.StatusSeeOther {
		return fmt.Errorf("sign in as %s: status %d", name, got.status)
	}
	return nil
}

// trySignIn sends the name and the password, whatever comes of it.
func (b *browser) trySignIn(ctx context.Context, name, password string) (answer, error) {
	f, err := b.form(ctx, "/dang-nhap", "/dang-nhap")
	if err != nil {
		return answer{}, err
	}
	f.fields.Set(f.name, name)
	f.fields.Set(f.secret, password)
	return b.do(ctx, http.MethodPost, f.action, f.fields)
}

// demoAccounts are the sign-ins of the demonstration in the data folder.
func demoAccounts(data string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(data, "demo-accounts.json"))
	if err != nil {
		return nil, err
	}
	var list []struct{ User, Password string }
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("demo-accounts.json: %w", err)
	}
	accounts := map[string]string{}
	for _, a := range list {
		accounts[a.User] = a.Password
	}
	if len(accounts) == 0 {
		return nil, errors.New("demo-accounts.json names nobody")
	}
	return accounts, nil
}
