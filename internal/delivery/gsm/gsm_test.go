package gsm_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"banlang/internal/delivery/gsm"
)

func TestCount(t *testing.T) {
	tests := []struct {
		name, text string
		parts      int
		latin      bool
	}{
		{"nothing", "", 1, true},
		{"160 letters", strings.Repeat("a", 160), 1, true},
		{"161 letters", strings.Repeat("a", 161), 2, true},
		{"306 letters", strings.Repeat("a", 306), 2, true},
		{"307 letters", strings.Repeat("a", 307), 3, true},
		{"brackets count twice", strings.Repeat("[", 80), 1, true},
		{"81 brackets", strings.Repeat("[", 81), 2, true},
		{"à is in the alphabet, ả is not", "à", 1, true},
		{"70 marked letters", strings.Repeat("ả", 70), 1, false},
		{"71 marked letters", strings.Repeat("ả", 71), 2, false},
		{"134 marked letters", strings.Repeat("ả", 134), 2, false},
		{"135 marked letters", strings.Repeat("ả", 135), 3, false},
	}
	for _, c := range tests {
		if parts, latin := gsm.Count(c.text); parts != c.parts || latin != c.latin {
			t.Errorf("%s: %d parts, latin %v, want %d, %v", c.name, parts, latin, c.parts, c.latin)
		}
	}
}

func TestToneless(t *testing.T) {
	const text = "Nước suối lên nhanh – bà con Đồng Đăng đi ngay lên chỗ cao… “khẩn”"
	got := gsm.Toneless(text)
	if want := `Nuoc suoi len nhanh - ba con Dong Dang di ngay len cho cao... "khan"`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, latin := gsm.Count(got); !latin {
		t.Error("the default alphabet has not all its letters")
	}
}

// Whatever the text, its parts are within bounds and give it back, no letter torn.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "Lũ quét", strings.Repeat("[", 200), strings.Repeat("a😀", 90), strings.Repeat("ế", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0x1b) {
			t.Skip()
		}
		parts, latin := gsm.Split(text)
		var back strings.Builder
		for _, p := range parts {
			most, plain := 134, gsm.DecodeUCS2(p)
			if latin {
				most, plain = 153, gsm.Decode(p)
			}
			if len(parts) == 1 {
				most += 7 // alone: 160 septets or 140 octets
			}
			if len(p) > most || strings.ContainsRune(plain, utf8.RuneError) && !strings.ContainsRune(text, utf8.RuneError) {
				t.Fatalf("a part of %d octets: %q", len(p), plain)
			}
			back.WriteString(plain)
		}
		if back.String() != text {
			t.Fatalf("%q came back as %q", text, back.String())
		}
	})
}
