package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"math"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migration/*.sql
var migrations embed.FS

// Migrate brings the tables to the form that this program knows, one file and one transaction at a time.
// The same files run on both engines. said, if not nil, is told of each file that ran.
func (d *DB) Migrate(ctx context.Context, said func(file string)) error {
	return d.MigrateTo(ctx, math.MaxInt64, said)
}

// MigrateTo stops after the migration of the given number: a backup is put back into the tables it was taken from.
func (d *DB) MigrateTo(ctx context.Context, version int64, said func(file string)) error {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		return err
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{}
	if d.engine == PostgreSQL {
		locker, err := lock.NewPostgresSessionLocker() // several processes may start at once
		if err != nil {
			return err
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(dialect, d.write, files, options...)
	if err != nil {
		return err
	}
	results, err := provider.UpTo(ctx, version)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, r := range results {
		if said != nil {
			said(r.Source.Path)
		}
	}
	return nil
}
