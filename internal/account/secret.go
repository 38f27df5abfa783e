package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"banlang/internal/fault"
)

// Costs of argon2id as OWASP advises: 19 MiB, two passes, one lane; about 20 ms.
const (
	costMemory = 19 * 1024
	costTime   = 2
	hashBytes  = 32
	atOnce     = 4 // hashes at the same time: 76 MiB is what signing in may take of a small machine
)

// A hasher keeps passwords as argon2id and never runs more than a few at once.
type hasher struct {
	memory, time uint32
	gate         chan struct{}
	dummy        string // what an unknown name is checked against, so that it takes as long as a known one
}

func newHasher(memory, time uint32) *hasher {
	h := &hasher{memory: memory, time: time, gate: make(chan struct{}, atOnce)}
	h.dummy = h.hash(rand.Text())
	return h
}

var b64 = base64.RawStdEncoding

func (h *hasher) hash(secret string) string {
	salt := make([]byte, 16)
	rand.Read(salt) //nolint:errcheck // never fails since Go 1.24
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, h.memory, h.time, b64.EncodeToString(salt),
		b64.EncodeToString(h.key(secret, salt, h.time, h.memory)))
}

// key hashes the composed form of a secret: keyboards and telephones write ạ in different ways.
func (h *hasher) key(secret string, salt []byte, time, memory uint32) []byte {
	h.gate <- struct{}{}
	defer func() { <-h.gate }()
	return argon2.IDKey([]byte(norm.NFC.String(secret)), salt, time, memory, 1, hashBytes)
}

// matches checks a secret. Without a kept one it works as long and says no.
func (h *hasher) matches(kept, secret string) bool {
	known := kept != ""
	if !known {
		kept = h.dummy
	}
	parts := strings.Split(kept, "$")
	var version int
	var memory, time uint32
	if len(parts) != 6 {
		return false
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=1", &version, &memory, &time); err != nil || version != argon2.Version {
		return false
	}
	salt, err := b64.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := b64.DecodeString(parts[5])
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare(h.key(secret, salt, time, memory), want) == 1 && known
}

// longest bounds what is hashed.
const longest = 200

// common are passwords that everybody tries first.
var common = []string{"1234567890", "0123456789", "matkhau", "password", "qwertyuiop", "banlang", "langson", "anhyeuem", "iloveyou", "admin"}

// checkSecret tells whether a person may choose this secret.
func checkSecret(kind, name, secret string) error {
	if kind == WithPIN {
		return checkPIN(secret)
	}
	folded := strings.ToLower(strings.ReplaceAll(secret, " ", ""))
	switch n := utf8.RuneCountInString(secret); {
	case n < 10:
		return fault.Field("new", "account.password.short")
	case len(secret) > longest:
		return fault.Field("new", "account.password.long")
	case folded == "", len(name) > 3 && strings.Contains(folded, name), strings.Count(folded, folded[:1]) == len(folded):
		return fault.Field("new", "account.password.weak")
	}
	for _, c := range common {
		if strings.TrimRight(strings.TrimPrefix(folded, c), "0123456789!@#.") == "" {
			return fault.Field("new", "account.password.weak")
		}
	}
	return nil
}

func checkPIN(pin string) error {
	if len(pin) != 6 || strings.Trim(pin, "0123456789") != "" {
		return fault.Field("new", "account.pin.form")
	}
	if weakPIN(pin) {
		return fault.Field("new", "account.pin.weak")
	}
	return nil
}

// weakPIN finds runs and repetitions: 111111, 123456, 654321, 121212, 123123.
func weakPIN(pin string) bool {
	step := int(pin[1]) - int(pin[0])
	run := step >= -1 && step <= 1
	for i := 1; i < len(pin); i++ {
		run = run && int(pin[i])-int(pin[i-1]) == step
	}
	return run || pin[:2] == pin[2:4] && pin[:2] == pin[4:] || pin[:3] == pin[3:]
}

// issue makes a secret that somebody is handed: a PIN, or four groups of letters that are easy to read aloud.
func issue(kind string) string {
	if kind == WithPIN {
		for {
			if pin := draw("0123456789", 6); !weakPIN(pin) {
				return pin
			}
		}
	}
	const letters = "abcdefghkmnprstuvwxy34679" // none that looks like another
	return draw(letters, 4) + "-" + draw(letters, 4) + "-" + draw(letters, 4) + "-" + draw(letters, 4)
}

func draw(from string, n int) string {
	b := make([]byte, n)
	for i := range b {
		at, err := rand.Int(rand.Reader, big.NewInt(int64(len(from))))
		if err != nil {
			panic(err) // never since Go 1.24
		}
		b[i] = from[at.Int64()]
	}
	return string(b)
}

// subject stands for a name or an address that failed to sign in. Both are guessed in a moment from a plain hash, so it is keyed.
func (d *Desk) subject(kind, text string) string {
	return hex.EncodeToString(d.keeper.Mac("attempt", kind, text))
}

// digest is how tokens and codes that nobody can guess are kept.
func digest(kind, text string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + text))
	return hex.EncodeToString(sum[:])
}
