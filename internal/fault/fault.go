// Package fault knows the kinds of error that a person may be told about.
//
// A fault carries a message key, never a sentence: the sentence is made by i18n in the reader's language.
// Whatever is not a fault is internal: it is logged once with its cause and shown as "something went wrong"
// with a request number.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what a caller can do about an error.
type Kind uint8

// The kinds, each with the HTTP status that web gives it.
const (
	None            Kind = iota // no error
	Internal                    // 500: not a fault at all
	Invalid                     // 422: what was typed or sent cannot be taken
	Unauthenticated             // 401: sign in first
	Forbidden                   // 403: signed in, not allowed
	NotFound                    // 404
	Conflict                    // 409: somebody else was faster, or it is there already
	Gone                        // 410: it was there and was taken back
	TooLarge                    // 413
	Unsupported                 // 415: not a type that can be read
	TooMany                     // 429: wait
	Unavailable                 // 503: a tool or service that is needed is not there now
	Storage                     // 507: no room to keep it
)

// A Fault is an error whose message a person may read.
type Fault struct {
	Kind  Kind
	Key   string // message key, such as "bulletin.title.required"
	Field string // name of the form field or column; empty when it belongs to the whole
	Args  []any  // name, value, name, value … for the message
}

// Error is for logs and tests; people read the message of Key.
func (f *Fault) Error() string {
	var b strings.Builder
	if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	b.WriteString(f.Key)
	for i := 0; i+1 < len(f.Args); i += 2 {
		fmt.Fprintf(&b, " %v=%v", f.Args[i], f.Args[i+1])
	}
	return b.String()
}

// New makes a fault. args are pairs of name and value for the message.
func New(k Kind, key string, args ...any) error {
	return &Fault{Kind: k, Key: key, Args: args}
}

// Field makes an invalid-input fault that names its field. Join several with errors.Join.
func Field(field, key string, args ...any) error {
	return &Fault{Kind: Invalid, Key: key, Field: field, Args: args}
}

// KindOf is the kind of the first fault in err, None for nil, Internal where there is no fault.
func KindOf(err error) Kind {
	if err == nil {
		return None
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Kind
	}
	return Internal
}

// Is says whether err is a fault of kind k.
func Is(err error, k Kind) bool { return KindOf(err) == k }

// All lists the faults in err in order, looking through wrapping and joining.
func All(err error) []*Fault {
	switch e := err.(type) {
	case nil:
		return nil
	case *Fault:
		return []*Fault{e}
	case interface{ Unwrap() []error }:
		var all []*Fault
		for _, one := range e.Unwrap() {
			all = append(all, All(one)...)
		}
		return all
	default:
		return All(errors.Unwrap(err))
	}
}
