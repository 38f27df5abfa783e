// Command recount checks an exported record of delivery and counts it again, from the export alone and without any other code of
// this project:
//
//	recount < export.csv
//
// It follows the chain of hashes of each commune and day, then prints for every campaign, commune and language how many persons
// there are and how many phones were reached, and for every channel what became of the attempts. A chain that does not hold is
// named and makes the exit status 1.
package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if err := recount(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "recount:", err)
		os.Exit(1)
	}
}

var header = []string{"commune", "day", "n", "campaign", "message", "attempt", "channel", "lang", "state", "at", "repeat", "hash"}

// The places of the columns.
const (
	commune = iota
	day
	number
	campaign
	message
	attempt
	channel
	lang
	state
	at
	repeat
	hash
)

// rank orders the states: of what was told of one thing, the highest holds.
var rank = map[string]int{"planned": 10, "queued": 20, "sending": 30, "in_doubt": 35, "accepted": 40, "recalled": 44, "suppressed": 45,
	"failed": 46, "expired": 47, "delivered": 60, "opened": 70, "understood": 80}

const reached = 60 // from here on a phone has the message

// A thing is a message or an attempt as the lines tell of it.
type thing struct{ campaign, commune, lang, channel, state string }

func recount(r io.Reader, w io.Writer) error {
	in := csv.NewReader(r)
	first, err := in.Read()
	if err != nil || !slices.Equal(first, header) {
		return errors.Join(errors.New("this is not an export of the record of delivery"), err)
	}
	in.ReuseRecord = false
	persons, attempts := map[string]thing{}, map[string]thing{}
	var before []string
	var broken []error
	for {
		line, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if !follows(before, line) {
			broken = append(broken, fmt.Errorf("the chain does not hold at commune %s, day %s, line %s", line[commune], line[day], line[number]))
		}
		before = line
		t := thing{line[campaign], line[commune], line[lang], line[channel], line[state]}
		if line[attempt] != "" {
			rise(attempts, line[attempt], t)
		}
		if line[message] != "" {
			t.channel = ""
			rise(persons, line[message], t)
		}
	}
	print(w, persons, attempts)
	return errors.Join(broken...)
}

// follows checks a line against the one before it of the same commune and day.
func follows(before, line []string) bool {
	head := ""
	if before == nil || before[commune] != line[commune] || before[day] != line[day] {
		if line[campaign] == "thinned" { // all that is left of a day
			return true
		}
		if line[number] != "1" {
			return false
		}
	} else {
		head = before[hash]
		n, err := strconv.Atoi(before[number])
		if err != nil || strconv.Itoa(n+1) != line[number] {
			return false
		}
	}
	sum := sha256.Sum256([]byte(head + "\t" + strings.Join(line[:hash], "\t")))
	return hex.EncodeToString(sum[:]) == line[hash]
}

func rise(all map[string]thing, id string, t thing) {
	if old, ok := all[id]; !ok || rank[t.state] > rank[old.state] {
		all[id] = t
	}
}

// print writes campaign, commune, language, channel (empty: persons), state, number and share. Persons are told apart by whether and
// how far they were reached; what became of the attempts that did not reach them stands with the channels.
func print(w io.Writer, persons, attempts map[string]thing) {
	total, counts := map[thing]int{}, map[thing]int{}
	for _, t := range persons {
		if rank[t.state] < reached {
			t.state = "unreached"
		}
		counts[t]++
		t.state = ""
		total[t]++
	}
	for _, t := range attempts {
		counts[t]++
		t.state = ""
		total[t]++
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b thing) int {
		return cmp.Or(cmp.Compare(a.campaign, b.campaign), cmp.Compare(a.commune, b.commune), cmp.Compare(a.lang, b.lang), cmp.Compare(a.channel, b.channel), cmp.Compare(rank[a.state], rank[b.state]))
	})
	fmt.Fprintln(w, "campaign,commune,lang,channel,state,n,percent")
	for _, t := range all {
		of := t
		of.state = ""
		fmt.Fprintf(w, "%s,%s,%s,%s,%s,%d,%.2f\n", t.campaign, t.commune, t.lang, t.channel, t.state, counts[t], 100*float64(counts[t])/float64(total[of]))
	}
}
