package chart

import (
	"context"
	"math"
	"slices"
	"strconv"

	"banlang/internal/fact"
	"banlang/internal/place"
)

// A Map is an answer on a map: communes by their outlines where those were imported, else by their centres; provinces by the
// middle of their communes. Colour and size rise together, by quarters of the places; a place without a figure is hollow.
type Map struct {
	place.Map
	Column   string
	Columns  []Column // others that could be drawn, where there are several
	Marks    []Mark
	Key      []Step
	Missing  int // places without a figure
	Unplaced int // places that the map cannot show
	Titled   bool
}

// A Column is one that a map can draw, and the address of that map.
type Column struct {
	Text, URL string
	Chosen    bool
}

// A Mark is one place on the map.
type Mark struct {
	Text, Class, Path string
	X, Y, R           int
}

// Left is the left edge of the square that stands for a place without a figure.
func (m Mark) Left() int { return m.X - m.R }

// Top is the upper edge of that square.
func (m Mark) Top() int { return m.Y - m.R }

// Side is its width.
func (m Mark) Side() int { return 2 * m.R }

// A Step is one colour of the map and what it says.
type Step struct {
	Class, Text string
	N, R        int
}

// mostTitled is how many places carry their figure on the map itself; beyond, the table tells it.
const mostTitled = 400

// column is the one of an answer that a map draws: the one named, else the latest period that has a figure, else the first.
func column(a fact.Answer, name string) int {
	rows, cols := Sides(a)
	for _, j := range cols {
		if HeaderText(a.Cols[j]) == name {
			return j
		}
	}
	if dims := a.Question.Cols; len(dims) == 1 && dims[0] == fact.ByPeriod {
		for _, j := range slices.Backward(cols) {
			if slices.ContainsFunc(rows, func(i int) bool { _, ok := a.Cells[i][j].Value(); return ok }) {
				return j
			}
		}
	}
	return cols[0]
}

// Places is what a map asks about places.
type Places interface {
	Today() place.Date
	ByID(id place.ID) (place.Unit, error)
	Units(area place.ID, level string, on place.Date) []place.Unit
	Draw(ctx context.Context, province, area place.ID, on place.Date) (place.Map, error)
}

// Map draws a column of an answer whose rows are places, the one named or else the best; nil where it has none that a map can show.
func (s Voice) Map(ctx context.Context, places Places, a fact.Answer, name string) (*Map, error) {
	q := a.Question
	rows, cols := Sides(a)
	if len(cols) == 0 || len(rows) == 0 || len(q.Rows) != 1 || q.Rows[0] != fact.ByPlace {
		return nil, nil //nolint:nilnil // there is no map of it, and that is no error
	}
	col := column(a, name)
	var known []float64
	texts, values := map[place.ID]string{}, map[place.ID]float64{}
	var ids []place.ID
	for _, i := range rows {
		id := place.ID(a.Rows[i].Members[0].Code)
		ids = append(ids, id)
		cell := a.Cells[i][col]
		shown := s.Cell(q, a.Rows[i], a.Cols[col], cell)
		texts[id] = s.Label(q, a.Rows[i], q.Rows) + ": " + shown.Text
		if v, ok := cell.Value(); ok {
			known, values[id] = append(known, v), v
		}
	}
	m := &Map{Column: s.Label(q, a.Cols[col], q.Cols), Missing: len(ids) - len(known), Titled: len(ids) <= mostTitled}
	frame, spots, err := spots(ctx, places, q, ids)
	if err != nil || len(spots) == 0 {
		return nil, err
	}
	m.Map = frame
	bounds := quarters(known)
	m.Key = s.steps(q, a, col, rows, bounds)
	unit := max(frame.Width, frame.Height) / 60
	for _, id := range ids {
		spot, ok := spots[id]
		if !ok {
			m.Unplaced++
			continue
		}
		mark := Mark{Text: texts[id], Class: "c0", Path: spot.Path, X: int(math.Round(float64(spot.X) * frame.Narrow)), Y: spot.Y, R: unit * 3 / 4}
		if v, ok := values[id]; ok {
			step := stepOf(bounds, v)
			mark.Class, mark.R = "c"+strconv.Itoa(step), unit*(step+3)/5
		}
		m.Marks = append(m.Marks, mark)
	}
	return m, nil
}

// quarters are the upper bounds of the classes: up to four, each with about as many values; fewer where values are alike.
func quarters(values []float64) []float64 {
	slices.Sort(values)
	var bounds []float64
	for i := 1; i <= 4 && len(values) > 0; i++ {
		if b := values[(len(values)*i+3)/4-1]; len(bounds) == 0 || b > bounds[len(bounds)-1] {
			bounds = append(bounds, b)
		}
	}
	return bounds
}

// stepOf is the colour of a value, 1 to 4, the darkest for the highest class.
func stepOf(bounds []float64, v float64) int {
	i, _ := slices.BinarySearch(bounds, v)
	return 4 - len(bounds) + 1 + min(i, len(bounds)-1)
}

// steps explain the colours by the least and the greatest figure under each.
func (s Voice) steps(q fact.Question, a fact.Answer, col int, rows []int, bounds []float64) []Step {
	least, most := map[int]fact.Cell{}, map[int]fact.Cell{}
	count := map[int]int{}
	value := func(c fact.Cell) float64 { v, _ := c.Value(); return v }
	for _, i := range rows {
		c := a.Cells[i][col]
		v, ok := c.Value()
		if !ok {
			continue
		}
		step := stepOf(bounds, v)
		if count[step]++; count[step] == 1 || v < value(least[step]) {
			least[step] = c
		}
		if count[step] == 1 || v > value(most[step]) {
			most[step] = c
		}
	}
	var key []Step
	for step := 1; step <= 4; step++ {
		if count[step] == 0 {
			continue
		}
		text := s.Figure(q, least[step])
		if to := s.Figure(q, most[step]); to != text {
			text += " – " + to
		}
		key = append(key, Step{Class: "c" + strconv.Itoa(step), Text: text, N: count[step], R: 5 + step})
	}
	return key
}

// spots are where the places of an answer lie, and the frame around them.
func spots(ctx context.Context, places Places, q fact.Question, ids []place.ID) (place.Map, map[place.ID]place.Mark, error) {
	on := places.Today()
	if q.Geography != 0 {
		on = q.Geography
	}
	days := []place.Date{on}
	if q.Geography == 0 { // as reported: also by units that have ended since
		for _, id := range ids {
			if u, err := places.ByID(id); err == nil && u.Until != 0 && u.Until <= on && !slices.Contains(days, u.Until.Before()) && len(days) < 4 {
				days = append(days, u.Until.Before())
			}
		}
	}
	first, err := places.ByID(ids[0])
	if err != nil {
		return place.Map{}, nil, nil //nolint:nilerr // villages have no centres
	}
	provinces := []place.ID{q.Area}
	if q.Area == "" {
		provinces = nil
		for _, u := range places.Units("", place.Province, on) {
			provinces = append(provinces, u.ID)
		}
	}
	spots := map[place.ID]place.Mark{}
	frame := place.Map{}
	for _, province := range provinces {
		for i, day := range days {
			m, err := places.Draw(ctx, province, "", day)
			if err != nil {
				return frame, nil, err
			}
			if len(m.Marks) == 0 {
				continue
			}
			if i == 0 || frame.Width == 0 {
				frame = around(frame, m)
			}
			if first.Level == place.Province {
				spots[province] = middle(province, m)
				break
			}
			for _, mark := range m.Marks {
				if _, ok := spots[mark.Unit.ID]; !ok {
					spots[mark.Unit.ID] = mark
				}
			}
		}
	}
	return frame, spots, nil
}

// around is the frame around two maps.
func around(a, b place.Map) place.Map {
	if a.Width == 0 {
		a = place.Map{Left: b.Left, Top: b.Top, Width: b.Width, Height: b.Height, Outlines: b.Outlines}
	}
	left, top := min(a.Left, b.Left), min(a.Top, b.Top)
	a.Width, a.Height = max(a.Left+a.Width, b.Left+b.Width)-left, max(a.Top+a.Height, b.Top+b.Height)-top
	a.Left, a.Top, a.Outlines = left, top, a.Outlines || b.Outlines
	a.Narrow = math.Cos(float64(2*top+a.Height) / 2 / 1000 * math.Pi / 180)
	return a
}

// middle stands for a province: the mean of the middles of its communes.
func middle(id place.ID, m place.Map) place.Mark {
	x, y, n := 0, 0, 0
	for _, mark := range m.Marks {
		if mark.Path == "" {
			x, y, n = x+mark.X, y+mark.Y, n+1
		}
	}
	if n == 0 {
		return place.Mark{X: m.Left + m.Width/2, Y: m.Top + m.Height/2}
	}
	return place.Mark{Unit: place.Unit{ID: id}, X: x / n, Y: y / n}
}
