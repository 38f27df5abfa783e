package delivery_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banlang/internal/db/dbtest"
	"banlang/internal/delivery"
	"banlang/internal/delivery/deliverytest"
)

func BenchmarkAccept(b *testing.B) {
	h := deliverytest.Open(b, dbtest.SQLite(b), nil)
	h.Provider(delivery.Live, 10000, 1000)
	h.Start()
	time.Sleep(100 * time.Millisecond)
	b.ResetTimer()
	var n atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for {
				k := n.Add(1)
				if k > int64(b.N) {
					return
				}
				if err := h.Accept(b.Context(), h.Notice(int(k))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accepted/s")
	h.Wait("all sent", func() bool { return h.Net.Count() == b.N })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sent/s")
	b.StopTimer()
}
