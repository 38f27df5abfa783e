package web

// A Choice is one value of several, as a select, a filter or a row of tabs shows it.
type Choice struct {
	Code   string // what a form sends
	Text   string
	URL    string // of a link
	Chosen bool
}
