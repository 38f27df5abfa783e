package cap

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"banlang/internal/fault"
)

var zone = time.FixedZone("", 7*3600)

func sample() Alert {
	sent := time.Date(2026, 7, 5, 2, 10, 0, 0, zone)
	return Alert{Identifier: "tin1-2", Sender: "banlang.example", Sent: At(sent), Status: Exercise, Type: Update, Scope: Public,
		Note:       "a < b & \"c\" > 'd'\r\tâ",
		References: References{{"banlang.example", "tin1-1", At(sent.Add(-time.Hour))}, {"banlang.example", "tin0-1", At(sent.Add(-2 * time.Hour).UTC())}},
		Informations: []Info{{Language: "vi", Categories: []string{"Met", "Geo"}, Event: "Lũ quét", Urgency: "Immediate", Severity: "Severe", Certainty: "Likely",
			Expires: At(sent.Add(6 * time.Hour)), Headline: "DIỄN TẬP: Lũ quét", Description: "Không lội qua suối.\n\nLên chỗ cao.", Web: "https://banlang.example/ban-tin/tin1?a=1&b=2",
			Parameters: []Pair{{"class", "emergency"}},
			Resources:  []Resource{{Description: "Tiếng Việt", MIMEType: "audio/mpeg", Size: 100, URI: "https://banlang.example/x.mp3", Digest: strings.Repeat("a", 40)}},
			Areas: []Area{{Description: "xã Bắc Sơn", Geocodes: []Pair{{"VN:GSO", "06325"}},
				Polygons: []string{Ring([]Point{{21.9, 106.3}, {21.9, 106.4}, {21.8, 106.4}})}}}},
			{Language: "x-sandiu", Categories: []string{"Other"}, Event: "Lũ quét", Urgency: "Unknown", Severity: "Unknown", Certainty: "Unknown"}}}
}

// run starts a program that must be there.
func run(t *testing.T, name string, args ...string) error {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%v (packages libxml2-utils and xmlsec1)", err)
	}
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Logf("%s: %s", name, out)
	}
	return err
}

func keep(t *testing.T, document []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "alert.xml")
	if err := os.WriteFile(path, document, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every status and type is what the schema of OASIS allows, and is read back as it was.
func TestSchema(t *testing.T) {
	schema := "../../../../shared/data/formats/cap/CAP-v1.2.xsd"
	if _, err := os.Stat(schema); err != nil {
		t.Skip("the schema of OASIS is not beside the sources")
	}
	k, err := OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []Status{Actual, Exercise, Test} {
		for _, kind := range []Type{New, Update, Cancel} {
			a := sample()
			a.Status, a.Type = status, kind
			document, err := k.Sign(a)
			if err != nil {
				t.Fatal(err)
			}
			if err := run(t, "xmllint", "--noout", "--nonet", "--schema", schema, keep(t, document)); err != nil {
				t.Errorf("%s %s: the schema refuses it: %v", status, kind, err)
			}
			back, err := Read(document)
			if err != nil || !reflect.DeepEqual(back, a) {
				t.Errorf("%s %s: read back %+v, %v, want %+v", status, kind, back, err, a)
			}
		}
	}
	published, err := os.ReadFile(filepath.Join(filepath.Dir(schema), "cap_amber_alert_example.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(published); err != nil {
		t.Errorf("an alert published with the standard: %v", err)
	}
}

// A program that is not ours finds the signature right, and wrong as soon as one letter is another.
func TestSignature(t *testing.T) {
	folder := t.TempDir()
	k, err := OpenKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenKey(folder)
	if err != nil || again.Name() != k.Name() {
		t.Fatalf("the key was not kept: %v", err)
	}
	document, err := again.Sign(sample())
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := k.Sign(sample()); !bytes.Equal(same, document) {
		t.Error("signed twice, an alert comes out differently")
	}
	public := filepath.Join(folder, "public.pem")
	if err := os.WriteFile(public, k.Public(), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func(document []byte) error {
		return run(t, "xmlsec1", "--verify", "--enabled-reference-uris", "empty", "--pubkey-pem:"+k.Name(), public, keep(t, document))
	}
	if err := verify(document); err != nil {
		t.Fatalf("xmlsec1 does not accept it: %v", err)
	}
	for _, change := range [][2]string{{"06325", "06326"}, {"Exercise", "Actual"}, {"chỗ cao", "chỗ cạo"}, {"enveloped-signature", "enveloped-signaturf"}} {
		if verify(bytes.Replace(document, []byte(change[0]), []byte(change[1]), 1)) == nil {
			t.Errorf("with %s for %s it is still accepted", change[1], change[0])
		}
	}
	other, err := OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(public, other.Public(), 0o600); err != nil {
		t.Fatal(err)
	}
	if verify(document) == nil {
		t.Error("another key accepts it")
	}
}

// What the protocol does not allow is neither written nor read.
func TestRefuse(t *testing.T) {
	good, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"an unknown element", "<scope>", "<colour>red</colour><scope>"},
		{"a missing element", "<event>Lũ quét</event>", ""},
		{"the wrong order", "<status>Exercise</status><msgType>Update</msgType>", "<msgType>Update</msgType><status>Exercise</status>"},
		{"an element twice", "<scope>Public</scope>", "<scope>Public</scope><scope>Public</scope>"},
		{"an unlisted value", "Immediate", "At once"},
		{"a time with Z", "2026-07-05T02:10:00+07:00", "2026-07-05T02:10:00Z"},
		{"a day that is not", "2026-07-05T02:10:00", "2026-02-31T02:10:00"},
		{"an open ring", " 21.900,106.300</polygon>", "</polygon>"},
		{"another namespace", Namespace, "urn:oasis:names:tc:emergency:cap:1.1"},
		{"a document type", "<alert", `<!DOCTYPE alert [<!ENTITY a "a">]><alert`},
		{"text between elements", "<scope>", "stray<scope>"},
		{"a second alert", "</alert>", "</alert><alert></alert>"},
		{"an update of nothing", "banlang.example,tin1-1,2026-07-05T01:10:00+07:00 banlang.example,tin0-1,2026-07-04T17:10:00-00:00", ""},
		{"half of it", "</msgType>", ""},
		{"more than 100 kB", "Không", strings.Repeat("Không", Limit)},
		{"deep nesting", "</alert>", `<Signature xmlns="` + signatures + `">` + strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50) + "</Signature></alert>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(string(good), c.old, c.new, 1)
			if changed == string(good) {
				t.Fatal("nothing was changed")
			}
			_, err := Read([]byte(changed))
			if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.TooLarge {
				t.Errorf("Read = %v, want a fault", err)
			}
		})
	}
	a := sample()
	a.Identifier = "tin 1"
	if _, err := a.Encode(); !fault.Is(err, fault.Invalid) {
		t.Errorf("an identifier with a blank: Encode = %v", err)
	}
}

func FuzzRead(f *testing.F) {
	good, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>"))
	f.Fuzz(func(t *testing.T, document []byte) {
		a, err := Read(document)
		if err != nil {
			return
		}
		written, err := a.Encode()
		if fault.Is(err, fault.TooLarge) {
			return
		}
		if err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		back, err := Read(written)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, written)
		}
		again, err := back.Encode()
		if err != nil || !bytes.Equal(again, written) {
			t.Fatalf("written again it is another: %v\n%s\n%s", err, written, again)
		}
	})
}
