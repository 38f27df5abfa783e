// Command banlang is the information system for ethnic affairs of a province: one program, run as it is.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"banlang/internal/app"
)

// version is set when the binary is built.
var version = "dev"

type commands struct {
	Serve   app.Serve   `cmd:"" default:"withargs" help:"Serve an installation, also where no command is named. The first start creates the database and opens the sealed first run."`
	Demo    app.Demo    `cmd:"" help:"Serve a demonstration of Lạng Sơn with a sign-in for each duty."`
	User    app.User    `cmd:"" help:"Add, list or disable people who sign in."`
	Backup  app.Backup  `cmd:"" help:"Write one encrypted archive of everything but the keys."`
	Restore app.Restore `cmd:"" help:"Put an archive back into an empty data folder or database."`
	Verify  app.Verify  `cmd:"" help:"Check the audit record and the files, of the data folder or of an archive."`
	Pack    app.Pack    `cmd:"" help:"Write the open documents of the library as a ZIM archive, to be read with Kiwix without a network."`
	Import  app.Import  `cmd:"" help:"Read units, groups, census, boundaries or documents from files."`
	Version struct{}    `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "banlang: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var c commands
	line := kong.Parse(&c,
		kong.Name("banlang"),
		kong.Description("Bản Làng: the information system for ethnic affairs."),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(app.Version(version)),
	)
	if line.Command() == "version" {
		fmt.Println("banlang", version)
		return nil
	}
	return line.Run()
}
