package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// accounts is R10: whoever guesses learns nothing from the answer or its time, and whoever is disabled is out at the next request.
func accounts(ctx context.Context) ([]figure, error) {
	const tries = 30
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	data := filepath.Join(dir, "data")
	s, err := start(ctx, binary(), data)
	if err != nil {
		return nil, err
	}
	defer s.stop()

	names := []string{"reviewer", "khongaicaten"}
	took := [2][]float64{}
	same := true
	for i := range tries {
		var said [2]string
		for n, name := range names { // in turn, each from a new address
			b := newBrowser(s.url)
			f, err := b.form(ctx, "/dang-nhap", "/dang-nhap")
			if err != nil {
				return nil, err
			}
			f.fields.Set(f.name, name)
			f.fields.Set(f.secret, fmt.Sprintf("sai mat khau %d", i))
			begin := time.Now()
			got, err := b.do(ctx, http.MethodPost, f.action, f.fields)
			if err != nil {
				return nil, err
			}
			took[n] = append(took[n], time.Since(begin).Seconds()*1000)
			said[n] = fmt.Sprint(got.status, own.ReplaceAllString(strings.ReplaceAll(got.body, `value="`+name+`"`, "NAME"), "KEY"))
		}
		same = same && said[0] == said[1]
	}
	gap := math.Abs(median(took[0]) - median(took[1]))

	b := newBrowser(s.url)
	if err := b.signIn(ctx, data, "editor"); err != nil {
		return nil, err
	}
	inside, err := b.do(ctx, http.MethodGet, "/ban-lam-viec", nil)
	if err != nil {
		return nil, err
	}
	if err := command(ctx, "user", "disable", "--data", data, "--reason", "đo thử hệ thống", "editor"); err != nil {
		return nil, err
	}
	after, err := b.do(ctx, http.MethodGet, "/ban-lam-viec", nil)
	if err != nil {
		return nil, err
	}
	allowed := 0
	if inside.status == http.StatusOK && after.status == http.StatusOK {
		allowed = 1
	}
	return []figure{
		{ID: "R10", Measure: "answer to an unknown name against a known one, medians of 30", Unit: "ms", Ours: gap, Bar: "same answer, <= 5 ms apart", Met: same && gap <= 5},
		{ID: "R10", Measure: "requests answered after the account was disabled", Ours: float64(allowed), Bar: "0", Met: inside.status == http.StatusOK && allowed == 0},
	}, nil
}

// own is what every page has of its own: the key of its form.
var own = regexp.MustCompile(`(name="_key" value=)"[^"]*"`)
