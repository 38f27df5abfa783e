// Package dbtest gives each test a fresh, migrated database on SQLite and on PostgreSQL.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"banlang/internal/db"
)

// Each runs f on both engines, each time on an empty database with every table in place.
// Without PostgreSQL on the machine its half is skipped, but fails where CI is set: there nothing may be left out.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, PostgreSQL(t)) })
}

// SQLite is a fresh database in a file of the test's own.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "banlang.db"))
}

// PostgreSQL is a fresh database on a server that all tests of the binary share.
func PostgreSQL(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t))
}

// PostgresURL is the address of a fresh, empty database, gone when the test ends.
func PostgresURL(t testing.TB) string {
	t.Helper()
	admin, err := server()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("PostgreSQL is needed: %v", err)
		}
		t.Skipf("no PostgreSQL on this machine (%v); `make test` installs it", err)
	}
	name := "t" + db.NewID()
	run(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { run(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	return strings.Replace(admin, "/postgres?", "/"+name+"?", 1)
}

func open(t testing.TB, url string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), db.Options{URL: url})
	if err != nil {
		t.Fatalf("db.Open: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if err := d.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return d
}

func run(t testing.TB, url, text string) {
	t.Helper()
	c, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // one statement, answered or not
	if _, err := c.ExecContext(context.Background(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// server is the address of the maintenance database of a running server: the one that BANLANG_TEST_POSTGRES names
// (`make test` starts one for all packages), else one of this test binary's own, started once and ended with it.
var server = sync.OnceValues(func() (string, error) {
	if url := os.Getenv("BANLANG_TEST_POSTGRES"); url != "" {
		return url, nil
	}
	bin := newestPostgres()
	if bin == "" {
		return "", fmt.Errorf("initdb is not installed")
	}
	folder, err := os.MkdirTemp("", "banlang-postgres-")
	if err != nil {
		return "", err
	}
	as, err := postgresUser(folder)
	if err != nil {
		return "", err
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...) //nolint:gosec // a fixed program found above
		c.Dir = folder
		c.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
		return c
	}
	data := filepath.Join(folder, "data")
	if out, err := command("initdb", "-D", data, "-U", "banlang", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C").CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	// fsync=off only here: what is tested is the SQL, and the folder dies with the test.
	// A unix socket in a folder of its own: no fixed port that may be somebody else's server.
	if err := startAndForget(command("postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"), folder); err != nil {
		return "", err
	}
	url := "postgres://banlang@/postgres?host=" + folder
	return url, waitFor(url)
})

// startAndForget starts the server from a thread that lives as long as the test binary: Pdeathsig follows the thread.
func startAndForget(server *exec.Cmd, folder string) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := server.Start()
		started <- err
		if err == nil {
			server.Wait() //nolint:errcheck // it ends with the test binary
			os.RemoveAll(folder)
		}
	}()
	return <-started
}

func waitFor(url string) error {
	var err error
	for range 100 {
		var d *db.DB
		if d, err = db.Open(context.Background(), db.Options{URL: url}); err == nil {
			return d.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// postgresUser is whom the server runs as: it refuses root, so root hands the folder to the user postgres.
func postgresUser(folder string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(folder, uid, gid) //nolint:gosec // small numbers of the system
}

func newestPostgres() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}
