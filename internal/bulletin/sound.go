package bulletin

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"banlang/internal/audit"
	"banlang/internal/blob"
	"banlang/internal/delivery/loudspeaker"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/job"
)

// The jobs of this room.
const (
	jobSound  = "bulletin.sound"  // makes a recording ready
	jobVoice  = "bulletin.voice"  // reads the source aloud where nobody has
	jobExpire = "bulletin.expire" // takes what has run out out of the search index
)

type soundJob struct {
	ID   ID
	Lang string
	Ref  blob.Ref
}

type issueJob struct {
	ID     ID
	Number int64
}

// LongestSound is how long a recording may be.
const LongestSound = time.Hour

// recognise looks at the first bytes of a file: neither its name nor what its sender says of it is believed.
func recognise(r io.ReadSeeker) error {
	head := make([]byte, 16)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	switch {
	case n == 0:
		return fault.Field("sound", "bulletin.sound.missing")
	case !audible(head[:n]):
		return fault.Field("sound", "bulletin.sound.type")
	}
	return nil
}

// audible knows the beginnings of WAV, MP3, AAC, M4A and 3GP, Ogg and Opus, FLAC, AMR, WebM.
func audible(head []byte) bool {
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	return at(0, "RIFF") && at(8, "WAVE") || at(0, "ID3") || len(head) > 1 && head[0] == 0xff && head[1]&0xe0 == 0xe0 ||
		at(4, "ftyp") || at(0, "OggS") || at(0, "fLaC") || at(0, "#!AMR") || at(0, "\x1a\x45\xdf\xa3")
}

// keepUpload keeps a recording as it was sent until it is made ready. What stands before it makes it unlike any other file, so
// that nobody else's goes with it when it is thrown away: recorders write place and device into their files.
func (d *Desk) keepUpload(ctx context.Context, sound io.Reader) (blob.Ref, error) {
	ref, _, err := d.files.Put(ctx, io.MultiReader(strings.NewReader(newID()), sound), LargestSound+uploadMark)
	return ref, err
}

const uploadMark = 20 // length of what stands before an upload

// makeReady turns a recording into Opus and MP3. A recording that was replaced meanwhile is none of its business. A missing tool
// leaves the recording waiting; a file that cannot be read is said so at the edition.
func (d *Desk) makeReady(ctx context.Context, payload []byte) error {
	var j soundJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return err
	}
	b, err := d.read().byID(ctx, j.ID)
	if err != nil {
		return err
	}
	if e, _ := b.Edition(j.Lang); e.Upload != j.Ref {
		return d.files.Delete(ctx, j.Ref)
	}
	f, _, err := d.files.Open(ctx, j.Ref)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(uploadMark, io.SeekStart); err != nil {
		return err
	}
	made, why := d.convert(ctx, f)
	if fault.KindOf(why) == fault.Internal {
		return why
	}
	if err := d.change(ctx, func(s store) error { return d.setReady(ctx, s, j, made, why) }); err != nil {
		return err
	}
	if fault.Is(why, fault.Unavailable) {
		return job.Wait(time.Minute, why)
	}
	return d.files.Delete(ctx, j.Ref)
}

func (d *Desk) setReady(ctx context.Context, s store, j soundJob, made Sound, why error) error {
	b, err := s.byID(ctx, j.ID)
	if err != nil {
		return err
	}
	e, _ := b.Edition(j.Lang)
	if e.Upload != j.Ref {
		return nil
	}
	switch {
	case why == nil:
		made.Voice = e.Sound.Voice
		e.Sound, e.Upload, e.Trouble = made, "", ""
	case fault.Is(why, fault.Unavailable):
		e.Trouble = fault.All(why)[0].Key
	default: // there is nothing to review: it is the speaker's again
		e.Upload, e.Trouble = "", fault.All(why)[0].Key
		if !e.Text() || e.Lang == Source {
			e.back(e.Remark)
		}
	}
	b.put(e)
	return d.saveAll(ctx, s, b)
}

// convert makes a sound ready: Opus for small screens and small purses, MP3 for players that know nothing else. Both lose
// whatever the recorder wrote into the file about place, time and device.
func (d *Desk) convert(ctx context.Context, in io.Reader) (Sound, error) {
	dir, err := os.MkdirTemp("", "banlang-sound-")
	if err != nil {
		return Sound{}, err
	}
	defer os.RemoveAll(dir)
	if err := spill(filepath.Join(dir, "in"), in); err != nil {
		return Sound{}, err
	}
	if err := d.studio.encode(ctx, dir); err != nil {
		return Sound{}, err
	}
	return d.keep(ctx, dir)
}

func spill(name string, in io.Reader) error {
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// keep puts the two files of a folder into the store and measures them.
func (d *Desk) keep(ctx context.Context, dir string) (s Sound, err error) {
	opus, err := os.ReadFile(filepath.Join(dir, "out.opus"))
	if err != nil {
		return Sound{}, err
	}
	mp3, err := os.ReadFile(filepath.Join(dir, "out.mp3"))
	if err != nil {
		return Sound{}, err
	}
	return d.keepBytes(ctx, opus, mp3)
}

func (d *Desk) keepBytes(ctx context.Context, opus, mp3 []byte) (s Sound, err error) {
	s.Length = opusLength(opus)
	switch {
	case s.Length < 300*time.Millisecond:
		return Sound{}, fault.New(fault.Invalid, "bulletin.sound.empty")
	case s.Length > LongestSound:
		return Sound{}, fault.New(fault.Invalid, "bulletin.sound.long")
	}
	if s.Opus, s.OpusSize, err = d.files.Put(ctx, bytes.NewReader(opus), 0); err != nil {
		return Sound{}, err
	}
	s.MP3, s.MP3Size, err = d.files.Put(ctx, bytes.NewReader(mp3), 0)
	return s, err
}

// opusLength reads the length of an Ogg Opus file: the sample position of its last page, 48,000 a second, less what the decoder
// skips at the start (RFC 7845).
func opusLength(file []byte) time.Duration {
	last, head := bytes.LastIndex(file, []byte("OggS")), bytes.Index(file, []byte("OpusHead"))
	if last < 0 || head < 0 || len(file) < last+14 || len(file) < head+12 {
		return 0
	}
	samples := int64(binary.LittleEndian.Uint64(file[last+6:])) - int64(binary.LittleEndian.Uint16(file[head+10:])) //nolint:gosec // read as signed
	return max(0, time.Duration(samples)*time.Second/48000)
}

// readAloud gives an issue whose source nobody has recorded the voice of a machine, marked so, until somebody does.
func (d *Desk) readAloud(ctx context.Context, payload []byte) error {
	var j issueJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return err
	}
	b, err := d.read().byID(ctx, j.ID)
	if err != nil || b.Life != Published || b.Issue != j.Number {
		return err
	}
	i, err := d.read().issue(ctx, j.ID, j.Number)
	if err != nil {
		return err
	}
	source, _ := i.Told(Source)
	if source.Sound.Ready() {
		return nil
	}
	made, err := d.speak(ctx, source)
	if fault.Is(err, fault.Unavailable) {
		return job.Wait(10*time.Minute, err)
	}
	if err != nil {
		return err
	}
	return d.giveVoice(ctx, j, made)
}

func (d *Desk) speak(ctx context.Context, e Edition) (Sound, error) {
	dir, err := os.MkdirTemp("", "banlang-voice-")
	if err != nil {
		return Sound{}, err
	}
	defer os.RemoveAll(dir)
	text := e.Title + ".\n\n" + e.Body + "\n"
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte(text), 0o600); err != nil {
		return Sound{}, err
	}
	if err := d.studio.speak(ctx, dir); err != nil {
		return Sound{}, err
	}
	if err := d.studio.encode(ctx, dir); err != nil {
		return Sound{}, err
	}
	return d.keep(ctx, dir)
}

// giveVoice adds the machine's reading to the issue and, where its words are still the same, to the working copy.
func (d *Desk) giveVoice(ctx context.Context, j issueJob, made Sound) error {
	made.Machine = true
	return d.change(ctx, func(s store) error {
		b, err := s.byID(ctx, j.ID)
		if err != nil || b.Life != Published || b.Issue != j.Number {
			return err
		}
		if err := s.setReading(ctx, j.ID, j.Number, made); err != nil {
			return err
		}
		if err := loudspeaker.Changed(ctx, s.tx, d.now(), b.Place); err != nil {
			return err
		}
		i, err := s.issue(ctx, j.ID, j.Number)
		if err != nil {
			return err
		}
		if e := b.Editions[0]; e.State == Published && e.Upload == "" && !e.Sound.Ready() {
			e.Sound = made
			if err := s.saveEdition(ctx, j.ID, e); err != nil {
				return err
			}
		}
		if !expired(i.Expires, d.now()) {
			if err := d.list(ctx, s, i); err != nil {
				return err
			}
		}
		return d.record(ctx, s, machine, b, duty.BulletinRecord, audit.Entry{Note: "espeak-ng"}, Source)
	})
}

// machine is who does what no person does.
var machine = duty.Actor{ID: "system"}
