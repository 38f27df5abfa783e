package subscriber

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/db/dbtest"
	"banlang/internal/web/webtest"
)

const importURL = "/ban-lam-viec/thue-bao/nhap"

// A short list is answered at once, with every bad row; trying it writes nothing.
func TestImportPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCounter(t, d)
		officer := webtest.New(t, c.site).As("officer")
		file := list([]string{number, "", "06325", "", "", "", "có", "5/7/2026", how}, []string{"12", "", "06325", "", "", "", "", "5/7/2026", how})
		c.wants("trying", officer.Upload(importURL, "file", "a.csv", file, "do", "try"), 200, "Thử xem: chưa ghi gì", "1 người mới", "1 dòng không nhận", "Không ghi “có” ở cột Đồng ý", "Số này chưa đúng")
		if n := c.persons(); n != 0 {
			t.Errorf("%d are subscribed after a trial", n)
		}
		c.wants("taking", officer.Upload(importURL, "file", "a.csv", file, "do", "take"), 200, "Đã nhận", "1 người mới")
		c.wants("no workbook", officer.Upload(importURL, "file", "a.xlsx", []byte("PK\x03\x04 half"), "do", "take"), 415)
		if p := officer.Get(importURL); p.Status != 200 || p.Has("Đã nhận") {
			t.Errorf("the form again: %d %s", p.Status, p.Text())
		}
		if n := c.persons(); n != 1 {
			t.Errorf("%d are subscribed, want 1", n)
		}
	})
}

// Of a long list the page says how far it is, to who sent it alone, and then what became of it.
func TestImportPageSaysHowFarItIs(t *testing.T) {
	c := newCounter(t, dbtest.SQLite(t))
	officer, away := webtest.New(t, c.site).As("officer"), webtest.New(t, c.site).As("away")
	var rows [][]string
	for i := range importBatch + 100 {
		rows = append(rows, []string{fmt.Sprintf("09612%05d", i), "", "06325", "", "", "", "có", "5/7/2026", how})
	}
	goOn, told := make(chan struct{}), 0
	c.desk.Notify = func(ctx context.Context, _ *db.Tx, _ Notice) error {
		if told++; told > importBatch { // the first batch is written
			<-goOn
		}
		return ctx.Err()
	}
	sent := officer.Upload(importURL, "file", "a.csv", list(rows...), "do", "take")
	c.wants("a long list", sent, http.StatusSeeOther)
	until := func(text string) (page webtest.Page) {
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if page = officer.Get(importURL); page.Has(text) {
				break
			}
		}
		return page
	}
	page := until("Đã xong 500")
	c.wants("while it runs", page, 200, "Đã xong 500 trong 600 dòng", `<progress id="xong" value="500" max="600">`)
	if page.Header.Get("Refresh") == "" {
		t.Error("the page does not come back by itself")
	}
	if p := away.Get(importURL); p.Status != 200 || p.Has("600") {
		t.Errorf("another officer sees %s", p.Text())
	}
	c.wants("another list meanwhile", officer.Upload(importURL, "file", "b.csv", list(rows[:1]...), "do", "take"), http.StatusSeeOther)
	close(goOn)
	page = until("Đã nhận")
	c.wants("after it", page, 200, "Đã nhận", "600 người mới")
	if n, err := c.desk.countAll(t.Context()); err != nil || n != int64(len(rows)) {
		t.Errorf("%d are subscribed, %v; want %d", n, err, len(rows))
	}
	c.clock = c.clock.Add(toldAfter + time.Minute)
	if p := officer.Get(importURL); strings.Contains(p.Body, "600 người mới") {
		t.Error("what became of a list is still told after an hour")
	}
}
