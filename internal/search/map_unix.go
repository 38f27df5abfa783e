//go:build unix

package search

import (
	"os"
	"runtime"
	"syscall"
)

// mapped reads a segment through the page cache: the system keeps in memory what is asked for, and no more. The mapping goes with
// the last reader of the segment.
func mapped(f *os.File) (*segment, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	raw, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED) //nolint:gosec // a file descriptor is small
	if err != nil {
		return readWhole(f)
	}
	s, err := decode(raw)
	if err != nil {
		syscall.Munmap(raw) //nolint:errcheck // unreadable anyway
		return nil, err
	}
	runtime.AddCleanup(s, func(raw []byte) { syscall.Munmap(raw) }, raw) //nolint:errcheck // nobody is left to tell
	return s, nil
}
