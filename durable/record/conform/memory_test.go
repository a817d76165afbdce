package conform_test

import (
	"testing"

	"github.com/thronggrid/throng/durable/record/conform"
	"github.com/thronggrid/throng/grid/record"
	"github.com/thronggrid/throng/grid/record/memory"
)

func TestStoreInMemory(t *testing.T) {
	conform.Run(t, func(t *testing.T, tables ...*record.Table) record.Store {
		s, err := memory.New(tables...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
