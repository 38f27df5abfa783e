package subscriber

import (
	"testing"

	"banlang/internal/fault"
)

// Each channel takes the addresses of its own shape and no others.
func TestNormal(t *testing.T) {
	for _, c := range []struct {
		channel  Channel
		in, want string // want empty: refused
	}{
		{SMS, "0961 234 567", "+84961234567"}, {SMS, "dan@ban.example", ""},
		{Email, "Dan@Ban.Example", "dan@ban.example"}, {Email, "0961234567", ""},
		{Telegram, " 8123456789 ", "8123456789"}, {Telegram, "-1001234567890", ""}, {Telegram, "@banlang", ""}, {Telegram, "0", ""}, {Telegram, "81234567891234567", ""},
		{Channel("pigeon"), "1", ""},
	} {
		got, err := normal(c.channel, c.in)
		if got != c.want || (c.want == "") != fault.Is(err, fault.Invalid) {
			t.Errorf("normal(%s, %q) = %q, %v, want %q", c.channel, c.in, got, err, c.want)
		}
	}
}
