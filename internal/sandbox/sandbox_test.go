package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A program is kept from the files of the house and from the network, and works in its folder.
func TestCommand(t *testing.T) {
	if bubblewrap() == "" {
		t.Skip("bubblewrap does not work on this machine")
	}
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(tool string, args ...string) error {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		return Command(t.Context(), dir, path, args...).Run()
	}
	for _, path := range []string{secret, "/etc/passwd", "/proc/net/dev"} {
		if err := run("cat", path); err == nil {
			t.Errorf("a tool reads %s", path)
		}
	}
	if err := run("ls", "/work"); err != nil {
		t.Error(err)
	}
}
