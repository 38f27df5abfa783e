package quiz_test

import (
	"strings"
	"testing"
	"time"

	"banlang/internal/db"
	"banlang/internal/delivery"
	"banlang/internal/duty"
	"banlang/internal/i18n"
	"banlang/internal/quiz"
	"banlang/internal/web"
	"banlang/internal/web/webtest"
)

// site mounts the pages for an officer and a speaker of Tày.
func (d *desk) site() *web.Site {
	d.Helper()
	text, err := i18n.Load()
	d.Must(err)
	s, err := web.New(web.Options{Text: text, Policy: d.policy, Now: d.Now, Commits: d.DB.Commits, Province: "Lạng Sơn",
		Accounts: webtest.Tokens{officer(d.BacSon), actor("speaker", duty.Speaker, d.Home, "tyz")}, Languages: []web.Language{{Tag: "vi", Name: "Tiếng Việt"}}})
	d.Must(err)
	quiz.Mount(s, d.quiz)
	return s
}

// An officer writes, looks, drops, writes again and begins; a speaker tells it in Tày; somebody answers on the page, once; the result
// says that there is not enough.
func TestPages(t *testing.T) {
	quizzes(t, 300, func(d *desk) {
		s := d.site()
		boss, speaker, reader := webtest.New(t, s).As("officer"), webtest.New(t, s).As("speaker"), webtest.New(t, s)
		page := "/ban-lam-viec/gui/" + d.campaign() + "/cau-hoi"
		form := []string{"question", wish.Words.Question, "first", "Thứ hai", "second", "Thứ năm", "third", "Chủ nhật", "answer", "2", "share", "10"}
		wrong := append([]string(nil), form...)
		wrong[5], wrong[9], wrong[11] = "thứ hai", "", "50"
		if p := boss.Post(page, wrong...); p.Status != 422 || !p.Has("Hãy chọn câu nào đúng", "từ 5 đến 10", `value="50"`, wish.Words.Question) {
			t.Errorf("a wrong form: %d %s", p.Status, p.Text())
		}
		wrong[9], wrong[11] = "2", "10"
		if p := boss.Post(page, wrong...); p.Status != 422 || !p.Has("trùng với câu trên") {
			t.Errorf("two answers alike: %d %s", p.Status, p.Text())
		}
		if p := boss.Follow(boss.Post(page, form...)); p.Status != 200 || !p.Has("Đã lưu", "1: Thứ hai. 2: Thứ năm. 3: Chủ nhật", "phần tin nhắn", "Bản nháp") {
			t.Errorf("saved: %d %s", p.Status, p.Text())
		}
		if p := boss.Follow(boss.Post(page + "/bo")); !p.Has("Đã bỏ câu hỏi nháp") || d.rows("quiz")+d.rows("quiz_text") != 0 {
			t.Errorf("dropped: %d %s", p.Status, p.Text())
		}
		if p := boss.Post(page + "/gui"); p.Status != 404 {
			t.Errorf("begun without a question: %d", p.Status)
		}
		boss.Post(page, form...)

		told := []string{"question", "Lời của người nói tiếng Tày", "first", "mot", "second", "hai", "third", ""}
		if p := speaker.Get("/ban-lam-viec/cau-hoi"); p.Status != 200 || !p.Has("Thứ năm", "Viết bằng Tiếng Tày", wish.Words.Question) {
			t.Errorf("what waits for the speaker: %d %s", p.Status, p.Text())
		}
		if p := speaker.Post("/ban-lam-viec/cau-hoi/"+d.campaign()+"/tyz", told...); p.Status != 422 || !p.Has("Hãy viết câu trả lời này", `id="third"`, "Lời của người nói tiếng Tày") {
			t.Errorf("a translation with a gap: %d %s", p.Status, p.Text())
		}
		told[7] = "ba"
		if p := speaker.Follow(speaker.Post("/ban-lam-viec/cau-hoi/"+d.campaign()+"/tyz", told...)); !p.Has("Đã lưu bản dịch", `value="hai"`) {
			t.Errorf("translated: %d %s", p.Status, p.Text())
		}
		if p := boss.Follow(boss.Post(page + "/gui")); !p.Has("Chờ gửi câu hỏi") {
			t.Errorf("begun: %d %s", p.Status, p.Text())
		}
		if p := boss.Post(page + "/bo"); p.Status != 409 || !p.Has("không sửa được nữa") {
			t.Errorf("dropped while it is asked: %d", p.Status)
		}
		d.drain()
		d.handed(300 + d.rows("quiz_asked"))

		message, err := db.Value[string](t.Context(), d.DB, "SELECT min(message) FROM quiz_asked")
		d.Must(err)
		own := "/n/" + d.Token(message) + "/hoi"
		p := reader.Get(own)
		if h := p.Header; p.Status != 200 || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Set-Cookie") != "" || len(p.Body) > 10_000 {
			t.Errorf("own question of %d bytes: %d %v", len(p.Body), p.Status, h)
		}
		if !p.Has(`lang="tyz"`, "Lời của người nói tiếng Tày", "hai", `name="choice" value="3"`) || strings.Contains(p.Body, "chưa có bằng") {
			t.Errorf("own question: %s", p.Text())
		}
		if p := reader.Post(own); p.Status != 422 || !p.Has("Hãy chọn một câu trả lời") {
			t.Errorf("no choice: %d %s", p.Status, p.Text())
		}
		for range 2 { // the second time nothing changes
			if p := reader.Follow(reader.Post(own, "choice", "1")); !p.Has("Cảm ơn bạn", "Câu đúng", "hai", `href="/n/`) {
				t.Errorf("answered: %d %s", p.Status, p.Text())
			}
		}
		if p := boss.Get(page); !p.Has("Chưa đủ", "dưới 5") || strings.Contains(p.Body, `class="bar"`) || d.rows("quiz_asked WHERE answered > 0") != 1 {
			t.Errorf("the result of one answer: %s", p.Text())
		}
		d.exec("UPDATE quiz_asked SET answered = 1, correct = TRUE")
		if p := boss.Get(page); !p.Has(`class="bar"`, "Khoảng tin cậy 95%", "100%") {
			t.Errorf("the result of all: %s", p.Text())
		}
		other, err := db.Value[string](t.Context(), d.DB, "SELECT min(id) FROM delivery_message WHERE id NOT IN (SELECT message FROM quiz_asked)")
		d.Must(err)
		if p := reader.Get("/n/" + d.Token(other) + "/hoi"); p.Status != 404 || p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("who was not asked: %d", p.Status)
		}
		d.exec("UPDATE quiz_asked SET answered = 0")
		d.Pass(8 * 24 * time.Hour)
		if p := reader.Post(own, "choice", "1"); p.Status != 409 || d.rows("quiz_asked WHERE answered > 0") != 0 {
			t.Errorf("too late: %d %s", p.Status, p.Text())
		}
		d.Must(d.DB.Tx(t.Context(), func(tx *db.Tx) error {
			return delivery.Withdraw(t.Context(), tx, d.Now(), flood, "officer", "Ghi nhầm ngày tiêm")
		}))
		d.exec("UPDATE quiz_asked SET answered = 1")
		if p := reader.Get(own); p.Status != 200 || !p.Has("đã được thu hồi") || strings.Contains(p.Body, "Câu đúng") {
			t.Errorf("recalled: %d %s", p.Status, p.Text())
		}
	})
}
