//go:build unix

package console

import "golang.org/x/sys/unix"

// free is how many bytes can still be written beside a folder, 0 where that is not known.
func free(folder string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(folder, &s) != nil {
		return 0
	}
	return int64(s.Bavail) * int64(s.Bsize) //nolint:unconvert // their types differ between systems
}
