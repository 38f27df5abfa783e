package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// faulty is S5: workbooks with seeded faults, of which the truth is known, as the test of internal/report/sheet makes and judges
// them; here more of them.
func faulty(ctx context.Context) ([]figure, error) {
	const workbooks = 300
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	path := filepath.Join(dir, "found.json")
	say("S5: making and reading %d workbooks with faults", workbooks)
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-run=^TestSeededFaults$", "./internal/report/sheet",
		fmt.Sprintf("-seeded=%d", workbooks), "-seeded-result="+path)
	said, runErr := cmd.CombinedOutput()
	text, err := os.ReadFile(path)
	if err != nil { // a figure that misses its bar fails the test, and is written all the same
		return nil, fmt.Errorf("%w: %s", runErr, said)
	}
	var found struct{ Workbooks, Faults, Located, SilentlyWrong, Refused int }
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, err
	}
	share := 100 * float64(found.Located) / float64(max(1, found.Faults))
	what := fmt.Sprintf("%d faults in %d workbooks", found.Faults, found.Workbooks)
	return []figure{
		{ID: "S5", Measure: what + ", understood or refused at their cell", Unit: "%", Ours: share, Bar: ">= 99 %", Met: share >= 99 && found.Workbooks == workbooks},
		{ID: "S5", Measure: what + ", wrong or lost in silence", Ours: float64(found.SilentlyWrong), Bar: "0", Met: found.SilentlyWrong == 0},
		{ID: "S5", Measure: what + ", whole files refused", Ours: float64(found.Refused), Bar: "0", Met: found.Refused == 0},
	}, nil
}
