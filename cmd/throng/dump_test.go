package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

const (
	dumpMessages = 300
	dumpOwners   = 20
	dumpSecret   = "what players say to each other"
)

// dumpedNode runs a node that has something of everything, and returns its data directory,
// once it has stopped, a backup of it, and the directory that this was restored to.
func dumpedNode(t *testing.T) (data, file, restored string) {
	t.Helper()
	dir := t.TempDir()
	data, file, restored = filepath.Join(dir, "data"), filepath.Join(dir, "b.throng"), filepath.Join(dir, "r")
	t.Run("node", func(t *testing.T) {
		addr, http := startAdmin(t, data, "--shards", "2")
		c := dialServer(t, addr, data)
		_, err := c.CreateBoard(t.Context(), leaderboard.CreateRequest{Board: backupBoard})
		for i := range byte(dumpOwners) {
			if err == nil {
				_, err = c.Submit(t.Context(), leaderboard.SubmitRequest{
					Board: backupBoard, Owner: grid.ID{i + 1}, Score: int64(i), Metadata: dumpSecret})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Join(t.Context(), backupRoom, client.JoinOptions{}); err != nil {
			t.Fatal(err)
		}
		key := string(grid.AppendKey(nil, grid.StreamRoom, backupRoom))
		for range dumpMessages {
			if _, err = c.Say(t.Context(), chat.SendRequest{Key: key, Content: dumpSecret}); err != nil {
				t.Fatal(err)
			}
		}
		throng(t, "backup", "--http", http, "--admin-token-file", filepath.Join(data, adminSecret.base),
			"--with-keys", file)
	})
	throng(t, "restore", "--data-dir", restored, file)
	return data, file, restored
}

// dump runs throng dump, which must end with an exit code, and returns what it wrote.
func dump(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(append([]string{"dump"}, args...), &out, &errs); got != code {
		t.Errorf("throng dump %q ended with %d, want %d: %s%s", args, got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

// dumpLines runs throng dump -o json and returns its objects by their types.
func dumpLines(t *testing.T, code int, args ...string) map[string][]map[string]any {
	t.Helper()
	out, _ := dump(t, code, append(args, "-o", "json")...)
	all := map[string][]map[string]any{}
	for line := range strings.Lines(out) {
		var one map[string]any
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		of := fmt.Sprint(one["type"])
		all[of] = append(all[of], one)
	}
	return all
}

// only returns the one object of a type.
func only(t *testing.T, all map[string][]map[string]any, of string) map[string]any {
	t.Helper()
	if len(all[of]) != 1 {
		t.Fatalf("%d objects of type %q in %v", len(all[of]), of, all)
	}
	return all[of][0]
}

// counts are the counts that were printed by kind.
func counts(all map[string][]map[string]any) map[string]float64 {
	out := map[string]float64{}
	for _, kind := range all["kind"] {
		out[fmt.Sprint(kind["kind"])], _ = kind["count"].(float64)
	}
	return out
}

// contents are the names, modes, times and hashes of all that is in a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		var text []byte
		if !e.IsDir() && e.Name() != "ballast" {
			if text, err = os.ReadFile(name); err != nil {
				return err
			}
		}
		all[name] = fmt.Sprintf("%v %v %d %x", info.Mode(), info.ModTime(), info.Size(), sha256.Sum256(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestDump: what a real node left is told, its secrets are not, and no byte changes.
func TestDump(t *testing.T) {
	data, file, restored := dumpedNode(t)
	before := contents(t, filepath.Dir(data))
	t.Run("backup", func(t *testing.T) { checkDumpedBackup(t, file) })
	t.Run("snapshot", func(t *testing.T) { checkDumpedSnapshots(t, restored) })
	t.Run("log", func(t *testing.T) { checkDumpedLog(t, data) })
	t.Run("records", func(t *testing.T) { checkDumpedRecords(t, data) })
	t.Run("directory", func(t *testing.T) { checkDumpedDirectory(t, data, restored) })
	t.Run("damaged database", func(t *testing.T) { checkDumpedDatabases(t, data) })
	t.Run("damaged", func(t *testing.T) { checkDumpedDamage(t, file, restored) })
	for _, path := range []string{data, file, restored, filepath.Join(data, "server.key")} {
		checkNoSecrets(t, data, path)
	}
	if after := contents(t, filepath.Dir(data)); !maps.Equal(before, after) {
		t.Errorf("what was looked at has changed: it was\n%v\nand is\n%v", before, after)
	}
}

func checkDumpedBackup(t *testing.T, file string) {
	all := dumpLines(t, exitOK, file)
	if got := only(t, all, "end"); got["verified"] != true || got["parts"] != 5.0 {
		t.Errorf("the end is %v", got)
	}
	if got := counts(all); got["boards"] != 1 || got["records"] != dumpOwners || got["sessions"] < 1 ||
		got["presences"] != 1 || got["channels"] != 1 {
		t.Errorf("it holds %v", got)
	}
	if got := only(t, all, "table"); got["table"] != "chat_messages" || got["rows"] == 0.0 {
		t.Errorf("the records are %v", got)
	}
	if len(all["setting"]) != 2 || len(all["secret"]) != 2 || len(all["slot"]) > 0 {
		t.Errorf("it has %v", all)
	}
	said := parts(t, "backup", "verify", file)
	for _, p := range all["part"] {
		if d, ok := p["digest"].(string); ok && !strings.Contains(said, d) {
			t.Errorf("the part %v is none of %s", p, said)
		}
	}
	slot := int(grid.SlotOf(backupBoard))
	one := dumpLines(t, exitOK, "--slot", fmt.Sprint(slot), file)
	if got := only(t, one, "slot"); got["slot"] != float64(slot) ||
		!strings.Contains(fmt.Sprint(got["holds"]), "boards") {
		t.Errorf("the slot is %v", got)
	}
	all = dumpLines(t, exitOK, "--shard", "1", "--limit", "1", file)
	if only(t, all, "slot"); only(t, all, "more")["of"] != "slot" {
		t.Errorf("of many slots it told %v", all)
	}
}

func checkDumpedSnapshots(t *testing.T, data string) {
	dir := filepath.Join(data, "snapshots", "1")
	all := dumpLines(t, exitOK, dir)
	head, state := only(t, all, "snapshot"), only(t, all, "state")
	if head["shard"] != 1.0 || head["index"] == 0.0 || state["verified"] != true ||
		state["slots"] != float64(len(all["slot"])) {
		t.Errorf("the snapshot is %v, %v, with %d slots", head, state, len(all["slot"]))
	}
	file := fmt.Sprint(head["file"])
	table, _ := dump(t, exitOK, "--limit", "1", file)
	for _, want := range []string{"verified", "yes", "more of these", fmt.Sprint(state["digest"])} {
		if !strings.Contains(table, want) {
			t.Errorf("for people it does not say %q:\n%s", want, table)
		}
	}
	_, said := dump(t, exitUsage, "--shard", "0", file)
	if !strings.Contains(said, "--shard says nothing about a snapshot") {
		t.Errorf("a flag that means nothing: %s", said)
	}
}

func checkDumpedLog(t *testing.T, data string) {
	log := filepath.Join(data, "log")
	all := dumpLines(t, exitOK, log)
	if head := only(t, all, "log"); head["shards"] != 3.0 || !strings.HasPrefix(fmt.Sprint(head["facts"]), "clean") {
		t.Errorf("the log is %v", head)
	}
	for _, s := range all["shard"] {
		if s["first"] != 1.0 || s["last"] != s["entries"] || s["acknowledged_last"] != s["last"] ||
			s["voted_for"] != "node-1" || s["last_term"] != 2.0 {
			t.Errorf("the log has %v", s)
		}
	}
	all = dumpLines(t, exitOK, "--entries", "1-", "--limit", "0", log)
	said := map[string]int{}
	for _, c := range all["command"] {
		said[fmt.Sprintf("%v %v %v", c["command"], c["about"], c["name"])]++
	}
	if said["chat.send channel "+backupRoom] != dumpMessages ||
		said["board.submit board "+backupBoard] != dumpOwners {
		t.Errorf("the log has the commands %v", said)
	}
	slot := fmt.Sprint(grid.SlotOf(backupBoard))
	all = dumpLines(t, exitOK, "--slot", slot, "--limit", "5", log)
	if len(all["command"]) != 5 || len(all["entry"]) != 5 || len(all["more"]) != 2 ||
		all["command"][0]["name"] != backupBoard {
		t.Errorf("of slot %s it says %v", slot, all)
	}
	all = dumpLines(t, exitOK, "--shard", "1", "--limit", "7", log)
	if len(all["entry"]) != 7 || len(all["command"]) > 0 {
		t.Errorf("of a shard it says %v", all)
	}
	facts := dumpLines(t, exitOK, filepath.Join(data, "log.facts"))
	if len(facts["shard"]) != 3 || only(t, facts, "facts")["shards"] != 3.0 { // and the meta group
		t.Errorf("the facts are %v", facts)
	}
}

func checkDumpedRecords(t *testing.T, data string) {
	tables := filepath.Join(data, "records")
	all := dumpLines(t, exitOK, "--table", "chat_messages", "--limit", "3", tables)
	head, table := only(t, all, "records"), only(t, all, "table")
	if head["acknowledged"] != head["last_transaction"] || table["rows"] == 0.0 || table["damaged"] != 0.0 {
		t.Errorf("the records are %v, %v", head, table)
	}
	if rows := all["row"]; len(rows) != 3 || rows[2]["key"] != "2:"+backupRoom || rows[2]["seq"] != 3.0 {
		t.Errorf("the rows are %v", rows)
	}
	facts := dumpLines(t, exitOK, filepath.Join(data, "records.facts"))
	if got := only(t, facts, "facts")["acknowledged"]; got != head["acknowledged"] {
		t.Errorf("the facts file says %v, want %v", got, head["acknowledged"])
	}
	if _, said := dump(t, exitUsage, "--table", "x", tables); !strings.Contains(said, "no such table") {
		t.Errorf("of a table that is not there it says %s", said)
	}
}

// checkDumpedDirectory: a data directory is told as a whole, after a stop and after a restore.
func checkDumpedDirectory(t *testing.T, data, restored string) {
	for _, dir := range []string{data, restored} {
		all := dumpLines(t, exitOK, dir)
		groups := 2 // what is restored has no meta group yet
		if dir == data {
			groups++
		}
		if only(t, all, "directory")["node"] != "stopped" || len(all["shard"]) != groups || len(all["table"]) != 1 ||
			len(all["file"]) < 8 {
			t.Errorf("of %s it says %v", dir, all)
		}
		if n := len(all["snapshot"]); (n == 2) != (dir == restored) {
			t.Errorf("%s has %d snapshots", dir, n)
		}
	}
	unfinished := t.TempDir()
	if err := os.WriteFile(filepath.Join(unfinished, "restore.unfinished"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := dump(t, exitFailed, unfinished); !strings.Contains(out, "did not come to its end") {
		t.Errorf("of an unfinished restore it says %s", out)
	}
	out, _ := dump(t, exitOK, filepath.Join(data, "server.key"))
	if !strings.Contains(out, "not shown: the server key") {
		t.Errorf("of a secret it says %s", out)
	}
	logs, err := filepath.Glob(filepath.Join(data, "log", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	if _, said := dump(t, exitFailed, logs[0]); !strings.Contains(said, "name the directory that it is in") {
		t.Errorf("of a file of the log it says %s", said)
	}
}

// checkDumpedDatabases flips a byte of the log, and of the record tables, of copies.
func checkDumpedDatabases(t *testing.T, data string) {
	for _, name := range []string{"log", "records"} {
		dir := t.TempDir()
		for _, part := range []string{"log", "records"} {
			facts, err := os.ReadFile(filepath.Join(data, part+".facts"))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, part+".facts"), facts, 0o600)
			}
			if err == nil {
				err = os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(data, part)))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		dump(t, exitOK, dir)
		logs, err := filepath.Glob(filepath.Join(dir, name, "*.log"))
		if err != nil || len(logs) == 0 {
			t.Fatal(logs, err)
		}
		text, err := os.ReadFile(logs[0])
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/3] ^= 0x20
		if err := os.WriteFile(logs[0], text, 0o600); err != nil {
			t.Fatal(err)
		}
		out, said := dump(t, exitFailed, dir)
		if !strings.Contains(out, "DAMAGED: ") || !strings.Contains(said, "is damaged") ||
			!strings.Contains(out, "chat_messages") || !strings.Contains(out, "slot-table") {
			t.Errorf("with a byte of %s flipped it says\n%s%s", name, out, said)
		}
	}
}

// TestDumpOfARunningNode: what changes is refused, with what to do; what does not is told.
func TestDumpOfARunningNode(t *testing.T) {
	data := t.TempDir()
	startServer(t, data)
	_, said := dump(t, exitFailed, filepath.Join(data, "log"))
	for _, want := range []string{"a node runs on " + data, "(process ", "throng backup"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q: %s", want, said)
		}
	}
	for _, path := range []string{data, filepath.Join(data, "log.facts")} {
		all := dumpLines(t, exitOK, path)
		if got := only(t, all, "facts")["facts"]; !strings.HasPrefix(fmt.Sprint(got), "running") {
			t.Errorf("the facts are %v", all)
		}
		if len(all["log"])+len(all["records"]) > 0 || path == data && len(all["hint"]) != 1 {
			t.Errorf("it looked into what changes: %v", all)
		}
	}
}

// checkDumpedDamage flips bytes of a backup and of a snapshot, and cuts them.
func checkDumpedDamage(t *testing.T, backup, data string) {
	found, err := filepath.Glob(filepath.Join(data, "snapshots", "0", "*.snap"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	for _, file := range []string{backup, found[0]} {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bad := filepath.Join(t.TempDir(), filepath.Base(file))
		check := func(what string, text []byte) {
			t.Helper()
			if err := os.WriteFile(bad, text, 0o600); err != nil {
				t.Fatal(err)
			}
			out, said := dump(t, exitFailed, bad)
			if !strings.Contains(out, "DAMAGED: ") || !strings.Contains(out, bad) ||
				!strings.Contains(said, "is damaged") || strings.Contains(out, "verified  yes") {
				t.Errorf("%s, it said\n%s%s", what, out, said)
			}
		}
		for at := 0; at < len(whole); at += 1 + len(whole)/20 {
			text := bytes.Clone(whole)
			text[at] ^= 0x10
			check(fmt.Sprintf("with byte %d of %s flipped", at, file), text)
			check(fmt.Sprintf("with %s cut at byte %d", file, at), whole[:at])
		}
		check("with bytes behind its end", slices.Concat(whole, []byte("x")))
	}
}

// checkNoSecrets: neither what players say is printed, nor what a secret of the node is.
func checkNoSecrets(t *testing.T, data, path string) {
	t.Helper()
	hidden := []string{dumpSecret}
	for _, name := range []string{serverSecret.base, adminSecret.base, tokenKeysFile} {
		text, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		hidden = append(hidden, strings.Fields(string(text))...)
	}
	for _, output := range []string{"table", "json"} {
		var out, errs bytes.Buffer
		run([]string{"dump", "--limit", "0", "-o", output, path}, &out, &errs)
		for _, secret := range hidden {
			if strings.Contains(out.String()+errs.String(), secret) {
				t.Errorf("throng dump of %s prints %q:\n%s", path, secret, &out)
			}
		}
	}
}

// TestDumpRefuses: what is nothing of ours is said to be that, and made into nothing.
func TestDumpRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("a foreign file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{filepath.Join(dir, "nothing")}, exitFailed, "no such file"},
		{[]string{file}, exitFailed, "none of the files that throng can look into"},
		{[]string{dir}, exitFailed, "none of the directories that throng can look into"},
		{[]string{t.TempDir()}, exitFailed, "is empty"},
		{[]string{"/dev/null"}, exitFailed, "neither a file nor a directory"},
		{[]string{}, exitUsage, "wants one file"},
		{[]string{"--limit", "-1", file}, exitUsage, "--limit"},
		{[]string{"--slot", "4096", file}, exitUsage, "0 to 4095"},
		{[]string{"--entries", "9-7", file}, exitUsage, "700-800 say"},
		{[]string{"--entries", "x", file}, exitUsage, "700-800 say"},
		{[]string{"-o", "yaml", file}, exitUsage, "want table or json"},
	} {
		if out, said := dump(t, c.code, c.args...); !strings.Contains(said, c.want) || out != "" {
			t.Errorf("throng dump %q said %q and %q, want %q", c.args, out, said, c.want)
		}
	}
	if after := contents(t, dir); len(after) != 2 {
		t.Errorf("there is more now: %v", after)
	}
}
