// Package chat sends by the programs in which people chat: Telegram, Zalo Official Accounts, and templates of Zalo to a number (ZNS). It
// knows how each of them is asked and what their answers mean. It takes nothing in: who writes to an account there is not heard here.
package chat

import (
	"strings"
	"unicode/utf8"

	"banlang/internal/delivery"
)

// words are a message as it is read in a chat, most letters long: the title, as much of the text as fits, and where to read and hear the
// rest. title is how many letters of it are the title.
func words(o delivery.Outgoing, most int) (text string, title int) {
	head, tail := strings.TrimSpace(o.Title), ""
	if o.URL != "" {
		tail = "\n\n" + o.Opening() + ": " + o.URL
	}
	most -= utf8.RuneCountInString(tail)
	head = delivery.Cut(head, most)
	text, title = head, utf8.RuneCountInString(head)
	if body := strings.TrimSpace(o.Text); body != "" {
		if text != "" {
			text += "\n\n"
		}
		text += delivery.Cut(body, most-utf8.RuneCountInString(text))
	}
	return strings.TrimSpace(text + tail), title
}
