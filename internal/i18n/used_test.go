package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// uses are the ways in which pages and code name a message.
var uses = map[string][]*regexp.Regexp{
	".html": {regexp.MustCompile(`[{( ]t "([^"]+)"`)},
	".go": {
		regexp.MustCompile(`fault\.New\([\w.]+, "([^"]+)"`),
		regexp.MustCompile(`fault\.Field\([^,()]+, "([^"]+)"`),
		regexp.MustCompile(`web\.T\(\w+, "([^"]+)"[,)]`),
		regexp.MustCompile(`web\.Flash\(\w+, "\w+", "([^"]+)"`),
		regexp.MustCompile(`web\.MenuItem\{.*Group: "([^"]+)"`),
		regexp.MustCompile(`web\.MenuItem\{.*Key: "([^"]+)"`),
	},
}

// TestEveryKeyIsThere reads the sources of all rooms: a key that a page or a fault names has its message, wherever it is shown.
func TestEveryKeyIsThere(t *testing.T) {
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		patterns := uses[filepath.Ext(path)]
		if patterns == nil {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, pattern := range patterns {
			for _, found := range pattern.FindAllStringSubmatch(string(text), -1) {
				if key := found[1]; !b.Has(key) && !strings.HasSuffix(key, ".") {
					t.Errorf("%s names %q, which has no message", path, key)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
