package process

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports below the range from which the system takes those of outgoing connections: nobody
// gets one of these by chance before the node that it was drawn for.
const (
	portMin = 20_000
	portMax = 32_000
	draws   = 1000
)

// Loopback returns places for n nodes on 127.0.0.1, on ports that are free now.
func Loopback(n int) ([]Place, error) {
	places := make([]Place, n)
	taken := map[int]bool{}
	for i := range places {
		for _, addr := range []*string{&places[i].Client, &places[i].HTTP, &places[i].Peer} {
			port, err := freePort(taken)
			if err != nil {
				return nil, err
			}
			*addr = fmt.Sprintf("127.0.0.1:%d", port)
		}
	}
	return places, nil
}

func freePort(taken map[int]bool) (int, error) {
	for range draws {
		port := portMin + rand.IntN(portMax-portMin)
		if taken[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue // somebody has it
		}
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("look for a free port: %w", err)
		}
		taken[port] = true
		return port, nil
	}
	return 0, fmt.Errorf("no port of 127.0.0.1 from %d to %d seems free", portMin, portMax)
}
