package search

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
)

// A shelf keeps an index in a folder: one file a segment, and a manifest that names those that count. Every file is written
// under another name, brought to the disk, and only then renamed, so that a kill between any two steps leaves either the
// index before or the index after. What cannot be read is not mended but made again from the database.
type shelf struct {
	root *os.Root
	kept []string                // files that the manifest names
	step func(name string) error // for tests: called before each step that changes the disk
}

const manifestName = "manifest"

// manifest is what is written of an index beside its segments.
type manifest struct {
	Recipe   uint64
	Sequence int64
	Last     string
	Origin   string
	Segments []manifestSegment
}

type manifestSegment struct {
	Name string
	Dead []byte // bits
}

// errNew is no mishap: nothing was ever saved.
var errNew = errors.New("search index is new")

func openShelf(dir string) (*shelf, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &shelf{root: root, step: func(string) error { return nil }}, nil
}

// load reads the index that was saved last. Where there is none, or it cannot be read whole, the shelf is emptied and the error
// says why; the index is then the empty one.
func (s *shelf) load() (*index, error) {
	x, err := s.read()
	if err != nil {
		s.kept = nil
		x = &index{}
	}
	return x, errors.Join(err, s.sweep())
}

func (s *shelf) read() (*index, error) {
	raw, err := s.root.ReadFile(manifestName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNew
	case err != nil:
		return nil, err
	}
	var m manifest
	if len(raw) < 4 || binary.LittleEndian.Uint32(raw) != crc32.Checksum(raw[4:], castagnoli) || json.Unmarshal(raw[4:], &m) != nil || m.Recipe != recipe {
		return nil, errUnreadable
	}
	x := &index{sequence: m.Sequence, last: m.Last, origin: m.Origin}
	for _, of := range m.Segments {
		segment, err := s.open(of.Name)
		if err != nil {
			return nil, err
		}
		dead := newBitset(segment.docs)
		if len(of.Dead) != 8*len(dead) {
			return nil, errUnreadable
		}
		for i := range dead {
			dead[i] = u64(of.Dead, i)
		}
		x.segments, x.dead = append(x.segments, segment), append(x.dead, dead)
		s.kept = append(s.kept, of.Name)
	}
	return x, nil
}

// sweep removes what no manifest names: leavings of a save that did not end.
func (s *shelf) sweep() error {
	files, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name() == manifestName && len(s.kept) > 0 || slices.Contains(s.kept, f.Name()) {
			continue
		}
		err = errors.Join(err, s.remove(f.Name()))
	}
	return err
}

// save writes an index and returns it with its segments read from the shelf.
func (s *shelf) save(x *index) (*index, error) {
	next := *x
	next.segments = slices.Clone(x.segments)
	m := manifest{Recipe: recipe, Sequence: x.sequence, Last: x.last, Origin: x.origin}
	var names []string
	for i, segment := range next.segments {
		kept, err := s.put(segment)
		if err != nil {
			return nil, err
		}
		next.segments[i] = kept
		of := manifestSegment{Name: kept.name}
		for _, word := range x.dead[i] {
			of.Dead = binary.LittleEndian.AppendUint64(of.Dead, word)
		}
		m.Segments = append(m.Segments, of)
		names = append(names, kept.name)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	raw := binary.LittleEndian.AppendUint32(nil, crc32.Checksum(text, castagnoli))
	if err := s.write(manifestName, append(raw, text...)); err != nil {
		return nil, err
	}
	retired := slices.DeleteFunc(s.kept, func(name string) bool { return slices.Contains(names, name) })
	s.kept = names
	for _, name := range retired {
		if err := s.remove(name); err != nil {
			return nil, err
		}
	}
	return &next, nil
}

// put brings a segment to the disk, if it is not there, and returns it as read from there. No manifest names it yet.
func (s *shelf) put(segment *segment) (*segment, error) {
	if segment.name != "" {
		return segment, nil
	}
	sum := sha256.Sum256(segment.raw)
	name := "segment-" + hex.EncodeToString(sum[:12])
	if err := s.write(name, segment.raw); err != nil {
		return nil, err
	}
	return s.open(name)
}

func (s *shelf) open(name string) (*segment, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	segment, err := mapped(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	segment.name = name
	return segment, nil
}

// write makes a file whole or not at all.
func (s *shelf) write(name string, raw []byte) error {
	unfinished := name + ".tmp"
	if err := s.step("create " + unfinished); err != nil {
		return err
	}
	f, err := s.root.Create(unfinished)
	if err != nil {
		return err
	}
	half := len(raw) / 2
	_, err = f.Write(raw[:half])
	if err == nil {
		err = s.step("write the other half of " + unfinished)
	}
	if err == nil {
		_, err = f.Write(raw[half:])
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := s.step("rename " + unfinished); err != nil {
		return err
	}
	if err := s.root.Rename(unfinished, name); err != nil {
		return err
	}
	return s.syncFolder()
}

// syncFolder brings the names to the disk.
func (s *shelf) syncFolder() error {
	f, err := s.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (s *shelf) remove(name string) error {
	if err := s.step("remove " + name); err != nil {
		return err
	}
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readWhole copies a file into memory, where files cannot be mapped.
func readWhole(f *os.File) (*segment, error) {
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		return nil, err
	}
	return decode(b.Bytes())
}
