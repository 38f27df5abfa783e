package feed

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"banlang/internal/blob"
	"banlang/internal/delivery"
	"banlang/internal/delivery/cap"
	"banlang/internal/fault"
	"banlang/internal/i18n"
	"banlang/internal/place"
	"banlang/internal/place/outline"
)

// office is the list whose codes of units stand in alerts: that of the General Statistics Office (mã đơn vị hành chính).
const office = "VN:GSO"

// A warning is one issue of an item as a message of the protocol, or the message that takes it back.
type warning struct {
	Item    delivery.Item
	Cancel  bool
	Earlier []delivery.Item // issues that it takes the place of, oldest first
}

// ID names the message for ever, among those of this sender.
func (w warning) ID() string {
	if w.Cancel {
		return string(w.Item.Ref) + "-" + cancelled
	}
	return string(w.Item.Ref) + "-" + strconv.FormatInt(w.Item.Version, 10)
}

const cancelled = "thu-hoi"

// URL is the path of the message.
func (w warning) URL() string { return "/cap/" + w.ID() + ".xml" }

// Sent is when it was.
func (w warning) Sent() time.Time {
	if w.Cancel {
		return w.Item.Ended
	}
	return w.Item.Published
}

func (w warning) kind() cap.Type {
	switch {
	case w.Cancel:
		return cap.Cancel
	case len(w.Earlier) > 0:
		return cap.Update
	}
	return cap.New
}

func loud(i delivery.Item) bool { return i.Class == delivery.Priority || i.Class == delivery.Emergency }

// warn makes a message of an issue. An issue that is no warning itself is one still when it takes the place of one: receivers are to
// hear that the danger is less now.
func (d *Desk) warn(ctx context.Context, i delivery.Item) (warning, error) {
	w := warning{Item: i}
	if i.Replaces != "" {
		before, err := d.Source.Item(ctx, i.Replaces, 0)
		if err != nil {
			return w, err
		}
		if w.Earlier, err = d.issues(ctx, before); err != nil {
			return w, err
		}
	}
	own, err := d.issues(ctx, i)
	if err != nil {
		return w, err
	}
	w.Earlier = append(w.Earlier, own[:len(own)-1]...)
	switch first := slices.IndexFunc(w.Earlier, loud); {
	case first >= 0:
		w.Earlier = w.Earlier[first:]
	case loud(i):
		w.Earlier = nil
	default:
		return w, fault.New(fault.NotFound, "feed.no_alert")
	}
	if i.Recalled {
		w.Cancel, w.Earlier = true, append(w.Earlier, i)
	}
	return w, nil
}

const history = 20

// issues are an issue and those before it, oldest first; of very many the last.
func (d *Desk) issues(ctx context.Context, i delivery.Item) ([]delivery.Item, error) {
	all := []delivery.Item{i}
	for n := i.Version - 1; n >= max(1, i.Version-history); n-- {
		before, err := d.Source.Item(ctx, i.Ref, n)
		if err != nil {
			return nil, err
		}
		all = append(all, before)
	}
	slices.Reverse(all)
	return all, nil
}

// kept is how long the list of alerts tells that one was taken back or became harmless.
const kept = 30 * 24 * time.Hour

// warnings lists the messages that hold, and what was taken back lately, newest first.
func (d *Desk) warnings(ctx context.Context, where place.ID) ([]warning, error) {
	since := d.Now().Add(-kept)
	var all []warning
	seen := map[string]bool{}
	for _, f := range []delivery.Filter{{Class: delivery.Emergency}, {Class: delivery.Priority}, {Class: delivery.Emergency, Ended: true, Since: since},
		{Class: delivery.Priority, Ended: true, Since: since}, {Class: delivery.Normal, Ended: true, Since: since}} {
		f.Place, f.Size = where, 200
		items, err := d.Source.Items(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			if !loud(i) && i.Version == 1 && i.Replaces == "" || !i.Ended.IsZero() && !i.Recalled {
				continue // never was a warning; or another took its place, and refers to it
			}
			w, err := d.warn(ctx, i)
			if fault.Is(err, fault.NotFound) || seen[w.ID()] {
				continue
			}
			if err != nil {
				return nil, err
			}
			seen[w.ID()] = true
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b warning) int { return cmp.Or(b.Sent().Compare(a.Sent()), cmp.Compare(a.ID(), b.ID())) })
	return all, nil
}

// title is what the list says of a message.
func (d *Desk) title(v voice, w warning, lang string) string {
	if w.Cancel {
		quiet := w.Item
		quiet.Class = delivery.Normal
		return v.marked(lang, quiet, v.text.Text(lang, "feed.cancel", "Topic", v.text.Text(lang, "bulletin.topic."+w.Item.Topic)))
	}
	return d.tell(v, w.Item, lang).Title
}

// sign writes a message. What does not fit loses the outline first, and then the ends of its texts, which are on the page.
func (d *Desk) sign(ctx context.Context, v voice, w warning) ([]byte, error) {
	a, err := d.alert(ctx, v, w)
	if err != nil {
		return nil, err
	}
	body, err := d.Key.Sign(a)
	for _, most := range []int{20000, 4000, 1000} {
		if !fault.Is(err, fault.TooLarge) {
			break
		}
		for n := range a.Informations {
			i := &a.Informations[n]
			for k := range i.Areas {
				i.Areas[k].Polygons = nil
			}
			if letters := []rune(i.Description); len(letters) > most {
				i.Description = string(letters[:most]) + "… " + i.Web
			}
		}
		body, err = d.Key.Sign(a)
	}
	return body, err
}

func (d *Desk) alert(ctx context.Context, v voice, w warning) (cap.Alert, error) {
	i := w.Item
	a := cap.Alert{Identifier: w.ID(), Sender: v.sender, Sent: moment(w.Sent()), Status: cap.Actual, Type: w.kind(), Scope: cap.Public}
	switch {
	case i.Demo:
		a.Status = cap.Test
	case i.Drill:
		a.Status = cap.Exercise
	}
	for _, e := range w.Earlier {
		a.References = append(a.References, cap.Reference{Sender: v.sender, Identifier: warning{Item: e}.ID(), Sent: moment(e.Published)})
	}
	area, err := d.area(ctx, i.Place)
	if err != nil {
		return a, err
	}
	for _, e := range i.Editions {
		if w.Cancel && e.Lang != source && e.Lang != "en" {
			continue // how to take something back is written in the languages of the interface only
		}
		info, err := d.info(ctx, v, w, e)
		if err != nil {
			return a, err
		}
		info.Areas = []cap.Area{area}
		a.Informations = append(a.Informations, info)
	}
	return a, nil
}

// info tells a message in the language of an edition.
func (d *Desk) info(ctx context.Context, v voice, w warning, e delivery.Edition) (cap.Info, error) {
	i := w.Item
	t := d.tell(v, i, e.Lang)
	info := cap.Info{Language: e.Lang, Categories: categories(i.Topic), Event: v.text.Text(e.Lang, "bulletin.topic."+i.Topic), SenderName: v.agency,
		Headline: t.Title, Description: t.Body, Web: v.origin + i.URL, Contact: v.phone, Expires: moment(i.Expires),
		Parameters: []cap.Pair{{Name: "VN:TT39/2020", Value: v.text.Text(source, "bulletin.class."+string(i.Class))}}}
	info.Urgency, info.Severity, info.Certainty = weight(i.Class)
	if e.Lang != source {
		info.Web += "?tieng=" + e.Lang
	}
	if w.Cancel {
		info.Urgency, info.Responses, info.Headline, info.Description = "Past", []string{"AllClear"}, d.title(v, w, e.Lang), i.Reason
		return info, nil
	}
	for _, file := range []struct {
		ref        blob.Ref
		size       int64
		kind, MIME string
	}{{e.MP3, e.MP3Size, "mp3", "audio/mpeg"}, {e.Opus, e.OpusSize, "opus", "audio/ogg"}} {
		if file.ref == "" {
			continue
		}
		sum, err := d.sum(ctx, file.ref)
		if err != nil {
			return info, err
		}
		words := "feed.sound"
		if e.Machine {
			words = "feed.sound.machine"
		}
		info.Resources = append(info.Resources, cap.Resource{Description: v.text.Text(t.Lang, words, "Lang", d.language(t.Lang, e.Lang)), MIMEType: file.MIME,
			Size: file.size, URI: v.origin + i.URL + "/" + e.Lang + "." + file.kind, Digest: sum})
	}
	return info, nil
}

func moment(t time.Time) cap.Time {
	if t.IsZero() {
		return ""
	}
	return cap.At(t.In(i18n.Zone))
}

// weight says what a class means to programs that know ours not.
func weight(c delivery.Class) (urgency, severity, certainty string) {
	switch c {
	case delivery.Emergency:
		return "Immediate", "Severe", "Likely"
	case delivery.Priority:
		return "Expected", "Moderate", "Likely"
	}
	return "Future", "Minor", "Possible"
}

func categories(topic string) []string {
	switch topic {
	case "disaster":
		return []string{"Met", "Geo"}
	case "forest":
		return []string{"Fire", "Env"}
	case "health", "family":
		return []string{"Health"}
	case "safety":
		return []string{"Safety", "Security"}
	case "border":
		return []string{"Security", "Transport"}
	}
	return []string{"Other"}
}

// area tells where by code, and by outline where one is known.
func (d *Desk) area(ctx context.Context, id place.ID) (cap.Area, error) {
	a := cap.Area{Description: d.placeName(id), Geocodes: []cap.Pair{{Name: office, Value: id.Code()}}}
	rings, err := d.Places.Rings(ctx, id)
	if err != nil {
		return a, err
	}
	for _, ring := range rings {
		var points []cap.Point
		for _, p := range ring {
			points = append(points, cap.Point{Latitude: -float64(p[1]) / outline.Fine, Longitude: float64(p[0]) / outline.Fine})
		}
		if text := cap.Ring(points); text != "" {
			a.Polygons = append(a.Polygons, text)
		}
	}
	return a, nil
}

// find is the message at an address: tin1.xml (what holds now), tin1-2.xml (the second issue), tin1-thu-hoi.xml. moved is where to look
// instead.
func (d *Desk) find(ctx context.Context, name string) (w warning, moved string, err error) {
	none := fault.New(fault.NotFound, "feed.no_alert")
	name, ok := strings.CutSuffix(name, ".xml")
	if !ok {
		return w, "", none
	}
	ref, issue, numbered := strings.Cut(name, "-")
	var version int64
	if numbered && issue != cancelled {
		version, err = strconv.ParseInt(issue, 10, 64)
		if err != nil || version < 1 || strconv.FormatInt(version, 10) != issue {
			return w, "", none
		}
	}
	i, err := d.Source.Item(ctx, delivery.Ref(ref), version)
	if fault.Is(err, fault.NotFound) {
		return w, "", none
	}
	if err != nil {
		return w, "", err
	}
	if !numbered && i.ReplacedBy != "" && !i.Recalled {
		return w, "/cap/" + string(i.ReplacedBy) + ".xml", nil
	}
	if i.Recalled && version > 0 { // the words that were taken back are not told any more
		return w, warning{Item: i, Cancel: true}.URL(), nil
	}
	if w, err = d.warn(ctx, i); err == nil && issue == cancelled && !w.Cancel {
		err = none
	}
	return w, "", err
}
