package library

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banlang/internal/library/transcript"
)

var update = flag.Bool("update", false, "write testdata anew")

// What is proposed for each of the originals, read by a person and kept as a table. The scans among them say nothing.
func TestProposalsForOriginals(t *testing.T) {
	files, err := filepath.Glob(shared + "/originals/*.doc*")
	if err != nil || len(files) == 0 {
		t.Skip("the originals are not beside this clone (../shared/data/docs/originals)")
	}
	got := [][]string{{"file", "number", "signed", "kind", "issuer", "title"}}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := transcript.New(transcript.Tools{}).Read(t.Context(), content, filepath.Base(file), nil)
		if err != nil {
			t.Fatal(err)
		}
		doc := Document{FileName: filepath.Base(file)}
		doc.propose(tr)
		got = append(got, []string{doc.FileName, doc.Number, doc.Signed.String(), doc.Kind, doc.Issuer, doc.Title})
	}
	const table = "testdata/proposals.csv"
	if *update {
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(table, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the proposals changed (-table +now):\n%s", diff)
	}
}

func TestProposals(t *testing.T) {
	const state = "CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n\n"
	tests := []struct {
		name, text string
		want       Record
	}{
		{"a plan of the province", "UỶ BAN NHÂN DÂN\nTỈNH LẠNG SƠN\n\nSố: 101/KH-UBND\n\n" + state + "Lạng Sơn, ngày 05 tháng 5 năm 2021\n\nKẾ HOẠCH\n\nThực hiện Quyết định số 414/QĐ-TTg\n\nCăn cứ Quyết định số 414/QĐ-TTg ngày 12/4/2019",
			Record{Title: "Kế hoạch thực hiện Quyết định số 414/QĐ-TTg", Number: "101/KH-UBND", Kind: "plan", Issuer: "Uỷ ban nhân dân tỉnh Lạng Sơn", Signed: 20210505}},
		{"a letter", "SỞ DÂN TỘC\n\nSố: 7/SDT-CS\n\nV/v giữ gìn nghề dệt\n\n" + state + "Lạng Sơn, ngày 1/2/2026\n\nKính gửi: Uỷ ban nhân dân các xã",
			Record{Title: "Giữ gìn nghề dệt", Number: "7/SDT-CS", Kind: "official_letter", Signed: 20260201}},
		{"a day that is none stays unknown", "NGHỊ QUYẾT\n\nVề việc giữ rừng\n\nHà Nội, ngày 31 tháng 2 năm 2020",
			Record{Title: "Nghị quyết về việc giữ rừng", Kind: "resolution_na"}},
		{"a story says nothing of itself", "Ngày xưa, ở bản nọ có hai anh em ở với nhau.", Record{Title: "Ngày xưa, ở bản nọ có hai anh em ở với nhau."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr, err := transcript.New(transcript.Tools{}).Read(t.Context(), []byte(test.text), "a.txt", nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, readProposal(tr)); diff != "" {
				t.Errorf("readProposal (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzProposal(f *testing.F) {
	f.Add("NGHỊ QUYẾT\nSố: 1/NQ\nngày 1 tháng 1 năm 2020\nVỀ VIỆC X")
	f.Add("V/v x\nkèm theo Nghị định số 5")
	f.Fuzz(func(t *testing.T, text string) {
		if tr, err := transcript.New(transcript.Tools{}).Read(t.Context(), []byte(text), "a.txt", nil); err == nil {
			readProposal(tr)
		}
	})
}
