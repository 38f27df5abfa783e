package console

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"banlang/internal/audit"
	"banlang/internal/duty"
	"banlang/internal/fault"
	"banlang/internal/job"
)

// A Machine is what the program runs on.
type Machine struct {
	Version string
	Started time.Time
	Data    string // folder of the database and the files
	Queue   *job.Queue
}

// A State is how the machine stands.
type State struct {
	Version  string
	Go       string
	Engine   string // "sqlite" or "postgres"
	Started  time.Time
	Sizes    []Size
	Free     int64 // bytes that can still be written beside the data; 0 where that is not known
	Waiting  int64 // jobs
	Running  int64
	Failed   []job.Row
	Tools    []Tool
	Backup   time.Time // zero: none is on record
	Overdue  bool      // the last backup is older than a week, or there is none
	Measured time.Time
}

// A Size is what one part of the data takes.
type Size struct {
	Name  string // of the file or folder
	Files int
	Bytes int64
	More  bool // counting stopped before the end
}

// A Tool is a program of the operating system that some work needs.
type Tool struct {
	Name string
	Use  string // message key: what cannot be done without it
	Path string // where it was found; empty: missing
}

// tools are the programs that are called, with what they are for.
var tools = []Tool{
	{Name: "ffmpeg", Use: "console.tool.sound"},
	{Name: "espeak-ng", Use: "console.tool.voice"},
	{Name: "pdftotext", Use: "console.tool.pdf"},
	{Name: "bwrap", Use: "console.tool.sandbox"},
}

// System tells how the machine stands. The look is recorded.
func (d *Desk) System(ctx context.Context, actor duty.Actor) (State, error) {
	if err := d.policy.Permit(actor, duty.SystemOperate, duty.Thing{}); err != nil {
		return State{}, err
	}
	if err := d.look(ctx, actor); err != nil {
		return State{}, err
	}
	m := d.machine
	s := State{
		Version: m.Version, Go: runtime.Version(), Engine: d.engine(), Started: m.Started, Sizes: sizes(m.Data), Free: free(m.Data),
		Measured: d.now(),
	}
	counts, err := m.Queue.Count(ctx)
	if err != nil {
		return s, err
	}
	s.Waiting, s.Running = counts["waiting"], counts["running"]
	if s.Failed, err = m.Queue.Failed(ctx, 50); err != nil {
		return s, err
	}
	if s.Backup, err = d.lastBackup(ctx); err != nil {
		return s, err
	}
	s.Overdue = s.Measured.Sub(s.Backup) > 7*24*time.Hour
	for _, t := range tools {
		t.Path, _ = exec.LookPath(t.Name) // not found is what is to be told
		s.Tools = append(s.Tools, t)
	}
	return s, nil
}

// Again gives a job that was given up another row of tries. The reason is kept in the record.
func (d *Desk) Again(ctx context.Context, actor duty.Actor, id, reason string) error {
	if err := d.policy.Permit(actor, duty.SystemOperate, duty.Thing{}); err != nil {
		return err
	}
	if err := audit.Reason(reason); err != nil {
		return fault.Field("reason", "console.reason")
	}
	return d.again(ctx, actor, id, reason)
}

// countedFiles bounds the walk through a folder, so that the page stays quick on a large library.
const countedFiles = 100_000

// sizes measures what lies in the data folder.
func sizes(data string) []Size {
	entries, err := os.ReadDir(data)
	if err != nil {
		return nil // the data may lie elsewhere: nothing to show
	}
	var all []Size
	for _, e := range entries {
		s := Size{Name: e.Name()}
		_ = filepath.WalkDir(filepath.Join(data, e.Name()), func(_ string, f fs.DirEntry, err error) error {
			if err != nil || f.IsDir() {
				return nil //nolint:nilerr // a file that went away meanwhile is not counted
			}
			if s.Files >= countedFiles {
				s.More = true
				return fs.SkipAll
			}
			if info, err := f.Info(); err == nil {
				s.Files++
				s.Bytes += info.Size()
			}
			return nil
		})
		all = append(all, s)
	}
	return all
}
