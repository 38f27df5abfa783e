package blob

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// gateway starts a real S3 server for the test on a socket of its own, with one empty bucket.
func gateway(t *testing.T) (BucketConfig, http.RoundTripper) {
	t.Helper()
	program, err := exec.LookPath("versitygw")
	if err != nil {
		t.Skip("versitygw is not installed: go install github.com/versity/versitygw/cmd/versitygw@latest")
	}
	// A socket's path may have a hundred bytes, and t.TempDir can be longer.
	dir, err := os.MkdirTemp("", "s3")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "socket")
	server := exec.CommandContext(t.Context(), program, "--quiet", "--access", "key", "--secret", "secret-for-tests",
		"--port", socket, "posix", "--nometa", t.TempDir())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Wait() }) // killed by the end of the context

	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	cfg := BucketConfig{Endpoint: "s3.test", Region: "us-east-1", Bucket: "files", AccessKey: "key", SecretKey: "secret-for-tests", Plain: true}
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Region: cfg.Region, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err = client.MakeBucket(t.Context(), cfg.Bucket, minio.MakeBucketOptions{Region: cfg.Region}); err == nil {
			return cfg, transport
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the S3 server did not answer:", err)
	return cfg, transport
}

func TestBucket(t *testing.T) {
	cfg, transport := gateway(t)
	s, err := openBucket(t.Context(), cfg, transport)
	if err != nil {
		t.Fatal(err)
	}
	conform(t, s)
	if err := s.Sweep(t.Context(), time.Now()); err != nil {
		t.Error("Sweep:", err)
	}
}

func TestBucketThatIsNotThere(t *testing.T) {
	cfg, transport := gateway(t)
	cfg.Bucket = "nowhere"
	if _, err := openBucket(t.Context(), cfg, transport); err == nil {
		t.Error("a bucket that is not there opened")
	}
}
