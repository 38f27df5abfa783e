package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReport(t *testing.T) {
	const log = `
{"Action":"pass","Package":"banlang/internal/db","Test":"TestOnce/sqlite","Elapsed":0.1}
{"Action":"pass","Package":"banlang/internal/db","Test":"TestOnce/postgres","Elapsed":0.1}
{"Action":"pass","Package":"banlang/internal/db","Test":"TestOnce","Elapsed":0.2}
{"Action":"output","Package":"banlang/internal/db","Test":"TestLease","Output":"    db_test.go:9: got 2, want 1\n"}
{"Action":"fail","Package":"banlang/internal/db","Test":"TestLease","Elapsed":0.2}
{"Action":"fail","Package":"banlang/internal/db","Elapsed":0.4}
{"Action":"output","Package":"banlang/internal/fold","Test":"TestReal","Output":"    fold_test.go:3: no data here\n"}
{"Action":"skip","Package":"banlang/internal/fold","Test":"TestReal"}
{"Action":"pass","Package":"banlang/internal/fold","Elapsed":0.1}
{"ImportPath":"banlang/internal/web","Action":"build-output","Output":"web.go:3: undefined: site\n"}
{"ImportPath":"banlang/internal/web","Action":"build-fail"}
{"Action":"fail","Package":"banlang/internal/web","Elapsed":0}
`
	var out strings.Builder
	got, err := report(strings.NewReader(strings.TrimSpace(log)), &out, func() time.Time { return time.Time{} })
	if err != nil {
		t.Fatal(err)
	}
	want := counts{passed: 3, failed: 2, skipped: 1, sqlite: 1, postgres: 1}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	for _, line := range []string{
		"FAIL internal/db TestLease\n    db_test.go:9: got 2, want 1",
		"skip internal/fold TestReal: fold_test.go:3: no data here",
		"web.go:3: undefined: site",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the report lacks %q:\n%s", line, out.String())
		}
	}
}
