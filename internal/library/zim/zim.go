// Package zim writes ZIM archives (openZIM format 6.1): pages, pictures and sound in one file that Kiwix opens without a network. It
// knows the format alone, not what stands in the pages. The same entries with the same identity give the same bytes.
//
// What is held in memory is the directory (a path and a title an entry) and one cluster of text; media go straight to the file.
package zim

import (
	"bytes"
	"cmp"
	"crypto/md5" //nolint:gosec // the format has it, as a checksum
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// The numbers of the format.
const (
	magic        = 72173914
	majorVersion = 6
	minorVersion = 1 // content stands in C; there is no other namespace of content

	headerSize = 80
	bodyStart  = 1024 // readers look for the list of media types before here
	maxPath    = 1 << 15

	plainCluster = 1
	zstdCluster  = 5
	wideOffsets  = 0x10

	redirectType = 0xffff
	noPage       = 0xffffffff

	clusterSize = 1 << 20
	largestText = 4 << 20 // text beyond it has a cluster of its own, as it is
)

const listingType = "application/octet-stream+zimlisting"

// A File is where an archive is written: made anew, read back once for its checksum.
type File interface {
	io.Reader
	io.Writer
	io.Seeker
}

// About says what an archive is. Kiwix shows it in its catalogue; all but Tags and Source must be given.
type About struct {
	ID           [16]byte // of this archive, given rather than drawn
	Name         string   // of the series: the same for every issue of it
	Title        string   // at most 30 letters
	Description  string   // at most 80 letters
	Language     string   // ISO 639-3, several with commas
	Creator      string
	Publisher    string
	Date         string // 2006-01-02
	Tags         string
	Source       string
	Illustration []byte // PNG of 48 × 48
	Main         string // path of the first page
}

// An Entry is something in the archive.
type Entry struct {
	Path  string // as in the addresses between pages, not escaped
	Title string // "" is the path
	Type  string // media type
	Front bool   // a page for readers: it is in the list of titles and among the suggestions
}

// dirent is an entry of the directory.
type dirent struct {
	space         byte
	path, title   string
	kind          uint16 // media type
	cluster, blob uint32
	target        string // of a redirect, in C
	front         bool
}

func (d dirent) name() string { return string(d.space) + d.path }

func (d dirent) shown() string { return cmp.Or(d.title, d.path) }

// A Writer writes one archive. After an error it is of no more use.
type Writer struct {
	file    File
	about   About
	at      int64
	types   []string
	counts  map[string]int // entries in C by media type
	entries []dirent
	names   map[string]bool
	offsets []uint64 // of the clusters
	packed  [][]byte // the texts of the cluster that is being filled
	size    int
	press   *zstd.Encoder
}

// New begins an archive in an empty file.
func New(f File, about About) (*Writer, error) {
	for name, value := range map[string]string{"name": about.Name, "title": about.Title, "description": about.Description, "language": about.Language,
		"creator": about.Creator, "publisher": about.Publisher, "date": about.Date, "illustration": string(about.Illustration), "main page": about.Main} {
		if value == "" {
			return nil, fmt.Errorf("zim: the archive has no %s", name)
		}
	}
	press, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	w := &Writer{file: f, about: about, counts: map[string]int{}, names: map[string]bool{}, press: press}
	return w, w.write(make([]byte, bodyStart))
}

// Add puts an entry into the archive.
func (w *Writer) Add(e Entry, body io.Reader) error {
	if err := w.add('C', e, body); err != nil {
		return err
	}
	w.counts[e.Type]++
	return nil
}

// Redirect makes a path lead to an entry, which may come later.
func (w *Writer) Redirect(path, title, to string) error {
	return w.enter(dirent{space: 'C', path: path, title: title, kind: redirectType, target: to})
}

func (w *Writer) add(space byte, e Entry, body io.Reader) error {
	kind, err := w.typeNumber(e.Type)
	if err != nil {
		return err
	}
	d := dirent{space: space, path: e.Path, title: e.Title, kind: kind, front: e.Front}
	if !compressible(e.Type) {
		if d.cluster, err = w.alone(body); err != nil {
			return err
		}
		return w.enter(d)
	}
	text, err := io.ReadAll(io.LimitReader(body, largestText+1))
	if err != nil {
		return err
	}
	if len(text) > largestText {
		if d.cluster, err = w.alone(io.MultiReader(bytes.NewReader(text), body)); err != nil {
			return err
		}
		return w.enter(d)
	}
	if w.size > 0 && w.size+len(text) > clusterSize {
		if err := w.flush(); err != nil {
			return err
		}
	}
	// A cluster gets its number when it is closed: until then the number is that of the packed cluster to come.
	d.cluster, d.blob = pending, uint32(len(w.packed))
	w.packed, w.size = append(w.packed, text), w.size+len(text)+4
	return w.enter(d)
}

// pending is the cluster of entries whose cluster is not written yet.
const pending = math.MaxUint32

func (w *Writer) enter(d dirent) error {
	switch {
	case d.path == "" || len(d.path) > maxPath || len(d.title) > maxPath:
		return fmt.Errorf("zim: the path %.80q or its title is empty or too long", d.path)
	case strings.ContainsRune(d.path, 0) || strings.ContainsRune(d.title, 0):
		return fmt.Errorf("zim: the path %.80q or its title has a NUL", d.path)
	case w.names[d.name()]:
		return fmt.Errorf("zim: the path %.80q is there twice", d.path)
	}
	if d.title == d.path {
		d.title = ""
	}
	w.names[d.name()] = true
	w.entries = append(w.entries, d)
	return nil
}

func (w *Writer) typeNumber(name string) (uint16, error) {
	if i := slices.Index(w.types, name); i >= 0 {
		return uint16(i), nil
	}
	if name == "" || strings.ContainsRune(name, 0) {
		return 0, errors.New("zim: an entry has no media type")
	}
	room := bodyStart - headerSize - 1 - len(listingType) - 1
	for _, t := range w.types {
		room -= len(t) + 1
	}
	if room < len(name)+1 && name != listingType {
		return 0, fmt.Errorf("zim: no room for the media type %.80q", name)
	}
	w.types = append(w.types, name)
	return uint16(len(w.types) - 1), nil
}

// compressible tells whether entries of a media type become smaller. Pictures, sound and film are compressed already.
func compressible(media string) bool {
	name, _, _ := strings.Cut(media, ";")
	return strings.HasPrefix(name, "text/") || strings.HasSuffix(name, "+xml") || strings.HasSuffix(name, "json") ||
		name == "application/javascript" || name == "application/xml"
}

// alone writes a cluster with one body, as it is. Its length is not known before, so it is written in afterwards.
func (w *Writer) alone(body io.Reader) (uint32, error) {
	start := w.at
	w.offsets = append(w.offsets, uint64(start))
	head := make([]byte, 17)
	head[0] = plainCluster | wideOffsets
	if err := w.write(head); err != nil {
		return 0, err
	}
	n, err := io.Copy(w.file, body)
	if w.at += n; err != nil {
		return 0, err
	}
	binary.LittleEndian.PutUint64(head[1:], 16)
	binary.LittleEndian.PutUint64(head[9:], uint64(16+n))
	return uint32(len(w.offsets) - 1), w.patch(start, head)
}

// flush writes the cluster of texts.
func (w *Writer) flush() error {
	if len(w.packed) == 0 {
		return nil
	}
	table := make([]byte, 4*(len(w.packed)+1))
	at := len(table)
	for i, text := range w.packed {
		binary.LittleEndian.PutUint32(table[4*i:], uint32(at))
		at += len(text)
	}
	binary.LittleEndian.PutUint32(table[4*len(w.packed):], uint32(at))
	plain := slices.Concat(append([][]byte{table}, w.packed...)...)
	number := uint32(len(w.offsets))
	w.offsets = append(w.offsets, uint64(w.at))
	// The entries of this cluster are among the last ones, mixed with media and redirects.
	for i, left := len(w.entries)-1, len(w.packed); i >= 0 && left > 0; i-- {
		if w.entries[i].cluster == pending {
			w.entries[i].cluster = number
			left--
		}
	}
	w.packed, w.size = nil, 0
	return w.write(w.press.EncodeAll(plain, []byte{zstdCluster})) // an encoder without an output has nothing to close
}

// Close writes what stands around the entries and checks that every redirect leads to one.
func (w *Writer) Close() error {
	if err := w.metadata(); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	kind, err := w.typeNumber(listingType)
	if err != nil {
		return err
	}
	// The listing names the places of entries, and is one: its place is known before its content.
	if err := w.enter(dirent{space: 'X', path: "listing/titleOrdered/v1", kind: kind, cluster: uint32(len(w.offsets))}); err != nil {
		return err
	}
	slices.SortFunc(w.entries, func(a, b dirent) int { return strings.Compare(a.name(), b.name()) })
	byTitle := make([]uint32, len(w.entries))
	for i := range byTitle {
		byTitle[i] = uint32(i)
	}
	slices.SortFunc(byTitle, func(i, j uint32) int {
		a, b := w.entries[i], w.entries[j]
		return cmp.Or(cmp.Compare(a.space, b.space), strings.Compare(a.shown(), b.shown()), cmp.Compare(i, j))
	})
	var front []uint32
	for _, i := range byTitle {
		if w.entries[i].front {
			front = append(front, i)
		}
	}
	if _, err := w.alone(bytes.NewReader(little(front))); err != nil {
		return err
	}
	return w.directory(byTitle)
}

// metadata are the entries that say what the archive is.
func (w *Writer) metadata() error {
	about := w.about
	texts := [][2]string{{"Counter", w.counter()}, {"Creator", about.Creator}, {"Date", about.Date}, {"Description", about.Description},
		{"Language", about.Language}, {"Name", about.Name}, {"Publisher", about.Publisher}, {"Source", about.Source}, {"Tags", about.Tags}, {"Title", about.Title}}
	for _, t := range texts {
		if t[1] == "" {
			continue
		}
		if err := w.add('M', Entry{Path: t[0], Type: "text/plain;charset=utf-8"}, strings.NewReader(t[1])); err != nil {
			return err
		}
	}
	if err := w.add('M', Entry{Path: "Illustration_48x48@1", Type: "image/png"}, bytes.NewReader(about.Illustration)); err != nil {
		return err
	}
	return w.enter(dirent{space: 'W', path: "mainPage", kind: redirectType, target: about.Main})
}

// counter says how many entries of each media type there are. A type with parameters would not be told from its count.
func (w *Writer) counter() string {
	counts := map[string]int{}
	for name, n := range w.counts {
		bare, _, _ := strings.Cut(name, ";")
		counts[bare] += n
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s=%d", name, counts[name]))
	}
	return strings.Join(parts, ";")
}

// directory writes the entries, the lists of pointers, the header and the checksum.
func (w *Writer) directory(byTitle []uint32) error {
	places := make([]uint64, len(w.entries))
	var b bytes.Buffer
	mainPage := uint32(noPage)
	for i, d := range w.entries {
		places[i] = uint64(w.at) + uint64(b.Len())
		if d.space == 'W' {
			mainPage = uint32(i)
		}
		b.Write(binary.LittleEndian.AppendUint16(nil, d.kind))
		b.Write([]byte{0, d.space, 0, 0, 0, 0})
		if d.kind == redirectType {
			target, found := slices.BinarySearchFunc(w.entries, "C"+d.target, func(e dirent, name string) int { return strings.Compare(e.name(), name) })
			if !found || w.entries[target].kind == redirectType {
				return fmt.Errorf("zim: %.80q leads to %.80q, which is no entry", d.path, d.target)
			}
			b.Write(binary.LittleEndian.AppendUint32(nil, uint32(target)))
		} else {
			b.Write(little([]uint32{d.cluster, d.blob}))
		}
		b.WriteString(d.path + "\x00" + d.title + "\x00")
		if b.Len() > clusterSize {
			if err := w.write(b.Bytes()); err != nil {
				return err
			}
			b.Reset()
		}
	}
	if err := w.write(b.Bytes()); err != nil {
		return err
	}
	head := []any{uint32(magic), uint16(majorVersion), uint16(minorVersion), w.about.ID, uint32(len(w.entries)), uint32(len(w.offsets))}
	for _, list := range [][]byte{little(places), little(byTitle), little(w.offsets)} {
		head = append(head, uint64(w.at))
		if err := w.write(list); err != nil {
			return err
		}
	}
	head = append(head, uint64(headerSize), mainPage, uint32(noPage), uint64(w.at))
	var start bytes.Buffer
	for _, field := range head {
		if err := binary.Write(&start, binary.LittleEndian, field); err != nil {
			return err
		}
	}
	start.WriteString(strings.Join(w.types, "\x00") + "\x00\x00")
	if err := w.patch(0, start.Bytes()); err != nil {
		return err
	}
	return w.seal()
}

// seal writes the checksum of all that was written.
func (w *Writer) seal() error {
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := md5.New() //nolint:gosec // the format has it, as a checksum
	if n, err := io.Copy(sum, w.file); err != nil || n != w.at {
		return cmp.Or(err, fmt.Errorf("zim: read back %d of %d bytes: the file was not empty", n, w.at))
	}
	return w.write(sum.Sum(nil))
}

func (w *Writer) write(p []byte) error {
	n, err := w.file.Write(p)
	w.at += int64(n)
	return err
}

// patch writes over what stands at a place.
func (w *Writer) patch(place int64, p []byte) error {
	if _, err := w.file.Seek(place, io.SeekStart); err != nil {
		return err
	}
	if _, err := w.file.Write(p); err != nil {
		return err
	}
	_, err := w.file.Seek(w.at, io.SeekStart)
	return err
}

// little is a list of numbers as the format has them.
func little[T uint32 | uint64](list []T) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, list)
	if err != nil { // numbers of a fixed size always have a form
		panic(err)
	}
	return b
}
