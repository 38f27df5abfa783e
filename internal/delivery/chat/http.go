package chat

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"banlang/internal/delivery"
	"banlang/internal/fault"
	"banlang/internal/outgoing"
)

const (
	atOnce     = 16 // requests on their way
	longAnswer = 64 << 10
	answerIn   = 20 * time.Second
	longRest   = 24 * time.Hour // the longest pause that a network is believed
)

// A line is the way to one network. Its name begins the keys of what is told about it.
type line struct {
	name   string
	hooks  delivery.Hooks
	client *http.Client
	*delivery.Pulse

	mu    sync.Mutex
	until time.Time // the network asked for a rest until then
}

func newLine(name string, h delivery.Hooks) *line {
	return &line{name: name, hooks: h, client: outgoing.Client(h.Inner, answerIn, atOnce),
		Pulse: delivery.NewPulse(h.Now, name+".down", name+".no_answer", name+".busy", name+".denied", name+".money")}
}

// server reads the address of a network's machine, without a slash at its end.
func server(field, address string, inner bool) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !inner) {
		return "", fault.Field(field, "chat.server")
	}
	return strings.TrimSuffix(address, "/"), nil
}

// send hands over each message of a batch by itself.
func (l *line) send(ctx context.Context, batch []delivery.Outgoing, done func(int, delivery.Result), submit func(context.Context, delivery.Outgoing) delivery.Result) {
	delivery.Each(batch, atOnce, func(o delivery.Outgoing) delivery.Result {
		if ctx.Err() != nil { // those before it took all the time: nothing of it went out
			return l.later("busy", 15*time.Second)
		}
		if wait := l.resting(); wait > 0 {
			return l.later("busy", wait)
		}
		r := submit(ctx, o)
		l.Learn(r)
		return r
	}, done)
}

// An answer is what a network said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// What keeps a request from being answered: nothing was sent, or it may have arrived.
var (
	errDown = errors.New("chat: not connected")
	errCut  = errors.New("chat: no answer")
)

// ask posts a body. Its errors keep nothing of the request: the address of one has secrets and persons in it.
func (l *line) ask(ctx context.Context, address string, header http.Header, body string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return answer{}, errDown
	}
	r.Header = header
	a, err := l.client.Do(r)
	if err != nil {
		if outgoing.Dialled(err) {
			return answer{}, errDown
		}
		return answer{}, errCut
	}
	defer a.Body.Close()
	text, err := io.ReadAll(io.LimitReader(a.Body, longAnswer))
	if err != nil {
		return answer{}, errCut
	}
	return answer{a.StatusCode, a.Header, text}, nil
}

// unanswered is what became of a message whose request had no answer.
func (l *line) unanswered(err error) delivery.Result {
	if errors.Is(err, errCut) {
		return delivery.Result{State: delivery.InDoubt, Why: l.name + ".no_answer"}
	}
	return l.later("down", 15*time.Second)
}

// later puts a message off.
func (l *line) later(why string, wait time.Duration) delivery.Result {
	return delivery.Result{State: delivery.Failed, Again: wait, Why: l.name + "." + why}
}

// rest keeps everything of this line back for as long as the network asked for.
func (l *line) rest(wait time.Duration, detail int) delivery.Result {
	wait = min(longRest, max(time.Second, wait))
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.hooks.Now().Add(wait); until.After(l.until) {
		l.until = until
	}
	r := l.later("busy", wait)
	r.Detail = strconv.Itoa(detail)
	return r
}

// resting is how long nothing may be asked yet.
func (l *line) resting() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until.Sub(l.hooks.Now())
}

// Close ends what is kept open.
func (l *line) Close() error {
	l.client.CloseIdleConnections()
	return nil
}
