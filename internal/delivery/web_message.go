package delivery

import (
	"net/http"
	"strings"

	"banlang/internal/i18n"
	"banlang/internal/web"
)

// A messagePage is a subscriber's own message.
type messagePage struct {
	View
	Token      string
	Paragraphs []string
	Sound      web.Sound
	Done       bool   // the person has said that they understood
	Recalled   string // why; empty while it stands
	Newer      bool   // something newer has taken its place
	Late       bool   // what it tells is over
	Stopped    bool
}

// private says that an answer is one person's: neither the site nor a browser keeps it, and no other site learns its address.
func private(w http.ResponseWriter, r *http.Request) {
	web.Fresh(r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
}

func (h handler) messageMeta(r *http.Request, p messagePage) web.Meta {
	return web.Meta{Title: p.Text.Title, NoIndex: true, Lang: p.Text.Lang}
}

func (h handler) messagePage(r *http.Request) (messagePage, error) {
	token := r.PathValue("token")
	v, err := h.desk.ByToken(r.Context(), token)
	if err != nil {
		return messagePage{}, err
	}
	p := messagePage{View: v, Token: token, Done: v.Message.State == Understood}
	switch {
	case v.Item.Recalled:
		p.Recalled = v.Item.Reason
	case v.Campaign.State == Stopped:
		p.Recalled = v.Campaign.Reason
	}
	p.Newer = p.Recalled == "" && (v.Campaign.State == Renewed || v.Item.ReplacedBy != "")
	p.Late = p.Recalled == "" && !p.Newer && (v.Message.State == Expired || !v.Item.Expires.IsZero() && !h.desk.now().Before(v.Item.Expires))
	for line := range strings.SplitSeq(v.Text.Body, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			p.Paragraphs = append(p.Paragraphs, line)
		}
	}
	if v.Sound.MP3 != "" {
		p.Sound = h.sound(r, v.Item, []string{v.Message.Heard})
	}
	return p, nil
}

// message shows a subscriber their message. That the page was asked for is not counted as opened: telephones and chats fetch addresses
// before anybody looks. The buttons count.
func (h handler) message(w http.ResponseWriter, r *http.Request) error {
	private(w, r)
	p, err := h.messagePage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "message", h.messageMeta(r, p), p)
}

// listen counts that the message was opened and leads to its public page, where it is read and heard in every language.
func (h handler) listen(w http.ResponseWriter, r *http.Request) error {
	private(w, r)
	v, err := h.desk.ByToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	if r.Method == http.MethodGet && !strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") {
		if err := h.desk.Open(r.Context(), r.PathValue("token")); err != nil {
			return err
		}
	}
	to := v.Item.URL
	if v.Message.Heard != "" && v.Message.Heard != i18n.Default {
		to += "?tieng=" + v.Message.Heard
	}
	return web.Redirect(w, r, to)
}

func (h handler) understand(w http.ResponseWriter, r *http.Request) error {
	private(w, r)
	if err := h.desk.Understand(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return web.Redirect(w, r, "/n/"+r.PathValue("token"))
}

// askStop shows the button that stops, under the message where there is one.
func (h handler) askStop(w http.ResponseWriter, r *http.Request) error {
	if !h.desk.Stops(r.PathValue("token")) {
		return h.message(w, r)
	}
	private(w, r)
	return h.showStop(w, r, false)
}

func (h handler) showStop(w http.ResponseWriter, r *http.Request, stopped bool) error {
	return h.room.Show(w, r, "stop", web.Meta{Title: web.T(r, "delivery.message.stop"), NoIndex: true}, messagePage{Token: r.PathValue("token"), Stopped: stopped})
}

// stop ends what is sent to where the message went. A mail reader asks for it by itself when its owner presses "unsubscribe"
// (RFC 8058), so it takes one request.
func (h handler) stop(w http.ResponseWriter, r *http.Request) error {
	private(w, r)
	if token := r.PathValue("token"); h.desk.Stops(token) {
		if err := h.desk.StopAll(r.Context(), token); err != nil {
			return err
		}
		return h.showStop(w, r, true)
	}
	p, err := h.messagePage(r)
	if err != nil {
		return err
	}
	if err := h.desk.StopAll(r.Context(), p.Token); err != nil {
		return err
	}
	p.Stopped = true
	return h.room.Show(w, r, "message", h.messageMeta(r, p), p)
}

// sound is what of an item can be heard: in the first of the wanted languages that it has, else in Vietnamese.
func (h handler) sound(r *http.Request, item Item, wanted []string) web.Sound {
	lang := h.desk.hearable(item, wanted)
	e, ok := item.In(lang)
	if !ok || e.MP3 == "" {
		if e, ok = item.In(i18n.Default); !ok || e.MP3 == "" {
			return web.Sound{}
		}
	}
	base := item.URL + "/" + e.Lang
	return web.Sound{Caption: web.T(r, "delivery.hear", "Lang", h.desk.language(e.Lang)), Machine: e.Machine, Reader: e.Voice, Length: e.Length,
		Files: []web.SoundFile{{URL: base + ".opus", Type: "audio/ogg; codecs=opus", Size: e.OpusSize}, {URL: base + ".mp3", Type: "audio/mpeg", Size: e.MP3Size}}}
}
