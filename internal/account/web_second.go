package account

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/boombuler/barcode/qr"

	"banlang/internal/fault"
	"banlang/internal/web"
)

// secondPage is page/second.html: the second factor.
type secondPage struct {
	On       bool
	Secret   string
	Picture  template.HTML
	Recovery []string // shown once
}

func (h handler) second(w http.ResponseWriter, r *http.Request) error {
	a, err := h.desk.Mine(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	if a.TOTP {
		return h.room.Show(w, r, "second", h.meta(r, "account.totp"), secondPage{On: true})
	}
	if h.desk.policy.Fresh(web.Actor(r)) != nil {
		return toStepUp(w, r)
	}
	secret, address, err := h.desk.Enrol(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	picture, err := draught(address)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "second", h.meta(r, "account.totp"), secondPage{Secret: secret, Picture: picture})
}

// toStepUp asks for the password again and comes back.
func toStepUp(w http.ResponseWriter, r *http.Request) error {
	return web.Redirect(w, r, "/ban-lam-viec/tai-khoan/xac-nhan?tiep="+strings.TrimSuffix(r.URL.Path, "/tat"))
}

func (h handler) setSecond(w http.ResponseWriter, r *http.Request) error {
	p := secondPage{Secret: r.PostFormValue("key")}
	recovery, err := h.desk.ConfirmSecond(r.Context(), web.Actor(r), p.Secret, r.PostFormValue("code"))
	if fault.Is(err, fault.Forbidden) {
		return toStepUp(w, r)
	}
	if err != nil {
		return h.room.Form(w, r, "second", h.meta(r, "account.totp"), p, err)
	}
	return h.room.Show(w, r, "second", h.meta(r, "account.totp"), secondPage{On: true, Recovery: recovery})
}

func (h handler) dropSecond(w http.ResponseWriter, r *http.Request) error {
	err := h.desk.DropSecond(r.Context(), web.Actor(r))
	if fault.Is(err, fault.Forbidden) {
		return toStepUp(w, r)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "account.totp.dropped")
	return web.Redirect(w, r, "/ban-lam-viec/tai-khoan")
}

// draught draws a text as a QR code, one path of small squares, with the quiet edge that readers need.
func draught(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	const quiet = 4
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := range size {
			if black, _, _, _ := code.At(x, y).RGBA(); black == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	edge := size + 2*quiet
	return template.HTML(fmt.Sprintf(`<svg viewBox="0 0 %d %d" width="240" height="240" role="img"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`, //nolint:gosec // numbers only
		edge, edge, edge, edge, path.String())), nil
}
