package subscriber

import (
	"net/http"

	"banlang/internal/fault"
	"banlang/internal/place/intake"
	"banlang/internal/web"
)

// largestList is the most bytes of a list.
const largestList = 32 << 20

// A listImportPage takes in a list of people who agreed on paper. The file is read and not kept: it is full of numbers.
type listImportPage struct {
	Done    bool
	Report  intake.Report
	Refused []refusedRow // the first of them
}

type refusedRow struct {
	Row         int
	Column, Why string
}

// mostRefused is how many refused rows a page shows.
const mostRefused = 500

func (h handler) list(w http.ResponseWriter, r *http.Request) error {
	return h.room.Show(w, r, "import", deskMeta(r, "subscriber.import.open"), listImportPage{})
}

// takeList tries a list, or takes it in. Both send the file, which is kept nowhere.
func (h handler) takeList(w http.ResponseWriter, r *http.Request) error {
	var p listImportPage
	file, err := web.Upload(r, "file", largestList)
	if err == nil {
		p.Report, err = h.read(r, file)
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) || fault.Is(err, fault.Unsupported) {
		return h.room.Form(w, r, "import", deskMeta(r, "subscriber.import.open"), p, err)
	}
	if err != nil {
		return err
	}
	p.Done = true
	for _, one := range p.Report.Refused[:min(len(p.Report.Refused), mostRefused)] {
		row := refusedRow{Row: one.Row, Column: one.Column}
		for _, f := range fault.All(one.Why) {
			row.Why = web.T(r, f.Key, f.Args...)
		}
		p.Refused = append(p.Refused, row)
	}
	return h.room.Show(w, r, "import", deskMeta(r, "subscriber.import.open"), p)
}

func (h handler) read(r *http.Request, file web.Uploaded) (intake.Report, error) {
	f, err := file.Open()
	if err != nil {
		return intake.Report{}, err
	}
	defer f.Close()
	return h.desk.Import(r.Context(), web.Actor(r), "subscribers", file.Name, f, r.PostFormValue("do") != "take", nil)
}
