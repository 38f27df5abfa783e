package delivery

import (
	"embed"
	"io"
	"net/http"
	"slices"
	"strconv"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	site *web.Site
	room *web.Room
}

// Mount registers the desk of what is sent, the relay's pages, and a subscriber's own message.
func Mount(site *web.Site, d *Desk) {
	h := handler{d, site, site.Room("delivery", pages)}
	site.Handle("GET /ban-lam-viec/gui", duty.DeliveryReadCounts, h.list)
	site.Handle("GET /ban-lam-viec/gui/moi", duty.DeliverySend, h.compose)
	site.Handle("POST /ban-lam-viec/gui/moi", duty.DeliverySend, h.send)
	site.Handle("POST /ban-lam-viec/gui/thu", duty.DeliverySend, h.try)
	site.Handle("GET /ban-lam-viec/gui/{id}", duty.DeliveryReadCounts, h.campaign)
	site.Handle("GET /ban-lam-viec/gui/{id}/nhat-ky.csv", duty.DeliveryReadCounts, h.export)
	site.Handle("POST /ban-lam-viec/gui/{id}/{do}", duty.DeliveryStop, h.change)
	site.Menu(web.MenuItem{Group: "desk.daily", Key: "delivery.menu", URL: "/ban-lam-viec/gui", Act: duty.DeliveryReadCounts, Order: 30})
	h.mountChannels()
	h.mountPeople()
	site.Handle("GET /n/{token}", duty.Public, h.message)
	site.Handle("GET /n/{token}/nghe", duty.Public, h.listen)
	site.Handle("GET /n/{token}/thoi", duty.Public, h.askStop) // a mail reader that only follows the address finds the button
	site.Handle("POST /n/{token}/hieu", duty.Public, h.understand)
	site.Handle("POST /n/{token}/thoi", duty.Public, h.stop)
	site.Handle("GET /goi-lai/{provider}", duty.Public, h.callback)
	site.Handle("POST /goi-lai/{provider}", duty.Public, h.callback)
}

func (h handler) meta(r *http.Request, title string, crumbs ...web.Link) web.Meta {
	return web.Meta{Title: title, Desk: true, Crumbs: crumbs}
}

func (h handler) placeName(id place.ID) string {
	u, err := h.desk.places.ByID(id)
	if err != nil {
		return id.Code()
	}
	return u.FullName()
}

// A campaignLine is one campaign in the list.
type campaignLine struct {
	Campaign
	Title, Where string
	Persons      string
	Reached      string
	Share        int64 // of those reached, in hundredths
	Shape        string
}

type listPage struct {
	Items []campaignLine
	Total int
	Pager web.Pager
	Send  bool
}

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	page, size := web.Page(r)
	all, total, err := h.desk.Campaigns(r.Context(), web.Actor(r), page, size)
	if err != nil {
		return err
	}
	p := listPage{Total: total, Pager: web.NewPager(r, total), Send: h.site.Policy.May(web.Actor(r), duty.DeliverySend)}
	standings, err := h.desk.Standings(r.Context(), all)
	if err != nil {
		return err
	}
	for _, c := range all {
		p.Items = append(p.Items, h.line(r, c, standings[c.ID]))
	}
	return h.room.Show(w, r, "campaigns", h.meta(r, web.T(r, "delivery.menu")), p)
}

func (h handler) line(r *http.Request, c Campaign, progress Progress) campaignLine {
	l := campaignLine{Campaign: c, Title: h.title(r, c), Where: h.placeName(c.Place), Shape: shape(c.State),
		Persons: few(r, progress.Persons()), Reached: part(r, progress.Reached(), progress.Persons())}
	if n, all := progress.Reached(), progress.Persons(); n >= least && !isFew(all-n) { // a bar would tell what "few" does not
		l.Share = n * 100 / all
	}
	return l
}

// title is that of the bulletin, with the marks that must be seen first.
func (h handler) title(r *http.Request, c Campaign) string {
	item, err := h.desk.item(r.Context(), c.Ref, c.Version)
	if err != nil {
		return string(c.Ref)
	}
	return h.desk.words(c, item, i18n.Default, "").Title
}

func shape(s CampaignState) string {
	switch s {
	case Done:
		return "ok"
	case Paused:
		return "late"
	case Stopped, Renewed:
		return "bad"
	}
	return "go"
}

// A campaignPage is how far one campaign has come.
type campaignPage struct {
	campaignLine
	Rungs     []rungLine
	Counts    []countLine // of the whole
	Rows      []rowLine   // by commune and language
	States    []State     // the columns of Rows
	Channels  []channelLine
	Doubts    string
	Repeats   string
	Overrides string
	Word      Word
	Live      bool // it goes on
	Auto      bool // the page is loaded again by itself, because the officer wanted it
	May       bool // stop, pause, go on
	Text      Text
	Asks      bool     // whether it was understood can be asked
	Of        Campaign // the campaign before, of a recall
	Why       string   // typed as the reason of a recall
}

// A channelLine counts attempts by one channel.
type channelLine struct{ Name, Sent, Arrived string }

type rungLine struct {
	Rung
	Left string
	Past bool
}

type countLine struct {
	State State
	N     string
	Width int64 // of a hundred
}

type rowLine struct {
	Where, Lang string
	N           []string
}

// shown are the states that are columns of the table.
var shown = []State{Planned, Queued, Sending, InDoubt, Accepted, Delivered, Opened, Understood, Failed, Expired, Suppressed}

func (h handler) campaign(w http.ResponseWriter, r *http.Request) error {
	c, err := h.desk.Campaign(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	p, err := h.page(r, c)
	if err != nil {
		return err
	}
	if p.Auto {
		w.Header().Set("Refresh", "5")
	}
	return h.room.Show(w, r, "campaign", h.campaignMeta(r, p), p)
}

func (h handler) campaignMeta(r *http.Request, p campaignPage) web.Meta {
	return h.meta(r, p.Title, web.Link{Text: web.T(r, "delivery.menu"), URL: "/ban-lam-viec/gui"})
}

func (h handler) page(r *http.Request, c Campaign) (campaignPage, error) {
	ctx := r.Context()
	progress, err := h.desk.Progress(ctx, c.ID)
	if err != nil {
		return campaignPage{}, err
	}
	p := campaignPage{campaignLine: h.line(r, c, progress), States: occurring(progress), Live: !c.Over() && c.State != Paused}
	p.Auto = p.Live && r.URL.Query().Has("tu-cap-nhat")
	p.May = h.site.Policy.Permit(web.Actor(r), duty.DeliveryStop, c.thing()) == nil && c.Kind == News && c.State != Stopped && c.State != Renewed
	p.Asks = c.Kind == News && h.desk.Answers != nil
	p.Doubts, p.Repeats, p.Overrides = few(r, progress.Doubts), few(r, progress.Repeats), few(r, progress.Overridden)
	hide := maskedStates(progress)
	for _, s := range p.States {
		n := progress.In(s)
		line := countLine{State: s, N: masked(r, n, hide[s])}
		if !hide[s] {
			line.Width = max(1, n*100/progress.Persons())
		}
		p.Counts = append(p.Counts, line)
	}
	p.Rows, p.Channels = h.rows(r, progress, p.States, hide), channelLines(r, progress)
	rungs, err := h.desk.Rungs(ctx, c.ID)
	if err != nil {
		return p, err
	}
	for _, g := range rungs {
		p.Rungs = append(p.Rungs, rungLine{g, few(r, g.N), !g.Done.IsZero()})
	}
	if p.Word, err = h.desk.Word(ctx, c.ID); err != nil {
		return p, err
	}
	if item, err := h.desk.item(ctx, c.Ref, c.Version); err == nil {
		p.Text = h.shown(r, h.desk.sms(c, item, i18n.Default, "", nobody))
	}
	if c.Of != "" {
		if p.Of, err = h.desk.read().campaign(ctx, c.Of); err != nil {
			return p, err
		}
	}
	return p, nil
}

// occurring are the states in which somebody's message stands: the columns of a table.
func occurring(p Progress) []State {
	return slices.DeleteFunc(slices.Clone(shown), func(s State) bool { return p.In(s) == 0 })
}

// maskedStates are the states whose count is not told: how many persons there are is told in the list, and how many of them are reached
// unless it leaves too few.
func maskedStates(p Progress) map[State]bool {
	hide := map[State]bool{}
	reached, rest := p.Reached(), p.Persons()-p.Reached()
	told := !isFew(reached) && !isFew(rest)
	for _, ofReached := range []bool{true, false} {
		states := slices.DeleteFunc(occurring(p), func(s State) bool { return s.Reached() != ofReached })
		var counts []int64
		for _, s := range states {
			counts = append(counts, p.In(s))
		}
		for i, h := range hidden(counts, told) {
			hide[states[i]] = h
		}
	}
	return hide
}

// channelLines count by channel what was handed over and what has arrived.
func channelLines(r *http.Request, p Progress) []channelLine {
	var all []channelLine
	for _, ch := range Channels() {
		var made, sent, arrived int64
		for _, t := range p.Attempts {
			if t.Channel == ch {
				made += t.N
			}
			if t.Channel == ch && (t.State == Accepted || t.State.Reached()) {
				sent += t.N
			}
			if t.Channel == ch && t.State.Reached() {
				arrived += t.N
			}
		}
		if sent > 0 {
			all = append(all, channelLine{web.T(r, "delivery.channel."+string(ch)), part(r, sent, made), masked(r, arrived, isFew(sent-arrived) || isFew(made-arrived))})
		}
	}
	return all
}

// rows are the counts by commune and language.
func (h handler) rows(r *http.Request, p Progress, states []State, masks map[State]bool) []rowLine {
	type key struct {
		commune place.ID
		lang    string
	}
	counts := map[key]map[State]int64{}
	var order []key
	for _, t := range p.Messages {
		k := key{t.Commune, t.Lang}
		if counts[k] == nil {
			counts[k] = map[State]int64{}
			order = append(order, k)
		}
		counts[k][t.State] += t.N
	}
	all := make([]rowLine, len(order))
	for i, k := range order {
		all[i] = rowLine{Where: h.placeName(k.commune), Lang: h.desk.language(k.lang)}
	}
	for _, s := range states {
		column := make([]int64, len(order))
		for i, k := range order {
			column[i] = counts[k][s]
		}
		for i, hide := range hidden(column, !masks[s]) {
			text := ""
			if column[i] > 0 {
				text = masked(r, column[i], hide)
			}
			all[i].N = append(all[i].N, text)
		}
	}
	return all
}

// change pauses a campaign, lets it go on, or stops it.
func (h handler) change(w http.ResponseWriter, r *http.Request) error {
	id, reason := r.PathValue("id"), r.PostFormValue("reason")
	do, ok := map[string]func() error{
		"tam-dung": func() error { return h.desk.Pause(r.Context(), web.Actor(r), web.Key(r), id, reason) },
		"tiep-tuc": func() error { return h.desk.Resume(r.Context(), web.Actor(r), web.Key(r), id, reason) },
		"thu-hoi":  func() error { return h.desk.Stop(r.Context(), web.Actor(r), web.Key(r), id, reason) },
	}[r.PathValue("do")]
	if !ok {
		return fault.New(fault.NotFound, "delivery.campaign.none")
	}
	if r.PathValue("do") == "thu-hoi" && r.PostFormValue("chac") == "" { // nobody who was told can be untold: asked once more
		return h.ask(w, r, id, reason)
	}
	if err := do(); err != nil {
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
			return h.wrong(w, r, id, err)
		}
		return err
	}
	web.Flash(r, "ok", "delivery.done."+r.PathValue("do"))
	return web.Redirect(w, r, campaignURL(id))
}

// wrong shows a campaign again with what keeps it from being changed.
func (h handler) wrong(w http.ResponseWriter, r *http.Request, id string, err error) error {
	c, load := h.desk.Campaign(r.Context(), web.Actor(r), id)
	if load != nil {
		return load
	}
	p, load := h.page(r, c)
	if load != nil {
		return load
	}
	p.Auto = false
	return h.room.Form(w, r, "campaign", h.campaignMeta(r, p), p, err)
}

// ask says what a recall does before it is done.
func (h handler) ask(w http.ResponseWriter, r *http.Request, id, reason string) error {
	if err := enoughReason(reason); err != nil {
		return h.wrong(w, r, id, err)
	}
	c, err := h.desk.Campaign(r.Context(), web.Actor(r), id)
	if err != nil {
		return err
	}
	p, err := h.page(r, c)
	if err != nil {
		return err
	}
	p.Auto, p.Why = false, reason
	return h.room.Show(w, r, "recall", h.campaignMeta(r, p), p)
}

func campaignURL(id string) string { return "/ban-lam-viec/gui/" + id }

// export gives the chained record of the days of a campaign, from which its shares can be counted again.
func (h handler) export(w http.ResponseWriter, r *http.Request) error {
	c, err := h.desk.Campaign(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	web.Attach(w, "nhat-ky-gui-"+c.ID+".csv")
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	return h.desk.Export(r.Context(), web.Actor(r), w, c.Place, i18n.Day(c.Starts), i18n.Day(h.desk.now()))
}

// callback hands what a network tells by HTTP to the connection that it belongs to.
func (h handler) callback(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, largestCall+1))
	if err != nil {
		return err
	}
	if len(body) > largestCall {
		return fault.New(fault.TooLarge, "delivery.call.large")
	}
	status, reply, err := h.desk.Call(r.Context(), r.PathValue("provider"), Call{Method: r.Method, Header: r.Header, Query: r.URL.Query(), Body: body})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(reply)))
	w.WriteHeader(status)
	_, err = w.Write(reply) //nolint:gosec // G705: plain text, for a network and not a browser
	return err
}

const largestCall = 64 << 10
