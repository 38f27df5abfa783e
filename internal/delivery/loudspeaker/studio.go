package loudspeaker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"banlang/internal/blob"
	"banlang/internal/fault"
	"banlang/internal/sandbox"
)

// The tones are ours. An alarm is two tones by turns, the jingle three that rise.
var tones = map[string]string{
	"alarm":  "aevalsrc=0.4*sin(2*PI*t*if(lt(mod(t\\,1)\\,0.5)\\,960\\,770)):s=24000:d=4",
	"jingle": "aevalsrc=0.3*sin(2*PI*t*if(lt(t\\,0.4)\\,523\\,if(lt(t\\,0.8)\\,659\\,784)))*min(1\\,(1.6-t)*3):s=24000:d=1.6",
}

// level brings speech to one loudness, as EBU R 128 measures it.
const level = "loudnorm=I=-16:TP=-1.5:LRA=7"

// mix makes one MP3 of all parts: one channel, 24 kHz, 48 kbit/s, so that two of them may be played as one file.
func mix(ctx context.Context, files blob.Store, parts []part) (blob.Ref, error) {
	dir, err := os.MkdirTemp("", "banlang-loudspeaker-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	var list strings.Builder
	done := map[part]string{} // the same is said twice, but made once
	for n, p := range parts {
		if done[p] == "" {
			done[p] = fmt.Sprintf("p%d.wav", n)
			if err := render(ctx, dir, done[p], files, p); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(&list, "file %s\n", done[p])
	}
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte(list.String()), 0o600); err != nil {
		return "", err
	}
	if err := ffmpeg(ctx, dir, "-f", "concat", "-i", "list", "-c:a", "libmp3lame", "-b:a", "48k", "-ar", "24000", "-ac", "1", "-map_metadata", "-1",
		"-fflags", "+bitexact", "-flags:a", "+bitexact", "-id3v2_version", "0", "-write_xing", "0", "out.mp3"); err != nil {
		return "", err
	}
	out, err := os.Open(filepath.Join(dir, "out.mp3"))
	if err != nil {
		return "", err
	}
	defer out.Close()
	ref, _, err := files.Put(ctx, out, 0)
	return ref, err
}

func render(ctx context.Context, dir, name string, files blob.Store, p part) error {
	end := []string{"-ac", "1", "-ar", "24000", "-c:a", "pcm_s16le", "-t", "1500", name}
	if p.Tones != "" {
		return ffmpeg(ctx, dir, append([]string{"-f", "lavfi", "-i", tones[p.Tones]}, end...)...)
	}
	in := filepath.Join(dir, "in")
	if p.Say != "" {
		if err := os.WriteFile(filepath.Join(dir, "text"), []byte(p.Say+"\n"), 0o600); err != nil {
			return err
		}
		if err := run(ctx, dir, "espeak-ng", "-v", "vi", "-s", "145", "-g", "2", "-f", "text", "-w", "in"); err != nil {
			return err
		}
	} else if err := spill(ctx, files, p.Sound, in); err != nil {
		return unplayable(ctx, p, err)
	}
	return unplayable(ctx, p, ffmpeg(ctx, dir, append([]string{"-format_whitelist", "wav,mp3", "-i", "in", "-map", "0:a:0", "-af", level + ",apad=pad_dur=0.4"}, end...)...))
}

// A brokenSound is a recording that cannot be played, or is not there.
type brokenSound struct {
	ref blob.Ref
	error
}

func (b brokenSound) Unwrap() error { return b.error }

// unplayable says of an error that it is the recording's, unless the machine lacks something or was told to stop.
func unplayable(ctx context.Context, p part, err error) error {
	if err == nil || p.Sound == "" || ctx.Err() != nil || !fault.Is(err, fault.Internal) && !fault.Is(err, fault.NotFound) {
		return err
	}
	return brokenSound{p.Sound, err}
}

func spill(ctx context.Context, files blob.Store, ref blob.Ref, name string) error {
	f, _, err := files.Open(ctx, ref)
	if err != nil {
		return err
	}
	defer f.Close()
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, f)
	return errors.Join(err, out.Close())
}

func ffmpeg(ctx context.Context, dir string, args ...string) error {
	return run(ctx, dir, "ffmpeg", append([]string{"-nostdin", "-hide_banner", "-v", "error", "-y", "-threads", "1", "-protocol_whitelist", "file,pipe"}, args...)...)
}

// run runs a tool in a folder. A tool that is not there is a fault of kind Unavailable.
func run(ctx context.Context, dir, tool string, args ...string) error {
	path, err := exec.LookPath(tool)
	if err != nil {
		return fault.New(fault.Unavailable, "loudspeaker.no_tool", "Tool", tool)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := sandbox.Command(ctx, dir, path, args...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %.500s", tool, err, said)
	}
	return nil
}
