package audit

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// A Head is the end of the record at one moment, signed. Kept outside (in a backup's manifest, on another machine, on paper) it
// shows later that nothing before it was changed and nothing was cut off: a chain alone cannot.
type Head struct {
	Seq       int64     `json:"seq"`
	Hash      string    `json:"hash"`
	At        time.Time `json:"at"`
	Key       string    `json:"key"`       // hex, the public key
	Signature string    `json:"signature"` // hex, ed25519
}

func (h Head) message() []byte {
	return []byte("banlang audit head\n" + strconv.FormatInt(h.Seq, 10) + "\n" + h.Hash + "\n" + strconv.FormatInt(h.At.UnixMilli(), 10) + "\n")
}

// Sound says that the head bears the signature of the key it names.
func (h Head) Sound() bool {
	key, err := hex.DecodeString(h.Key)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return false
	}
	signature, err := hex.DecodeString(h.Signature)
	return err == nil && ed25519.Verify(key, h.message(), signature)
}

// ReadHead reads a head as SignedHead's JSON has it.
func ReadHead(data []byte) (Head, error) {
	var h Head
	if err := json.Unmarshal(data, &h); err != nil {
		return Head{}, fmt.Errorf("audit head: %w", err)
	}
	return h, nil
}

// A Key signs heads. It is kept in the keys folder, apart from the data.
type Key struct{ private ed25519.PrivateKey }

const keyFile = "audit.ed25519"

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
	seed, err := hex.DecodeString(string(text))
	if err != nil || len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("%s is not a signing key", keyFile)
	}
	return Key{ed25519.NewKeyFromSeed(seed)}, nil
}

func newKey(path string) (Key, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return Key{}, err
	}
	// O_EXCL: of two processes that start together one makes the key and the other reads it.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return OpenKey(filepath.Dir(path))
	}
	if err != nil {
		return Key{}, err
	}
	_, err = f.WriteString(hex.EncodeToString(private.Seed()))
	return Key{private}, errors.Join(err, f.Sync(), f.Close())
}

// Public is the hex text of the public key, to be kept where heads are kept.
func (k Key) Public() string { return hex.EncodeToString(k.private.Public().(ed25519.PublicKey)) }

func (k Key) sign(h Head) Head {
	h.Key = k.Public()
	h.Signature = hex.EncodeToString(ed25519.Sign(k.private, h.message()))
	return h
}
