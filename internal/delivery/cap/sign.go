package cap

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
)

// A Key signs alerts (ECDSA on P-256). It is kept in the keys folder, apart from the data.
type Key struct{ private *ecdsa.PrivateKey }

const keyFile = "cap.pem"

// OpenKey reads the signing key of a keys folder and makes it the first time.
func OpenKey(dir string) (Key, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Key{}, err
	}
	path := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(path)
	}
	if err != nil {
		return Key{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, fmt.Errorf("%s is not a signing key", keyFile)
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if k, ok := private.(*ecdsa.PrivateKey); ok && k.Curve == elliptic.P256() {
		return Key{k}, nil
	}
	return Key{}, errors.Join(fmt.Errorf("%s is not a signing key", keyFile), err)
}

func newKey(path string) (Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Key{}, err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, err
	}
	// The name appears with its whole content: of two processes that start together one makes the key and the other reads it.
	f, err := os.CreateTemp(filepath.Dir(path), keyFile+".*")
	if err != nil {
		return Key{}, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a spare name of a file that only we may read
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return Key{}, err
	}
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return OpenKey(filepath.Dir(path))
	} else if err != nil {
		return Key{}, err
	}
	return Key{private}, nil
}

func (k Key) public() []byte {
	raw, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		panic(err) // of a P-256 key it does not fail
	}
	return raw
}

// Public is the public key as PEM, to be handed to those who check.
func (k Key) Public() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.public()})
}

// Name is the SHA-256 of the public key in hex: what somebody compares who was told it by another way.
func (k Key) Name() string {
	sum := sha256.Sum256(k.public())
	return hex.EncodeToString(sum[:])
}

// Sign writes an alert with an enveloped signature (XML Signature, exclusive canonicalization, ECDSA with SHA-256). The same alert
// always comes out the same.
func (k Key) Sign(a Alert) ([]byte, error) {
	body, err := a.canonical()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(body)
	// In its canonical form SignedInfo carries the namespace that it inherits from Signature in the document.
	info := `><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></CanonicalizationMethod>` +
		`<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></SignatureMethod>` +
		`<Reference URI=""><Transforms><Transform Algorithm="` + signatures + `enveloped-signature"></Transform>` +
		`<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></Transform></Transforms>` +
		`<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod>` +
		`<DigestValue>` + base64.StdEncoding.EncodeToString(digest[:]) + `</DigestValue></Reference></SignedInfo>`
	value, err := k.sign(`<SignedInfo xmlns="` + signatures + `"` + info)
	if err != nil {
		return nil, err
	}
	end := []byte("</alert>")
	var out bytes.Buffer
	out.WriteString(xml.Header)
	out.Write(bytes.TrimSuffix(body, end))
	out.WriteString(`<Signature xmlns="` + signatures + `"><SignedInfo` + info + `<SignatureValue>` + value + `</SignatureValue>` +
		`<KeyInfo><KeyName>` + k.Name() + `</KeyName></KeyInfo></Signature>`)
	out.Write(end)
	return limited(out.Bytes())
}

// sign returns the two numbers of the signature side by side, 32 bytes each, as XML Signature has them.
func (k Key) sign(text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	raw, err := k.private.Sign(nil, sum[:], crypto.SHA256) // without randomness: RFC 6979
	if err != nil {
		return "", err
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(raw, &pair); err != nil {
		return "", err
	}
	both := make([]byte, 64)
	pair.R.FillBytes(both[:32])
	pair.S.FillBytes(both[32:])
	return base64.StdEncoding.EncodeToString(both), nil
}
