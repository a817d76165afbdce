// Package lan is a network between the nodes of a cluster that can be broken: cut,
// cut in one direction, made slow or lossy, line by line.
//
// A line goes from one node to another; the benchmark with its clients is node 0. Rules
// say what is wrong with each line, and may be changed at any time. What carries the
// bytes obeys them, in one of two ways:
//
//	Switch  where the machine allows network namespaces: each node lives in its own,
//	        with one TUN device whose other end is this process. All packets, those of
//	        clients too, come here, and are passed on, delayed or thrown away. So the
//	        kernels' TCP meets what a bad network does to it: lost packets, sent again
//	        later and later, and no word that a connection has ended.
//	Proxies elsewhere: all nodes are on 127.0.0.1, and the address that a node gives
//	        out for its peers is that of a proxy. A line that is cut holds the bytes
//	        until it is mended; a lost packet is a stretch of bytes that comes late.
//	        Clients reach the nodes directly, and nothing happens to their lines. A
//	        dial of a node that is gone succeeds, and the connection is reset.
//
// The switch needs no bridge and no qdisc: kernels come without netem, and one place
// that decides about every packet can be asked what it did.
//
// # What is left behind
//
// Close removes namespaces and devices. Should the benchmark be killed, its devices go
// with it, and the next one to take the same number removes the namespaces first.
//
// # Limits
//
// NodesMax nodes; WaitingMax packets of delayed lines wait, what comes beyond them is
// lost. A proxy passes on chunks of at most chunkBytes.
//
// Rules may be used from any goroutine. A Switch has one goroutine for each device and
// one that waits for delayed packets; Proxies have one for each listener and three for each
// connection. All end with Close.
package lan
