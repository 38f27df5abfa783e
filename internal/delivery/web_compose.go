package delivery

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/subscriber"
	"banlang/internal/web"
)

// A composePage is what is about to be sent.
type composePage struct {
	Items    []web.Choice // to choose from, where none is chosen yet
	Order    Order
	Starts   string // as it was typed
	Item     Item
	Title    string
	Where    string
	Places   []web.Choice
	Channels []web.Choice
	Preview  Preview
	Lines    []previewLine
	Texts    []previewText
	Cost     string
	Nobody   string    // who uses none of the channels; empty where there is none
	Quiet    time.Time // SMS waits until then
	Chosen   bool
	Test     string // number typed for a test
	Changed  bool   // since it was asked whether to send really
	Reached  string // how many would get it
}

type previewLine struct {
	PreviewLine
	Label, Lang, Missing string
	N, Count             string // persons, and parts; empty where they would tell how few the persons are
}

type previewText struct {
	Lang  string
	Text  Text
	Plain Text
}

const localTime = "2006-01-02T15:04"

func (h handler) compose(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	p, err := h.composePage(r, Order{Ref: Ref(q.Get("tin")), Place: place.ID(q.Get("noi")), Channels: channels(q["kenh"]), Toneless: q.Get("khong-dau") != ""}, q.Get("luc"))
	if err != nil {
		return h.room.Form(w, r, "compose", h.composeMeta(r), p, err)
	}
	return h.room.Show(w, r, "compose", h.composeMeta(r), p)
}

func (h handler) composeMeta(r *http.Request) web.Meta {
	return h.meta(r, web.T(r, "delivery.compose.title"), web.Link{Text: web.T(r, "delivery.menu"), URL: "/ban-lam-viec/gui"})
}

func channels(names []string) []subscriber.Channel {
	var all []subscriber.Channel
	for _, n := range names {
		all = append(all, subscriber.Channel(n))
	}
	return all
}

// composePage previews an order; what is wrong with it comes back beside the page.
func (h handler) composePage(r *http.Request, o Order, starts string) (p composePage, err error) {
	ctx := r.Context()
	p = composePage{Order: o, Starts: starts}
	if o.Ref == "" {
		return p, h.offer(r, &p)
	}
	if p.Order.Starts, err = when(starts); err != nil {
		return p, err
	}
	open, err := h.usual(r, &p.Order)
	if err != nil {
		return p, err
	}
	p.Preview, err = h.desk.Preview(ctx, web.Actor(r), p.Order)
	if p.Preview.Item.Ref == "" {
		return p, errors.Join(err, h.offer(r, &p))
	}
	if p.Preview.Item.Class == Emergency {
		return p, errors.Join(fault.Field("ref", "delivery.emergency.two"), h.offer(r, &p))
	}
	p.Item, p.Chosen = p.Preview.Item, true
	p.Order.Place = cmp.Or(p.Order.Place, p.Item.Place)
	c := Campaign{Demo: p.Item.Demo, Drill: p.Item.Drill, Kind: News}
	p.Title, p.Where = h.desk.words(c, p.Item, i18n.Default, "").Title, h.placeName(p.Item.Place)
	for _, id := range h.areas(r, p.Item.Place) {
		p.Places = append(p.Places, web.Choice{Code: string(id), Text: h.placeName(id), Chosen: id == p.Order.Place})
	}
	for _, ch := range Channels() {
		if ch == subscriber.Call {
			continue
		}
		name := web.T(r, "delivery.channel."+string(ch))
		if !slices.Contains(open, ch) {
			name = web.T(r, "delivery.compose.closed", "Channel", name)
		}
		p.Channels = append(p.Channels, web.Choice{Code: string(ch), Text: name, Chosen: slices.Contains(p.Order.Channels, ch)})
	}
	for _, l := range p.Preview.Lines {
		line := previewLine{PreviewLine: l, Label: web.T(r, "delivery.channel."+string(l.Channel)), Lang: h.desk.language(l.Lang), N: few(r, l.Persons)}
		if l.Persons >= 5 {
			line.Count = i18n.Number(web.Reader(r).UI, l.Parts)
		}
		if l.Missing != "" {
			line.Missing = h.desk.language(l.Missing)
		}
		p.Lines = append(p.Lines, line)
	}
	for lang, t := range p.Preview.Texts {
		p.Texts = append(p.Texts, previewText{h.desk.language(lang), h.shown(r, t), p.Preview.Plain[lang]})
	}
	slices.SortFunc(p.Texts, func(a, b previewText) int { return strings.Compare(a.Lang, b.Lang) })
	p.Cost = i18n.Number(web.Reader(r).UI, p.Preview.Cost)
	if p.Preview.Nobody > 0 {
		p.Nobody = few(r, p.Preview.Nobody)
	}
	p.Quiet = QuietUntil(subscriber.SMS, later(p.Order.Starts, h.desk.now()))
	return p, err
}

// usual fills in what an officer has not chosen yet: the whole area of the bulletin, or as much of it as the officer answers for, by
// every channel that is connected, which it tells.
func (h handler) usual(r *http.Request, o *Order) (open []subscriber.Channel, err error) {
	item, err := h.desk.source.Item(r.Context(), o.Ref, o.Version)
	if err != nil {
		return nil, nil //nolint:nilerr // the preview says what is wrong with it
	}
	if areas := h.areas(r, item.Place); o.Place == "" && len(areas) > 0 {
		o.Place = areas[0]
	}
	if open, err = h.desk.connected(r.Context(), item.Demo); len(o.Channels) == 0 {
		o.Channels = open
	}
	return open, err
}

// shown is an SMS as an officer sees it: the address in it is each reader's own.
func (h handler) shown(r *http.Request, t Text) Text {
	if link := h.desk.linkTo(nobody); link != "" {
		t.All = strings.Replace(t.All, link, "["+web.T(r, "delivery.compose.link")+"]", 1)
	}
	return t
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// offer lists what may be sent: what is published in the areas of the actor, newest first, but no emergencies, which go out signed.
func (h handler) offer(r *http.Request, p *composePage) error {
	for _, area := range h.site.Policy.Areas(web.Actor(r), duty.DeliverySend) {
		items, err := h.desk.source.Items(r.Context(), Filter{Place: place.ID(area), Size: 50})
		if err != nil {
			return err
		}
		for _, i := range items {
			if i.Class != Emergency {
				title := h.desk.words(Campaign{Demo: i.Demo, Drill: i.Drill, Kind: News}, i, i18n.Default, "").Title
				p.Items = append(p.Items, web.Choice{Code: string(i.Ref), Text: title + " · " + h.placeName(i.Place)})
			}
		}
	}
	return nil
}

// areas are where the actor may send something of a place: the areas of the duty and the communes within, as far as it is for them.
func (h handler) areas(r *http.Request, of place.ID) []place.ID {
	var all []place.ID
	add := func(id place.ID) {
		if !slices.Contains(all, id) && (h.site.Policy.Within(string(of), string(id)) || h.site.Policy.Within(string(id), string(of))) {
			all = append(all, id)
		}
	}
	for _, a := range h.site.Policy.Areas(web.Actor(r), duty.DeliverySend) {
		if h.site.Policy.Within(a, string(of)) {
			add(of)
		}
		add(place.ID(a))
		for _, u := range h.desk.places.Units(place.ID(a), place.Commune, h.desk.places.Today()) {
			add(u.ID)
		}
	}
	return all
}

// when reads a time as a browser gives it; empty is now.
func when(text string) (time.Time, error) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{localTime, "2006-01-02 15:04", "2/1/2006 15:04"} {
		if at, err := time.ParseInLocation(layout, text, i18n.Zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fault.Field("starts", "delivery.starts.unreadable")
}

func (h handler) order(r *http.Request) Order {
	return Order{Ref: Ref(r.PostFormValue("tin")), Place: place.ID(r.PostFormValue("noi")), Channels: channels(r.PostForm["kenh"]), Toneless: r.PostFormValue("khong-dau") != ""}
}

// send shows the preview again, or orders the campaign.
func (h handler) send(w http.ResponseWriter, r *http.Request) error {
	o, starts := h.order(r), r.PostFormValue("luc")
	if len(o.Channels) == 0 {
		p, err := h.composePage(r, o, starts)
		if fault.KindOf(err) == fault.Internal && err != nil {
			return err
		}
		return h.room.Form(w, r, "compose", h.composeMeta(r), p, fault.Field("channels", "delivery.channels.required"))
	}
	p, err := h.composePage(r, o, starts)
	p.Reached = few(r, p.Preview.Persons-p.Preview.Nobody)
	switch do := r.PostFormValue("do"); {
	case err != nil || do == "look":
	case do == "send" || do == "sure" && r.PostFormValue("so-nguoi") != p.Reached:
		p.Changed = do != "send"
		return h.room.Show(w, r, "confirm", h.composeMeta(r), p)
	case do == "sure":
		o.Starts = p.Order.Starts
		var id string
		if id, err = h.desk.Send(r.Context(), web.Actor(r), web.Key(r), o); err == nil {
			web.Flash(r, "ok", "delivery.done.send")
			return web.Redirect(w, r, campaignURL(id)+"?tu-cap-nhat=1")
		}
	}
	if err != nil {
		return h.room.Form(w, r, "compose", h.composeMeta(r), p, err)
	}
	return h.room.Show(w, r, "compose", h.composeMeta(r), p)
}

// try sends the message once to an address that the officer types, which is kept nowhere.
func (h handler) try(w http.ResponseWriter, r *http.Request) error {
	o, test := h.order(r), r.PostFormValue("so")
	err := h.desk.SendTest(r.Context(), web.Actor(r), web.Key(r), o, subscriber.SMS, test)
	if err == nil {
		web.Flash(r, "ok", "delivery.done.test")
		return web.Redirect(w, r, "/ban-lam-viec/gui/moi?tin="+string(o.Ref))
	}
	p, load := h.composePage(r, o, r.PostFormValue("luc"))
	if load != nil {
		err = errors.Join(err, load)
	}
	p.Test = test
	return h.room.Form(w, r, "compose", h.composeMeta(r), p, err)
}
