package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// firstPage is P1: from the start of the program to its first page, on data that are there.
func firstPage(ctx context.Context) ([]figure, error) {
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	var took []float64
	for i := range 6 {
		s, err := start(ctx, binary(), dir)
		if err != nil {
			return nil, err
		}
		_, err = s.page(ctx, "/")
		if i > 0 { // the first start makes the data
			took = append(took, time.Since(s.started).Seconds())
		}
		s.stop()
		if err != nil {
			return nil, err
		}
	}
	f := figure{ID: "P1", Measure: "start to first page, median of 5", Unit: "s", Ours: median(took), Bar: "<= 1 s"}
	f.Met = f.Ours <= 1
	return []figure{f}, nil
}

// memory is P2: at rest, and under load in a cgroup of 512 MB where the machine lets us make one.
func memory(ctx context.Context) ([]figure, error) {
	if err := need(ctx, map[string]string{"wrk": "wrk"}); err != nil {
		return nil, err
	}
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	first, err := start(ctx, binary(), dir) // makes the data, which costs more than living with them
	if err != nil {
		return nil, err
	}
	first.stop()

	s, err := start(ctx, binary(), dir)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	group, leave, limitErr := limit(s.cmd.Process.Pid, 512<<20)
	if limitErr == nil {
		defer leave()
	}
	if _, err := s.page(ctx, "/"); err != nil {
		return nil, err
	}
	time.Sleep(10 * time.Second)
	rest, _, err := s.memory()
	if err != nil {
		return nil, err
	}
	figures := []figure{{ID: "P2", Measure: "memory at rest", Unit: "MB", Ours: rest, Bar: "<= 150 MB", Met: rest <= 150}}

	for _, path := range []string{"/", "/tim?q=chay+rung", "/thu-vien", "/api/v1/places?within=20&level=commune"} {
		say("P2: 16 readers of %s", path)
		if _, err := wrk(ctx, s.url+path, 8*time.Second); err != nil {
			return figures, err
		}
	}
	_, most, err := s.memory()
	if err != nil {
		return figures, errors.Join(errors.New("it did not survive the load"), err)
	}
	_, err = s.page(ctx, "/")
	how := "most memory under load, in a cgroup of 512 MB (" + group + ")"
	if limitErr != nil {
		how = "most memory under load (no cgroup here: " + limitErr.Error() + ")"
	}
	return append(figures, figure{ID: "P2", Measure: how, Unit: "MB", Ours: most, Bar: "<= 512 MB, alive", Met: err == nil && most <= 512}), nil
}

// limit puts the process into a new cgroup with that much memory, of version 1 or 2, and names it.
func limit(pid int, bytes int64) (group string, leave func(), err error) {
	for _, kind := range []struct{ root, file string }{
		{"/sys/fs/cgroup", "memory.max"},
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
	} {
		dir := filepath.Join(kind.root, fmt.Sprintf("banlang-bench-%d", os.Getpid()))
		if err = os.Mkdir(dir, 0o755); err != nil {
			continue
		}
		limitFile := filepath.Join(dir, kind.file)
		if _, err = os.Stat(limitFile); err == nil {
			err = os.WriteFile(limitFile, []byte(strconv.FormatInt(bytes, 10)), 0o644)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644)
		}
		if err == nil {
			// The folder can go once the process has ended; it is empty then.
			return kind.file, func() { go removeLater(dir) }, nil
		}
		_ = os.Remove(dir)
	}
	return "", nil, err
}

func removeLater(dir string) {
	for range 50 {
		if os.Remove(dir) == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// sizes is P3: one file for each machine.
func sizes(ctx context.Context) ([]figure, error) {
	say("P3: make build-all")
	if out, err := exec.CommandContext(ctx, "make", "build-all").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make build-all: %w\n%s", err, out)
	}
	var figures []figure
	for _, arch := range []string{"amd64", "arm64", "arm"} {
		info, err := os.Stat("bin/banlang-linux-" + arch)
		if err != nil {
			return figures, err
		}
		f := figure{ID: "P3", Measure: "one file, linux " + arch, Unit: "MB", Ours: float64(info.Size()) / 1e6, Bar: "<= 60 MB"}
		f.Met = f.Ours <= 60
		figures = append(figures, f)
	}
	return figures, nil
}

// freshClone is P4: a clone of what is committed, its build with nothing cached, and the first page.
func freshClone(ctx context.Context) ([]figure, error) {
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	clone := filepath.Join(dir, "banlang")
	say("P4: clone, download modules, build")
	begin := time.Now()
	for _, step := range [][]string{
		{"git", "clone", "--quiet", "--no-hardlinks", ".", clone},
		{"make", "-C", clone, "build"},
	} {
		cmd := exec.CommandContext(ctx, step[0], step[1:]...)
		cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "cache"), "GOMODCACHE="+filepath.Join(dir, "modules"), "GOFLAGS=-modcacherw")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(step, " "), err, out)
		}
	}
	s, err := start(ctx, filepath.Join(clone, "bin/banlang"), filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	for _, path := range []string{"/", "/dia-ban", "/dan-toc/tay"} {
		if _, err := s.page(ctx, path); err != nil {
			return nil, err
		}
	}
	f := figure{ID: "P4", Measure: "fresh clone to pages with real data, no module or build cache", Unit: "s", Ours: time.Since(begin).Seconds(), Bar: "<= 300 s"}
	f.Met = f.Ours <= 300
	return []figure{f}, nil
}

// relevance is L1, which bench/search measures and prints in the same form.
func relevance(ctx context.Context) ([]figure, error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./bench/search")
	var failed strings.Builder
	cmd.Stderr = io.MultiWriter(os.Stderr, &failed)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go run ./bench/search: %w", err)
	}
	var figures []figure
	for line := range strings.Lines(string(out)) {
		if f, ok := parse(strings.TrimSpace(line)); ok {
			figures = append(figures, f)
		}
	}
	if len(figures) == 0 {
		return nil, errors.New("bench/search printed no figure")
	}
	return figures, nil
}

// parse reads a line of the table.
func parse(line string) (figure, bool) {
	cells := strings.Split(line, "|")
	if len(cells) != 7 {
		return figure{}, false
	}
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	ours, unit, _ := strings.Cut(cells[2], " ")
	n, err := strconv.ParseFloat(ours, 64)
	if err != nil {
		return figure{}, false // the heading
	}
	theirs, _, _ := strings.Cut(cells[3], " ")
	peer, _ := strconv.ParseFloat(theirs, 64) // "-" where there is none
	return figure{ID: cells[0], Measure: cells[1], Unit: unit, Ours: n, Peer: peer, Bar: cells[5], Met: cells[6] == "yes"}, true
}

// freePort is one that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
