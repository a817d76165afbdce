package lan

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mtuBytes is the largest packet of a device.
const mtuBytes = 9000

// openDevice makes a TUN device of a name, and returns this process's end of it: each Read
// takes one packet that was sent through the device, each Write lets one come out of it.
// The device ends with the file. An error that is unix.EBUSY: there is one of that name.
func openDevice(name string) (*os.File, error) {
	const path = "/dev/net/tun"
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make the network device %s: %w", name, err),
			unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), path), nil
}
