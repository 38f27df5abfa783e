package delivery

// An engine carries the ledger out.
type engine struct{}
