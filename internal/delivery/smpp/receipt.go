package smpp

import (
	"fmt"
	"strings"
	"time"
)

// A Receipt is what a centre tells of a message afterwards: in the optional parameters, or in the text that is common (appendix B).
type Receipt struct {
	ID    string
	State string // DELIVRD, EXPIRED, DELETED, UNDELIV, ACCEPTD, UNKNOWN, REJECTD, ENROUTE
	Error string
}

// states are the values of message_state (section 5.2.28).
var states = []string{1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD"}

// ReadReceipt reads the receipt in a deliver_sm; ok is false where it is none.
func (m Message) ReadReceipt() (r Receipt, ok bool) {
	id, has := m.Parameters[TagReceiptedID]
	if m.ESM&0x3c != ReceiptIn && !has {
		return Receipt{}, false
	}
	r = readText(string(m.Text))
	if has {
		r.ID = strings.TrimRight(string(id), "\x00")
	}
	if s := m.Parameters[TagMessageState]; len(s) == 1 && int(s[0]) < len(states) && states[s[0]] != "" {
		r.State = states[s[0]]
	}
	return r, r.ID != ""
}

// readText reads "id:… sub:001 dlvrd:001 submit date:… done date:… stat:DELIVRD err:000 text:…"; names in any case.
func readText(text string) (r Receipt) {
	octets := []byte(text) // letter by letter, for what is no UTF-8 would change its length
	for i, c := range octets {
		if 'A' <= c && c <= 'Z' {
			octets[i] = c + 'a' - 'A'
		}
	}
	low := string(octets)
	field := func(name string) string {
		i := strings.Index(low, name)
		if i < 0 {
			return ""
		}
		return firstWord(text[i+len(name):])
	}
	return Receipt{ID: field("id:"), State: strings.ToUpper(field("stat:")), Error: field("err:")}
}

func firstWord(s string) string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// Write makes the deliver_sm of a receipt, as centres do.
func (r Receipt) Write(from, to Address, at time.Time) PDU {
	day := at.Format("0601021504")
	text := fmt.Sprintf("id:%s sub:001 dlvrd:001 submit date:%s done date:%s stat:%s err:%s text:", r.ID, day, day, r.State, r.Error)
	return Message{From: from, To: to, ESM: ReceiptIn, Text: []byte(text), Parameters: map[uint16][]byte{TagReceiptedID: append([]byte(r.ID), 0)}}.Deliver()
}
