package fold

import (
	"encoding/hex"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// A collator is not safe for two readers at once, so each takes its own.
var collators = sync.Pool{New: func() any {
	return &collator{Collator: collate.New(language.Vietnamese, collate.Numeric)}
}}

type collator struct {
	*collate.Collator
	buffer collate.Buffer
}

// Sort is the Vietnamese collation key of a name as hexadecimal text: ordering by it in SQL is the dictionary's order
// (a, ă, â ...; d before đ; tones last: ngang, huyền, hỏi, ngã, sắc, nặng), with numbers by value: Thôn 2 before Thôn 10.
func Sort(s string) string {
	c := collators.Get().(*collator)
	defer collators.Put(c)
	defer c.buffer.Reset()
	cleaned, _ := clean(s)
	return hex.EncodeToString(c.KeyFromString(&c.buffer, cleaned))
}
