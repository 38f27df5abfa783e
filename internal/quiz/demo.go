package quiz

import (
	"context"
	"strings"

	"banlang/internal/duty"
	"banlang/internal/fault"
)

// demoWish is the question of the demonstration, about its warning of flash floods, the bulletin that it sends. Nobody has told it in another language.
var demoWish = Wish{Answer: 2, Share: mostShare, Words: Words{
	Question: "Nước suối bỗng đục, có tiếng ầm từ đầu nguồn thì làm gì trước?",
	Options:  [3]string{"Ra xem nước lên đến đâu", "Rời ngay nhà ven suối, lên chỗ cao", "Gói đồ đạc rồi mới đi"},
}}

// SeedDemo writes the question of the demonstration, which waits for its translations. A second time it changes nothing.
func (d *Desk) SeedDemo(ctx context.Context, as func(ctx context.Context, name string) (duty.Actor, error)) error {
	editor, err := as(ctx, "editor")
	if err != nil {
		return err
	}
	all, _, err := d.Ledger.Campaigns(ctx, editor, 1, 100)
	if err != nil {
		return err
	}
	for _, c := range all {
		if !c.Demo || c.Topic != "disaster" || mayAsk(c) != nil || !strings.Contains(d.title(ctx, c), "Lũ quét") {
			continue
		}
		if _, err := d.read().quiz(ctx, c.ID); !fault.Is(err, fault.NotFound) {
			return err
		}
		return d.Write(ctx, editor, "demo/quiz/"+c.ID, c.ID, demoWish)
	}
	return nil
}
