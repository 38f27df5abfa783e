package fact

// A Difference is one thing that a version of an indicator says otherwise than the one in force. Column is a column of a catalogue file.
type Difference struct{ Column, Was, Now string }

// Differences lists what a version would change, against the one in force; of a new indicator everything that it says.
func (d *Desk) Differences(i Indicator) []Difference {
	was, _ := d.catalogue.Load().indicator(i.Code)
	before := was.row()
	var all []Difference
	for n, now := range i.row() {
		if now != before[n] {
			all = append(all, Difference{columns[n], before[n], now})
		}
	}
	return all
}
