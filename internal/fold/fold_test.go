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
