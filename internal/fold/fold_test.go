package fold

import (
	"slices"
	"testing"
)

func TestKeys(t *testing.T) {
	tests := []struct{ name, in, key, toned string }{
		{"tone in the old place", "Hoà Bình", "hoa binh", "hoà binh\u0300"},
		{"tone in the new place", "Hòa Bình", "hoa binh", "hoà binh\u0300"},
		{"đ", "ĐẮK  LẮK", "dak lak", "đăḱ lăḱ"},
		{"hyphen", "Ba-na", "ba na", "ba na"},
		{"apostrophe", "Cư M’gar", "cu mgar", "cư mgar"},
		{"y and i", "Kỳ Lừa", "ki lua", "kì lưà"},
		{"decomposed", "Vie\u0323\u0302t", "viet", "viêṭ"},
		{"nothing", " - ", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Key(tt.in); got != tt.key {
				t.Errorf("Key(%q) = %q, want %q", tt.in, got, tt.key)
			}
			if got := Toned(tt.in); got != tt.toned {
				t.Errorf("Toned(%q) = %q, want %q", tt.in, got, tt.toned)
			}
		})
	}
}

func TestSort(t *testing.T) {
	want := []string{"An", "Ân Thi", "Bắc Sơn", "Da", "Đa", "Hoa", "Hoà", "Hoả", "Hoạ", "Thôn 2", "Thôn 10"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int {
		return slices.Compare([]byte(Sort(a)), []byte(Sort(b)))
	})
	if !slices.Equal(got, want) {
		t.Errorf("sorted %q, want %q", got, want)
	}
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, in, want string
		encoding       Encoding
	}{
		{"TCVN3", "Céng hoµ x· héi chñ nghÜa ViÖt Nam", "Cộng hoà xã hội chủ nghĩa Việt Nam", TCVN3},
		{"TCVN3, ư a soft hyphen", "Thñ t\u00ADíng ChÝnh phñ", "Thủ tướng Chính phủ", TCVN3},
		{"VNI", "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam", VNI},
		{"VNI capitals", "UÛY BAN NHAÂN DAÂN TÆNH", "ỦY BAN NHÂN DÂN TỈNH", VNI},
		{"modern", "Cộng hoà xã hội chủ nghĩa Việt Nam", "Cộng hoà xã hội chủ nghĩa Việt Nam", Unicode},
		{"French", "élève à Paris, garçon, façade", "élève à Paris, garçon, façade", Unicode},
		{"nothing", "", "", Unicode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, encoding := Decode(tt.in)
			if got != tt.want || encoding != tt.encoding {
				t.Errorf("Decode(%q) = %q, %q, want %q, %q", tt.in, got, encoding, tt.want, tt.encoding)
			}
		})
	}
}

func TestSyllables(t *testing.T) {
	for _, word := range []string{"người", "quyết", "gì", "giếng", "nghiêng", "khuya", "yêu", "ỷ", "quốc", "hoà", "hòa", "kỹ", "giặt"} {
		if !IsSyllable(word) {
			t.Errorf("IsSyllable(%q) = false", word)
		}
	}
	for _, word := range []string{"", "hmoob", "cín", "kam", "thổt", "giing", "đồngg", "w"} {
		if IsSyllable(word) {
			t.Errorf("IsSyllable(%q) = true", word)
		}
	}
	t.Logf("%d syllables without tones, %d without marks", len(syllables), len(looseSyllables))
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"Hoà Bình 1.000.000", "da\u0302n", "ខ្មែរ ꪼꪕ 喃", "a'b’c", "12,5.000", "\u00AD\u0301", "khoá XV", "½²", "\xff\u0301e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, tok := range Tokens(s) {
			if tok.Folded == "" && tok.Toned == "" || tok.Start < 0 || tok.End > len(s) || tok.Start > tok.End || tok.Start < end {
				t.Fatalf("Tokens(%q) gives %+v after %d", s, tok, end)
			}
			end = tok.Start
		}
		Query(s)
		Sort(s)
		Decode(s)
		if got, want := len(Tokens(Key(s))), len(Tokens(s)); got < want {
			t.Errorf("Key(%q) = %q has %d words, want %d", s, Key(s), got, want)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"05/2011/NĐ-CP", "101 kh ubnd", "77-c", "nghị định 05 năm 2011", "-/-", "0/0/a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ParseNumber(s)
		if !ok {
			return
		}
		again, ok := ParseNumber(n.String())
		if !ok || again.Num != n.Num {
			t.Errorf("ParseNumber(%q) = %v, read again %v", s, n, again)
		}
	})
}
