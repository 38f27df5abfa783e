// Command bench measures Banlang against its bars, and against its peers in the same run on the same machine:
//
//	make bench           every row
//	make bench ID=W6     one
//
// It prints one line a figure and writes them as JSON to the file that BENCH_JSON names. Missing a bar is a result,
// not a failure: the exit status is not zero only where something could not be measured. Machines are noisy, so
// the ratio to the peer counts, and absolute times are a guide.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// A figure is one measured thing, one line of the table.
type figure struct {
	ID      string  `json:"id"`
	Measure string  `json:"measure"`
	Unit    string  `json:"unit"`
	Ours    float64 `json:"ours"`
	Peer    float64 `json:"peer,omitempty"` // zero where nothing is compared
	Bar     string  `json:"bar"`
	Met     bool    `json:"met"`
}

// String is the figure as a line of the table.
func (f figure) String() string {
	peer, ratio := "-", "-"
	if f.Peer != 0 {
		peer, ratio = strings.TrimSpace(number(f.Peer)+" "+f.Unit), fmt.Sprintf("%.2f", f.Ours/f.Peer)
	}
	met := "no"
	if f.Met {
		met = "yes"
	}
	return strings.Join([]string{f.ID, f.Measure, strings.TrimSpace(number(f.Ours) + " " + f.Unit), peer, ratio, f.Bar, met}, " | ")
}

// number has three figures that count.
func number(n float64) string {
	if n >= 100 {
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	return strconv.FormatFloat(n, 'g', 3, 64)
}

// A row measures what one line of the bars asks for. It runs in the root of the project, beside a built bin/banlang.
type row struct {
	id      string
	measure func(ctx context.Context) ([]figure, error)
}

// rows are measured in this order. A new bar is a new line here and a file of its own.
var rows = []row{
	{"L1", relevance},
	{"S1", certified},
	{"S2", pivots},
	{"S3", growth},
	{"S6", merges},
	{"W6", throughput},
	{"P1", firstPage},
	{"P2", memory},
	{"P3", sizes},
	{"P4", freshClone},
	{"S4", workbooks},
	{"S5", faulty},
	{"S7", protection},
	{"R1", kills},
	{"R4", backups},
	{"R10", accounts},
	{"R11", records},
	{"D1", messageRate},
	{"D2", ledgerKills},
	{"D3", overtaking},
	{"D4", receipts},
}

func main() {
	if len(os.Args) == 6 && os.Args[1] == "serve-ledger" { // see startLedger
		if err := serveLedger(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench: ledger:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures the rows that are named, or all, and goes on after one that could not be measured.
func run(ctx context.Context, names []string) error {
	var figures []figure
	var missed []error
	asked := func(id string) bool {
		for _, name := range names {
			if strings.EqualFold(name, id) {
				return true
			}
		}
		return len(names) == 0
	}
	found := false
	fmt.Println("ID | measure | ours | peer | ratio | bar | met")
	for _, r := range rows {
		if !asked(r.id) {
			continue
		}
		found = true
		got, err := r.measure(ctx)
		for _, f := range got {
			fmt.Println(f)
		}
		figures = append(figures, got...)
		if err != nil {
			missed = append(missed, fmt.Errorf("%s could not be measured: %w", r.id, err))
			fmt.Fprintln(os.Stderr, missed[len(missed)-1])
		}
		if ctx.Err() != nil {
			break
		}
	}
	if !found {
		return fmt.Errorf("no row %q", strings.Join(names, " "))
	}
	return cmp.Or(errors.Join(missed...), save(figures))
}

// save writes the figures where BENCH_JSON asks for them.
func save(figures []figure) error {
	name := os.Getenv("BENCH_JSON")
	if name == "" {
		return nil
	}
	text, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// say tells how far a long measurement has come, beside the table.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
