package netio

import (
	"fmt"
	"syscall"
)

// raiseFiles raises the soft limit of open files to the hard one and returns it.
func raiseFiles() (uint64, error) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0, fmt.Errorf("read the limit of open files: %w", err)
	}
	if r.Cur < r.Max {
		raised := syscall.Rlimit{Cur: r.Max, Max: r.Max}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			r = raised
		}
	}
	return r.Cur, nil
}

// warnOfFew says in the log when so few connections fit under the limit of open
// files that it is hardly what was meant.
func (s *Server) warnOfFew() {
	if s.options.ConnectionsMax == 0 && s.connections < connectionsFew {
		s.options.Logger.Warn(fmt.Sprintf("few connections fit under the limit of open files: "+
			"raise it, with 'ulimit -n %d' before the start, say", filesUseful),
			"connections", s.connections, "files kept free", FilesReserve)
	}
}

// connectionsMax returns how many connections the limit of open files allows,
// or what was asked for if that is less.
func connectionsMax(asked int) (int, error) {
	files, err := raiseFiles()
	if err != nil {
		return 0, err
	}
	room := int(min(files, 1<<30)) - FilesReserve
	switch {
	case room < 1:
		return 0, fmt.Errorf(
			"at most %d open files are allowed, and %d are kept free: raise the limit, "+
				"with 'ulimit -n %d' before the start, say", files, FilesReserve, filesUseful)
	case asked > room:
		return 0, fmt.Errorf("%d connections need a limit of %d open files, it is %d: "+
			"raise it, with 'ulimit -n %[2]d' before the start, or allow fewer",
			asked, asked+FilesReserve, files)
	case asked == 0:
		return room, nil
	}
	return asked, nil
}
