package config

// Room is how much disk and memory the node may take. 0 is the default of package
// disk or memory, which depends on the machine.
type Room struct {
	DiskFreeMin  int64
	BallastBytes int64
	MemoryLimit  int64
}

func (r *Room) keys() []Key {
	return []Key{{
		Name: "disk_free_min",
		Doc: "`size` of the space on the disk of the data directory that stays free: below it " +
			"new data is refused, and taken again above 1.2 times that",
		value: size(&r.DiskFreeMin, 0, 1<<20, 1<<50,
			"a twentieth of the disk, but 64MiB to 1GiB and at most a quarter of it"),
	}, {
		Name: "ballast_bytes",
		Doc: "`size` of the file in the data directory that is given up when a write finds " +
			"the disk full",
		value: size(&r.BallastBytes, 0, 1<<20, 1<<40,
			"a sixteenth of the disk, at most 128MiB"),
	}, {
		Name: "memory_limit",
		Doc: "`size` of the memory in use above which new data and new sessions are refused, " +
			"until a tenth of it is free",
		value: size(&r.MemoryLimit, 0, 32<<20, 1<<50,
			"four fifths of what the machine or its control group has"),
	}}
}
