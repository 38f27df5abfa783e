// Package sandbox runs programs that are not ours, ffmpeg and the like, on files that are not ours either: in one folder, without
// network, within bounds. It knows nothing of what they do.
package sandbox

import (
	"context"
	"os/exec"
	"sync"
	"time"
)

// bubblewrap is where it lies; empty where it does not work: in some containers it may not make namespaces.
var bubblewrap = sync.OnceValue(func() string {
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if exec.CommandContext(ctx, path, "--unshare-all", "--ro-bind", "/", "/", "true").Run() != nil { //nolint:gosec // a fixed command
		return ""
	}
	return path
})

// Command makes a command of the program at path that works in dir and nowhere else, without network, within 1 GB of memory, 5 minutes
// of work and 100 MB a file. Names of files are relative to dir.
func Command(ctx context.Context, dir, path string, args ...string) *exec.Cmd {
	line := append(append(walls(dir), path), args...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...) //nolint:gosec // our own command line; the names of files are fixed
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/nonexistent"}
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// walls are the words before a command that keep it within bounds.
func walls(dir string) []string {
	var line []string
	if bwrap := bubblewrap(); bwrap != "" {
		line = append(line, bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/usr", "/usr",
			"--symlink", "usr/bin", "/bin", "--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64",
			"--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", dir, "/work", "--chdir", "/work", "--")
	}
	if limit, err := exec.LookPath("prlimit"); err == nil {
		line = append(line, limit, "--as=1073741824", "--cpu=300", "--fsize=104857600", "--core=0", "--")
	}
	return line
}
