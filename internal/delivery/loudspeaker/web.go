package loudspeaker

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"banlang/internal/blob"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/web"
)

//go:embed page/*.html
var pages embed.FS

const deskURL = "/ban-lam-viec/loa"

type handler struct {
	desk *Desk
	room *web.Room
}

// Mount registers the pages of this room and the addresses that stations call with their key.
func Mount(site *web.Site, d *Desk) {
	h := handler{d, site.Room("loudspeaker", pages)}
	site.Menu(web.MenuItem{Group: "desk.daily", Key: "loudspeaker.title", URL: deskURL, Act: duty.DeliveryPlayLoudspeaker, Order: 35})
	site.Handle("GET /loa/{key}/hom-nay.mp3", duty.Public, h.called(h.programme))
	site.Handle("GET /loa/{key}/khan.mp3", duty.Public, h.called(h.alarm))
	site.Handle("GET /loa/{key}/khan.m3u", duty.Public, h.called(h.alarmList))
	site.Handle("GET /loa/{key}/hom-nay.m3u", duty.Public, h.called(h.m3u))
	site.Handle("GET /loa/{key}/lich", duty.Public, h.called(h.timetable))
	site.Handle("POST /loa/{key}/nhat-ky", duty.Public, h.called(h.log))
	site.Handle("GET "+deskURL, duty.DeliveryPlayLoudspeaker, h.list)
	site.Handle("POST "+deskURL, duty.DeliveryPlayLoudspeaker, h.add)
	site.Handle("GET "+deskURL+"/{id}", duty.DeliveryPlayLoudspeaker, h.station)
	site.Handle("POST "+deskURL+"/{id}", duty.DeliveryPlayLoudspeaker, h.save)
	site.Handle("POST "+deskURL+"/{id}/khoa", duty.DeliveryPlayLoudspeaker, h.key)
	site.Handle("GET "+deskURL+"/{id}/hom-nay.mp3", duty.DeliveryPlayLoudspeaker, h.listen)
}

// called finds the station by its key. Nothing that it is answered is kept for others.
func (h handler) called(f func(http.ResponseWriter, *http.Request, station) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		web.Fresh(r)
		st, err := h.desk.byKey(r.Context(), r.PathValue("key"))
		if err != nil {
			return err
		}
		return f(w, r, st)
	}
}

// programme is what is played at the hours: an emergency first, while one holds.
func (h handler) programme(w http.ResponseWriter, r *http.Request, st station) error {
	urgent, _, err := h.desk.standing(r.Context(), st)
	if err != nil {
		return err
	}
	var refs []blob.Ref
	if urgent {
		refs = append(refs, st.Alarm)
	}
	if st.Sound != "" {
		refs = append(refs, st.Sound)
	}
	return h.play(w, r, "hom-nay.mp3", st.Made, refs)
}

// alarm is the emergency alone. Players that keep the last list they got (?chen) are told so when they have repeated it enough.
func (h handler) alarm(w http.ResponseWriter, r *http.Request, st station) error {
	urgent, since, err := h.desk.standing(r.Context(), st)
	if err != nil {
		return err
	}
	if !urgent || r.URL.Query().Has("chen") && h.desk.Now().Sub(since) > insisting {
		return fault.New(fault.NotFound, "loudspeaker.no_emergency")
	}
	return h.play(w, r, "khan.mp3", st.Made, []blob.Ref{st.Alarm})
}

// play joins finished files: frames of MP3 follow one another as they are.
func (h handler) play(w http.ResponseWriter, r *http.Request, name string, made time.Time, refs []blob.Ref) error {
	if len(refs) == 0 {
		return fault.New(fault.NotFound, "loudspeaker.not_yet")
	}
	var all bytes.Buffer
	for _, ref := range refs {
		if err := h.copy(r.Context(), &all, ref); err != nil {
			return err
		}
	}
	return web.File(w, r, name, "audio/mpeg", made, bytes.NewReader(all.Bytes()), false)
}

func (h handler) copy(ctx context.Context, w io.Writer, ref blob.Ref) error {
	f, _, err := h.desk.Files.Open(ctx, ref)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// version changes whenever other sound is to be played.
func version(st station, urgent bool) string {
	if urgent {
		return st.AlarmPlan + "-" + st.Plan
	}
	return st.Plan
}

func (h handler) base(r *http.Request) string { return web.Origin(r) + "/loa/" + r.PathValue("key") }

func (h handler) m3u(w http.ResponseWriter, r *http.Request, st station) error {
	urgent, _, err := h.desk.standing(r.Context(), st)
	if err != nil {
		return err
	}
	return web.Bytes(w, r, "audio/x-mpegurl", []byte("#EXTM3U\n#EXTINF:-1,Banlang\n"+h.base(r)+"/hom-nay.mp3?v="+version(st, urgent)+"\n"))
}

// alarmList names the emergency alone, and nothing while there is none: a player that prefers it to the programme is cut in on.
func (h handler) alarmList(w http.ResponseWriter, r *http.Request, st station) error {
	urgent, since, err := h.desk.standing(r.Context(), st)
	if err != nil {
		return err
	}
	list := "#EXTM3U\n"
	if urgent && h.desk.Now().Sub(since) <= insisting {
		list += "#EXTINF:-1,Banlang\n" + h.base(r) + "/khan.mp3?v=" + st.AlarmPlan + "&chen\n"
	}
	return web.Bytes(w, r, "audio/x-mpegurl", []byte(list))
}

// A timetable is what a station asks for every minute.
type timetable struct {
	Name      string   `json:"name"`
	Hours     []string `json:"hours"`     // 05:30, in the time of Vietnam
	Programme *entry   `json:"programme"` // null: not made yet
	Emergency *entry   `json:"emergency"` // null: none; else to be played at once, and no more when it is gone
}

type entry struct {
	URL     string `json:"url"`
	Version string `json:"version"`
}

func (h handler) timetable(w http.ResponseWriter, r *http.Request, st station) error {
	urgent, _, err := h.desk.standing(r.Context(), st)
	if err != nil {
		return err
	}
	t := timetable{Name: st.Name, Hours: st.Hours}
	if v := version(st, urgent); v != "" {
		t.Programme = &entry{h.base(r) + "/hom-nay.mp3?v=" + v, v}
	}
	if urgent {
		t.Emergency = &entry{h.base(r) + "/khan.mp3?v=" + st.AlarmPlan, st.AlarmPlan}
	}
	return web.JSON(w, r, t)
}

// log takes {"entries":[{"id","at","kind","version","seconds"}]}, 64 kB at most.
func (h handler) log(w http.ResponseWriter, r *http.Request, st station) error {
	var in struct {
		Entries []play `json:"entries"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return fault.New(fault.TooLarge, "loudspeaker.log.bad")
		}
		return fault.New(fault.Invalid, "loudspeaker.log.bad")
	}
	n, err := h.desk.log(r.Context(), st, in.Entries)
	if err != nil {
		return err
	}
	return web.JSON(w, r, struct {
		New int64 `json:"new"`
	}{n})
}

// A listPage lists the stations and offers to add one.
type listPage struct {
	Stations []station
	Form     form
}

// A form is what an officer tells of a station.
type form struct {
	Places      []web.Choice
	Name, Hours string
	Langs       [][]web.Choice // one list a place in the order of playing
}

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	return h.showList(w, r, station{Hours: []string{"05:30", "17:30"}, Langs: []string{source}}, nil)
}

func (h handler) showList(w http.ResponseWriter, r *http.Request, typed station, wrong error) error {
	all, err := h.desk.list(r.Context(), web.Actor(r))
	if err != nil {
		return err
	}
	p := listPage{Stations: all, Form: h.form(typed)}
	for _, area := range h.desk.Policy.Areas(web.Actor(r), duty.DeliveryPlayLoudspeaker) {
		p.Form.Places = append(p.Form.Places, web.Choice{Code: area, Text: h.place(place.ID(area)), Chosen: place.ID(area) == typed.Place})
	}
	m := web.Meta{Title: web.T(r, "loudspeaker.title"), Desk: true}
	if wrong != nil {
		return h.room.Form(w, r, "list", m, p, wrong)
	}
	return h.room.Show(w, r, "list", m, p)
}

func (h handler) form(st station) form {
	f := form{Name: st.Name, Hours: strings.Join(st.Hours, " ")}
	for n := range min(max(4, len(st.Langs)+1), mostLangs) {
		chosen := ""
		if n < len(st.Langs) {
			chosen = st.Langs[n]
		}
		f.Langs = append(f.Langs, h.languages(chosen))
	}
	return f
}

// languages are those heard in the province, by name, and whichever is chosen.
func (h handler) languages(chosen string) []web.Choice {
	all := []web.Choice{{Text: "–", Chosen: chosen == ""}}
	for _, l := range h.desk.Languages.Languages() {
		if l.LangSon || l.Tag == chosen {
			all = append(all, web.Choice{Code: l.Tag, Text: l.Name, Chosen: l.Tag == chosen})
		}
	}
	return all
}

// name is the name of a language.
func (h handler) name(tag string) string {
	l, err := h.desk.Languages.Language(tag)
	if err != nil {
		return tag
	}
	return l.Name
}

func (h handler) place(id place.ID) string {
	u, err := h.desk.Places.ByID(id)
	if err != nil {
		return id.Code()
	}
	return u.FullName()
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\n' || r == '\r' })
}

func typed(r *http.Request, st station) station {
	st.Name, st.Hours, st.Langs = strings.TrimSpace(r.FormValue("name")), words(r.FormValue("hours")), nil
	for _, tag := range r.Form["langs"] {
		if tag != "" && !slices.Contains(st.Langs, tag) {
			st.Langs = append(st.Langs, tag)
		}
	}
	return st
}

func (h handler) add(w http.ResponseWriter, r *http.Request) error {
	st := typed(r, station{Place: place.ID(r.FormValue("place"))})
	id, err := h.desk.save(r.Context(), web.Actor(r), st)
	if err != nil {
		return h.showList(w, r, st, err)
	}
	return web.Redirect(w, r, deskURL+"/"+id)
}

// A stationPage shows one station.
type stationPage struct {
	Station station
	Where   string
	Urgent  bool
	Plays   []play
	Form    form
	Key     string // shown once
	Base    string // address with the key, or with a word in its place
}

func (h handler) station(w http.ResponseWriter, r *http.Request) error {
	st, err := h.desk.byID(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	return h.show(w, r, st, "", h.form(st), nil)
}

func (h handler) show(w http.ResponseWriter, r *http.Request, st station, key string, f form, wrong error) error {
	urgent, _, err := h.desk.standing(r.Context(), st)
	if err != nil {
		return err
	}
	plays, err := h.desk.stations.plays(r.Context(), st.ID)
	if err != nil {
		return err
	}
	st.Items = slices.Clone(st.Items)
	for i := range st.Items {
		st.Items[i].Lang = h.name(st.Items[i].Lang)
	}
	p := stationPage{Station: st, Where: h.place(st.Place), Urgent: urgent, Plays: plays, Form: f, Key: key, Base: web.Origin(r) + "/loa/KHOA"}
	if key != "" {
		p.Base = web.Origin(r) + "/loa/" + key
	}
	m := web.Meta{Title: st.Name, Desk: true, Crumbs: []web.Link{{Text: web.T(r, "loudspeaker.title"), URL: deskURL}}}
	if wrong != nil {
		return h.room.Form(w, r, "station", m, p, wrong)
	}
	return h.room.Show(w, r, "station", m, p)
}

func (h handler) save(w http.ResponseWriter, r *http.Request) error {
	st, err := h.desk.byID(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	changed := typed(r, st)
	if _, err := h.desk.save(r.Context(), web.Actor(r), changed); err != nil {
		return h.show(w, r, st, "", h.form(changed), err)
	}
	web.Flash(r, "ok", "loudspeaker.saved")
	return web.Redirect(w, r, deskURL+"/"+st.ID)
}

// key shows the new key on the answer itself: it is nowhere else.
func (h handler) key(w http.ResponseWriter, r *http.Request) error {
	st, err := h.desk.byID(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	key, err := h.desk.newKey(r.Context(), web.Actor(r), st)
	if err != nil {
		return err
	}
	return h.show(w, r, st, key, h.form(st), nil)
}

func (h handler) listen(w http.ResponseWriter, r *http.Request) error {
	st, err := h.desk.byID(r.Context(), web.Actor(r), r.PathValue("id"))
	if err != nil {
		return err
	}
	return h.programme(w, r, st)
}
