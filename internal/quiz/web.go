package quiz

import (
	"embed"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/delivery"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	site *web.Site
	room *web.Room
}

// Mount registers the question of a campaign, the desk of those who tell it in their language, and the page where it is answered.
func Mount(site *web.Site, d *Desk) {
	h := handler{d, site, site.Room("quiz", pages)}
	site.Handle("GET /ban-lam-viec/gui/{id}/cau-hoi", duty.DeliveryReadCounts, h.show)
	site.Handle("POST /ban-lam-viec/gui/{id}/cau-hoi", duty.DeliverySend, h.write)
	site.Handle("POST /ban-lam-viec/gui/{id}/cau-hoi/gui", duty.DeliverySend, h.begin)
	site.Handle("POST /ban-lam-viec/gui/{id}/cau-hoi/bo", duty.DeliverySend, h.drop)
	site.Handle("GET /ban-lam-viec/cau-hoi", duty.BulletinTranslate, h.wanted)
	site.Handle("POST /ban-lam-viec/cau-hoi/{id}/{lang}", duty.BulletinTranslate, h.translate)
	site.Menu(web.MenuItem{Group: "desk.daily", Key: "quiz.menu", URL: "/ban-lam-viec/cau-hoi", Act: duty.BulletinTranslate, Order: 45})
	site.Handle("GET /n/{token}/hoi", duty.Public, h.question)
	site.Handle("POST /n/{token}/hoi", duty.Public, h.answer)
}

// An optionLine is one of the three answers in a form.
type optionLine struct {
	N     int64
	Field string
	Text  string
	Right bool
}

func optionLines(options [3]string, answer int64) []optionLine {
	var all []optionLine
	for i, text := range options {
		n := int64(i) + 1
		all = append(all, optionLine{n, fields[i], text, n == answer})
	}
	return all
}

// posted are the words of a form.
func posted(r *http.Request) Words {
	w := Words{Question: r.PostFormValue("question")}
	for i, field := range fields {
		w.Options[i] = r.PostFormValue(field)
	}
	return w
}

// A quizPage is the question of one campaign, as a form while it is a draft and as a result then.
type quizPage struct {
	Quiz
	ID, Title string
	Demo      bool
	Shape     string
	May       bool // write and begin
	Over      bool // nothing can be asked about this campaign
	Question  string
	Options   []optionLine
	Share     string
	Texts     []textLine
	Result    *resultLines // nil while nobody was asked
}

// A textLine is the message that asks in one language.
type textLine struct {
	Lang, Tag string
	Text      Text
}

// resultLines are a result as it may be told.
type resultLines struct {
	Enough, Few     bool
	Asked, Answered string
	Lines           []shareLine
}

// A shareLine is a share with its bar: of a hundred, filled to Low, and the whole span of it above.
type shareLine struct {
	Key, Text string
	Low, Wide float64
}

func (h handler) quizPage(r *http.Request) (quizPage, delivery.Campaign, error) {
	c, q, result, err := h.desk.Of(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return quizPage{}, c, err
	}
	p := quizPage{Quiz: q, ID: c.ID, Title: h.desk.title(r.Context(), c), Demo: c.Demo, Shape: shape(q.State), Over: mayAsk(c) != nil, Share: strconv.FormatInt(max(q.Share, leastShare), 10)}
	p.May = (q.State == "" || q.State == Draft) && !p.Over && h.desk.Policy.Permit(web.Actor(r), duty.DeliverySend, thing(c)) == nil
	var words Words
	for _, w := range q.Words {
		p.Texts = append(p.Texts, textLine{h.desk.language(w.Lang), w.Lang, h.desk.sample(r.Context(), c, w)})
	}
	if len(q.Words) > 0 {
		words = q.Words[0]
	}
	p.Question, p.Options = words.Question, optionLines(words.Options, q.Answer)
	if q.State == Open {
		p.Result = lines(r, result)
	}
	return p, c, nil
}

func shape(s State) string {
	switch s {
	case Open:
		return "ok"
	case Dropped:
		return "bad"
	case Asking:
		return "go"
	}
	return "unk"
}

// lines are a result in words. A count below five is told as no more than that.
func lines(r *http.Request, result Result) *resultLines {
	few := func(n int64) string {
		if n > 0 && n < least {
			return web.T(r, "quiz.few")
		}
		return i18n.Number(web.Reader(r).UI, n)
	}
	l := &resultLines{Enough: result.Enough, Few: result.Few(), Asked: few(result.Asked), Answered: few(result.Answered)}
	if !l.Enough {
		return l
	}
	add := func(key string, s Span) {
		percent := func(v float64) string { return i18n.Percent(web.Reader(r).UI, v*100) }
		line := shareLine{Key: key, Low: s.Low * 100, Wide: (s.High - s.Low) * 100, Text: percent(s.Low)}
		if s.High > s.Low {
			line.Text = web.T(r, "quiz.from_to", "Low", percent(s.Low), "High", percent(s.High))
		}
		l.Lines = append(l.Lines, line)
	}
	add("quiz.rate", result.Rate)
	add("quiz.right", result.Right)
	add("quiz.known", result.Known)
	add("quiz.interval", result.Interval)
	add("quiz.bounds", result.Bounds)
	return l
}

func quizURL(id string) string { return "/ban-lam-viec/gui/" + id + "/cau-hoi" }

func (h handler) meta(r *http.Request, p quizPage) web.Meta {
	return web.Meta{Title: web.T(r, "quiz.title"), Desk: true, Sheet: p.Title, Crumbs: []web.Link{{Text: web.T(r, "delivery.menu"), URL: "/ban-lam-viec/gui"}, {Text: p.Title, URL: "/ban-lam-viec/gui/" + p.ID}}}
}

func (h handler) show(w http.ResponseWriter, r *http.Request) error {
	p, _, err := h.quizPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "quiz", h.meta(r, p), p)
}

func (h handler) write(w http.ResponseWriter, r *http.Request) error {
	wish := Wish{Words: posted(r)}
	wish.Answer, _ = strconv.ParseInt(r.PostFormValue("answer"), 10, 64) // 0 is told at its field
	wish.Share, _ = strconv.ParseInt(strings.TrimSpace(r.PostFormValue("share")), 10, 64)
	return h.done(w, r, "quiz.saved", h.desk.Write(r.Context(), web.Actor(r), web.Key(r), r.PathValue("id"), wish), func(p *quizPage) {
		p.Question, p.Options, p.Share = wish.Words.Question, optionLines(wish.Words.Options, wish.Answer), r.PostFormValue("share")
	})
}

func (h handler) begin(w http.ResponseWriter, r *http.Request) error {
	return h.done(w, r, "quiz.begun.done", h.desk.Begin(r.Context(), web.Actor(r), web.Key(r), r.PathValue("id")), func(*quizPage) {})
}

func (h handler) drop(w http.ResponseWriter, r *http.Request) error {
	return h.done(w, r, "quiz.draft.dropped", h.desk.Drop(r.Context(), web.Actor(r), web.Key(r), r.PathValue("id")), func(*quizPage) {})
}

// done leads back to the page of the question, or shows it again with what was typed and what is wrong.
func (h handler) done(w http.ResponseWriter, r *http.Request, message string, err error, typed func(*quizPage)) error {
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		p, _, load := h.quizPage(r)
		if load != nil {
			return load
		}
		typed(&p)
		return h.room.Form(w, r, "quiz", h.meta(r, p), p, err)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", message)
	return web.Redirect(w, r, quizURL(r.PathValue("id")))
}

// A wantedLine is one question to be told in one language.
type wantedLine struct {
	Wanted
	Name     string // of the language
	Question string
	Options  []optionLine
	Wrong    bool // what was typed here is not accepted
}

func (h handler) wantedLines(r *http.Request) ([]wantedLine, error) {
	all, err := h.desk.Wanted(r.Context(), web.Actor(r))
	var lines []wantedLine
	for _, one := range all {
		lines = append(lines, wantedLine{Wanted: one, Name: h.desk.language(one.Lang), Question: one.Words.Question, Options: optionLines(one.Words.Options, one.Answer)})
	}
	return lines, err
}

func (h handler) wantedMeta(r *http.Request) web.Meta {
	return web.Meta{Title: web.T(r, "quiz.menu"), Desk: true}
}

func (h handler) wanted(w http.ResponseWriter, r *http.Request) error {
	all, err := h.wantedLines(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "wanted", h.wantedMeta(r), all)
}

func (h handler) translate(w http.ResponseWriter, r *http.Request) error {
	id, words := r.PathValue("id"), posted(r)
	words.Lang = r.PathValue("lang")
	err := h.desk.Translate(r.Context(), web.Actor(r), web.Key(r), id, words)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		all, load := h.wantedLines(r)
		if load != nil {
			return load
		}
		if n := slices.IndexFunc(all, func(l wantedLine) bool { return l.Campaign == id && l.Lang == words.Lang }); n >= 0 {
			all[n].Question, all[n].Options, all[n].Wrong = words.Question, optionLines(words.Options, all[n].Answer), true
		}
		return h.room.Form(w, r, "wanted", h.wantedMeta(r), all, err)
	}
	if err != nil {
		return err
	}
	web.Flash(r, "ok", "quiz.translate.saved")
	return web.Redirect(w, r, "/ban-lam-viec/cau-hoi")
}

// An askedPage is the question of one person.
type askedPage struct {
	View
	Token    string
	Lacks    string // name of the language that is missing
	Recalled bool
}

// private says that an answer is one person's: neither the site nor a browser keeps it, and no other site learns its address.
func private(w http.ResponseWriter, r *http.Request) {
	web.Fresh(r)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
}

func (h handler) askedPage(r *http.Request) (askedPage, web.Meta, error) {
	v, err := h.desk.ByToken(r.Context(), r.PathValue("token"))
	p := askedPage{View: v, Token: r.PathValue("token"), Recalled: v.Campaign.State == delivery.Stopped}
	if v.Missing != "" {
		p.Lacks = h.desk.language(v.Missing)
	}
	return p, web.Meta{Title: web.T(r, "quiz.page.title"), NoIndex: true}, err
}

func (h handler) question(w http.ResponseWriter, r *http.Request) error {
	private(w, r)
	p, meta, err := h.askedPage(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "question", meta, p)
}

func (h handler) answer(w http.ResponseWriter, r *http.Request) error {
	private(w, r)
	token := r.PathValue("token")
	place, _ := strconv.ParseInt(r.PostFormValue("choice"), 10, 64) // 0 is told on the page
	err := h.desk.AnswerPage(r.Context(), token, place)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		p, meta, load := h.askedPage(r)
		if load != nil {
			return load
		}
		return h.room.Form(w, r, "question", meta, p, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/n/"+token+"/hoi")
}
