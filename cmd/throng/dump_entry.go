package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// entryList prints the entries of one shard.
type entryList struct {
	d        *dumper
	group    uint32
	names    map[grid.Kind]string
	entries  *list
	commands *list // where they are wanted one by one
}

// entry prints one entry; one that is damaged is among the log's damage already.
func (l *entryList) entry(f wal.Found) bool {
	line := []field{{"shard", l.group}, {"index", f.Index}, {"term", nil}, {"kind", nil},
		{"bytes", nil}, {"at", nil}, {"by", nil}, {"commands", nil}, {"what", nil}}
	found := l.d.slot < 0
	switch {
	case f.Wrong != "":
		found = true
		line[3].value, line[8].value = "damaged", f.Wrong
		if f.To != f.Index {
			line[8].value = fmt.Sprintf("this and all to %d: %s", f.To, f.Wrong)
		}
	case f.Entry.Type == raft.LogCommand:
		var e shard.Entry
		var err error
		if line[8].value, found, err = l.decode(&e, &f); err != nil {
			l.d.damaged(fmt.Errorf("entry %d of shard %d: %w", f.Index, l.group, err))
			found = true
		}
		line[5].value, line[6].value = timeOf(e.At), originOf(grid.Origin(e.Origin))
		line[7].value = e.Count
	}
	if f.Wrong == "" {
		line[2].value, line[3].value, line[4].value = f.Entry.Term, kindOf(f.Entry.Type), f.Bytes
	}
	if found && l.entries.next() {
		l.d.row("entry", line)
	}
	return true
}

// decode says what the commands of an entry are, and whether one is wanted.
func (l *entryList) decode(e *shard.Entry, f *wal.Found) (what string, found bool, err error) {
	counts := map[string]int{}
	err = l.each(e, f, func(_ int, c *slot.Command) {
		counts[l.name(c.Kind)]++
		found = found || l.wants(c)
	})
	var all []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%d %s", counts[name], name))
	}
	return strings.Join(all, ", "), found, err
}

// each calls f with the commands of an entry, as far as they can be understood.
func (l *entryList) each(e *shard.Entry, found *wal.Found, f func(int, *slot.Command)) error {
	if err := e.Decode(found.Entry.Data); err != nil {
		return err
	}
	var c slot.Command
	for n := 0; ; n++ {
		if more, err := e.Next(&c); !more || err != nil {
			return err
		}
		f(n, &c)
	}
}

func (l *entryList) wants(c *slot.Command) bool { return l.d.slot < 0 || int(c.Slot) == l.d.slot }

// command prints the commands of one entry.
func (l *entryList) command(f wal.Found) bool {
	if f.Wrong != "" || f.Entry.Type != raft.LogCommand {
		return true
	}
	var e shard.Entry
	_ = l.each(&e, &f, func(n int, c *slot.Command) { // what is wrong with it was said
		if l.wants(c) && l.commands.next() {
			l.d.row("command", commandLine(l.group, f.Index, n, l.name(c.Kind), c))
		}
	})
	return true
}

// commandLine is what is said of a command. Its body may hold what players say to each other,
// and secrets, so there is only its size.
func commandLine(group uint32, index uint64, n int, name string, c *slot.Command) []field {
	line := []field{{"shard", group}, {"index", index}, {"n", n}, {"slot", c.Slot},
		{"command", name}, {"about", nil}, {"name", nil}, {"client", nil}, {"seq", nil},
		{"bytes", len(c.Body)}}
	if sort, key := c.Subject(); sort != slot.NoSubject {
		names := [...]string{slot.Board: "board", slot.User: "user", slot.Channel: "channel"}
		line[5].value = names[sort]
		line[6].value = sort.Name(string(key))
	}
	if c.ID.Seq > 0 {
		line[7].value, line[8].value = c.ID.Client.String(), c.ID.Seq
	}
	return line
}

// name returns what a kind of command is called.
func (l *entryList) name(kind grid.Kind) string {
	if l.names == nil {
		l.names = map[grid.Kind]string{
			slot.KindDeliver: "slot.deliver", slot.KindCarried: "slot.carried",
			slot.KindDue: "slot.due", slot.KindSweep: "slot.sweep",
			session.KindOpen: "session.open", session.KindResume: "session.resume",
			session.KindConfirm: "session.confirm", session.KindDetach: "session.detach",
			presence.KindDropped: "session.dropped", presence.KindEnter: "presence.enter",
			presence.KindLeave: "presence.leave", chat.KindArchived: "chat.archived",
		}
		for _, op := range slot.Ops(nil) {
			l.names[op.Kind] = op.Name
		}
	}
	if name := l.names[kind]; name != "" {
		return name
	}
	return fmt.Sprintf("%#04x", uint16(kind))
}

func kindOf(t raft.LogType) string {
	switch t {
	case raft.LogCommand:
		return "commands"
	case raft.LogNoop:
		return "noop"
	case raft.LogBarrier:
		return "barrier"
	case raft.LogConfiguration:
		return "configuration"
	}
	return fmt.Sprintf("type %d", t)
}
