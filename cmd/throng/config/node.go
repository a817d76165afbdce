package config

import (
	"errors"

	"github.com/thronggrid/throng/shard"
)

// Node is what a node is made of.
type Node struct {
	DataDir       string
	Shards        int // 0: one per core
	ServerKeyFile string
}

func (n *Node) keys() []Key {
	return []Key{{
		Name:  "data_dir",
		Doc:   "`directory` that holds all the node keeps",
		value: &text{at: &n.DataDir, def: "./data", check: checkDir},
	}, {
		Name: "shards",
		Doc: "`number` of shards, fixed when the data directory is made; " +
			"0 is one per core",
		value: whole(&n.Shards, 0, 1, shard.ShardsMax, "one per core"),
	}, {
		Name: "server_key_file",
		Doc: "`file` with the server key, by which a studio's own servers log in " +
			"(default <data_dir>/server.key, made at the first start)",
		Secret: true,
		value:  &text{at: &n.ServerKeyFile},
	}}
}

func checkDir(dir string) error {
	if dir == "" {
		return errors.New("name a directory")
	}
	return nil
}
