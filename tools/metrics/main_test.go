package main

import (
	"testing"

	"github.com/thronggrid/throng/tools/generated"
)

func TestFresh(t *testing.T) {
	made, err := files()
	if err != nil {
		t.Fatal(err)
	}
	if stale := generated.Stale(generated.Root, made); len(stale) > 0 {
		t.Errorf("not what the table says: %q; run make generate", stale)
	}
}
