package privacy

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"banlang/internal/fault"
)

// A Keeper keeps the key of each record in a folder apart from the data, wrapped by a master key, and is backed up apart:
//
//	master.key        wraps the others
//	record/ab/NAME    a record's key
//	destroyed/NAME    the mark of a key that is gone, so that a restored backup does not bring it back
type Keeper struct {
	root   *os.Root
	master cipher.AEAD
	secret []byte     // the master key itself, for mac
	mu     sync.Mutex // one making of a key at a time
}

var text = base64.RawStdEncoding

// OpenKeeper opens the keys folder and makes the master key the first time.
func OpenKeeper(dir string) (*Keeper, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	k := &Keeper{root: root}
	master, err := k.masterKey()
	if err == nil {
		k.secret = master
		k.master, err = chacha20poly1305.NewX(master)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keys folder: %w", err), root.Close())
	}
	return k, errors.Join(k.folder("record"), k.folder("destroyed"))
}

// Close gives the folder back.
func (k *Keeper) Close() error { return k.root.Close() }

func (k *Keeper) folder(name string) error {
	if err := k.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

const masterName = "master.key"

func (k *Keeper) masterKey() ([]byte, error) {
	found, err := k.root.ReadFile(masterName)
	if errors.Is(err, fs.ErrNotExist) {
		fresh := []byte(text.EncodeToString(random(chacha20poly1305.KeySize)))
		if err := k.write(masterName, fresh); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		found, err = k.root.ReadFile(masterName)
	}
	if err != nil {
		return nil, err
	}
	return text.DecodeString(strings.TrimSpace(string(found)))
}

// write makes a file that is not there yet, whole and on the disk when it returns.
func (k *Keeper) write(name string, data []byte) error {
	part := name + "." + rand.Text()
	f, err := k.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = k.root.Link(part, name) // fails where the file is there already, as a rename would not
	}
	return errors.Join(err, k.root.Remove(part), k.sync(filepath.Dir(name)))
}

// sync makes what was named or removed in a folder lasting.
func (k *Keeper) sync(folder string) error {
	d, err := k.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Mac is a number that only who has the master key can make of a text: what is told apart by it cannot be guessed back.
func (k *Keeper) Mac(parts ...string) []byte {
	m := hmac.New(sha256.New, k.secret)
	for _, p := range parts {
		m.Write([]byte(p + "\x00"))
	}
	return m.Sum(nil)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // never fails since Go 1.24
	return b
}

// path is where a key lies. Names are made by db.NewID: letters and digits; the tail, which is random, spreads them.
func path(name string) string { return "record/" + name[len(name)-2:] + "/" + name }

func whole(name string) error {
	if len(name) < 8 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return fmt.Errorf("keys folder: %q names no key", name)
	}
	return nil
}

// Make makes the key of that name. A name whose key was destroyed is never used again.
func (k *Keeper) Make(name string) error {
	if err := whole(name); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.Destroyed(name) {
		return gone
	}
	if err := k.folder(filepath.Dir(path(name))); err != nil {
		return err
	}
	return k.write(path(name), []byte(text.EncodeToString(seal(k.master, random(chacha20poly1305.KeySize), name))))
}

// gone is what whoever asks for a destroyed key is told.
var gone = fault.New(fault.Gone, "privacy.destroyed")

// open is the cipher of a record's key.
func (k *Keeper) open(name string) (cipher.AEAD, error) {
	if err := whole(name); err != nil {
		return nil, err
	}
	if k.Destroyed(name) {
		return nil, gone
	}
	wrapped, err := k.root.ReadFile(path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Unavailable, "privacy.key_missing")
	}
	if err != nil {
		return nil, err
	}
	box, err := text.DecodeString(string(wrapped))
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	key, err := unseal(k.master, box, name)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	return chacha20poly1305.NewX(key)
}

// Destroy makes a key unreadable for ever. The mark comes first: a cut of power between the two leaves a key that is refused, and
// the next Destroy or Sweep takes it away.
func (k *Keeper) Destroy(name string) error {
	if err := whole(name); err != nil {
		return err
	}
	if err := k.write("destroyed/"+name, nil); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return k.remove(name)
}

func (k *Keeper) remove(name string) error {
	if f, err := k.root.OpenFile(path(name), os.O_WRONLY, 0); err == nil {
		_, err = f.Write(random(128)) // where the disk writes in place, the old bytes are gone too
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	err := k.root.Remove(path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, k.sync(filepath.Dir(path(name))))
}

// Destroyed tells whether a key of that name was destroyed here.
func (k *Keeper) Destroyed(name string) bool {
	_, err := k.root.Stat("destroyed/" + name)
	return err == nil
}

// Sweep takes away the keys that bear a mark, as a backup of the folder may have brought them back, and lists all marks.
func (k *Keeper) Sweep() ([]string, error) {
	entries, err := fs.ReadDir(k.root.FS(), "destroyed")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if whole(e.Name()) != nil {
			continue // a part that was being written when the power went
		}
		if err := k.remove(e.Name()); err != nil {
			return nil, err
		}
		names = append(names, e.Name())
	}
	return names, nil
}

// seal puts nonce and box in one; bound is what it belongs to and does not open elsewhere.
func seal(c cipher.AEAD, plain []byte, bound string) []byte {
	nonce := random(c.NonceSize())
	return c.Seal(nonce, nonce, plain, []byte(bound))
}

func unseal(c cipher.AEAD, box []byte, bound string) ([]byte, error) {
	if len(box) < c.NonceSize() {
		return nil, errors.New("box is too short")
	}
	return c.Open(nil, box[:c.NonceSize()], box[c.NonceSize():], []byte(bound))
}

// Wrap seals a small secret of the program itself, such as that of a second factor, under the master key. bound is what it belongs
// to; it opens nowhere else.
func (k *Keeper) Wrap(bound, plain string) string {
	return text.EncodeToString(seal(k.master, []byte(plain), "wrap\x00"+bound))
}

// Unwrap opens what Wrap sealed.
func (k *Keeper) Unwrap(bound, wrapped string) (string, error) {
	box, err := text.DecodeString(wrapped)
	if err != nil {
		return "", err
	}
	plain, err := unseal(k.master, box, "wrap\x00"+bound)
	return string(plain), err
}
