package bulletin

import (
	"cmp"
	"net/http"

	"banlang/internal/fault"
	"banlang/internal/web"
)

// An editionView is the page of one edition: the source beside it, what is told, and what the actor may do.
type editionView struct {
	Bulletin Bulletin
	Edition  Edition
	Source   Edition
	Blocks   []block // of the source
	Told     []block // of the edition, as saved
	Name     string
	Status   status
	Sound    web.Sound
	Heard    web.Sound // the source's
	Powers   EditionPowers
	Title    string // as typed
	Text     string
	Voice    string
	Remark   string
	Revision int64
	Limit    int64
	Clash    bool // somebody else saved meanwhile
}

func (h handler) editionView(r *http.Request) (editionView, error) {
	lang := r.PathValue("lang")
	if _, err := h.desk.languages.Language(lang); err != nil {
		return editionView{}, err
	}
	b, steps, err := h.desk.Draft(r.Context(), web.Actor(r), ID(r.PathValue("id")))
	if err != nil {
		return editionView{}, err
	}
	e, _ := b.Edition(lang)
	p := editionView{Bulletin: b, Edition: e, Name: h.name(r, lang), Status: statusOf(e.State), Told: blocks(e.Body), Title: e.Title, Text: e.Body,
		Voice: e.Sound.Voice, Revision: e.Revision, Limit: LargestSound, Sound: h.draftPlayer(r, b, e)}
	p.Source, _ = b.Edition(Source)
	p.Blocks = blocks(p.Source.Body)
	if lang != Source {
		p.Heard = h.draftPlayer(r, b, p.Source)
	}
	p.Powers = h.desk.editionPowers(web.Actor(r), b, e, steps, false)
	return p, nil
}

func (h handler) edition(w http.ResponseWriter, r *http.Request) error {
	p, err := h.editionView(r)
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "edition", h.editionMeta(r, p), p)
}

func (h handler) editionMeta(r *http.Request, p editionView) web.Meta {
	return h.meta(r, p.Bulletin.Title()+" – "+p.Name, web.Link{Text: p.Bulletin.Title(), URL: deskPage(p.Bulletin.ID)})
}

// again shows the page of the edition with what was typed and what is wrong.
func (h handler) again(w http.ResponseWriter, r *http.Request, err error) error {
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Forbidden || k == fault.Unauthenticated {
		return err
	}
	p, lost := h.editionView(r)
	if lost != nil {
		return lost
	}
	if _, typed := r.PostForm["body"]; typed {
		p.Title, p.Text = r.PostFormValue("title"), r.PostFormValue("body")
		p.Clash = fault.Is(err, fault.Conflict)
	}
	p.Voice, p.Remark = cmp.Or(r.PostFormValue("voice"), p.Voice), r.PostFormValue("remark")
	return h.room.Form(w, r, "edition", h.editionMeta(r, p), p, err)
}

func (h handler) translate(w http.ResponseWriter, r *http.Request) error {
	id, lang := ID(r.PathValue("id")), r.PathValue("lang")
	err := h.desk.Translate(r.Context(), web.Actor(r), web.Key(r), id, Telling{Lang: lang, Title: r.PostFormValue("title"), Body: r.PostFormValue("body"), Revision: number(r, "revision")})
	if err != nil {
		return h.again(w, r, err)
	}
	return h.done(w, r, editionPage(id, lang), "bulletin.done.translate", "", nil)
}

func (h handler) record(w http.ResponseWriter, r *http.Request) error {
	id, lang := ID(r.PathValue("id")), r.PathValue("lang")
	u, err := web.Upload(r, "sound", LargestSound)
	if err != nil {
		return h.again(w, r, err)
	}
	f, err := u.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	voice := ""
	if r.PostFormValue("consent") == "yes" {
		voice = r.PostFormValue("voice")
	}
	err = h.desk.Record(r.Context(), web.Actor(r), web.Key(r), id, Recording{Lang: lang, Voice: voice, Revision: number(r, "revision"), Sound: f})
	if err != nil {
		return h.again(w, r, err)
	}
	return h.done(w, r, editionPage(id, lang), "bulletin.done.record", "", nil)
}

func (h handler) review(w http.ResponseWriter, r *http.Request) error {
	id, lang := ID(r.PathValue("id")), r.PathValue("lang")
	v := Verdict{Lang: lang, Good: r.PostFormValue("do") == "good", Remark: r.PostFormValue("remark"), Revision: number(r, "revision")}
	if err := h.desk.ReviewLanguage(r.Context(), web.Actor(r), web.Key(r), id, v); err != nil {
		return h.again(w, r, err)
	}
	key := "bulletin.done.back"
	if v.Good {
		key = "bulletin.done.review"
	}
	return h.done(w, r, deskPage(id), key, "", nil)
}
