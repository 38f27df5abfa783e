package plan

import (
	"embed"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

//go:embed reference/*.csv
var files embed.FS

// A reference is what the catalogue knows of plans, targets and tasks, each row with its source and certainty.
type reference struct {
	plans   []Plan
	targets []Target
	tasks   []Task
}

// read loads the reference. It fails only where the embedded files were broken by an edit.
func read() (reference, error) {
	var ref reference
	err := rows("plan", func(c cells) error {
		ref.plans = append(ref.plans, Plan{
			Code: c["code"], ShortVI: c["short_vi"], ShortEN: c["short_en"], NameVI: c["name_vi"], NameEN: c["name_en"], MeaningVI: c["meaning_vi"],
			Source: c["source"], Certainty: c["certainty"],
		})
		return nil
	})
	if err != nil {
		return ref, err
	}
	err = rows("target", func(c cells) error {
		t, err := target(c)
		ref.targets = append(ref.targets, t)
		return err
	})
	if err != nil {
		return ref, err
	}
	err = rows("task", func(c cells) error {
		ref.tasks = append(ref.tasks, Task{
			Code: c["code"], Parent: c["parent"], Plan: c["plan"], TextVI: c["text_vi"], TextEN: c["text_en"],
			LeadToday: c["lead_today"], PartnersToday: c["partners_today"], OutputVI: c["output_vi"],
			EvidenceVI: c["evidence_vi"], Source: c["source"], Certainty: c["certainty"], Note: c["note"],
		})
		return nil
	})
	return ref, err
}

func target(c cells) (Target, error) {
	t := Target{
		Code: c["code"], Plan: c["plan"], Section: c["section"], TextVI: c["text_vi"], TextEN: c["text_en"],
		PopulationVI: c["population_vi"], NumeratorVI: c["numerator_vi"], DenominatorVI: c["denominator_vi"],
		Operator: Operator(c["operator"]), Unit: c["unit"], OtherValue: c["other_value"], OtherSource: c["other_source"],
		Indicator: c["indicator"], Transform: c["transform"], Binding: c["binding"] == "1",
		Source: c["source"], Certainty: c["certainty"], Note: c["note"],
	}
	for m := range strings.SplitSeq(c["methods"], ";") {
		t.Methods = append(t.Methods, Method(m))
	}
	var err error
	if t.Due, err = time.Parse(time.DateOnly, c["due_date"]); err != nil {
		return t, err
	}
	if c["value"] != "" {
		t.Value, err = referenceAmount(c["value"])
	}
	return t, err
}

type cells map[string]string

// rows reads reference/name.csv and gives each row with its cells by column name.
func rows(name string, each func(cells) error) error {
	f, err := files.Open("reference/" + name + ".csv")
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("reference %s: %w", name, err)
	}
	for line := 2; ; line++ {
		rec, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reference %s: %w", name, err)
		}
		c := cells{}
		for i, col := range head {
			c[col] = rec[i]
		}
		if err := each(c); err != nil {
			return fmt.Errorf("reference %s row %d: %w", name, line, err)
		}
	}
}
