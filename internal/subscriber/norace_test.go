//go:build !race

package subscriber

// many is how many rows the long list has.
const many = 100_000
