// Command testreport reads the output of go test -json, prints one line a package and
// everything a failed test said, and writes how many tests passed, failed, were skipped
// and ran on each database to the file named as its argument.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// An event is one line of go test -json.
type event struct {
	Action     string
	Package    string
	Test       string
	ImportPath string
	Elapsed    float64
	Output     string
}

// counts is what the run came to. A test with subtests is counted by its subtests and itself,
// as go test does.
type counts struct {
	passed, failed, skipped int
	sqlite, postgres        int // passed on that engine
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ./... | testreport COUNTS")
		os.Exit(2)
	}
	total, err := report(os.Stdin, os.Stdout, time.Now)
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(total.String()), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	if total.failed > 0 {
		os.Exit(1)
	}
}

// report follows the events to their end.
func report(in io.Reader, out io.Writer, now func() time.Time) (counts, error) {
	var total counts
	start := now()
	said := map[string]*strings.Builder{} // output by package, or package and test
	passed, failed := map[string]int{}, map[string]int{}
	say := func(e event) *strings.Builder {
		key := e.Package + e.ImportPath + " " + e.Test
		if said[key] == nil {
			said[key] = new(strings.Builder)
		}
		return said[key]
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(out, lines.Text()) // go itself speaks plain text, about a module for example
			continue
		}
		name := strings.TrimPrefix(e.Package, "banlang/")
		switch e.Action {
		case "output", "build-output":
			say(e).WriteString(e.Output)
		case "build-fail":
			fmt.Fprint(out, say(e))
		case "pass":
			if e.Test == "" {
				fmt.Fprintf(out, "ok   %-36s %5d tests %6.1f s  (%s)\n", name, passed[e.Package], e.Elapsed, since(start, now))
				break
			}
			total.passed++
			passed[e.Package]++
			total.addEngine(e.Test)
		case "skip":
			if e.Test == "" {
				break // a package without tests
			}
			total.skipped++
			fmt.Fprintf(out, "skip %s %s: %s\n", name, e.Test, reason(say(e).String()))
		case "fail":
			if e.Test == "" {
				fmt.Fprintf(out, "FAIL %s (%s)\n%s", name, since(start, now), say(e))
				if failed[e.Package] == 0 {
					total.failed++ // did not build, or fell outside any test
				}
				break
			}
			total.failed++
			failed[e.Package]++
			fmt.Fprintf(out, "FAIL %s %s\n%s", name, e.Test, say(e))
		}
		if e.Test != "" && (e.Action == "pass" || e.Action == "skip") {
			delete(said, e.Package+" "+e.Test)
		}
	}
	return total, lines.Err()
}

// addEngine counts a passed test whose path names the database it ran on, as dbtest.Each names it.
func (c *counts) addEngine(test string) {
	for part := range strings.SplitSeq(test, "/") {
		switch strings.ToLower(part) {
		case "sqlite":
			c.sqlite++
		case "postgres", "postgresql":
			c.postgres++
		}
	}
}

// String is one assignment a line, so that a shell can read it.
func (c *counts) String() string {
	return fmt.Sprintf("go_passed=%d\ngo_failed=%d\ngo_skipped=%d\nsqlite_passed=%d\npostgres_passed=%d\n",
		c.passed, c.failed, c.skipped, c.sqlite, c.postgres)
}

// since is the time since the start of the run, in whole seconds.
func since(start time.Time, now func() time.Time) time.Duration {
	return now().Sub(start).Truncate(time.Second)
}

// reason is the line in which a test said why it was skipped.
func reason(output string) string {
	for line := range strings.Lines(output) {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "---") && !strings.HasPrefix(text, "===") {
			return text
		}
	}
	return "no reason given"
}
