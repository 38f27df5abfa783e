package library

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"banlang/internal/db/dbtest"
	"banlang/internal/i18n"
)

// The archive has what everyone may see, and zimcheck finds nothing wrong with it.
func TestPackIsClean(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t))
	open := b.opened(t, "a.txt", notice, nil)
	report := b.opened(t, "d.txt", "Báo cáo năm", func(r *Record) { r.Kind, r.Title = "report", "Báo cáo" })
	closed := b.opened(t, "c.txt", "Việc riêng của làng", func(r *Record) { r.Title, r.Kind, r.Access = "Việc riêng", "notice", "ask" })
	gone := b.opened(t, "b.txt", "Thông báo họp thôn", func(r *Record) { r.Title, r.Kind = "Bí mật", "notice" })
	if err := b.Withdraw(t.Context(), b.leader, gone, "Có dữ liệu cá nhân"); err != nil {
		t.Fatal(err)
	}
	text, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	pack := Pack{Province: "Lạng Sơn", Done: func(int) {}, Say: func(key string, args ...any) string { return text.Text("vi", key, args...) }}
	write := func(set string) (string, int) {
		file := filepath.Join(t.TempDir(), "thu.zim")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		pack.Set = set
		n, err := b.WriteZIM(t.Context(), f, pack)
		if err != nil {
			t.Fatal(err)
		}
		return file, n
	}
	file, n := write("")
	if n != 2 {
		t.Errorf("%d documents, want 2", n)
	}
	if _, n := write("kind:report"); n != 1 {
		t.Errorf("%d reports, want 1", n)
	}
	if _, err := exec.LookPath("zimcheck"); err != nil {
		t.Skip("zimcheck is not installed")
	}
	run := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
		if err != nil {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := run("zimcheck", "-A", file); !strings.Contains(out, "Overall Test Status: Pass") || strings.Contains(out, "ERROR") || strings.Contains(out, "WARNING") {
		t.Errorf("zimcheck: %s", out)
	}
	entries := run("zimdump", "list", file)
	for id, want := range map[ID]bool{open: true, report: true, closed: false, gone: false} {
		if strings.Contains(entries, string(id)) != want {
			t.Errorf("%s is among %s: %v, want %v", id, entries, !want, want)
		}
	}
	if page := run("zimdump", "show", "--url=van-ban/"+string(open)+".html", file); !strings.Contains(page, "Điều 1. Phạm vi") || !strings.Contains(page, "12/QĐ-UBND") {
		t.Errorf("the page is %s", page)
	}
	if page := run("zimdump", "show", "--url=index.html", file); strings.Contains(page, "Bí mật") || strings.Contains(page, "Việc riêng") || !strings.Contains(page, "2 tài liệu") {
		t.Errorf("the list is %s", page)
	}
}
