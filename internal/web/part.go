package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Sound is what the part "sound" shows: everything yellow can be heard.
//
//	{{template "sound" .Sound}}
type Sound struct {
	Caption string        // "Nghe: Tiếng Tày"
	Length  time.Duration // zero: unknown
	Files   []SoundFile   // the smallest first; the last is the one offered for download
	Machine bool          // a machine's voice, which is said
	Reader  string        // who reads, by the name they chose
	Note    string
}

// SoundFile is one coding of a sound.
type SoundFile struct {
	URL, Type string
	Size      int64
}

// Download is the file offered to be saved: the coding that every player knows.
func (s Sound) Download() SoundFile {
	if len(s.Files) == 0 {
		return SoundFile{}
	}
	return s.Files[len(s.Files)-1]
}

// Pager is what the part "pager" shows: "Trang 1 trong 10" and the way on.
type Pager struct {
	Page, Pages int
	Prev, Next  string
}

// NewPager makes the pager of a list of total lines, keeping what the address asks for.
func NewPager(r *http.Request, total int) Pager {
	page, size := Page(r)
	p := Pager{Page: page, Pages: max(1, (total+size-1)/size)}
	if page > 1 {
		p.Prev = pageURL(r, min(page-1, p.Pages))
	}
	if page < p.Pages {
		p.Next = pageURL(r, page+1)
	}
	return p
}

func pageURL(r *http.Request, page int) string {
	return With(r, "trang", strconv.Itoa(page))
}

// With is this page's address with one value of its query changed; "" takes it out. Another filter begins at page 1 again.
func With(r *http.Request, name, value string) string {
	q := url.Values{}
	for k, v := range r.URL.Query() {
		if k != "trang" && k != name {
			q[k] = v
		}
	}
	if value != "" && (name != "trang" || value != "1") {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return r.URL.Path
	}
	return r.URL.Path + "?" + q.Encode()
}
