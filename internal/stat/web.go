package stat

import (
	"embed"

	"banlang/internal/duty"
	"banlang/internal/stat/chart"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	room *web.Room
}

// Mount registers the pages of officers' questions, and those of the catalogue that they are asked from.
func Mount(site *web.Site, d *Desk, c Catalogue) {
	h := handler{desk: d, room: site.Room("stat", pages, chart.Parts)}
	h.mountAsk(site)
	catalogueHandler{c, h.room}.mount(site)
	site.Menu(web.MenuItem{Group: "desk.data", Key: "stat.menu", URL: "/ban-lam-viec/so-lieu", Act: duty.StatReadExact, Order: 30})
}
