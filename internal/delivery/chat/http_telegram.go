package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"banlang/internal/delivery"
	"banlang/internal/fault"
	"banlang/internal/subscriber"
)

// Telegram sends by a bot (Bot API, https://core.telegram.org/bots/api). token is what BotFather gave; server is that of Telegram or one's
// own Bot API server. An address is the number of a private chat, which a bot may use once the person has pressed Start.
func Telegram() delivery.Connector {
	return delivery.Connector{Name: "telegram", Channel: subscriber.Telegram, Open: openTelegram, Fields: []delivery.Field{
		{Name: "bot_token", Secret: true, Required: true}, {Name: "server", Default: "https://api.telegram.org"},
	}}
}

// The most letters of a message and of what stands under a voice.
const (
	longMessage = 4096
	longCaption = 1024
)

type bot struct {
	*line
	address string // of the methods: it has the token in it and is shown to nobody
}

var botToken = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]{20,}$`)

func openTelegram(s delivery.Settings, h delivery.Hooks) (delivery.Sender, error) {
	if !botToken.MatchString(s["bot_token"]) {
		return nil, fault.Field("bot_token", "telegram.token")
	}
	at, err := server("server", s["server"], h.Inner)
	if err != nil {
		return nil, err
	}
	return &bot{newLine("telegram", h), at + "/bot" + s["bot_token"] + "/"}, nil
}

// Send hands over each message of a batch by itself.
func (b *bot) Send(ctx context.Context, batch []delivery.Outgoing, done func(int, delivery.Result)) {
	b.send(ctx, batch, done, b.submit)
}

// A bold part of a text, counted in UTF-16 as the API counts.
type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
}

// What is asked of sendMessage and of sendVoice.
type telegramMessage struct {
	Chat     int64    `json:"chat_id"`
	Text     string   `json:"text,omitempty"`
	Entities []entity `json:"entities,omitempty"`
	Preview  *noLink  `json:"link_preview_options,omitempty"`
	Voice    string   `json:"voice,omitempty"` // address from which Telegram fetches it
	Caption  string   `json:"caption,omitempty"`
	Bold     []entity `json:"caption_entities,omitempty"`
}

// A preview would have Telegram open the link, which counts as opened by its reader.
type noLink struct {
	Disabled bool `json:"is_disabled"`
}

// What every method answers.
type telegramAnswer struct {
	OK          bool   `json:"ok"`
	Code        int    `json:"error_code"`
	Description string `json:"description"`
	Parameters  struct {
		RetryAfter int `json:"retry_after"` // seconds
	} `json:"parameters"`
}

// submit hands one message over, as a voice where it can be heard. Who takes no voices is sent the text.
func (b *bot) submit(ctx context.Context, o delivery.Outgoing) delivery.Result {
	chat, err := strconv.ParseInt(o.To, 10, 64)
	if err != nil {
		return delivery.Result{State: delivery.Failed, Why: "telegram.gone", Gone: true}
	}
	if o.Sound != "" {
		text, title := words(o, longCaption)
		r, taken := b.call(ctx, o, "sendVoice", telegramMessage{Chat: chat, Voice: o.Sound, Caption: text, Bold: bold(text, title)})
		if taken {
			return r
		}
	}
	text, title := words(o, longMessage)
	r, _ := b.call(ctx, o, "sendMessage", telegramMessage{Chat: chat, Text: text, Entities: bold(text, title), Preview: &noLink{true}})
	return r
}

// bold marks the first letters of a text.
func bold(text string, letters int) []entity {
	if letters == 0 {
		return nil
	}
	return []entity{{Type: "bold", Length: len(utf16.Encode([]rune(text)[:letters]))}}
}

// call asks for one method and reads the answer. taken is false where only this manner of message was refused, and another may do.
func (b *bot) call(ctx context.Context, o delivery.Outgoing, method string, m telegramMessage) (r delivery.Result, taken bool) {
	body, err := json.Marshal(m)
	if err != nil {
		return delivery.Result{State: delivery.Failed, Why: "telegram.refused"}, true
	}
	a, err := b.ask(ctx, b.address+method, http.Header{"Content-Type": {"application/json"}}, string(body))
	if err != nil {
		return b.unanswered(err), true
	}
	var said telegramAnswer
	if json.Unmarshal(a.body, &said) != nil || said.OK && a.status != http.StatusOK {
		said = telegramAnswer{Code: a.status}
	}
	if said.OK { // a message's number is that within a chat: ours is the only one that is its own
		return delivery.Result{State: delivery.Accepted, Provider: o.Attempt}, true
	}
	return b.no(said)
}

// Try asks which bot the token belongs to (getMe).
func (b *bot) Try(ctx context.Context) delivery.Health {
	if h := delivery.Reached(ctx, b.address, b.hooks.Inner); !h.Up {
		return h
	}
	a, err := b.ask(ctx, b.address+"getMe", http.Header{"Content-Type": {"application/json"}}, "{}")
	if err != nil {
		return delivery.Unreached(cmp.Or(ctx.Err(), err))
	}
	var said telegramAnswer
	if json.Unmarshal(a.body, &said) != nil || said.OK && a.status != http.StatusOK {
		return delivery.Health{Why: "delivery.try.broken", Note: strconv.Itoa(a.status)}
	}
	if !said.OK {
		r, _ := b.no(said)
		return delivery.Health{Why: r.Why, Note: r.Detail}
	}
	return delivery.Health{Up: true, Why: "telegram.try.known"}
}

// no reads a refusal. Its words may name the person: the number alone is kept. A chat that is not there, that was never opened or that
// was blocked cannot be told apart by number from a message that is not well written, but by words only.
func (b *bot) no(said telegramAnswer) (r delivery.Result, taken bool) {
	detail := strconv.Itoa(said.Code)
	switch {
	case said.Code == http.StatusTooManyRequests:
		return b.rest(time.Duration(said.Parameters.RetryAfter)*time.Second, said.Code), true
	case said.Code == http.StatusForbidden,
		said.Code == http.StatusBadRequest && (strings.Contains(said.Description, "chat not found") || strings.Contains(said.Description, "PEER_ID_INVALID")):
		return delivery.Result{State: delivery.Failed, Why: "telegram.gone", Detail: detail, Gone: true}, true
	case said.Code == http.StatusUnauthorized || said.Code == http.StatusNotFound: // a token that is none is a method that is not there
		return delivery.Result{State: delivery.Failed, Again: 5 * time.Minute, Why: "telegram.denied", Detail: detail}, true
	case said.Code == http.StatusServiceUnavailable:
		return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "telegram.busy", Detail: detail}, true
	case said.Code >= 500 || said.Code < 300:
		return delivery.Result{State: delivery.InDoubt, Why: "telegram.no_answer", Detail: detail}, true
	default:
		return delivery.Result{State: delivery.Failed, Why: "telegram.refused", Detail: detail}, false
	}
}
