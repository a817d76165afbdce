package mesh

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// TestGarbage: what is no node is closed, without a word, and nodes still come in.
func TestGarbage(t *testing.T) {
	m, s := pair(t, nil)
	var dialed []net.Conn
	before := m[0].Stats().Failed
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01",
		"ThPr\x01\x01\xff\xff", "ThPr\x02\x01\x00\x60", "ThPr\x01\x01\x00\x00"} {
		c, err := net.Dial("tcp", m[0].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		dialed = append(dialed, c)
		c.Write([]byte(text))
		if got, _ := readAll(c); len(got) > 0 {
			t.Errorf("%q is answered %q", text, got)
		}
	}
	for _, c := range dialed {
		c.Close()
	}
	if got := call(m[1], 1, peer.Raft, "x"); got.err != nil {
		t.Error(got.err)
	}
	if got := s[0].take(); len(got) > 0 {
		t.Errorf("the others: %v", got)
	}
	if got := m[0].Stats(); got.Failed-before != uint64(len(dialed)) {
		t.Errorf("counted: %+v", got)
	}
}

func readAll(c net.Conn) ([]byte, error) {
	var out bytes.Buffer
	_, err := out.ReadFrom(c)
	return out.Bytes(), err
}

// TestOtherVersion: who speaks a later version is answered with what this node speaks.
func TestOtherVersion(t *testing.T) {
	m, _ := pair(t, nil)
	c, err := net.Dial("tcp", m[0].Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte("ThPr\x07\x09\x00\x60"))
	got, _ := readAll(c)
	if len(got) < prefaceBytes || !bytes.Equal(got[:6], []byte("ThPr\x01\x01")) {
		t.Errorf("the answer is %q", got)
	}
}

// TestSlowHandshakes: connections that say nothing, or not enough, are closed in time, and
// there are never more than a bounded number.
func TestSlowHandshakes(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		m, _ := start(t, memoryOptions(n, 1))
		const dials = handshakesMax + 50
		for i := range dials {
			c, err := n.Dial(t.Context(), m.o.Listen)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				for range i % 8 {
					c.Write([]byte("T")) // a byte a second
					time.Sleep(time.Second)
				}
			}()
			synctest.Wait()
		}
		if got := len(n.connections()) - dials; got > handshakesMax || got < 10 {
			t.Errorf("%d connections are open at the node", got)
		}
		time.Sleep(handshakeMax + time.Second)
		if got := len(n.connections()) - dials; got != 0 {
			t.Errorf("%d connections are open at the node after %v", got, handshakeMax)
		}
		if got := m.shaking.Load(); got != 0 {
			t.Errorf("%d handshakes are under way after %v", got, handshakeMax)
		}
		n.reset()
		time.Sleep(10 * time.Second)
	})
}

// TestBrokenPeer: a node that breaks the protocol after a good handshake loses the
// connection, and nothing else happens.
func TestBrokenPeer(t *testing.T) {
	for name, frame := range map[string][]byte{
		"sort":    head{sort: 9, channel: peer.Raft}.append(nil),
		"channel": head{sort: sortTell, channel: peer.ChannelsEnd}.append(nil),
		"length":  head{sort: sortTell, channel: peer.Raft, length: peer.BodyBytesMax + 1}.append(nil),
		"answer":  head{sort: sortAnswer, channel: peer.Raft, call: 7}.append(nil),
		"line":    head{sort: sortTell, channel: peer.Snapshot}.append(nil),
		"ping":    head{sort: sortPing, length: 3}.append(nil),
		"open":    append(unanswered(7), unanswered(7)...),
		"pong": append(head{sort: sortPong, length: pongBytes}.append(nil),
			bytes.Repeat([]byte{255}, pongBytes)...),
		"answered": append(head{sort: sortCall, channel: peer.Raft, call: 0}.append(nil), 0),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memory) {
				m := open(t, memoryOptions(n, 1))
				heard := watch(m)
				m.Serve(peer.Members, func(_ grid.Origin, _ []byte, _ func([]byte)) {})
				m.Start()
				broken, _ := start(t, memoryOptions(n, 2))
				join(m, broken)
				heard.want(t, 2, 1, peer.Up)
				synctest.Wait()
				c := broken.node(1).lines[forMain].senders.Load()
				c.mu.Lock()
				c.mu.out.small = append(c.mu.out.small, frame...)
				c.mu.out.bytes += len(frame)
				c.mu.waiting += len(frame)
				c.mu.Unlock()
				c.nudge()
				heard.want(t, 2, 1, peer.Down)
				heard.want(t, 2, 1, peer.Up)
			})
		})
	}
}

func unanswered(call uint64) []byte {
	return head{sort: sortCall, channel: peer.Members, call: call}.append(nil)
}

// TestTooLarge: a message that is too long is not sent; an answer that is too long is lost.
func TestTooLarge(t *testing.T) {
	m, _ := pair(t, nil)
	long := string(make([]byte, peer.BodyBytesMax+1))
	if got := call(m[0], 2, peer.Raft, long); !errors.Is(got.err, peer.ErrTooLarge) {
		t.Errorf("a call that is too long: %v", got.err)
	}
	if got := call(m[0], 2, peer.Raft, long[1:]); !errors.Is(got.err, peer.ErrLost) {
		t.Errorf("a call whose answer is too long: %v", got.err)
	}
	if got := call(m[0], 2, peer.Raft, "x"); got.err != nil {
		t.Errorf("and then: %v", got.err)
	}
}

// TestRestart: a node that starts anew takes the place of its earlier process, also when
// that one's connections are still open.
func TestRestart(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		a, heard := start(t, memoryOptions(n, 1))
		b, _ := start(t, memoryOptions(n, 2))
		join(a, b)
		heard.want(t, 2, 1, peer.Up)
		for i := range uint64(3) {
			for _, c := range n.connections() {
				c.setDeaf(true)
			}
			o := memoryOptions(n, 2)
			o.Incarnation = 2 + i
			b, _ = start(t, o)
			join(a, b)
			heard.want(t, 2, 1+i, peer.Down)
			heard.want(t, 2, 2+i, peer.Up)
			time.Sleep(time.Second)
		}
	})
}

// certificates returns a TLS configuration for nodes on the loopback address, by an
// authority of its own.
func certificates(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nodes"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	return &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool, ClientCAs: pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// TestTLS: with mutual TLS nodes need no secret; who has a certificate of another authority,
// or none, comes nowhere.
func TestTLS(t *testing.T) {
	ours, others := certificates(t), certificates(t)
	m, heard := pair(t, func(o *Options) { o.TLS, o.Secret = ours, nil })
	for _, body := range []string{"", "x", string(make([]byte, 1<<20))} {
		if got := call(m[0], 2, peer.Snapshot, body); got != (outcome{"echo " + body, nil}) {
			t.Errorf("a call of %d bytes over TLS: %v", len(body), got.err)
		}
	}
	stranger := others.Clone()
	stranger.RootCAs = ours.RootCAs // it trusts us, but we do not know it
	naked := options(3)
	for name, config := range map[string]*tls.Config{"other authority": stranger, "no TLS": nil} {
		o := naked
		o.TLS = config
		outside := open(t, o)
		outside.Start()
		if got := ask(outside, m[0].Addr().String(), peer.Members, "x"); !errors.Is(got.err, peer.ErrUnreachable) &&
			!errors.Is(got.err, peer.ErrLost) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for i := range m {
		if got := heard[i].take(); len(got) > 0 {
			t.Errorf("node %d heard %v", i+1, got)
		}
	}
	m[1].Close()
	heard[0].want(t, 2, 1, peer.Gone) // and it is gone by real sockets too
}

// TestOptions: what cannot work is refused, with what to do.
func TestOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no clock":      func(o *Options) { o.Clock = nil },
		"short secret":  func(o *Options) { o.Secret = []byte("short") },
		"no secret":     func(o *Options) { o.Secret = nil },
		"one-sided TLS": func(o *Options) { o.TLS = &tls.Config{} },
		"levels":        func(o *Options) { o.LevelMin = 2 },
		"number":        func(o *Options) { o.Number = numberMax + 1 },
		"address":       func(o *Options) { o.Address = string(make([]byte, AddressBytesMax+1)) },
		"queue":         func(o *Options) { o.QueueBytesMax = -1 },
		"listen":        func(o *Options) { o.Listen = "nowhere" },
	} {
		o := options(1)
		change(&o)
		if m, err := Open(o); err == nil {
			m.Close()
			t.Errorf("%s: opened", name)
		}
	}
}
