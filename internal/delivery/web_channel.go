package delivery

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/web"
)

func (h handler) mountChannels() {
	h.site.Handle("GET /ban-lam-viec/kenh", duty.DeliverySetChannel, h.channels)
	h.site.Handle("GET /ban-lam-viec/kenh/{id}", duty.DeliverySetChannel, h.channel)
	h.site.Handle("POST /ban-lam-viec/kenh/{id}", duty.DeliverySetChannel, h.saveChannel)
	h.site.Handle("POST /ban-lam-viec/kenh/{id}/thu", duty.DeliverySetChannel, h.tryChannel)
	h.site.Handle("POST /ban-lam-viec/kenh/{id}/khoa", duty.DeliverySetChannel, h.remakeChannel)
	h.site.Menu(web.MenuItem{Group: "desk.admin", Key: "delivery.channels", URL: "/ban-lam-viec/kenh", Act: duty.DeliverySetChannel, Order: 30})
}

// A channelsPage lists the connections to networks, how each is, and which could be made.
type channelsPage struct {
	Providers  []Provider
	Connectors []Connector
}

func (h handler) channels(w http.ResponseWriter, r *http.Request) error {
	all, err := h.desk.Providers(r.Context())
	if err != nil {
		return err
	}
	return h.room.Show(w, r, "channels", h.meta(r, web.T(r, "delivery.channels")), channelsPage{all, h.desk.Connectors()})
}

// A channelPage is one connection, or a new one of a kind.
type channelPage struct {
	Provider
	New    bool
	Try    bool // there is something to try
	Modes  []web.Choice
	Fields []fieldLine
	Notes  []Note
	Remade bool // another key may be made
}

type fieldLine struct {
	Field
	Value string
	Kept  bool // a secret is there already
}

func (h handler) channelMeta(r *http.Request) web.Meta {
	return h.meta(r, web.T(r, "delivery.channel.title"), web.Link{Text: web.T(r, "delivery.channels"), URL: "/ban-lam-viec/kenh"})
}

// provider is the connection that an address names: one that is there, or a new one of the kind that it names.
func (h handler) provider(r *http.Request) (Provider, error) {
	id := r.PathValue("id")
	if i := slices.IndexFunc(h.desk.Connectors(), func(c Connector) bool { return c.Name == id }); i >= 0 {
		return Provider{Connector: id, Channel: h.desk.Connectors()[i].Channel, Mode: Off, Settings: Settings{}, Rate: 50, Burst: 50, Window: 100, Health: Health{Why: "delivery.health.ready"}}, nil
	}
	return h.desk.Provider(r.Context(), id)
}

func (h handler) channelPage(r *http.Request, p Provider) (channelPage, error) {
	page := channelPage{Provider: p, New: p.ID == ""}
	c := h.desk.connectors[p.Connector]
	page.Remade = c.Remade && !page.New
	if !page.New {
		var err error
		if page.Notes, err = h.desk.Notes(r.Context(), web.Actor(r), p.ID); err != nil {
			return page, err
		}
	}
	page.Try = !page.New && !c.Simulated
	for _, m := range []Mode{Off, Dry, Rehearsal, Live} {
		if m != Live || !c.Simulated {
			page.Modes = append(page.Modes, web.Choice{Code: string(m), Text: web.T(r, "delivery.mode."+string(m)), Chosen: m == p.Mode})
		}
	}
	for _, f := range c.Fields {
		line := fieldLine{Field: f, Value: p.Settings[f.Name], Kept: slices.Contains(p.Kept, f.Name)}
		if line.Value == "" && page.New {
			line.Value = f.Default
		}
		page.Fields = append(page.Fields, line)
	}
	return page, nil
}

func (h handler) channel(w http.ResponseWriter, r *http.Request) error {
	p, err := h.provider(r)
	if err != nil {
		return err
	}
	return h.showChannel(w, r, p, nil)
}

func (h handler) showChannel(w http.ResponseWriter, r *http.Request, p Provider, wrong error) error {
	page, err := h.channelPage(r, p)
	if err != nil {
		return err
	}
	if wrong != nil {
		return h.room.Form(w, r, "channel", h.channelMeta(r), page, wrong)
	}
	return h.room.Show(w, r, "channel", h.channelMeta(r), page)
}

func (h handler) saveChannel(w http.ResponseWriter, r *http.Request) error {
	p, err := h.provider(r)
	if err != nil {
		return err
	}
	p.Name, p.Mode, p.Inner = r.PostFormValue("name"), Mode(r.PostFormValue("mode")), r.PostFormValue("inner") != ""
	p.Settings = Settings{}
	for _, f := range h.desk.connectors[p.Connector].Fields {
		p.Settings[f.Name] = r.PostFormValue("field." + f.Name)
	}
	whole := func(name string) int64 {
		n, err := strconv.ParseInt(strings.NewReplacer(".", "", " ", "").Replace(r.PostFormValue(name)), 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	p.Rate, p.Burst, p.Window, p.Cost, p.Revision = whole("rate"), whole("burst"), whole("window"), whole("cost"), whole("revision")
	if _, err := h.desk.SaveProvider(r.Context(), web.Actor(r), p, r.PostFormValue("reason")); err != nil {
		for _, f := range h.desk.connectors[p.Connector].Fields {
			if f.Secret {
				delete(p.Settings, f.Name) // never comes back to a page
			}
		}
		return h.showChannel(w, r, p, err)
	}
	web.Flash(r, "ok", "delivery.done.channel", "Name", p.Name)
	return web.Redirect(w, r, "/ban-lam-viec/kenh")
}

func (h handler) tryChannel(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	came, tried, err := h.desk.Try(r.Context(), web.Actor(r), id)
	if err != nil {
		return err
	}
	switch {
	case !tried:
		web.Flash(r, "unk", "delivery.try.none")
	case came.Up:
		web.Flash(r, "ok", came.Why)
	case came.Note != "":
		web.Flash(r, "bad", "delivery.try.said", "What", web.T(r, came.Why), "Note", came.Note)
	default:
		web.Flash(r, "bad", came.Why)
	}
	return web.Redirect(w, r, "/ban-lam-viec/kenh/"+id)
}

// remakeChannel makes another key for a connection, and shows what is to be published of it.
func (h handler) remakeChannel(w http.ResponseWriter, r *http.Request) error {
	p, err := h.desk.Provider(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := h.desk.Remake(r.Context(), web.Actor(r), p.ID, r.PostFormValue("remake")); err != nil {
		return h.showChannel(w, r, p, err)
	}
	web.Flash(r, "ok", "delivery.remade")
	return web.Redirect(w, r, "/ban-lam-viec/kenh/"+p.ID)
}
