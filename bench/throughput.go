package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// throughput is W6: requests a second for home and an article, against nginx serving the same precompressed bytes.
func throughput(ctx context.Context) ([]figure, error) {
	if err := need(ctx, map[string]string{"nginx": "nginx-light", "wrk": "wrk"}); err != nil {
		return nil, err
	}
	dir, remove, err := scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	ours, err := start(ctx, binary(), filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	article, err := ours.firstBulletin(ctx)
	if err != nil {
		return nil, err
	}
	pages := []struct{ name, path string }{{"home", "/"}, {"article", article}}
	files := filepath.Join(dir, "www")
	for _, page := range pages {
		body, err := ours.page(ctx, page.path)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(files, 0o755); err != nil {
			return nil, err
		}
		// nginx wants the plain file to be there too, and sends the .gz beside it.
		for _, name := range []string{page.name + ".html", page.name + ".html.gz"} {
			if err := os.WriteFile(filepath.Join(files, name), body, 0o644); err != nil {
				return nil, err
			}
		}
	}
	peer, stop, err := nginx(ctx, dir, files)
	if err != nil {
		return nil, err
	}
	defer stop()

	var figures []figure
	for _, page := range pages {
		var our, their []float64
		for range 3 { // in turn, so that a busy moment of the machine falls on both
			n, err := wrk(ctx, ours.url+page.path, 5*time.Second)
			if err != nil {
				return figures, err
			}
			our = append(our, n)
			if n, err = wrk(ctx, peer+"/"+page.name+".html", 5*time.Second); err != nil {
				return figures, err
			}
			their = append(their, n)
		}
		f := figure{ID: "W6", Measure: "requests a second, " + page.name + ", gzip, peer nginx", Unit: "/s", Ours: median(our), Peer: median(their), Bar: "ratio >= 0.5"}
		f.Met = f.Ours >= 0.5*f.Peer
		figures = append(figures, f)
	}
	return figures, nil
}

// nginx serves the files on a free port of its own.
func nginx(ctx context.Context, dir, files string) (url string, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	conf := fmt.Sprintf(`daemon off; worker_processes auto; pid %[1]s/nginx.pid; error_log %[1]s/nginx.log;
events { worker_connections 1024; }
http {
  access_log off; default_type text/html; sendfile on; tcp_nopush on; open_file_cache max=100;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  types { text/html html; }
  server { listen 127.0.0.1:%[3]d; root %[2]s; gzip_static on; keepalive_requests 1000000; }
}
`, dir, files, port)
	name := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(name, []byte(conf), 0o600); err != nil {
		return "", nil, err
	}
	// Its workers run as another user and must reach the files.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", nil, err
	}
	program := "/usr/sbin/nginx"
	if found, err := exec.LookPath("nginx"); err == nil {
		program = found
	}
	cmd := exec.Command(program, "-c", name, "-p", dir)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	peer := &server{url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	if _, err := peer.page(ctx, "/home.html"); err != nil {
		stop()
		said, _ := os.ReadFile(filepath.Join(dir, "nginx.log"))
		return "", nil, fmt.Errorf("nginx: %w\n%s", err, said)
	}
	return peer.url, stop, nil
}

// wrk is the requests a second that the address gives to 16 connections. A refused or failed request is an error.
func wrk(ctx context.Context, url string, d time.Duration) (float64, error) {
	out, err := exec.CommandContext(ctx, "wrk", "-t2", "-c16", "-d"+strconv.Itoa(int(d.Seconds()))+"s",
		"-H", "Accept-Encoding: gzip", url).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	text := string(out)
	if strings.Contains(text, "Non-2xx") || strings.Contains(text, "Socket errors") {
		return 0, fmt.Errorf("wrk %s: requests failed\n%s", url, text)
	}
	_, rest, found := strings.Cut(text, "Requests/sec:")
	if !found {
		return 0, errors.New("wrk printed no rate")
	}
	return strconv.ParseFloat(strings.Fields(rest)[0], 64)
}
