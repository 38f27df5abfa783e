//go:build harness

package report_test

import (
	"fmt"
	"net/http"
	"testing"

	"banlang/internal/db/dbtest"
	"banlang/internal/report"
)

func TestRealHarness(t *testing.T) {
	h := open(t, dbtest.SQLite(t))
	s := site(t, h)
	_, id := h.period(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /zz/id", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, id) })
	mux.HandleFunc("GET /zz/cells", func(w http.ResponseWriter, r *http.Request) {
		p, _ := h.desk.Paper(r.Context(), officer, id)
		for k, c := range p.Cells {
			fmt.Fprintf(w, "%s=%s|%s\n", k, c.Value.Text, c.Value.Note)
		}
	})
	mux.HandleFunc("GET /zz/other", func(w http.ResponseWriter, r *http.Request) {
		p, _ := h.desk.Paper(r.Context(), officer, id)
		name := r.FormValue("cell")
		_, err := h.desk.Save(r.Context(), officer, id, []report.Change{{Cell: name, Text: r.FormValue("text"), Base: p.Cells[name].Rev}})
		fmt.Fprint(w, err)
	})
	mux.Handle("/", s)
	http.ListenAndServe("127.0.0.1:8734", mux)
}
