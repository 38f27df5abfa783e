package mail_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"log/slog"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"banlang/internal/delivery"
	"banlang/internal/delivery/mail"
)

// A server takes letters and says no to some addressees.
type server struct {
	no      map[string]*smtp.SMTPError
	letters map[string][]byte
	user    string
	open    int
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) {
	s.open++
	return &session{server: s}, nil
}

type session struct {
	server *server
	to     string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "mở cửa" {
			return smtp.ErrAuthFailed
		}
		s.server.user = user
		return nil
	}), nil
}
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if e := s.server.no[to]; e != nil {
		return e
	}
	s.to = to
	return nil
}
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if e := s.server.no["data "+s.to]; e != nil {
		return e
	}
	s.server.letters[s.to] = b
	return err
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// start runs a server and gives the settings that lead to it and the certificates to trust.
func start(t *testing.T, security string) (*server, delivery.Settings, *x509.CertPool) {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(web.Close)
	trust := x509.NewCertPool()
	trust.AddCert(web.Certificate())
	s := &server{no: map[string]*smtp.SMTPError{}, letters: map[string][]byte{}}
	peer := smtp.NewServer(s)
	peer.ErrorLog = log.New(io.Discard, "", 0)
	peer.Domain, peer.AllowInsecureAuth = "localhost", security == "no"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	switch security {
	case "tls":
		l = tls.NewListener(l, config)
	case "starttls":
		peer.TLSConfig = config
	}
	go func() { _ = peer.Serve(l) }()
	t.Cleanup(func() { peer.Close() })
	return s, delivery.Settings{"host": "127.0.0.1", "port": port, "security": security, "from": "Bản Làng <tin@banlang.example>"}, trust
}

func hooks(inner bool) delivery.Hooks {
	return delivery.Hooks{Provider: "p1", Inner: inner, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC) }}
}

func send(t *testing.T, s delivery.Sender, batch ...delivery.Outgoing) []delivery.Result {
	t.Helper()
	got := make([]delivery.Result, len(batch))
	s.Send(t.Context(), batch, func(i int, r delivery.Result) { got[i] = r })
	return got
}

var flood = delivery.Outgoing{Attempt: "a1", To: "dan@ban.example", Title: "Lũ về <Sông Mã>", Text: "Đi lên chỗ cao.\n.Mang theo nước & đèn.", Lang: "vi",
	URL: "https://banlang.example/n/abc", Stop: "https://banlang.example/n/abc/thoi", Class: delivery.Emergency}

// Whoever reads a letter gets text and HTML, knows that it is ours, and finds the button that stops it.
func TestLetterIsSignedAndReadable(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	rsaPublic, _ := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	eight, _ := x509.MarshalPKCS8PrivateKey(private)
	for _, c := range []struct{ name, kind, record, pem string }{
		{"RSA", "rsa", base64.StdEncoding.EncodeToString(rsaPublic), string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)}))},
		{"Ed25519 in one line", "ed25519", base64.StdEncoding.EncodeToString(public),
			strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: eight})), "\n", " ")},
	} {
		t.Run(c.name, func(t *testing.T) {
			peer, settings, _ := start(t, "no")
			settings["dkim_domain"], settings["dkim_selector"], settings["dkim_key"] = "banlang.example", "tin", c.pem
			s, err := mail.SMTP().Open(settings, hooks(true))
			if err != nil {
				t.Fatal(err)
			}
			if r := send(t, s, flood)[0]; r.State != delivery.Accepted || r.Provider != "a1@banlang.example" {
				t.Fatalf("Send = %+v", r)
			}
			raw := peer.letters[flood.To]
			checks, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
				if domain != "tin._domainkey.banlang.example" {
					return nil, errors.New("asked for " + domain)
				}
				return []string{"v=DKIM1; k=" + c.kind + "; p=" + c.record}, nil
			}})
			if err != nil || len(checks) != 1 || checks[0].Err != nil {
				t.Fatalf("the signature: %+v, %v\n%s", checks, err, raw)
			}
			if keys := strings.ToLower(strings.Join(checks[0].HeaderKeys, " ")); !strings.Contains(keys, "list-unsubscribe-post") || !strings.Contains(keys, "list-unsubscribe ") {
				t.Errorf("signed are %s, want the way to stop among them (RFC 8058)", keys)
			}
			read(t, raw)
		})
	}
}

// A connection for which no key is given gets one, and tells the record by which receivers check what it signs.
func TestKeyIsMadeAndPublished(t *testing.T) {
	smtp := mail.SMTP()
	made, err := smtp.Make()
	if err != nil {
		t.Fatal(err)
	}
	again, err := smtp.Make()
	if err != nil || again["dkim_selector"] == made["dkim_selector"] || again["dkim_key"] == made["dkim_key"] {
		t.Errorf("the next key is the same, or has the same name: %v", err)
	}
	peer, settings, _ := start(t, "no")
	if notes := smtp.Notes(settings); len(notes) != 0 {
		t.Errorf("without a key there is to be published %v", notes)
	}
	maps.Copy(settings, made)
	notes := smtp.Notes(settings)
	if len(notes) != 1 || notes[0].Name != made["dkim_selector"]+"._domainkey.banlang.example" || strings.Contains(notes[0].Value, made["dkim_key"][40:80]) {
		t.Fatalf("to be published: %+v", notes)
	}
	s, err := smtp.Open(settings, hooks(true))
	if err != nil {
		t.Fatal(err)
	}
	if r := send(t, s, flood)[0]; r.State != delivery.Accepted {
		t.Fatalf("Send = %+v", r)
	}
	for _, x := range []struct {
		name, record string
		good         bool
	}{{"as told", notes[0].Value, true}, {"of another key", smtp.Notes(delivery.Settings{"from": settings["from"], "dkim_selector": "x", "dkim_key": again["dkim_key"]})[0].Value, false}} {
		checks, err := dkim.VerifyWithOptions(bytes.NewReader(peer.letters[flood.To]), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
			if domain != notes[0].Name {
				return nil, errors.New("asked for " + domain)
			}
			return []string{x.record}, nil
		}})
		if err != nil || len(checks) != 1 || (checks[0].Err == nil) != x.good {
			t.Errorf("with the record %s: %+v, %v", x.name, checks, err)
		}
	}
}

func read(t *testing.T, raw []byte) {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	for what, pair := range map[string][2]string{"subject": {subject, flood.Title}, "List-Unsubscribe": {m.Header.Get("List-Unsubscribe"), "<" + flood.Stop + ">"},
		"List-Unsubscribe-Post": {m.Header.Get("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click"}} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
		}
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	var all []string
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(quotedprintable.NewReader(p))
		all = append(all, strings.ReplaceAll(string(b), "\r\n", "\n"))
	}
	if len(all) != 2 || !strings.Contains(all[0], flood.Text) || !strings.Contains(all[0], flood.URL) || !strings.Contains(all[1], "<p>.Mang theo nước &amp; đèn.</p>") ||
		!strings.Contains(all[1], "Lũ về &lt;Sông Mã&gt;") || strings.Contains(all[1], "src=") {
		t.Errorf("the parts are %q", all)
	}
}

func TestAnswersOfMailServers(t *testing.T) {
	peer, settings, _ := start(t, "no")
	peer.no["grey@x.vn"] = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "grey@x.vn later"}
	peer.no["nobody@x.vn"] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no nobody@x.vn"}
	peer.no["barred@x.vn"] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "policy"}
	peer.no["data spam@x.vn"] = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "spam"}
	s, err := mail.SMTP().Open(settings, hooks(true))
	if err != nil {
		t.Fatal(err)
	}
	to := func(a string) delivery.Outgoing { o := flood; o.To = a; return o }
	got := send(t, s, to("grey@x.vn"), to("nobody@x.vn"), to("barred@x.vn"), to("spam@x.vn"), to("no address"), to("dan@x.vn"))
	for i, want := range []delivery.Result{
		{State: delivery.Failed, Again: 5 * time.Minute, Why: "mail.busy", Detail: "451"},
		{State: delivery.Failed, Why: "mail.address", Detail: "550", Gone: true},
		{State: delivery.Failed, Why: "mail.refused", Detail: "550"},
		{State: delivery.Failed, Why: "mail.refused", Detail: "554"},
		{State: delivery.Failed, Why: "mail.address", Gone: true},
		{State: delivery.Accepted, Provider: "a1@banlang.example"},
	} {
		if got[i] != want {
			t.Errorf("letter %d: %+v, want %+v", i, got[i], want)
		}
	}
	if peer.open != 1 {
		t.Errorf("%d connections for a batch, want 1", peer.open)
	}
}

func TestConnectionIsEncrypted(t *testing.T) {
	for _, security := range []string{"starttls", "tls"} {
		t.Run(security, func(t *testing.T) {
			peer, settings, trust := start(t, security)
			settings["user"], settings["password"] = "tin", "mở cửa"
			s, err := mail.OpenWith(settings, hooks(true), trust)
			if err != nil {
				t.Fatal(err)
			}
			if r := send(t, s, flood)[0]; r.State != delivery.Accepted || peer.user != "tin" {
				t.Errorf("Send = %+v as %q", r, peer.user)
			}
			if s, err = mail.OpenWith(settings, hooks(true), nil); err != nil {
				t.Fatal(err)
			}
			if r := send(t, s, flood)[0]; r.Again == 0 || r.Why != "mail.down" || s.Health().Up {
				t.Errorf("to a server that nobody vouches for: %+v", r)
			}
			settings["password"] = "khác"
			if s, err = mail.OpenWith(settings, hooks(true), trust); err != nil {
				t.Fatal(err)
			}
			if r := send(t, s, flood)[0]; r.Why != "mail.password" {
				t.Errorf("with a wrong password: %+v", r)
			}
		})
	}
	_, settings, _ := start(t, "no")
	settings["security"] = "starttls"
	s, err := mail.SMTP().Open(settings, hooks(true))
	if err != nil {
		t.Fatal(err)
	}
	if r := send(t, s, flood)[0]; r.State == delivery.Accepted {
		t.Error("a letter went out in plain where encryption was asked for")
	}
	settings["security"] = "no"
	if _, err := mail.SMTP().Open(settings, hooks(false)); err == nil {
		t.Error("plain connections to the open network are taken")
	}
}

func TestServerIsTried(t *testing.T) {
	try := func(settings delivery.Settings, trust *x509.CertPool) delivery.Health {
		t.Helper()
		s, err := mail.OpenWith(settings, hooks(true), trust)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return s.(delivery.Trier).Try(ctx)
	}
	with := func(s delivery.Settings, pairs ...string) delivery.Settings {
		s = maps.Clone(s)
		for i := 0; i < len(pairs); i += 2 {
			s[pairs[i]] = pairs[i+1]
		}
		return s
	}
	expect := func(what string, got, want delivery.Health) {
		t.Helper()
		if got != want {
			t.Errorf("%s: Try = %+v, want %+v", what, got, want)
		}
	}
	for _, security := range []string{"starttls", "tls"} {
		peer, settings, trust := start(t, security)
		settings = with(settings, "user", "tin", "password", "mở cửa")
		expect(security, try(settings, trust), delivery.Health{Up: true, Why: "mail.try.in"})
		if peer.user != "tin" || len(peer.letters) != 0 {
			t.Errorf("signed in as %q, %d letters", peer.user, len(peer.letters))
		}
		expect(security+", a wrong password", try(with(settings, "password", "khác"), trust), delivery.Health{Why: "mail.password", Note: "535"})
		expect(security+", nobody vouches for it", try(settings, nil), delivery.Health{Why: "delivery.try.unproven"})
	}
	_, settings, _ := start(t, "no")
	expect("no account", try(settings, nil), delivery.Health{Up: true, Why: "mail.try.in"})
	expect("does not encrypt", try(with(settings, "security", "starttls"), nil), delivery.Health{Why: "mail.try.terms"})
	expect("does not encrypt from the start", try(with(settings, "security", "tls"), nil), delivery.Health{Why: "delivery.try.encryption"})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(silent.Addr().(*net.TCPAddr).Port)
	expect("silent", try(with(settings, "port", port), nil), delivery.Health{Why: "delivery.try.late"})
	silent.Close()
	expect("nobody there", try(with(settings, "port", port), nil), delivery.Health{Why: "delivery.try.port"})
}

// A server that takes a connection and says nothing keeps nobody waiting for ever.
func TestSilentServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	s, err := mail.OpenWith(delivery.Settings{"host": "127.0.0.1", "port": strconv.Itoa(silent.Addr().(*net.TCPAddr).Port), "security": "no", "from": "tin@banlang.example"}, hooks(true), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	s.Send(ctx, []delivery.Outgoing{flood}, func(_ int, r delivery.Result) {
		if r.Again == 0 || r.Why != "mail.down" {
			t.Errorf("Send = %+v", r)
		}
	})
}
