// Package mail sends by e-mail: to a relay that speaks SMTP, signed (DKIM, RFC 6376), and with a way to stop that a mail program shows
// as a button (RFC 8058).
package mail

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"banlang/internal/delivery"
	"banlang/internal/fault"
	"banlang/internal/outgoing"
	"banlang/internal/subscriber"
)

// SMTP connects to a mail server. tls is starttls (the connection is encrypted before anything is said), tls (encrypted from the
// start, port 465) or no (for a server inside only). from is "Name <address>". With dkim_selector and dkim_key (a private key of RSA or
// Ed25519 in PEM, whose lines may be joined by spaces) everything is signed for dkim_domain, or for that of from. A key is made where
// none is given.
func SMTP() delivery.Connector {
	return delivery.Connector{Name: "smtp", Channel: subscriber.Email, Open: open, Make: newKey, Remade: true, Notes: record, Fields: []delivery.Field{
		{Name: "host", Required: true}, {Name: "port", Default: "587"}, {Name: "security", Default: "starttls"}, {Name: "user"}, {Name: "password", Secret: true},
		{Name: "from", Required: true}, {Name: "dkim_domain"}, {Name: "dkim_selector"}, {Name: "dkim_key", Secret: true},
	}}
}

const answerIn = 30 * time.Second

type sender struct {
	hooks  delivery.Hooks
	client *gomail.Client
	from   *mail.Address
	sign   *dkim.SignOptions // nil: not signed
	*delivery.Pulse
}

func open(s delivery.Settings, h delivery.Hooks) (delivery.Sender, error) {
	return openWith(s, h, nil)
}

// openWith trusts what a test says; nil trusts as the system does.
func openWith(s delivery.Settings, h delivery.Hooks, trust *x509.CertPool) (delivery.Sender, error) {
	port, err := strconv.Atoi(s["port"])
	if err != nil || port < 1 || port > 65535 {
		return nil, fault.Field("port", "mail.port")
	}
	from, err := mail.ParseAddress(s["from"])
	if err != nil {
		return nil, fault.Field("from", "mail.from")
	}
	sign, err := signer(s)
	if err != nil {
		return nil, err
	}
	options := []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(answerIn), gomail.WithDialContextFunc(patient(outgoing.Dialer(h.Inner).DialContext)),
		gomail.WithTLSConfig(&tls.Config{ServerName: s["host"], MinVersion: tls.VersionTLS12, RootCAs: trust})}
	switch s["security"] {
	case "starttls":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "tls":
		dial := &tls.Dialer{NetDialer: outgoing.Dialer(h.Inner), Config: &tls.Config{ServerName: s["host"], MinVersion: tls.VersionTLS12, RootCAs: trust}}
		options = append(options, gomail.WithSSL(), gomail.WithDialContextFunc(patient(dial.DialContext)))
	case "no":
		if !h.Inner {
			return nil, fault.Field("security", "mail.security")
		}
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fault.Field("security", "mail.security")
	}
	if s["user"] != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if s["security"] == "tls" { // go-mail does not see that a connection of our own dialer is encrypted, and would find no way to sign in
			auth = gomail.SMTPAuthPlain
		}
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s["user"]), gomail.WithPassword(s["password"]))
	}
	client, err := gomail.NewClient(s["host"], options...)
	if err != nil {
		return nil, fault.Field("host", "mail.host")
	}
	return &sender{hooks: h, client: client, from: from, sign: sign, Pulse: delivery.NewPulse(h.Now, "mail.down", "mail.no_answer", "mail.busy", "mail.password")}, nil
}

// patient dials, and waits for what a server says first no longer than for the connection: go-mail would wait for ever.
func patient(dial gomail.DialContextFunc) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if end, ok := ctx.Deadline(); ok {
			err = conn.SetDeadline(end)
		}
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return conn, nil
	}
}

// signer reads the key that mail is signed with; nil where there is none.
func signer(s delivery.Settings) (*dkim.SignOptions, error) {
	if s["dkim_key"] == "" {
		return nil, nil //nolint:nilnil // not signed
	}
	if s["dkim_selector"] == "" {
		return nil, fault.Field("dkim_selector", "mail.dkim")
	}
	key, err := keyOf(s["dkim_key"])
	if err != nil {
		return nil, fault.Field("dkim_key", "mail.dkim.key")
	}
	return &dkim.SignOptions{Domain: domainOf(s), Selector: s["dkim_selector"], Signer: key, Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"}}, nil
}

// domainOf is the domain that answers for what is sent.
func domainOf(s delivery.Settings) string {
	if s["dkim_domain"] != "" {
		return s["dkim_domain"]
	}
	from, err := mail.ParseAddress(s["from"])
	if err != nil {
		return ""
	}
	return from.Address[strings.LastIndex(from.Address, "@")+1:]
}

// newKey makes a key to sign with, of a kind that every receiver can check, and a selector that no key had before.
func newKey() (delivery.Settings, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return delivery.Settings{"dkim_selector": "bl" + strings.ToLower(rand.Text()[:10]),
		"dkim_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}, nil
}

// record is what the name server of the domain is to tell, so that receivers can check what is signed.
func record(s delivery.Settings) []delivery.Note {
	sign, err := signer(s)
	if err != nil || sign == nil || sign.Domain == "" {
		return nil
	}
	var kind string
	var public []byte
	switch key := sign.Signer.Public().(type) {
	case ed25519.PublicKey:
		kind, public = "ed25519", key
	default:
		kind = "rsa"
		if public, err = x509.MarshalPKIXPublicKey(key); err != nil {
			return nil
		}
	}
	return []delivery.Note{{Key: "mail.dkim.record", Name: sign.Selector + "._domainkey." + sign.Domain,
		Value: "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)}}
}

// keyOf reads a private key. A field of one line has lost the line ends of PEM.
func keyOf(text string) (crypto.Signer, error) {
	if head, rest, ok := strings.Cut(text, "KEY-----"); ok && !strings.Contains(strings.TrimSpace(text), "\n") {
		body, tail, _ := strings.Cut(rest, "-----END")
		text = head + "KEY-----\n" + strings.Join(strings.Fields(body), "\n") + "\n-----END" + tail + "\n"
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("mail: no PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, strong(key)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, errors.Join(err, strong(key))
	case ed25519.PrivateKey:
		return key, err
	}
	return nil, errors.Join(err, errors.New("mail: neither RSA nor Ed25519"))
}

// Send hands a batch over in one connection.
func (s *sender) Send(ctx context.Context, batch []delivery.Outgoing, done func(int, delivery.Result)) {
	var link *smtp.Client
	for i, o := range batch {
		if ctx.Err() != nil { // the lease will not last for the rest: nothing of it went out
			done(i, delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "mail.busy"})
			continue
		}
		letter, id, err := s.letter(o)
		if err != nil {
			_, unreadable := mail.ParseAddress(o.To)
			done(i, delivery.Result{State: delivery.Failed, Why: "mail.address", Gone: unreadable != nil})
			continue
		}
		if link == nil {
			if link, err = s.client.DialToSMTPClientWithContext(ctx); err != nil {
				r := s.unconnected(err)
				s.Learn(r)
				for j := range batch[i:] {
					done(i+j, r)
				}
				return
			}
		}
		r, broken := s.submit(link, o.To, letter)
		if r.State == delivery.Accepted {
			r.Provider = id
		}
		s.Learn(r)
		done(i, r)
		if broken {
			_ = link.Close()
			link = nil
		}
	}
	if link != nil {
		_ = s.client.CloseWithSMTPClient(link) // everything is known already
	}
}

// letter writes one message as it goes over the wire, and gives its Message-ID.
func (s *sender) letter(o delivery.Outgoing) (raw []byte, id string, err error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.To(o.To); err != nil {
		return nil, "", err
	}
	m.FromMailAddress(s.from)
	_, domain, _ := strings.Cut(s.from.Address, "@")
	id = o.Attempt + "@" + domain
	m.SetMessageIDWithValue(id)
	m.SetDateWithValue(s.hooks.Now())
	m.Subject(strings.Join(strings.Fields(o.Title), " "))
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("Content-Language", o.Lang)
	if o.Class == delivery.Emergency {
		m.SetImportance(gomail.ImportanceUrgent)
	}
	if o.Stop != "" {
		m.SetGenHeaderPreformatted("List-Unsubscribe", "<"+o.Stop+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, plain(o))
	m.AddAlternativeString(gomail.TypeTextHTML, markup(o))
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, "", err
	}
	if s.sign == nil {
		return b.Bytes(), id, nil
	}
	var signed bytes.Buffer
	if err := dkim.Sign(&signed, &b, s.sign); err != nil {
		return nil, "", fmt.Errorf("sign a letter: %w", err)
	}
	return signed.Bytes(), id, nil
}

// submit hands one letter over. broken says that the connection cannot be used again. Until the letter's end is sent nobody has it.
func (s *sender) submit(link *smtp.Client, to string, letter []byte) (r delivery.Result, broken bool) {
	fail := func(err error, addressee bool) (delivery.Result, bool) {
		r, broken := answer(err, addressee)
		if !broken {
			broken = link.Reset() != nil
		}
		return r, broken
	}
	if err := link.UpdateDeadline(answerIn); err != nil {
		return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "mail.down"}, true
	}
	if err := link.Mail(s.from.Address); err != nil {
		return fail(err, false)
	}
	if err := link.Rcpt(to); err != nil {
		return fail(err, true)
	}
	w, err := link.Data()
	if err != nil {
		return fail(err, false)
	}
	if _, err := w.Write(letter); err != nil {
		return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "mail.down"}, true
	}
	if err := w.Close(); err != nil {
		if _, ok := errors.AsType[*textproto.Error](err); !ok {
			return delivery.Result{State: delivery.InDoubt, Why: "mail.no_answer"}, true
		}
		return fail(err, false)
	}
	return delivery.Result{State: delivery.Accepted}, false
}

// answer reads what a server said no with: 4yz is for now, 5yz for good (RFC 5321, section 4.2.1). Its words may have the address in
// them: the number alone is kept.
func answer(err error, addressee bool) (r delivery.Result, broken bool) {
	said, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return delivery.Result{State: delivery.Failed, Again: 15 * time.Second, Why: "mail.down"}, true
	}
	detail := strconv.Itoa(said.Code)
	switch {
	case said.Code == 421:
		return delivery.Result{State: delivery.Failed, Again: time.Minute, Why: "mail.busy", Detail: detail}, true
	case said.Code < 500:
		return delivery.Result{State: delivery.Failed, Again: 5 * time.Minute, Why: "mail.busy", Detail: detail}, false
	case addressee && nobodyThere(said.Msg):
		return delivery.Result{State: delivery.Failed, Why: "mail.address", Detail: detail, Gone: true}, false
	default:
		return delivery.Result{State: delivery.Failed, Why: "mail.refused", Detail: detail}, false
	}
}

// unconnected is what became of messages for which there was no connection.
func (s *sender) unconnected(err error) delivery.Result {
	r := delivery.Result{State: delivery.Failed, Again: time.Minute, Why: "mail.down"}
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		r.Detail = strconv.Itoa(said.Code)
		if said.Code == 535 || said.Code == 534 || said.Code == 530 {
			r.Why, r.Again = "mail.password", 5*time.Minute
		}
	}
	return r
}

// Try connects, encrypts, signs in and says goodbye.
func (s *sender) Try(ctx context.Context) delivery.Health {
	link, err := s.client.DialToSMTPClientWithContext(ctx)
	if err == nil {
		_ = s.client.CloseWithSMTPClient(link) // everything is known already
		return delivery.Health{Up: true, Why: "mail.try.in"}
	}
	if _, ok := errors.AsType[*textproto.Error](err); ok {
		r := s.unconnected(err)
		if r.Why == "mail.down" {
			r.Why = "mail.try.refused"
		}
		return delivery.Health{Why: r.Why, Note: r.Detail}
	}
	h := delivery.Unreached(err)
	if h.Why == "delivery.try.broken" { // it answers, and we found no common way to encrypt or to sign in
		h.Why = "mail.try.terms"
	}
	return h
}

// Close has nothing to end: a connection is kept for a batch.
func (s *sender) Close() error { return nil }

// nobodyThere reports whether a refusal says by its enhanced code that the address is wrong (RFC 3463: 5.1.x, or 5.2.1, a mailbox that
// is closed). A refusal without one may be a policy of the server, and takes nobody's subscription away.
func nobodyThere(text string) bool {
	for _, code := range []string{"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"} {
		if strings.HasPrefix(text, code+" ") {
			return true
		}
	}
	return false
}

// strong refuses an RSA key that receivers do not accept any more (RFC 8301: 1024 bits at least, 2048 from who signs).
func strong(key *rsa.PrivateKey) error {
	if key.N.BitLen() < 2048 {
		return errors.New("mail: an RSA key of less than 2048 bits")
	}
	return nil
}
