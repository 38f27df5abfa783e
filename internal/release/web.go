package release

import (
	"embed"
	"net/http"

	"banlang/internal/stat/chart"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

type handler struct {
	desk *Desk
	room *web.Room
}

// Mount registers the desk of releases and exports, and what everybody may read.
func Mount(site *web.Site, d *Desk) {
	h := handler{desk: d, room: site.Room("release", pages, chart.Parts)}
	h.mountRelease(site)
	h.mountPublic(site)
	h.mountOpen(site)
}

func (h handler) voice(r *http.Request) chart.Voice {
	return chart.Voice{Facts: h.desk.facts, Lang: web.Reader(r).UI, T: func(key string, args ...any) string { return web.T(r, key, args...) }}
}
