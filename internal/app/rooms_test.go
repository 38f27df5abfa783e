package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A floor is a group of rooms. Who lives on one may use what stands below it.
type floor int

const (
	kit     floor = iota // knows no domain
	base                 // base nouns
	feature              // features; none imports another
	surface              // surfaces; may import every feature
	house                // puts the rooms together
	apart                // stands beside the house
)

// A room is a package and what it may import of this module: on the floors kit and base the rooms
// before it in the table, on the others every room of a lower floor. A room that says only may import
// nothing else.
type room struct {
	floor floor
	path  string // below banlang/
	only  []string
}

// nothing of this module.
var nothing = []string{}

// rooms is the architecture of Banlang: a package without a row fails, an import against the order fails.
var rooms = []room{
	{floor: kit, path: "internal/fault", only: nothing},
	{floor: kit, path: "internal/fold", only: nothing},
	{floor: kit, path: "internal/i18n"},
	{floor: kit, path: "internal/config"},
	{floor: kit, path: "internal/db"},
	{floor: kit, path: "internal/db/dbtest"},
	{floor: kit, path: "internal/blob"},
	{floor: kit, path: "internal/job"},
	{floor: kit, path: "internal/duty", only: []string{"internal/fault"}},
	{floor: kit, path: "internal/web"},
	{floor: kit, path: "internal/web/webtest"},
	{floor: kit, path: "internal/sandbox", only: nothing},
	{floor: kit, path: "internal/outgoing", only: []string{"internal/fault"}},

	{floor: base, path: "internal/audit"},
	{floor: base, path: "internal/privacy"},
	{floor: base, path: "internal/search"},
	{floor: base, path: "internal/place/intake", only: []string{"internal/fault", "internal/fold"}},
	{floor: base, path: "internal/place/outline", only: []string{"internal/fault"}},
	{floor: base, path: "internal/place"},
	{floor: base, path: "internal/ethnic"},
	{floor: base, path: "internal/account"},
	{floor: base, path: "internal/subscriber"},
	{floor: base, path: "internal/delivery/gsm", only: nothing},
	{floor: base, path: "internal/delivery/smpp", only: []string{"internal/delivery/gsm"}},
	{floor: base, path: "internal/delivery/cap", only: []string{"internal/fault"}},
	{floor: base, path: "internal/delivery"},
	{floor: base, path: "internal/delivery/deliverytest"},
	{floor: base, path: "internal/quiz"},
	{floor: base, path: "internal/delivery/sms"},
	{floor: base, path: "internal/delivery/push"},
	{floor: base, path: "internal/delivery/mail"},
	{floor: base, path: "internal/delivery/chat"},
	{floor: base, path: "internal/delivery/feed"},
	{floor: base, path: "internal/delivery/loudspeaker"},
	{floor: base, path: "internal/delivery/sheet"},
	{floor: base, path: "internal/fact/disclosure", only: []string{"internal/fault"}},
	{floor: base, path: "internal/fact/disclosure/disclosuretest", only: []string{"internal/fact/disclosure"}},
	{floor: base, path: "internal/fact"},
	{floor: base, path: "internal/report/form", only: []string{"internal/fault", "internal/fold"}},
	{floor: base, path: "internal/report/sheet", only: []string{"internal/fault", "internal/fold", "internal/report/form"}},
	{floor: base, path: "internal/stat/chart", only: []string{"internal/fact", "internal/i18n", "internal/place"}},
	{floor: base, path: "internal/release/dataset", only: []string{"internal/fault"}},
	{floor: base, path: "internal/library/zim", only: nothing},
	{floor: base, path: "internal/library/catalogue", only: nothing},
	{floor: base, path: "internal/library/oai", only: []string{"internal/fault", "internal/outgoing", "internal/library/catalogue"}},
	{floor: base, path: "internal/library/transcript", only: []string{"internal/fault", "internal/fold"}},
	{floor: base, path: "internal/library/epub", only: []string{"internal/library/transcript"}},

	{floor: feature, path: "internal/bulletin"},
	{floor: feature, path: "internal/library"},
	{floor: feature, path: "internal/plan"},
	{floor: feature, path: "internal/release"},
	{floor: feature, path: "internal/report"},
	{floor: feature, path: "internal/stat"},

	{floor: surface, path: "internal/portal"},
	{floor: surface, path: "internal/console"},
	{floor: surface, path: "internal/openapi"},

	{floor: house, path: "internal/app"},
	{floor: house, path: "cmd/banlang", only: []string{"internal/app", "internal/config"}},

	{floor: apart, path: "bench"},
	{floor: apart, path: "bench/search"},
	{floor: apart, path: "scripts/recount", only: nothing},
	{floor: apart, path: "scripts/testreport", only: nothing},
}

// testOnly are the rooms that only tests may import, and what stands beside the house: the measurements.
var testOnly = []string{"internal/db/dbtest", "internal/web/webtest", "internal/fact/disclosure/disclosuretest", "internal/delivery/deliverytest"}

// A listed package is what go list says of one.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestRooms(t *testing.T) {
	packages, err := list(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, breach := range breaches(packages) {
		t.Error(breach)
	}
}

// The rule must bite: each planted breach is found, and the graph around them is clean.
func TestRoomsFindBreaches(t *testing.T) {
	imports := func(paths ...string) []string {
		for i := range paths {
			paths[i] = "banlang/" + paths[i]
		}
		return append(paths, "context", "golang.org/x/text/collate")
	}
	tests := []struct {
		name string
		plan listed
		want string // part of the only breach; empty for none
	}{
		{"a feature may import base nouns and the kit",
			listed{ImportPath: "banlang/internal/bulletin", Imports: imports("internal/place", "internal/db")}, ""},
		{"a feature may not import another",
			listed{ImportPath: "banlang/internal/bulletin", Imports: imports("internal/library")}, "internal/bulletin imports internal/library"},
		{"not even in its tests",
			listed{ImportPath: "banlang/internal/bulletin", XTestImports: imports("internal/plan")}, "internal/bulletin imports internal/plan"},
		{"a base noun may import those before it",
			listed{ImportPath: "banlang/internal/place", Imports: imports("internal/audit", "internal/search")}, ""},
		{"a base noun may not import those after it",
			listed{ImportPath: "banlang/internal/audit", Imports: imports("internal/account")}, "internal/audit imports internal/account"},
		{"the kit knows no domain",
			listed{ImportPath: "banlang/internal/web", Imports: imports("internal/place")}, "internal/web imports internal/place"},
		{"a base noun knows no feature",
			listed{ImportPath: "banlang/internal/search", Imports: imports("internal/bulletin")}, "internal/search imports internal/bulletin"},
		{"duty knows no storage",
			listed{ImportPath: "banlang/internal/duty", Imports: imports("internal/fault", "internal/db")}, "internal/duty imports internal/db"},
		{"a surface may import every feature",
			listed{ImportPath: "banlang/internal/portal", Imports: imports("internal/bulletin", "internal/library", "internal/ethnic")}, ""},
		{"a surface may not import another",
			listed{ImportPath: "banlang/internal/portal", Imports: imports("internal/console")}, "internal/portal imports internal/console"},
		{"a test may import a test room",
			listed{ImportPath: "banlang/internal/place", TestImports: imports("internal/db/dbtest")}, ""},
		{"the program may not import a test room",
			listed{ImportPath: "banlang/internal/place", Imports: imports("internal/db/dbtest")}, "only tests may"},
		{"a measurement may import a test room",
			listed{ImportPath: "banlang/bench", Imports: imports("internal/fact/disclosure/disclosuretest")}, ""},
		{"a room without a row is named",
			listed{ImportPath: "banlang/internal/helper"}, "internal/helper has no row"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := breaches([]listed{test.plan})
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("breaches = %q, want none", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("breaches = %q, want one with %q", got, test.want)
			}
		})
	}
}

// breaches names every import that the table does not allow, and every package that it does not have.
func breaches(packages []listed) []string {
	var found []string
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, "banlang/")
		at := slices.IndexFunc(rooms, func(r room) bool { return r.path == name })
		if at < 0 {
			found = append(found, name+" has no row in the table of rooms: say what it may import")
			continue
		}
		tests := slices.Concat(p.TestImports, p.XTestImports)
		for _, imported := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(p.Imports, tests)))) {
			target, ours := strings.CutPrefix(imported, "banlang/")
			switch {
			case !ours || target == name:
			case slices.Contains(testOnly, target) && !slices.Contains(testOnly, name):
				if slices.Contains(p.Imports, imported) && rooms[at].floor != apart {
					found = append(found, fmt.Sprintf("%s imports %s, which only tests may", name, target))
				}
			case !allowed(at, target):
				found = append(found, fmt.Sprintf("%s imports %s, which its row does not allow", name, target))
			}
		}
	}
	return found
}

// allowed reports whether the room in that row may import the target.
func allowed(row int, target string) bool {
	from := rooms[row]
	if from.only != nil {
		return slices.Contains(from.only, target)
	}
	to := slices.IndexFunc(rooms, func(r room) bool { return r.path == target })
	switch {
	case to < 0 || rooms[to].floor > from.floor:
		return false
	case rooms[to].floor < from.floor:
		return true
	}
	return from.floor <= base && to < row
}

// list asks go list for every package of the module.
func list(t *testing.T) ([]listed, error) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "banlang/...")
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("go list: %w\n%s", err, failed.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var packages []listed
	for stream := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := stream.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		packages = append(packages, p)
	}
}
