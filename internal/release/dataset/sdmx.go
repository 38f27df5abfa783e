package dataset

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// obsStatus and confStatus are codes of SDMX's cross-domain lists CL_OBS_STATUS and CL_CONF_STATUS. Primary and secondary
// suppression carry the same code C: which is which is itself a hint.
var obsStatus = map[Status]string{
	Normal: "A", Partial: "P", Estimated: "E",
	Hidden:       "Q", // missing value, suppressed
	Missing:      "O", // missing value
	Incomparable: "D", // definition differs
}

func confStatus(s Status) string {
	if s == Hidden {
		return "C" // confidential statistical information
	}
	return "F" // free
}

// sdmxNames are the names under which the world knows a dimension of a role.
var sdmxNames = map[Role]string{Geo: "REF_AREA", Time: "TIME_PERIOD", Metric: "INDICATOR"}

// writeSDMX writes SDMX-CSV 2.0 (sdmx-twg, field guide of SDMX 3.0): codes only, as its readers look labels up.
func writeSDMX(w io.Writer, t Table, _ string) error {
	out := csv.NewWriter(w)
	head := []string{"STRUCTURE", "STRUCTURE_ID", "ACTION"}
	for _, d := range t.Dims {
		name := strings.ToUpper(d.Code)
		if known, ok := sdmxNames[d.Role]; ok {
			name = known
		}
		head = append(head, name)
	}
	if err := out.Write(append(head, "OBS_VALUE", "OBS_STATUS", "CONF_STATUS")); err != nil {
		return err
	}
	flow := "BANLANG:" + strings.ToUpper(strings.ReplaceAll(t.ID, "-", "_")) + "(" + t.version() + ")"
	for at, c := range t.Dense() {
		line := []string{"dataflow", flow, "I"}
		for d, dim := range t.Dims {
			code := dim.Members[at[d]].Code
			if dim.Role == Time {
				code = sdmxPeriod(code)
			}
			line = append(line, code)
		}
		if err := out.Write(append(line, t.number(at, c), obsStatus[c.Status], confStatus(c.Status))); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// version is the table's version as SDMX and Data Package number them.
func (t Table) version() string { return strconv.Itoa(max(t.Version, 1)) + ".0.0" }

// sdmxPeriod writes a period ("2026H1") as SDMX does: a year, a half-year, a quarter, a month, else a range from its first day.
func sdmxPeriod(code string) string {
	if len(code) < 5 {
		return code
	}
	year, n := code[:4], code[5:]
	switch code[4] {
	case 'H':
		return year + "-S" + n
	case 'Q':
		return year + "-Q" + n
	case 'M':
		return year + "-" + n
	case 'S':
		return year + "-09-01/P1Y"
	case 'F':
		return year
	case 'T':
		return year + "-01-01/P5Y"
	}
	return code
}
