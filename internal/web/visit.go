package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/duty"
	"banlang/internal/i18n"
)

// ReaderPrefs are what the reader's own device remembers in a cookie: no account, no name.
type ReaderPrefs struct {
	UI       string   // interface language, vi or en
	Heard    []string // languages heard, most liked first; vi where nothing was chosen
	Read     []string // languages read
	SaveData bool     // the browser asks to spare the line
}

// A Notice is what just happened and what to do next, shown once on the next page.
type Notice struct {
	Kind string // ok, late, bad or unk
	Text string
}

const (
	readerCookie  = "banlang_reader"
	noticeCookie  = "banlang_notice"
	sessionCookie = "banlang_session"
)

// visit is one request as the site knows it.
type visit struct {
	site    *Site
	request *http.Request
	id      string
	route   string
	start   time.Time
	version uint64 // of the data when the request came

	actor  duty.Actor
	token  string
	stale  bool // the cookie names a session that has ended
	reader ReaderPrefs
	shown  []Notice // to be shown on this page
	next   []Notice // to be shown after the redirect
	told   bool     // a notice came in by cookie
	secure bool
	rest   io.Reader // what the request sends, without its limit

	public bool   // a visitor's GET: what is shown may be kept for the next one
	key    string // what that page is kept by
}

type visitKey struct{}

func visitOf(r *http.Request) *visit {
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{request: r, reader: defaultReader}
}

var defaultReader = ReaderPrefs{UI: i18n.Default, Heard: []string{i18n.Default}, Read: []string{i18n.Default}}

// greet reads what the request says about itself. It must stay cheap: pages that are kept go out right after it.
func (s *Site) greet(r *http.Request) *visit {
	v := &visit{site: s, request: r, id: s.number.next(), reader: defaultReader}
	v.secure = r.TLS != nil || s.Secure || s.Proxy && r.Header.Get("X-Forwarded-Proto") == "https"
	prefs := ""
	if len(r.Header["Cookie"]) > 0 {
		for _, c := range r.Cookies() {
			switch c.Name {
			case readerCookie:
				prefs = c.Value
			case v.sessionName():
				v.token = c.Value
			case noticeCookie:
				v.shown, v.told = readNotices(c.Value), true
			}
		}
	}
	if prefs != "" {
		v.reader = readPrefs(prefs)
	}
	v.reader.SaveData = strings.EqualFold(r.Header.Get("Save-Data"), "on")
	v.public = (r.Method == http.MethodGet || r.Method == http.MethodHead) && v.token == "" && !v.told && r.Header.Get("Range") == ""
	if v.public {
		v.key = r.URL.Path
		if r.URL.RawQuery != "" {
			v.key += "?" + r.URL.RawQuery
		}
		if prefs != "" || v.reader.SaveData {
			v.key += "\x00" + prefs + "\x00" + strconv.FormatBool(v.reader.SaveData)
		}
	}
	return v
}

// sessionName is bound to this host and to TLS where there is TLS.
func (v *visit) sessionName() string {
	if v.secure {
		return "__Host-" + sessionCookie
	}
	return sessionCookie
}

// address is whom the rate limits count: the client, or its network where addresses are cheap. It is never written down.
func (v *visit) address() string {
	host, _, err := net.SplitHostPort(v.request.RemoteAddr)
	if err != nil {
		host = v.request.RemoteAddr
	}
	if v.site.Proxy {
		hops := strings.Split(v.request.Header.Get("X-Forwarded-For"), ",")
		if last := strings.TrimSpace(hops[len(hops)-1]); last != "" {
			host = last
		}
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() && !a.Is4In6() {
		if network, err := a.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return host
}

// Address is whom tries are counted by: the client, or its network where addresses are cheap. It must never be written down.
func Address(r *http.Request) string { return visitOf(r).address() }

// Actor is who is asking; the zero Actor is a visitor.
func Actor(r *http.Request) duty.Actor { return visitOf(r).actor }

// Reader is what the reader's device remembers.
func Reader(r *http.Request) ReaderPrefs { return visitOf(r).reader }

// RequestID is the number that the log and the error page give this request.
func RequestID(r *http.Request) string { return visitOf(r).id }

// T is a message in the reader's interface language, for titles and notices made by handlers.
func T(r *http.Request, key string, args ...any) string {
	v := visitOf(r)
	if v.site == nil {
		return key
	}
	return v.site.Text.Text(v.reader.UI, key, args...)
}

// SetReader remembers the reader's choice on their own device, for a year.
func SetReader(w http.ResponseWriter, r *http.Request, p ReaderPrefs) {
	v := visitOf(r)
	v.cookie(w, readerCookie, p.UI+"."+strings.Join(p.Heard, "+")+"."+strings.Join(p.Read, "+"), 365*24*time.Hour)
}

// readPrefs understands "vi.tyz+nut.vi": interface, heard, read. What it does not understand it leaves at the default.
func readPrefs(text string) ReaderPrefs {
	p := defaultReader
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > 200 {
		return p
	}
	if slices.Contains(i18n.Langs, parts[0]) {
		p.UI = parts[0]
	}
	if heard := tags(parts[1]); heard != nil {
		p.Heard = heard
	}
	if read := tags(parts[2]); read != nil {
		p.Read = read
	}
	return p
}

func tags(text string) []string {
	var list []string
	for tag := range strings.SplitSeq(text, "+") {
		plain := strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
		if tag != "" && plain == "" && len(list) < 8 {
			list = append(list, tag)
		}
	}
	return list
}

// SignIn hands the browser its session: gone when it closes, out of scripts' reach, never sent from other sites' forms.
func SignIn(w http.ResponseWriter, r *http.Request, token string) {
	v := visitOf(r)
	v.cookie(w, v.sessionName(), token, 0)
}

// SignOut takes the session back and asks the browser to forget kept pages.
func SignOut(w http.ResponseWriter, r *http.Request) {
	v := visitOf(r)
	v.cookie(w, v.sessionName(), "", -1)
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
}

// Session is the token in the request's cookie, "" without one.
func Session(r *http.Request) string { return visitOf(r).token }

// cookie sets a cookie for the whole site; life 0 lasts as long as the browser, below 0 removes it.
func (v *visit) cookie(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.secure}
	switch {
	case life < 0:
		c.MaxAge = -1
	case life > 0:
		c.MaxAge = int(life / time.Second)
	}
	http.SetCookie(w, c)
}

// Flash says what happened: on the next page after a Redirect, or on this one if a page is shown now. Kind is ok, late, bad
// or unk.
func Flash(r *http.Request, kind, key string, args ...any) {
	v := visitOf(r)
	v.next = append(v.next, Notice{kind, T(r, key, args...)})
}

// Redirect sends the browser on with 303, to an address of this site only.
func Redirect(w http.ResponseWriter, r *http.Request, to string) error {
	v := visitOf(r)
	if len(v.next) > 0 {
		v.cookie(w, noticeCookie, writeNotices(v.next), 5*time.Minute)
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, Local(to), http.StatusSeeOther)
	return nil
}

// Local is the address if it stays on this site, else the first page: no open redirects.
func Local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return u.String()
}

// Origin is what a permanent address begins with: the installation's own, else the one by which this visitor came. A page that
// carries the latter is not kept for others: a visitor may claim any host.
func Origin(r *http.Request) string {
	v := visitOf(r)
	if v.site != nil && v.site.Origin != "" {
		return v.site.Origin
	}
	Fresh(r)
	if v.secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// Key names this submission of a form, so that sending it again does nothing twice: the hidden field that {{key}} printed, or
// the header Idempotency-Key. It counts for this person and this address only: no key that stands elsewhere can be used up.
// Empty means it was not named.
func Key(r *http.Request) string {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		key = r.PostFormValue("_key")
	}
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(Actor(r).ID + "\x00" + r.URL.Path + "\x00" + key))
	return hex.EncodeToString(sum[:])
}

// Page reads ?trang= (from 1) and gives the number of lines a page holds.
func Page(r *http.Request) (n, size int) {
	n, err := strconv.Atoi(r.URL.Query().Get("trang"))
	if err != nil || n < 1 {
		n = 1
	}
	return min(n, 100_000), 20
}

func newKey() string { return rand.Text() }

func writeNotices(list []Notice) string {
	text, err := json.Marshal(list)
	if err != nil || len(text) > 2500 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func readNotices(value string) []Notice {
	text, err := base64.RawURLEncoding.DecodeString(value)
	var list []Notice
	if err != nil || json.Unmarshal(text, &list) != nil || len(list) > 4 {
		return nil
	}
	return list
}
