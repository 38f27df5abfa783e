package subscriber

import (
	"embed"
	"net/http"
	"slices"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/privacy"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

//go:embed sound/*.mp3 sound/*.opus
var sounds embed.FS

// A Topic is what somebody may ask to be told about.
type Topic struct {
	Code    string // named by the message bulletin.topic.<code>
	Picture string // pictogram
}

type handler struct {
	desk *Desk
	site *web.Site
	room *web.Room
	runs *listRuns
}

// Mount registers the pages where people ask for news and stop it, and the desk of those who help them.
func Mount(site *web.Site, d *Desk, topics []Topic) {
	site.Files(sounds)
	d.topics = topics
	h := handler{d, site, site.Room("subscriber", pages), &listRuns{all: map[string]*listRun{}}}
	site.Handle("GET /dang-ky", duty.Public, h.form)
	site.Handle("POST /dang-ky", duty.Public, h.subscribe)
	site.Handle("POST /dang-ky/xac-nhan", duty.Public, h.confirm)
	site.Handle("GET /dang-ky/thoi", duty.Public, h.leave)
	site.Handle("POST /dang-ky/thoi", duty.Public, h.askStop)
	site.Handle("POST /dang-ky/thoi/ma", duty.Public, h.stop)
	h.mountDesk()
}

// A formPage is the form that asks what somebody wants, on the public page and at the desk.
type formPage struct {
	Address  string
	Place    place.ID
	Village  string
	Places   []web.Choice
	Villages []web.Choice
	Heard    []language
	More     []language // also heard
	Several  bool       // some of them are chosen
	Read     []language
	Topics   []topic
	Wording  string
	Hear     string // address of the sound of the wording
	Reason   string
	Told     []web.Choice // at the desk: in which language the wording was told
}

// A language is a choice with the sound of its name.
type language struct {
	web.Language
	Chosen bool
	Hear   string
}

type topic struct {
	Topic
	Chosen bool
}

func meta(r *http.Request, title string) web.Meta {
	return web.Meta{Title: web.T(r, title), NoIndex: true, Crumbs: []web.Link{{Text: web.T(r, "subscriber.title"), URL: "/dang-ky"}}}
}

func openMeta(r *http.Request) web.Meta {
	title := web.T(r, "subscriber.title")
	return web.Meta{Title: title, Description: web.T(r, "subscriber.lead"), Crumbs: []web.Link{{Text: title}}}
}

func (h handler) form(w http.ResponseWriter, r *http.Request) error {
	reader := web.Reader(r)
	wish := Wish{Heard: reader.Heard, Read: reader.Read}
	if u, err := h.desk.places.At(r.URL.Query().Get("xa"), h.desk.places.Today()); err == nil {
		wish.Place = u.ID
	}
	p, err := h.page(r, wish, h.communes(wish.Place))
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "form", openMeta(r), p)
}

// typed is the wish as it stands in the form.
func typed(r *http.Request) Wish {
	_ = r.ParseForm() // done by the site already
	w := Wish{Channel: SMS, Address: r.PostFormValue("address"), Place: place.ID(r.PostFormValue("place")), Village: r.PostFormValue("village"),
		Topics: r.PostForm["topics"], Lang: web.Reader(r).UI, Manner: privacy.ByOneself, Agreed: r.PostFormValue("agreed") == "yes"}
	if strings.Contains(w.Address, "@") {
		w.Channel = Email
	}
	w.Heard = distinct(append([]string{r.PostFormValue("heard")}, r.PostForm["more"]...))
	w.Read = distinct([]string{r.PostFormValue("read")})
	return w
}

func (h handler) subscribe(w http.ResponseWriter, r *http.Request) error {
	wish := typed(r)
	again := func(err error) error {
		p, lost := h.page(r, wish, h.communes(wish.Place))
		if lost != nil {
			return lost
		}
		if err == nil {
			web.Fresh(r)
			return h.room.Show(w, r, "form", openMeta(r), p)
		}
		return h.room.Form(w, r, "form", openMeta(r), p, err)
	}
	if r.PostFormValue("do") == "village" {
		return again(nil)
	}
	if err := h.inPlace(r, &wish); err != nil {
		return err
	}
	// Whoever asks for themselves is a visitor, whatever their duties: the agreement is theirs alone.
	if _, err := h.desk.Subscribe(r.Context(), duty.Actor{}, wish); err != nil {
		return again(err)
	}
	return h.room.Show(w, r, "code", meta(r, "subscriber.code.title"), h.waiting("join", wish.Channel, wish.Address))
}

// A codePage waits for the code that was sent to an address, which the page carries sealed.
type codePage struct {
	Wish   string // join, stop
	To     string // sealed
	Masked string
	Email  bool
}

// waiting seals an address into the page that waits for its code: no page and no address bar shows it again.
func (h handler) waiting(wish string, ch Channel, address string) codePage {
	if normal, err := normal(ch, address); err == nil {
		address = normal
	}
	return codePage{Wish: wish, To: h.desk.keeper.Wrap(inForm, string(ch)+" "+address), Masked: mask(ch, address), Email: ch == Email}
}

const inForm = "subscriber/form"

// carried opens what waiting sealed.
func (h handler) carried(r *http.Request, wish string) (Channel, string, codePage, error) {
	text, err := h.desk.keeper.Unwrap(inForm, r.PostFormValue("to"))
	ch, address, ok := strings.Cut(text, " ")
	if err != nil || !ok {
		return "", "", codePage{}, fault.New(fault.Invalid, "subscriber.code.lost")
	}
	return Channel(ch), address, h.waiting(wish, Channel(ch), address), nil
}

// mask leaves so much of an address that its owner knows it, and nobody else: …567, …@example.org.
func mask(ch Channel, address string) string {
	const dots = "…\u2060" // no line breaks after it
	if ch == Email {
		return dots + address[max(0, strings.LastIndexByte(address, '@')):]
	}
	return dots + address[max(0, len(address)-3):]
}

func (h handler) confirm(w http.ResponseWriter, r *http.Request) error {
	ch, address, p, err := h.carried(r, "join")
	if err != nil {
		return err
	}
	if err := h.desk.Confirm(r.Context(), ch, address, r.PostFormValue("code")); err != nil {
		return h.room.Form(w, r, "code", meta(r, "subscriber.code.title"), p, err)
	}
	return h.room.Show(w, r, "joined", meta(r, "subscriber.joined"), p)
}

// A leavePage asks for the address that wants nothing more.
type leavePage struct{ Address string }

func (h handler) leave(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "leave", meta(r, "subscriber.leave"), leavePage{})
}

// askStop answers the same whether the address is known or not.
func (h handler) askStop(w http.ResponseWriter, r *http.Request) error {
	wish := typed(r)
	if err := h.desk.AskStop(r.Context(), wish.Channel, wish.Address); err != nil {
		return h.room.Form(w, r, "leave", meta(r, "subscriber.leave"), leavePage{wish.Address}, err)
	}
	return h.room.Show(w, r, "code", meta(r, "subscriber.leave"), h.waiting("stop", wish.Channel, wish.Address))
}

func (h handler) stop(w http.ResponseWriter, r *http.Request) error {
	ch, address, p, err := h.carried(r, "stop")
	if err != nil {
		return err
	}
	if err := h.desk.StopWithCode(r.Context(), ch, address, r.PostFormValue("code")); err != nil {
		return h.room.Form(w, r, "code", meta(r, "subscriber.leave"), p, err)
	}
	return h.room.Show(w, r, "left", meta(r, "subscriber.left"), p)
}

// page fills the form with what is chosen already. The box of the agreement is never ticked beforehand.
func (h handler) page(r *http.Request, w Wish, places []web.Choice) (formPage, error) {
	p := formPage{Address: w.Address, Place: w.Place, Village: w.Village, Places: places, Several: len(w.Heard) > 1, Reason: w.Reason}
	p.Wording, _ = h.desk.Wording(web.Reader(r).UI)
	if web.Reader(r).UI == i18n.Default {
		p.Hear = h.site.Spoken(r, "consent-vi")
	}
	for _, l := range h.site.Languages {
		hear := h.site.Spoken(r, "lang-"+l.Tag)
		n := slices.Index(w.Heard, l.Tag)
		p.Heard = append(p.Heard, language{l, n == 0, hear})
		p.More = append(p.More, language{l, n > 0, hear})
		p.Read = append(p.Read, language{l, len(w.Read) > 0 && w.Read[0] == l.Tag || len(w.Read) == 0 && l.Tag == i18n.Default, hear})
		p.Told = append(p.Told, web.Choice{Code: l.Tag, Text: l.Name, Chosen: l.Tag == w.Lang})
	}
	for _, t := range h.desk.topics {
		p.Topics = append(p.Topics, topic{t, slices.Contains(w.Topics, t.Code)})
	}
	if w.Place == "" {
		return p, nil
	}
	all, err := h.desk.places.VillagesIn(r.Context(), w.Place, h.desk.places.Today())
	for _, v := range all {
		p.Villages = append(p.Villages, web.Choice{Code: v.ID, Text: v.FullName(), Chosen: v.ID == w.Village})
	}
	return p, err
}

// inPlace drops a village that is none of the commune: it was chosen before another commune was.
func (h handler) inPlace(r *http.Request, w *Wish) error {
	elsewhere, err := h.desk.elsewhere(r.Context(), *w)
	if elsewhere {
		w.Village = ""
	}
	return err
}

// communes lists those of the province in force today.
func (h handler) communes(chosen place.ID) []web.Choice {
	var all []web.Choice
	for _, u := range h.desk.places.Units(h.desk.places.HomeUnit().ID, place.Commune, h.desk.places.Today()) {
		all = append(all, web.Choice{Code: string(u.ID), Text: u.FullName(), Chosen: u.ID == chosen})
	}
	return all
}
