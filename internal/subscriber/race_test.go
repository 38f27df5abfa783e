//go:build race

package subscriber

// many is how many rows the long list has: the race detector makes each statement ten times as slow.
const many = 20_000
