package fact_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"banlang/internal/fact"
)

// differ compares two answers.
func differ(t *testing.T, name string, got, want fact.Answer) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}
