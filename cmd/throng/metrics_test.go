package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/netio/client"
)

// scraped is what a node exports: values by name and labels, types by name.
type scraped struct {
	values map[string]float64
	types  map[string]string
}

func scrape(t *testing.T, addr string) scraped {
	t.Helper()
	status, body := fetch(t, addr, "/metrics", "")
	if status != 200 {
		t.Fatalf("/metrics: %d %s", status, body)
	}
	s := scraped{map[string]float64{}, map[string]string{}}
	for line := range strings.Lines(body) {
		words := strings.Fields(line)
		if len(words) == 4 && words[1] == "TYPE" {
			s.types[words[2]] = words[3]
		}
		if len(words) < 2 || words[0] == "#" {
			continue
		}
		v, err := strconv.ParseFloat(words[len(words)-1], 64)
		if err != nil {
			t.Errorf("the line %q: %v", line, err)
		}
		s.values[strings.Join(words[:len(words)-1], " ")] = v
	}
	return s
}

// All metrics that are documented are exported, and the other way round.
func (s scraped) areDocumented(t *testing.T) {
	t.Helper()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range admin.Table() {
		documented[m.Name] = true
		if s.types[m.Name] != m.Type.String() {
			t.Errorf("%s is exported as %q, want a %s", m.Name, s.types[m.Name], m.Type)
		}
		if !strings.Contains(string(page), "| `"+m.Name+"` | "+m.Type.String()+" |") {
			t.Errorf("%s is not in docs/metrics.md: run make generate", m.Name)
		}
	}
	for name := range s.types {
		if strings.HasPrefix(name, "throng_") && !documented[name] {
			t.Errorf("%s is exported and not in the table", name)
		}
	}
	if s.types["go_goroutines"] == "" || s.types["process_open_fds"] == "" {
		t.Error("what the Go runtime and the process count is missing")
	}
}

// TestMetrics: what is documented is exported, and moves when what it counts happens.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	serves, addr := startAdmin(t, dir, "--shards", "2")
	before := scrape(t, addr)
	before.areDocumented(t)
	ctx := t.Context()
	key, err := os.ReadFile(filepath.Join(dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(ctx, serves, client.Options{Credential: client.ServerKey(strings.TrimSpace(string(key)))})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.CreateBoard(ctx, leaderboard.CreateRequest{Board: "b", Sort: leaderboard.Descending}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.BoardInfo(ctx, leaderboard.InfoRequest{Board: "none"}); err == nil {
		t.Fatal("there is a board that nobody made")
	}
	r, err := c.Join(ctx, "hall", client.JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(ctx, "hello"); err != nil {
		t.Fatal(err)
	}
	after := scrape(t, addr)
	after.areDocumented(t)
	for _, name := range []string{
		"throng_connections", "throng_connections_accepted_total", "throng_hellos_total",
		`throng_requests_total{class="read"}`, `throng_requests_total{class="write"}`,
		`throng_replies_total{code="OK",request="board.create"}`,
		`throng_replies_total{code="NOT_FOUND",request="board.info"}`,
		`throng_replies_total{code="OK",request="hello"}`, "throng_requests_failed_total", "throng_socket_writes_total",
		"throng_frames_received_total", "throng_received_bytes_total", "throng_frames_sent_total",
		"throng_sent_bytes_total",
		`throng_commands_total{outcome="done"}`, `throng_command_seconds_count{step="queue"}`,
		`throng_command_seconds_count{step="commit"}`, `throng_command_seconds_count{step="apply"}`,
		`throng_command_seconds_count{step="total"}`, "throng_entry_commands_count", "throng_entry_size_bytes_sum",
		"throng_log_sync_seconds_count", "throng_log_entries_total", "throng_log_commits_total",
		"throng_log_written_bytes_total", `throng_state_things{kind="boards"}`, `throng_state_things{kind="channels"}`,
		`throng_state_things{kind="messages"}`, `throng_state_memory_bytes{kind="messages"}`,
		`throng_state_things{kind="sessions"}`, `throng_state_things{kind="streams"}`,
	} {
		if b, a := before.values[name], after.values[name]; a <= b {
			t.Errorf("%s was %v, and is %v after it happened", name, b, a)
		}
	}
	for name, want := range map[string]float64{
		`throng_shard_served{shard="0"}`: 1, `throng_shard_served{shard="1"}`: 1,
		"throng_disk_full": 0, "throng_archive_failing": 0, "throng_incarnation": 1, "throng_panics_total": 0,
	} {
		if got, is := after.values[name]; !is || got != want {
			t.Errorf("%s is %v (%v), want %v", name, got, is, want)
		}
	}
}

// names are what a file about metrics may name: a histogram by its three parts.
func names() map[string]bool {
	all := map[string]bool{}
	for _, m := range admin.Table() {
		all[m.Name] = true
		if m.Type == admin.Histogram {
			delete(all, m.Name) // there is no series of that name
			all[m.Name+"_bucket"], all[m.Name+"_sum"], all[m.Name+"_count"] = true, true, true
		}
	}
	return all
}

// TestDashboards: the dashboard and the alerts ask only for metrics that there are.
func TestDashboards(t *testing.T) {
	known := names()
	for _, file := range []string{"throng.json", "alerts.yaml"} {
		text, err := os.ReadFile(filepath.Join("../../deploy/grafana", file))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`\bthrong_[a-z0-9_]+`).FindAllString(string(text), -1)
		if len(found) < 5 {
			t.Errorf("%s names %d metrics", file, len(found))
		}
		for _, name := range found {
			if !known[name] {
				t.Errorf("%s asks for %s, which there is not", file, name)
			}
		}
		if filepath.Ext(file) == ".json" && !json.Valid(text) {
			t.Errorf("%s is no JSON", file)
		}
	}
}
