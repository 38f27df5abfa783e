// Package config knows how an installation is set up. One struct, read once from flags and environment in cmd and handed on
// by value; a value that is not given has a default with which the program runs.
package config

import (
	"cmp"
	"path/filepath"
)

// Config is the set-up of one process. The kong tags name the flags; each is also an environment variable.
type Config struct {
	Addr     string `default:":8080" env:"BANLANG_ADDR" help:"Address to listen on; port 0 takes any free port."`
	Data     string `default:"./data" env:"BANLANG_DATA" type:"path" help:"Folder of the database and the files."`
	Database string `env:"BANLANG_DATABASE" placeholder:"postgres://…" help:"PostgreSQL address; without it an SQLite file in the data folder."`
	Keys     string `env:"BANLANG_KEYS" type:"path" help:"Folder of the keys, kept and backed up apart from the data; without it DATA/keys."`
	Bucket   string `env:"BANLANG_BUCKET" placeholder:"s3://KEY:SECRET@HOST/BUCKET" help:"S3 bucket for files; without it a folder in the data folder."`

	Province string `default:"20" env:"BANLANG_PROVINCE" help:"Code of the province that this installation serves (20 is Lạng Sơn)."`
	Origin   string `env:"BANLANG_ORIGIN" placeholder:"https://…" help:"What permanent addresses begin with; without it the address by which a visitor came."`
	Agency   string `env:"BANLANG_AGENCY" help:"Name of the agency that answers for the pages, as shown at their foot."`
	Phone    string `env:"BANLANG_PHONE" help:"Telephone number on which people are helped; hidden until given."`
	Secure   bool   `env:"BANLANG_SECURE" help:"Serve behind TLS: cookies only over HTTPS."`
	Proxy    bool   `env:"BANLANG_PROXY" help:"Behind a balancer of ours: trust its X-Forwarded-For for rate limits."`

	Material string `default:"../shared/data" env:"BANLANG_MATERIAL" type:"path" help:"Folder of real documents (docs/) and boundaries (geo/) that a demonstration reads in place, if it is there."`
}

// DatabaseURL is the address that db.Open takes.
func (c Config) DatabaseURL() string {
	return cmp.Or(c.Database, "sqlite:"+filepath.Join(c.DataFolder(), "banlang.db"))
}

// DataFolder is where the files of this process lie.
func (c Config) DataFolder() string { return cmp.Or(c.Data, "data") }

// KeyFolder is where the keys lie.
func (c Config) KeyFolder() string { return cmp.Or(c.Keys, filepath.Join(c.DataFolder(), "keys")) }

// Folder is a folder of the data folder.
func (c Config) Folder(name string) string { return filepath.Join(c.DataFolder(), name) }
