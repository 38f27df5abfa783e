package disclosure_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"banlang/internal/fact/disclosure"
)

func TestFold(t *testing.T) {
	country := []int64{85_000_000, 1_845_000, 1_083_000, 49_000, 428} // Kinh, Tày, Nùng, Hoa, Ơ Đu as of 2019, rounded
	counts := [][]int64{
		{900, 2000, 1500, 3, 40},
		{900, 2000, 1500, 30, 0},
		{900, 30, 1500, 25, 2000},
		{900, 2000, 0, 3, 0},
	}
	want := [][]bool{
		{false, false, false, true, true},
		{false, false, false, true, true}, // the smallest goes with the only one that must
		{false, false, false, true, true},
		{false, false, true, true, true},
	}
	if diff := cmp.Diff(want, (disclosure.Recoding{}).Fold(counts, country)); diff != "" {
		t.Errorf("folded groups (-want +got):\n%s", diff)
	}
	common := [][]int64{{900, 2000, 1500, 300}}
	if diff := cmp.Diff([][]bool{{false, false, false, false}}, (disclosure.Recoding{}).Fold(common, country[:4])); diff != "" {
		t.Errorf("where every group is large (-want +got):\n%s", diff)
	}
}
