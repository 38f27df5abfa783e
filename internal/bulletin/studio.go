package bulletin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"banlang/internal/fault"
	"banlang/internal/sandbox"
)

// A studio runs the tools of sound on files that strangers sent: in a sandbox without network, within bounds of time, memory and
// size.
type studio struct {
	ffmpeg, espeak string // names of the programs
}

func newStudio() studio { return studio{ffmpeg: "ffmpeg", espeak: "espeak-ng"} }

// formats are what the tool may take a file for; none of them can name another file or an address.
const formats = "wav,mp3,aac,mov,ogg,flac,amr,amrnb,amrwb,matroska"

const patience = 5 * time.Minute

// encode turns dir/in into dir/out.opus and dir/out.mp3: one channel, 16 and 24 kbit/s, nothing but the sound.
func (s studio) encode(ctx context.Context, dir string) error {
	bare := []string{"-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1", "-vn", "-sn", "-dn", "-ac", "1", "-fflags", "+bitexact", "-flags:a", "+bitexact",
		"-t", fmt.Sprint(int(LongestSound.Seconds()) + 1), "-fs", "50M"}
	args := []string{"-nostdin", "-hide_banner", "-v", "error", "-threads", "1", "-protocol_whitelist", "file,pipe", "-format_whitelist", formats, "-i", "in"}
	args = append(append(args, bare...), "-c:a", "libopus", "-b:a", "16k", "-application", "voip", "-ar", "48000", "out.opus")
	args = append(append(args, bare...), "-c:a", "libmp3lame", "-b:a", "24k", "-ar", "22050", "-id3v2_version", "0", "-write_id3v1", "0", "out.mp3")
	return s.run(ctx, dir, s.ffmpeg, "bulletin.sound.no_ffmpeg", args...)
}

// speak reads dir/text aloud in Vietnamese into dir/in, unhurried.
func (s studio) speak(ctx context.Context, dir string) error {
	return s.run(ctx, dir, s.espeak, "bulletin.sound.no_espeak", "-v", "vi", "-s", "145", "-g", "2", "-f", "text", "-w", "in")
}

// run runs a tool in a folder. A tool that is not there is a fault of kind Unavailable, one that does not accept the file a fault
// of kind Invalid.
func (s studio) run(ctx context.Context, dir, tool, missing string, args ...string) error {
	path, err := exec.LookPath(tool)
	if err != nil {
		return fault.New(fault.Unavailable, missing)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := sandbox.Command(ctx, dir, path, args...)
	var said bytes.Buffer
	cmd.Stderr = &capped{&said, 4096}
	err = cmd.Run()
	_, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil
	case context.Cause(ctx) != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return context.Cause(ctx) // the process is being ended: the file is not to blame
	case ended:
		return fmt.Errorf("%w: %s: %w: %s", fault.New(fault.Invalid, "bulletin.sound.broken"), tool, err, strings.TrimSpace(said.String()))
	}
	return err
}

// capped keeps the beginning of what a tool says.
type capped struct {
	b    *bytes.Buffer
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.b.Write(p[:n])
	c.left -= n
	return len(p), nil
}
