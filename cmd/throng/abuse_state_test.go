package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// TestLimitsOfTheState goes up to boards_max and channels_max, which are counted every
// second: what there is goes on, others are served, and there is room again once boards
// are deleted, or SIGHUP has brought a higher limit.
func TestLimitsOfTheState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "throng.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("boards_max: 3\nchannels_max: 2")
	v := &victim{t: t, dir: filepath.Join(dir, "data")}
	v.addr, v.process = startProcess(t, v.dir, "--config", file)
	v.behave() // which has a room
	a := &abuser{T: t, victim: v}
	g := a.studio()
	create := func(i int) (grid.Kind, []byte) {
		return leaderboard.KindCreate, again(&leaderboard.CreateRequest{Board: fmt.Sprint("board-", i)})
	}
	send := func(i int) (grid.Kind, []byte) {
		return chat.KindSend, again(&chat.SendRequest{Key: roomKey(fmt.Sprint("room-", i)), Content: "x"})
	}

	boards := a.fillUp(g, create, "boards_max")
	if boards < 3 {
		t.Errorf("refused after %d boards, of at most 3", boards)
	}
	submit := leaderboard.SubmitRequest{Board: "board-0", Owner: grid.ID{1}, Score: 1}
	g.ask(leaderboard.KindSubmit, again(&submit), fault.OK)
	if rooms := a.fillUp(g, send, "channels_max"); rooms < 1 {
		t.Errorf("refused after %d rooms, of at most 2 with that of another", rooms)
	}
	kind, body := send(0)
	g.ask(kind, body, fault.OK)
	a.undisturbed()

	for i := range boards {
		g.ask(leaderboard.KindDelete, again(&leaderboard.DeleteRequest{Board: fmt.Sprint("board-", i)}), fault.OK)
	}
	a.roomAgain(g, create)
	write("boards_max: 3\nchannels_max: 1000")
	if err := v.process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	a.roomAgain(g, send)
}

// fillUp does something again and again, with other numbers, until it is refused because
// of a key, and returns how often it was done.
func (a *abuser) fillUp(g *guest, request func(i int) (grid.Kind, []byte), key string) (done int) {
	a.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		f := g.reply(g.send(request(done)))
		switch code := g.code(f); {
		case code == fault.ResourceExhausted && strings.Contains(string(f.Body), key):
			return done
		case code != fault.OK:
			a.Fatalf("request %d: %v, %q: want it to name %s", done, code, f.Body, key)
		}
		done++
	}
	a.Fatalf("%s never refused anything", key)
	return done
}

// roomAgain waits until something that was refused is done.
func (a *abuser) roomAgain(g *guest, request func(i int) (grid.Kind, []byte)) {
	a.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if g.code(g.reply(g.send(request(1<<20)))) == fault.OK {
			return
		}
	}
	a.Fatal("there was never room again")
}
