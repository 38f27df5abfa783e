package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"time"
)

const (
	writers  = 8
	draftURL = "/ban-lam-viec/ban-tin/viet"
)

// A draft is a bulletin that a writer sent: with its form, so that it can be sent again with the same key.
type draft struct {
	title string
	form  form
	at    string // its page, once it was acknowledged
}

// kills is R1: the process is killed 200 times while 8 writers save bulletins. Every acknowledged one must be there, every other
// one must be wholly there or not at all: sent again with its key it stands once, and the record of acts is whole.
func kills(ctx context.Context) ([]figure, error) {
	const rounds = 200
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	s, err := start(ctx, binary(), dir)
	if err != nil {
		return nil, err
	}
	defer func() { s.kill() }()
	editor := newBrowser(s.url)
	if err := editor.signIn(ctx, dir, "editor"); err != nil {
		return nil, err
	}

	var acknowledged, lost, half int
	var back []float64
	for round := range rounds {
		saved, open := write(ctx, editor, time.Duration(100+rand.IntN(400))*time.Millisecond, s.kill)
		acknowledged += len(saved)
		if s, err = start(ctx, binary(), dir); err != nil {
			return nil, fmt.Errorf("round %d: %w", round+1, err)
		}
		editor.base = s.url
		if _, err := s.page(ctx, "/"); err != nil {
			return nil, err
		}
		back = append(back, time.Since(s.started).Seconds())
		for _, d := range saved {
			if there, err := editor.do(ctx, http.MethodGet, d.at, nil); err != nil {
				return nil, err
			} else if there.status != http.StatusOK || !strings.Contains(there.body, d.title) {
				lost++
			}
		}
		for _, d := range open {
			if again, err := editor.do(ctx, http.MethodPost, d.form.action, d.form.fields); err != nil {
				return nil, err
			} else if again.status != http.StatusSeeOther {
				half++
			}
		}
		if (round+1)%20 == 0 {
			say("R1: %d of %d kills, %d bulletins acknowledged, %d lost", round+1, rounds, acknowledged, lost)
		}
	}
	s.stop()
	whole := exec.CommandContext(ctx, binary(), "verify", "--data", dir)
	if out, err := whole.CombinedOutput(); err != nil {
		half++
		say("R1: verify: %v\n%s", err, out)
	}
	if acknowledged == 0 {
		return nil, errors.New("no write was acknowledged")
	}
	slow := percentile(back, 0.99)
	return []figure{
		{ID: "R1", Measure: fmt.Sprintf("acknowledged writes lost, %d kills, %d acknowledged", rounds, acknowledged), Ours: float64(lost), Bar: "0", Met: lost == 0},
		{ID: "R1", Measure: "writes that stand half", Ours: float64(half), Bar: "0", Met: half == 0},
		{ID: "R1", Measure: "from start to first page after a kill, p99", Unit: "s", Ours: slow, Bar: "<= 1 s", Met: slow <= 1},
	}, nil
}

// write lets the writers save bulletins until the end comes after that time. It gives those that were acknowledged and those that
// were under way.
func write(ctx context.Context, editor *browser, after time.Duration, end func()) (saved, open []draft) {
	var mu sync.Mutex
	var all sync.WaitGroup
	begun := make(chan struct{}, writers) // each says so once its form is open, so that the time counts writing only
	for range writers {
		all.Go(func() {
			blank, err := editor.form(ctx, draftURL, draftURL)
			begun <- struct{}{}
			for err == nil {
				d := draft{title: fmt.Sprintf("Bản tin đo số %d", rand.Uint64())}
				d.form = fill(blank, d.title)
				var got answer
				if got, err = editor.do(ctx, http.MethodPost, draftURL, d.form.fields); err == nil {
					if got.status != http.StatusSeeOther {
						say("a bulletin was refused: status %d", got.status)
						return
					}
					d.at = got.location
				}
				mu.Lock()
				if d.at != "" {
					saved = append(saved, d)
				} else {
					open = append(open, d)
				}
				mu.Unlock()
			}
		})
	}
	for range writers {
		<-begun
	}
	time.Sleep(after)
	end()
	all.Wait()
	return saved, open
}

// fill writes a bulletin into a blank form, with a key of its own.
func fill(blank form, title string) form {
	f := form{action: blank.action, fields: map[string][]string{}}
	maps.Copy(f.fields, blank.fields)
	f.fields.Set("_key", fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()))
	f.fields.Set("title", title)
	f.fields.Set("body", "Bà con mang giấy tờ tới nhà văn hoá thôn. Việc xong trong một buổi.")
	f.fields.Set("topic", "policy")
	f.fields.Set("class", "normal")
	f.fields.Set("do", "save")
	return f
}
