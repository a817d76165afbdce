package config

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/thronggrid/throng/shard/meta"
)

// The bounds of dead_after: less than some heartbeats takes every pause for a death, and
// who waits for more than ten minutes waits for people.
const (
	deadAfterMin     = 3 * time.Second
	deadAfterMax     = 10 * time.Minute
	deadAfterDefault = 15 * time.Second
)

// Cluster says which other nodes there are, and how this one is reached.
type Cluster struct {
	Bootstrap       bool
	Join            []string
	PeerAddr        string
	AdvertisePeer   string
	AdvertiseClient string
	Zone            string
	SecretFile      string
	TLSCertFile     string
	TLSKeyFile      string
	TLSCAFile       string
	DeadAfter       time.Duration
	Replicas        int
}

func (k *Cluster) keys() []Key {
	return []Key{{
		Name: "bootstrap",
		Doc: "`whether` a new data directory becomes the first node of a new cluster, which " +
			"others join; without this, and without join, it is that of a node alone",
		value: &yesNo{at: &k.Bootstrap},
	}, {
		Name: "join",
		Doc: "`addresses` of the peer ports of some nodes of a cluster, for a new data directory " +
			"to join it",
		value: &list{at: &k.Join, check: checkPeer},
	}, {
		Name: "peer_addr",
		Doc: "`address` to listen on for the other nodes of the cluster; a node alone does not " +
			"listen there",
		value: &text{at: &k.PeerAddr, def: "127.0.0.1:7402", check: checkPeer},
	}, {
		Name: "advertise_peer_addr",
		Doc: "`address` at which the other nodes reach this one " +
			"(default peer_addr, which then must name a host)",
		value: &text{at: &k.AdvertisePeer, check: checkPeerOrNone},
	}, {
		Name: "advertise_client_addr",
		Doc: "`address` at which clients reach this node, for people and tools to see " +
			"(default client_addr)",
		value: &text{at: &k.AdvertiseClient, check: checkPeerOrNone},
	}, {
		Name: "zone",
		Doc: "`name` of what may fail as a whole with this node, a rack or a data centre: " +
			"replicas are spread over zones",
		value: &text{at: &k.Zone, check: checkZone},
	}, {
		Name: "cluster_secret_file",
		Doc: "`file` with the secret that all nodes of a cluster share " +
			"(default <data_dir>/cluster.secret, made at the first start with bootstrap)",
		Secret: true,
		value:  &text{at: &k.SecretFile},
	}, {
		Name: "peer_tls_cert_file",
		Doc: "`file` with this node's certificate, in PEM: nodes then speak TLS, " +
			"and each shows its own",
		Secret: true,
		value:  &text{at: &k.TLSCertFile},
	}, {
		Name:   "peer_tls_key_file",
		Doc:    "`file` with the key of that certificate",
		Secret: true,
		value:  &text{at: &k.TLSKeyFile},
	}, {
		Name:   "peer_tls_ca_file",
		Doc:    "`file` with the certificates of who has signed those of all nodes",
		Secret: true,
		value:  &text{at: &k.TLSCAFile},
	}, {
		Name: "dead_after",
		Doc: "`time` that a node may be silent before the others take it for dead: its sessions " +
			"may then be resumed elsewhere, and its replicas are made anew on other nodes",
		value: span(&k.DeadAfter, deadAfterDefault, deadAfterMin, deadAfterMax, ""),
	}, {
		Name: "replicas",
		Doc: "`number` of replicas of each shard, an odd one, fixed when the cluster is made; " +
			"while there are fewer nodes there are fewer",
		value: whole(&k.Replicas, meta.ReplicasDefault, 1, meta.ReplicasMax, ""),
	}}
}

func checkPeer(addr string) error {
	_, _, err := net.SplitHostPort(addr)
	if err != nil {
		return errors.New("want host:port")
	}
	return nil
}

func checkPeerOrNone(addr string) error {
	if addr == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return errors.New("want host:port, as others reach this node")
	}
	return nil
}

func checkZone(name string) error {
	if len(name) > meta.ZoneBytesMax {
		return fmt.Errorf("want at most %d bytes", meta.ZoneBytesMax)
	}
	return nil
}

// check finds what is wrong between keys that are right one by one.
func (k *Cluster) check(c *Config) (wrong Mistakes) {
	if k.Bootstrap && len(k.Join) > 0 {
		wrong = append(wrong, c.mistake("bootstrap", " makes a new cluster, and %s names nodes of "+
			"one that is there: want one of the two", c.origins["join"].spell("join")))
	}
	if k.Replicas%2 == 0 {
		wrong = append(wrong, c.mistake("replicas", " %d: want an odd number, "+
			"for an even one bears no more losses than one less", k.Replicas))
	}
	files := 0
	for _, f := range []string{k.TLSCertFile, k.TLSKeyFile, k.TLSCAFile} {
		if f != "" {
			files++
		}
	}
	if files > 0 && files < 3 {
		wrong = append(wrong, c.mistake("peer_tls_cert_file",
			", peer_tls_key_file and peer_tls_ca_file belong together: name all three"))
	}
	return wrong
}

// Clustered says whether the keys ask for a node among others.
func (k *Cluster) Clustered() bool { return k.Bootstrap || len(k.Join) > 0 }
