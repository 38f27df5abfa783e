package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is a running bin/banlang with its demonstration.
type server struct {
	url     string
	data    string
	cmd     *exec.Cmd
	started time.Time
	ended   chan struct{}
}

var listening = regexp.MustCompile(`listening on (http://[\w.:]+)`)

// start runs the demonstration on the data folder and a free port, and waits until it listens.
// The environment adds to that of this program.
func start(ctx context.Context, binary, data string, env ...string) (*server, error) {
	s := &server{data: data, ended: make(chan struct{}), started: time.Now()}
	s.cmd = exec.Command(binary, "demo", "--addr", "127.0.0.1:0", "--data", data, "--proxy") // see browser
	s.cmd.Env = append(os.Environ(), env...)
	out, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.cmd.Stdout, s.cmd.Stderr = w, w
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(err, out.Close(), w.Close())
	}
	_ = w.Close() // the child has its own
	go func() {
		_ = s.cmd.Wait() // how it ended shows in what it did
		close(s.ended)
	}()

	address := make(chan string, 1)
	var said strings.Builder
	go func() {
		defer out.Close()
		defer close(address)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if found := listening.FindStringSubmatch(lines.Text()); found != nil {
				address <- found[1]
				break
			}
			said.WriteString(lines.Text() + "\n")
		}
		_, _ = io.Copy(io.Discard, out) // so that its log never blocks it
	}()
	select {
	case url, ok := <-address:
		if !ok {
			return nil, fmt.Errorf("banlang did not start:\n%s", said.String())
		}
		s.url = url
		return s, nil
	case <-time.After(3 * time.Minute):
		s.kill()
		return nil, errors.New("banlang did not listen within 3 minutes")
	case <-ctx.Done():
		s.kill()
		return nil, ctx.Err()
	}
}

// stop ends the server as an operator does, and waits for it.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.kill()
	}
}

// kill ends it at once, as a power cut would end the process.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// page waits until the path answers 200 and gives its body as it travels, gzip.
func (s *server) page(ctx context.Context, path string) ([]byte, error) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	var last error
	for range 1500 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := client.Do(req)
		if err == nil {
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err == nil && resp.StatusCode == http.StatusOK {
				return body, nil
			}
			last = fmt.Errorf("GET %s: %s", path, resp.Status)
		} else {
			last = err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, last
}

// memory is what the process holds now and held at most, in MB.
func (s *server) memory() (now, most float64, err error) { return memoryOf(s.cmd.Process.Pid) }

// memoryOf is what a process holds now and held at most, in MB, as the kernel counts it.
func memoryOf(pid int) (now, most float64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	field := func(name string) float64 {
		_, rest, _ := strings.Cut(string(status), name+":")
		kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		return kb / 1024
	}
	return field("VmRSS"), field("VmHWM"), nil
}

// firstBulletin is the path of a published bulletin.
func (s *server) firstBulletin(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/bulletins", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var list struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return "", fmt.Errorf("read /api/v1/bulletins: %w", err)
	}
	if len(list.Items) == 0 {
		return "", errors.New("the demonstration has no bulletin")
	}
	return "/ban-tin/" + list.Items[0].ID, nil
}

// binary is the built program.
func binary() string {
	path, err := filepath.Abs("bin/banlang")
	if err != nil {
		return "bin/banlang"
	}
	return path
}

// scratch is a new folder, and what removes it.
func scratch() (string, func(), error) {
	dir, err := os.MkdirTemp("", "banlang-bench-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// need installs Debian packages whose command is not there, which takes root.
func need(ctx context.Context, commands map[string]string) error {
	var missing []string
	for command, pkg := range commands {
		if _, err := exec.LookPath(command); err != nil {
			if _, err := os.Stat("/usr/sbin/" + command); err != nil {
				missing = append(missing, pkg)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	if os.Getuid() != 0 {
		return fmt.Errorf("missing packages: sudo apt-get install %s", strings.Join(missing, " "))
	}
	say("installing %s", strings.Join(missing, " "))
	install := exec.CommandContext(ctx, "sh", "-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends "+strings.Join(missing, " "))
	install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get: %w\n%s", err, out)
	}
	return nil
}

// median of a list that has at least one number.
func median(n []float64) float64 {
	sorted := slices.Sorted(slices.Values(n))
	return sorted[len(sorted)/2]
}

// percentile of a list that has at least one number, by the nearest rank.
func percentile(n []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(n))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}
