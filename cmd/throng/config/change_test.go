package config

import (
	"reflect"
	"testing"
)

// TestReloaded: what may be reloaded is taken over with its origin, the rest stays,
// and is a change still.
func TestReloaded(t *testing.T) {
	old, err := Load(Sources{Flags: []Setting{{"shards", "1"}}})
	if err != nil {
		t.Fatal(err)
	}
	next, err := Load(Sources{Environ: []string{"THRONG_LOG_LEVEL=debug", "THRONG_SHARDS=2"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{{"shards", "1", "2", false}, {"log_level", "info", "debug", true}}
	if got := old.Changes(next); !reflect.DeepEqual(got, want) {
		t.Errorf("changes %v, want %v", got, want)
	}
	merged := old.Reloaded(next)
	if got := merged.Changes(next); !reflect.DeepEqual(got, want[:1]) {
		t.Errorf("after the reload %v differ, want %v", got, want[:1])
	}
	if old.Logs.LevelName != "info" || merged.Logs.LevelName != "debug" || merged.Node.Shards != 1 {
		t.Errorf("the old one is %+v, the new one %+v", old, merged)
	}
	if level, shards := merged.Origin("log_level"), merged.Origin("shards"); level.Source != FromEnvironment ||
		shards.Source != FromFlag {
		t.Errorf("the level comes from %v, the shards from %v", level, shards)
	}
	if again := merged.Reloaded(Default()); again.Logs.LevelName != "info" ||
		again.Origin("log_level").Source != FromDefault {
		t.Errorf("back at the default: %+v", again)
	}
}
