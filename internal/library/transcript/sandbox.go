package transcript

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"banlang/internal/fault"
)

// Tools are the outside programs that files are read with. They run in a bubblewrap sandbox: no network, no files but the
// system's own, their input on standard input, limits of time, memory and output.
type Tools struct {
	// Unconfined lets the tools run without the sandbox, with the limits alone, where bubblewrap does not work. An administrator
	// must choose that; otherwise such files wait and the reason is shown.
	Unconfined bool
}

const (
	toolTime   = 60 * time.Second
	toolMemory = 512 << 20
	maxOutput  = 2 * maxText // markup or form feeds around the text
)

// confined is the sandbox's command line up to the program.
var confined = []string{"bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
	"--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LC_ALL", "C.UTF-8", "--setenv", "OMP_THREAD_LIMIT", "1",
	"--ro-bind", "/usr", "/usr", "--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64", "--ro-bind-try", "/bin", "/bin",
	"--ro-bind-try", "/etc/fonts", "/etc/fonts", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp", "--"}

// run gives input to a program and returns what it says. Its Debian package is named to people where it is missing.
func (t Tools) run(ctx context.Context, input []byte, debian string, program ...string) ([]byte, error) {
	for _, tool := range [][2]string{{program[0], debian}, {"prlimit", "util-linux"}, {"nice", "coreutils"}} {
		if _, err := exec.LookPath(tool[0]); err != nil {
			return nil, fault.New(fault.Unavailable, "transcript.tool_missing", "Tool", tool[0], "Package", tool[1])
		}
	}
	limits := []string{"nice", "prlimit", "--as=" + strconv.Itoa(toolMemory), "--cpu=" + strconv.Itoa(int(toolTime.Seconds())),
		"--fsize=" + strconv.Itoa(maxOutput), "--core=0", "--nofile=256", "--"}
	sandbox := confined
	if t.Unconfined {
		sandbox = nil
	} else if _, err := exec.LookPath("bwrap"); err != nil {
		return nil, fault.New(fault.Unavailable, "transcript.tool_missing", "Tool", "bwrap", "Package", "bubblewrap")
	}
	// Outermost the limits, so that the sandbox is bound by them too.
	line := append(append(limits, sandbox...), program...)

	ctx, cancel := context.WithTimeout(ctx, toolTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, line[0], line[1:]...) //nolint:gosec // nothing of a file or its name is in the line
	cmd.WaitDelay = time.Second
	cmd.Stdin = bytes.NewReader(input)
	var complaint bytes.Buffer
	cmd.Stderr = &limited{w: &complaint, n: 4096}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	said, readErr := io.ReadAll(&bounded{output, maxOutput})
	if readErr != nil {
		cancel()
	}
	failed := cmd.Wait()
	switch {
	case readErr != nil && fault.Is(readErr, fault.TooLarge):
		return nil, readErr
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fault.New(fault.TooLarge, "transcript.too_slow", "Seconds", int(toolTime.Seconds()))
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case failed != nil && strings.HasPrefix(complaint.String(), "bwrap:"):
		return nil, errors.Join(fault.New(fault.Unavailable, "transcript.sandbox"), fmt.Errorf("%w: %s", failed, complaint.String()))
	case failed != nil:
		return nil, fmt.Errorf("%s: %w: %s", program[0], failed, complaint.String())
	}
	return said, readErr
}

// limited keeps the first n bytes and lets the rest pass unseen.
type limited struct {
	w io.Writer
	n int
}

func (l *limited) Write(p []byte) (int, error) {
	keep := p[:min(len(p), l.n)]
	l.n -= len(keep)
	if _, err := l.w.Write(keep); err != nil {
		return 0, err
	}
	return len(p), nil
}
