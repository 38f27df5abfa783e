package blob

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"banlang/internal/fault"
)

// A BucketConfig says where a bucket is and with which key it opens.
type BucketConfig struct {
	Endpoint  string // host or host:port of a server that speaks S3
	Region    string // empty where the server has none
	Bucket    string // must be there already
	AccessKey string
	SecretKey string
	Plain     bool // HTTP instead of HTTPS: only inside one machine or a closed network
}

// bucket keeps a file as one object named by its Ref.
type bucket struct {
	client *minio.Client
	name   string
}

// Bucket opens an S3 bucket as a Store. Files pass through the system's temporary folder on their way, because their name is
// known only after their last byte.
func Bucket(ctx context.Context, cfg BucketConfig) (Store, error) {
	return openBucket(ctx, cfg, nil)
}

// openBucket reaches the server through the given transport; nil is the client's own.
func openBucket(ctx context.Context, cfg BucketConfig, transport http.RoundTripper) (Store, error) {
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds:     credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure:    !cfg.Plain,
		Region:    cfg.Region,
		Transport: transport,
	})
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", cfg.Bucket, err)
	}
	found, err := client.BucketExists(ctx, cfg.Bucket)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", cfg.Bucket, err)
	}
	if !found {
		return nil, fmt.Errorf("open bucket %s: there is none at %s", cfg.Bucket, cfg.Endpoint)
	}
	return &bucket{client, cfg.Bucket}, nil
}

func (b *bucket) Put(ctx context.Context, r io.Reader, limit int64) (Ref, int64, error) {
	tmp, err := os.CreateTemp("", "banlang-*")
	if err != nil {
		return "", 0, full(err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // what stays is the temporary folder's to clean
	defer tmp.Close()
	ref, n, err := spill(ctx, tmp, r, limit)
	if err != nil {
		return "", 0, full(err)
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	_, err = b.client.PutObject(ctx, b.name, string(ref), tmp, n, minio.PutObjectOptions{ContentType: "application/octet-stream"})
	switch minio.ToErrorResponse(err).Code {
	case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded":
		return "", 0, fault.New(fault.Storage, "blob.full")
	}
	if err != nil {
		return "", 0, fmt.Errorf("put %s: %w", ref, err)
	}
	return ref, n, nil
}

func (b *bucket) Open(ctx context.Context, ref Ref) (io.ReadSeekCloser, int64, error) {
	if !ref.Valid() {
		return nil, 0, missing(ref)
	}
	object, err := b.client.GetObject(ctx, b.name, string(ref), minio.GetObjectOptions{})
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", ref, err)
	}
	info, err := object.Stat() // the first request is made here, not in GetObject
	if err != nil {
		object.Close()
		if absent(err) {
			return nil, 0, missing(ref)
		}
		return nil, 0, fmt.Errorf("open %s: %w", ref, err)
	}
	return object, info.Size, nil
}

func (b *bucket) Has(ctx context.Context, ref Ref) (bool, error) {
	if !ref.Valid() {
		return false, nil
	}
	_, err := b.client.StatObject(ctx, b.name, string(ref), minio.StatObjectOptions{})
	if absent(err) {
		return false, nil
	}
	return err == nil, err
}

func (b *bucket) Delete(ctx context.Context, ref Ref) error {
	if !ref.Valid() {
		return nil
	}
	if err := b.client.RemoveObject(ctx, b.name, string(ref), minio.RemoveObjectOptions{}); err != nil && !absent(err) {
		return fmt.Errorf("delete %s: %w", ref, err)
	}
	return nil
}

func (b *bucket) Walk(ctx context.Context) iter.Seq2[Ref, error] {
	return func(yield func(Ref, error) bool) {
		for object := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Recursive: true}) {
			if object.Err != nil {
				yield("", object.Err)
				return
			}
			if ref := Ref(object.Key); ref.Valid() && !yield(ref, nil) {
				return
			}
		}
	}
}

func (b *bucket) Sweep(ctx context.Context, before time.Time) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends the listing when a removal fails
	for upload := range b.client.ListIncompleteUploads(ctx, b.name, "", true) {
		if upload.Err != nil {
			return upload.Err
		}
		if !upload.Initiated.Before(before) {
			continue
		}
		if err := b.client.RemoveIncompleteUpload(ctx, b.name, upload.Key); err != nil {
			return err
		}
	}
	return nil
}

func absent(err error) bool {
	return err != nil && minio.ToErrorResponse(err).Code == minio.NoSuchKey
}
