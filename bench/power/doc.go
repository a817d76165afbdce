// Package power cuts the power of a disk: what was written but had not reached
// the disk is gone, what had is there.
//
// Killing a process proves nothing about fsync, because the kernel keeps what the
// process wrote and gives it to the next one. So the data lies on a disk of its
// own: an ext4 file system in an image file, behind a loop device. To cut the
// power, the process is killed, and the image is copied at once, while it is
// still mounted: the copy holds what the file system had sent to the disk, and
// not the dirty pages that still wait in memory. Then the copy is mounted, ext4
// recovers from its journal as after a power cut, and the old disk is thrown away.
//
// # Keeping the loss real
//
// The kernel writes dirty pages back by itself after some 30 seconds, and a test
// that waited for that would find nothing lost even without fsync. So a disk is
// made anew by each cut, seconds apart, and is mounted with a commit interval of
// CommitSeconds, so that ext4's journal does not send pages out every five
// seconds either. Both touch this mount alone; no setting of the system is
// changed. That the method sees a missing fsync is shown with a server built with
// the tag mutant_nofsync.
//
// # Keeping the copy honest
//
// A copy during which the device was written to could mix two moments. So the
// device's counters of finished and running writes (/sys/block/loopN/stat) are
// read before and after; a copy during which they moved is thrown away and taken
// again, at most CopiesMax times.
//
// # What it does not show
//
// A disk's own volatile cache is not modelled: what the file system has sent
// counts as stored, flushed or not.
//
// A Disk belongs to one goroutine. It needs root, losetup and mkfs.ext4. Should
// the benchmark itself be killed, "umount" and "losetup --detach" clean up.
package power
