package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// Open returns a snapshot and its payload. Its head and its end are verified
// here, each block before its bytes are handed out: a damaged file is a
// *CorruptionError, from here or from Read, and never data. The reader belongs
// to one goroutine; removing the snapshot meanwhile does not disturb it.
func (s *Store) Open(name string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if _, err := s.state(); err != nil {
		return nil, nil, err
	}
	n, ok := parseID(name)
	if !ok {
		return nil, nil, fmt.Errorf("open the snapshot %q: it is no id of a snapshot", name)
	}
	r, err := s.openFile(n)
	if errors.Is(err, fs.ErrNotExist) {
		if newest, _ := s.state(); newest != n {
			return nil, nil, err // replaced meanwhile
		}
	}
	if err != nil {
		return nil, nil, s.fail(err)
	}
	r.fail = s.fail
	return &r.meta, r, nil
}

// reader reads the payload of one file.
type reader struct {
	file vfs.File
	path string
	fail func(error) error // latches what Read finds
	meta raft.SnapshotMeta
	seed uint32
	end  trailer

	at     int64  // offset of the next block
	number uint64 // of the next block
	bytes  uint64 // payload of the blocks before
	buf    []byte // the block at hand
	rest   []byte // what of it was not handed out yet
	err    error  // what Read returns once rest is empty
}

// openFile opens the file of a snapshot and verifies its head and its trailer.
func (s *Store) openFile(n id) (*reader, error) {
	path := s.options.FS.PathJoin(s.dir, n.String()+suffix)
	r, group, err := openPath(s.options.FS, path)
	if err != nil {
		return nil, err
	}
	if named := (id{r.meta.Term, r.meta.Index}); group != s.options.Group || named != n {
		err = r.corrupt("its head says that it is snapshot %s of group %d", named, group)
		return nil, errors.Join(err, r.file.Close())
	}
	return r, nil
}

func (r *reader) corrupt(format string, args ...any) error {
	return &CorruptionError{r.path, fmt.Sprintf(format, args...)}
}

// readEnds reads and verifies the head and the trailer.
func (r *reader) readEnds() (group uint32, err error) {
	info, err := r.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", r.path, err)
	}
	if info.Size() < int64(headBytes+metaBytes+trailerBytes) {
		return 0, r.corrupt("it is cut short: %d bytes", info.Size())
	}
	head := make([]byte, headBytes, headBytes+metaBytes)
	if err := r.readAt(head, 0); err != nil {
		return 0, err
	}
	n, reason := metaLength(head)
	if reason == "" && info.Size() < int64(headBytes+n+trailerBytes) {
		reason = fmt.Sprintf("it is cut short: %d bytes", info.Size())
	}
	if reason != "" {
		return 0, r.corrupt("%s", reason)
	}
	head = append(head, make([]byte, n)...)
	if err := r.readAt(head[headBytes:], int64(headBytes)); err != nil {
		return 0, err
	}
	if r.meta, group, r.seed, reason = decodeHead(head); reason != "" {
		return 0, r.corrupt("%s", reason)
	}
	r.at = int64(len(head))
	return group, r.readTrailer(info.Size())
}

// readTrailer verifies the end and that the lengths it gives add up to the size
// of the file.
func (r *reader) readTrailer(size int64) error {
	b := make([]byte, trailerBytes)
	if err := r.readAt(b, size-int64(trailerBytes)); err != nil {
		return err
	}
	var reason string
	if r.end, reason = decodeTrailer(b, r.seed); reason != "" {
		return r.corrupt("%s", reason)
	}
	payload := size - r.at - int64(trailerBytes) - int64(r.end.blocks)*blockBytes
	if payload < 0 || uint64(payload) != r.end.bytes {
		return r.corrupt("it holds %d bytes of payload, its end says %d", payload, r.end.bytes)
	}
	r.meta.Size = payload
	return nil
}

func (r *reader) readAt(b []byte, off int64) error {
	if _, err := r.file.ReadAt(b, off); err != nil {
		if errors.Is(err, io.EOF) {
			return r.corrupt("it ends before byte %d", off+int64(len(b)))
		}
		return fmt.Errorf("read %s: %w", r.path, err)
	}
	return nil
}

// Read implements io.Reader. It gives io.EOF only behind the last verified
// block.
func (r *reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err == nil {
			r.err = r.next()
		}
		if r.err != nil {
			return 0, r.err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// next reads and verifies the next block.
func (r *reader) next() error {
	if r.number == r.end.blocks {
		if r.bytes != r.end.bytes {
			return r.fail(r.corrupt("its blocks hold %d bytes, its end says %d",
				r.bytes, r.end.bytes))
		}
		return io.EOF
	}
	if r.buf == nil {
		r.buf = make([]byte, BlockBytesMax)
	}
	var head [blockBytes]byte
	if err := r.readAt(head[:], r.at); err != nil {
		return r.fail(err)
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length == 0 || length > BlockBytesMax {
		return r.fail(r.corrupt("the length of block %d does not fit", r.number))
	}
	payload := r.buf[:length]
	if err := r.readAt(payload, r.at+blockBytes); err != nil {
		return r.fail(err)
	}
	if binary.LittleEndian.Uint32(head[4:]) != blockSum(r.seed, r.number, length, payload) {
		return r.fail(r.corrupt("the checksum of block %d does not match", r.number))
	}
	r.at += int64(blockBytes) + int64(length)
	r.number++
	r.bytes += uint64(length)
	r.rest = payload
	return nil
}

// Close releases the file.
func (r *reader) Close() error {
	if r.err == nil {
		r.err = errors.New("the snapshot's reader is closed")
	}
	r.rest = nil
	return r.file.Close()
}
