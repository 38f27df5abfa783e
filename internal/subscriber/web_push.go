package subscriber

import (
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/place"
	"banlang/internal/privacy"
	"banlang/internal/web"
)

//go:embed push_worker.js
var pushWorker []byte

type pushHandler struct {
	handler
	key func(context.Context) (string, error)
}

// MountPush registers how a browser asks for news. key gives the public key that push messages are signed for (VAPID, base64url); empty
// while nothing is sent to browsers, and then none is asked.
func MountPush(site *web.Site, d *Desk, key func(context.Context) (string, error)) {
	h := pushHandler{handler{desk: d, site: site}, key}
	site.Handle("GET /dang-ky/khoa", duty.Public, h.offer)
	site.Handle("GET /dang-ky/worker.js", duty.Public, h.worker)
	site.Handle("POST /dang-ky/may", duty.Public, h.join)
}

// A pushOffer is what push.js needs: the key, and what it says in the reader's language.
type pushOffer struct {
	Key    string `json:"key"`
	Done   string `json:"done"`
	Denied string `json:"denied"`
	Failed string `json:"failed"`
}

func (h pushHandler) offer(w http.ResponseWriter, r *http.Request) error {
	key, err := h.key(r.Context())
	if err != nil {
		return err
	}
	web.Fresh(r) // a key that was changed holds at once
	return web.JSON(w, r, pushOffer{key, web.T(r, "subscriber.push.done"), web.T(r, "subscriber.push.denied"), web.T(r, "subscriber.push.failed")})
}

// worker is served below /dang-ky/, so that nothing else of the site comes under it.
func (h pushHandler) worker(w http.ResponseWriter, r *http.Request) error {
	return web.Bytes(w, r, "text/javascript; charset=utf-8", pushWorker)
}

// A browserSubscription is a PushSubscription as browsers write it, without what is not needed to send.
type browserSubscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"` // public key of the browser, base64url
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// address is the subscription in the one way in which we write it. It must be one that can be sent to.
func (b browserSubscription) address() (string, error) {
	u, err := url.Parse(b.Endpoint)
	key, bad := base64.RawURLEncoding.DecodeString(b.Keys.P256dh)
	auth, worse := base64.RawURLEncoding.DecodeString(b.Keys.Auth)
	if err != nil || bad != nil || worse != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(key) != 65 || len(auth) != 16 {
		return "", fault.New(fault.Invalid, "subscriber.push.unreadable")
	}
	text, err := json.Marshal(b)
	return string(text), err
}

// A pushAnswer says what is wrong, in sentences; empty where the browser is subscribed.
type pushAnswer struct {
	Problem string `json:"problem"`
}

// join answers push.js.
func (h pushHandler) join(w http.ResponseWriter, r *http.Request) error {
	var said []string
	if err := h.take(w, r); err != nil {
		if !fault.Is(err, fault.Invalid) {
			return err
		}
		for _, f := range fault.All(err) {
			said = append(said, web.T(r, f.Key, f.Args...))
		}
	}
	web.Fresh(r)
	return web.JSON(w, r, pushAnswer{strings.Join(said, " ")})
}

// take takes the subscription of a browser with the wishes of the form around the button.
func (h pushHandler) take(w http.ResponseWriter, r *http.Request) error {
	var sent struct {
		Subscription browserSubscription `json:"subscription"`
		Place        string              `json:"place"`
		Village      string              `json:"village"`
		Heard        []string            `json:"heard"`
		Read         []string            `json:"read"`
		Topics       []string            `json:"topics"`
		Agreed       bool                `json:"agreed"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10)).Decode(&sent); err != nil {
		return errors.Join(fault.New(fault.Invalid, "subscriber.push.unreadable"), err)
	}
	address, err := sent.Subscription.address()
	if err != nil {
		return err
	}
	wish := Wish{Channel: Push, Address: address, Place: place.ID(sent.Place), Village: sent.Village, Heard: sent.Heard, Read: sent.Read, Topics: sent.Topics,
		Lang: web.Reader(r).UI, Manner: privacy.ByOneself, Agreed: sent.Agreed}
	if err := h.inPlace(r, &wish); err != nil {
		return err
	}
	_, err = h.desk.Subscribe(r.Context(), duty.Actor{}, wish)
	return err
}
